// SPDX-License-Identifier: EUPL-1.2
// The types of configuration values.
#include "config.h"

#include "core-config-private.h"

#include <string.h>

#include "core-size.h"

typedef struct
{
  const char *suffix;
  gint64 factor;
} Unit;

static const Unit duration_units[] = {
  { "ms", 1 }, { "s", 1000 }, { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 },
};

void
wd_core_config_value_clear (WdConfigValue *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->origin, g_free);
  g_clear_pointer (&self->list, g_strfreev);
}

// Digits, then a unit. FALSE when it is not that, or does not fit.
static gboolean
parse_milliseconds (const char *text, gint64 *out_number)
{
  gsize n_digits = strspn (text, "0123456789");
  g_autofree char *digits = g_strndup (text, n_digits);
  guint64 number;

  if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT64, &number, NULL))
    return FALSE;
  for (const Unit *unit = duration_units; unit->suffix != NULL; unit++)
    if (strcmp (text + n_digits, unit->suffix) == 0)
      {
        if (number > (guint64) (G_MAXINT64 / unit->factor))
          return FALSE;
        *out_number = (gint64) number * unit->factor;
        return TRUE;
      }
  return FALSE;
}

static const char *
parse_boolean (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  static const char *const yes[] = { "yes", "true", "on", "1", NULL };
  static const char *const no[] = { "no", "false", "off", "0", NULL };

  value->number = g_strv_contains (yes, text);
  return value->number || g_strv_contains (no, text) ? NULL : "is neither yes nor no";
}

static const char *
parse_integer (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value->number, NULL)
             ? NULL
             : "is not a whole number";
}

static const char *
parse_size (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  guint64 bytes = 0;

  if (!wd_core_size_from_string (text, &bytes))
    return "is not a size such as 1000, 64K, 10M, 2G or 1T";
  value->number = (gint64) bytes;
  return NULL;
}

static const char *
parse_duration (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  value->number = 0;
  // Nothing takes no unit; anything else without one is ambiguous.
  if (strcmp (text, "0") == 0)
    return NULL;
  return parse_milliseconds (text, &value->number)
             ? NULL
             : "is not a time such as 500ms, 30s, 10min, 2h or 1d";
}

static const char *
parse_list (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t,;", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (char **word = words; *word != NULL; word++)
    if (**word != '\0')
      g_strv_builder_add (builder, *word);
  value->list = g_strv_builder_end (builder);
  return NULL;
}

static const char *
parse_choice (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  g_auto (GStrv) choices = g_strsplit (key->choices, " ", -1);

  return g_strv_contains ((const char *const *) choices, text) ? NULL : "is not one of the choices";
}

static const char *
parse_string (const WdConfigKey *key, const char *text, WdConfigValue *value)
{
  return NULL;
}

// Each returns NULL, or what is wrong with the value.
static const char *(*const parsers[]) (const WdConfigKey *, const char *, WdConfigValue *) = {
  [WD_CONFIG_STRING] = parse_string,     [WD_CONFIG_BOOLEAN] = parse_boolean,
  [WD_CONFIG_INTEGER] = parse_integer,   [WD_CONFIG_SIZE] = parse_size,
  [WD_CONFIG_DURATION] = parse_duration, [WD_CONFIG_LIST] = parse_list,
  [WD_CONFIG_CHOICE] = parse_choice,
};

static gboolean
has_range (const WdConfigKey *key)
{
  return key->type == WD_CONFIG_INTEGER || key->type == WD_CONFIG_SIZE
         || key->type == WD_CONFIG_DURATION;
}

static gboolean
has_control_characters (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text))
      return TRUE;
  return FALSE;
}

// Returns (transfer full): what a value of the key may be, for the end of a message.
static char *
describe_allowed (const WdConfigKey *key)
{
  const char *unit = key->type == WD_CONFIG_DURATION ? "ms" : "";

  if (key->type == WD_CONFIG_CHOICE)
    return g_strdup_printf (" (%s)", key->choices);
  if (has_range (key))
    return g_strdup_printf (" (%" G_GINT64_FORMAT "%s to %" G_GINT64_FORMAT "%s)", key->min, unit,
                            key->max, unit);
  return g_strdup ("");
}

gboolean
wd_core_config_value_parse (const WdConfigKey *key,
                            const char *text,
                            WdConfigValue *out_value,
                            GError **error)
{
  WdConfigValue value = { 0 };
  const char *problem;

  if (!g_utf8_validate (text, -1, NULL) || has_control_characters (text))
    problem = "has a control character or is not UTF-8";
  else
    problem = parsers[key->type](key, text, &value);
  if (problem == NULL && has_range (key) && (value.number < key->min || value.number > key->max))
    problem = "is out of range";

  if (problem != NULL)
    {
      g_autofree char *allowed = describe_allowed (key);
      g_autofree char *shown = g_strescape (text, NULL);

      g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_BAD_VALUE, "[%s] %s: \"%s\" %s%s",
                   key->section, key->key, shown, problem, allowed);
      wd_core_config_value_clear (&value);
      return FALSE;
    }

  value.text = g_strdup (text);
  wd_core_config_value_clear (out_value);
  *out_value = value;
  return TRUE;
}
