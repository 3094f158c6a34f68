// SPDX-License-Identifier: EUPL-1.2
// Prints what is made from the table of configuration keys: docs/config.md ("markdown"),
// wildduck.conf(5) ("man") or the default configuration file ("file").
#include "config.h"

#include <string.h>

#include "core-config.h"

static const struct
{
  const char *section;
  const char *help;
} sections[] = {
  { "store", "Where the mail is kept." },
  { "log", "What is logged." },
  { "tls", "Certificates and versions, for all services." },
  { "auth", "Passwords and failed logins." },
  { "imap", "The IMAP service." },
  { "lmtp", "Mail in: the LMTP service and the SMTP drop." },
  { "http", "The HTTP API." },
};

// How a value of each type is written.
static const char *const type_names[] = {
  [WD_CONFIG_STRING] = "text",   [WD_CONFIG_BOOLEAN] = "yes or no", [WD_CONFIG_INTEGER] = "number",
  [WD_CONFIG_SIZE] = "size",     [WD_CONFIG_DURATION] = "time",     [WD_CONFIG_LIST] = "list",
  [WD_CONFIG_CHOICE] = "one of",
};

typedef struct
{
  const char *name;
  void (*begin) (void);
  void (*section) (const char *section, const char *help);
  void (*key) (const WdConfigKey *key);
} Format;

// Returns (transfer full): "size, from 1024 to 1073741824", "one of: a b".
static char *
describe_type (const WdConfigKey *key)
{
  const char *unit = key->type == WD_CONFIG_DURATION ? "ms" : "";

  if (key->type == WD_CONFIG_CHOICE)
    return g_strdup_printf ("one of: %s", key->choices);
  if (key->type == WD_CONFIG_INTEGER || key->type == WD_CONFIG_SIZE
      || key->type == WD_CONFIG_DURATION)
    return g_strdup_printf ("%s, from %" G_GINT64_FORMAT "%s to %" G_GINT64_FORMAT "%s",
                            type_names[key->type], key->min, unit, key->max, unit);
  return g_strdup (type_names[key->type]);
}

static void
begin_markdown (void)
{
  g_print (
      "# Configuration\n\n"
      "<!-- Made by `config-docs markdown` from src/core/core-config-keys.c. -->\n\n"
      "Read in this order, the later winning:\n\n"
      "1. `wildduck.conf` of the package, all comments,\n"
      "2. `" WD_SITE_CONFIG "`,\n"
      "3. `" WD_SITE_CONFIG ".d/*.conf`, sorted by name,\n"
      "4. the environment: `WILDDUCK_SECTION_KEY`, hyphens as underscores,\n"
      "5. `--set SECTION.KEY=VALUE`.\n\n"
      "`wildduckctl config` shows each value and where it came from; `wildduckctl config\n"
      "check` says what is wrong, with file and line. A service does not start with an unknown\n"
      "key or a bad value, and on SIGHUP keeps the configuration that it has.\n\n"
      "Sizes take K, M, G and T (powers of 1024); times take ms, s, min, h and d; lists are\n"
      "separated by spaces, commas or semicolons.\n");
}

static void
print_section_markdown (const char *section, const char *help)
{
  g_print ("\n## [%s]\n%s\n\n| key | default | type | what |\n|---|---|---|---|\n", section, help);
}

static void
print_key_markdown (const WdConfigKey *key)
{
  g_autofree char *type = describe_type (key);

  if (key->value[0] != '\0')
    g_print ("| `%s` | `%s` | %s | %s |\n", key->key, key->value, type, key->help);
  else
    g_print ("| `%s` | | %s | %s |\n", key->key, type, key->help);
}

static void
begin_file (void)
{
  g_print ("# The defaults of Wild Duck, for reading: all of it is commented out. Change them in\n"
           "# %s or in %s.d/*.conf.\n"
           "# See wildduck.conf(5); \"wildduckctl config\" shows what holds.\n",
           WD_SITE_CONFIG, WD_SITE_CONFIG);
}

static void
print_section_file (const char *section, const char *help)
{
  g_print ("\n# %s\n[%s]\n", help, section);
}

static void
print_key_file (const WdConfigKey *key)
{
  g_print ("# %s\n#%s=%s\n", key->help, key->key, key->value);
}

// Hyphens that are no hyphens, and what roff would take for a request or an escape.
static char *
escape_roff (const char *text)
{
  GString *out = g_string_new (text[0] == '.' || text[0] == '\'' ? "\\&" : "");

  for (; *text != '\0'; text++)
    if (*text == '\\')
      g_string_append (out, "\\e");
    else if (*text == '-')
      g_string_append (out, "\\-");
    else
      g_string_append_c (out, *text);
  return g_string_free (out, FALSE);
}

static void
begin_man (void)
{
  g_print (
      ".TH WILDDUCK.CONF 5 \"\" \"Wild Duck %s\" \"Wild Duck\"\n"
      ".SH NAME\nwildduck.conf \\- configuration of the Wild Duck mail store\n"
      ".SH SYNOPSIS\n.I %s\n.br\n.I %s\n.br\n.I %s.d/*.conf\n"
      ".SH DESCRIPTION\n"
      "The first file comes with the package and holds the defaults as comments. The others are\n"
      "read after it, drop\\-ins sorted by name; of a key that is set more than once the last\n"
      "value counts. Each key can also be set in the environment, as\n"
      ".BR WILDDUCK_ \\fISECTION\\fB_\\fIKEY\\fR\n"
      "in upper case with hyphens as underscores, and on a command line, as\n"
      ".BR \\-\\-set \" \" \\fISECTION\\fR.\\fIKEY\\fR=\\fIVALUE\\fR .\n"
      ".PP\nAn unknown section or key, or a value that is not of its type or out of its range, is\n"
      "an error that names the file and the line, and the services do not start.\n"
      ".PP\nLines are\n.IR KEY = VALUE\nunder a\n.RI [ SECTION ];\na comment begins with #.\n"
      "Sizes take K, M, G and T (powers of 1024). Times take ms, s, min, h and d. Lists are\n"
      "separated by spaces, commas or semicolons.\n",
      WD_VERSION, WD_VENDOR_CONFIG, WD_SITE_CONFIG, WD_SITE_CONFIG);
}

static void
print_section_man (const char *section, const char *help)
{
  g_print (".SH SECTION [%s]\n%s\n", section, help);
}

static void
print_key_man (const WdConfigKey *key)
{
  g_autofree char *name = escape_roff (key->key);
  g_autofree char *value = escape_roff (key->value);
  g_autofree char *help = escape_roff (key->help);
  g_autofree char *type = describe_type (key);
  g_autofree char *type_text = escape_roff (type);

  g_print (".TP\n.B %s=\n%s\n.br\nDefault: %s (%s).\n", name, help,
           value[0] != '\0' ? value : "empty", type_text);
}

static const Format formats[] = {
  { "markdown", begin_markdown, print_section_markdown, print_key_markdown },
  { "file", begin_file, print_section_file, print_key_file },
  { "man", begin_man, print_section_man, print_key_man },
};

static void
print_keys (const Format *format)
{
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);
  const char *section = "";

  format->begin ();
  for (gsize i = 0; i < n_keys; i++)
    {
      if (strcmp (keys[i].section, section) != 0)
        {
          const char *help = "";

          section = keys[i].section;
          for (gsize s = 0; s < G_N_ELEMENTS (sections); s++)
            if (strcmp (sections[s].section, section) == 0)
              help = sections[s].help;
          format->section (section, help);
        }
      format->key (&keys[i]);
    }
  if (strcmp (format->name, "man") == 0)
    g_print (".SH SEE ALSO\n.BR wildduck (7),\n.BR wildduckctl (8)\n");
}

int
main (int argc, char **argv)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    if (argc == 2 && strcmp (formats[i].name, argv[1]) == 0)
      {
        print_keys (&formats[i]);
        return 0;
      }
  g_printerr ("usage: config-docs markdown|man|file\n");
  return 2;
}
