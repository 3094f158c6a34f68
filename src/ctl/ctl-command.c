// SPDX-License-Identifier: EUPL-1.2
// Finding and running the command that the command line asks for.
#include "config.h"

#include "ctl-command.h"

#include <string.h>

static const WdCtlCommand *const families[] = {
  wd_ctl_config_commands,
  wd_ctl_user_commands,
  wd_ctl_store_commands,
  wd_ctl_token_commands,
};

#define EXIT_STATUS_HELP                                                                           \
  "Exit status: 0 done, 1 failed, 2 wrong command line, 3 problems found and not repaired."

// The words of the command line that name the command: 2, 1 or 0.
static guint
count_matching_words (const WdCtlCommand *command, char **words)
{
  g_auto (GStrv) names = g_strsplit (command->name, " ", 2);
  guint n = 0;

  while (names[n] != NULL && words[n] != NULL && strcmp (names[n], words[n]) == 0)
    n++;
  return names[n] == NULL ? n : 0;
}

// The command with the longest name that matches ("config check" before "config"), or NULL.
static const WdCtlCommand *
find_command (char **words, guint *out_n_words)
{
  const WdCtlCommand *found = NULL;

  *out_n_words = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    for (const WdCtlCommand *command = families[i]; command->name != NULL; command++)
      {
        guint n = count_matching_words (command, words);

        if (n > *out_n_words)
          {
            found = command;
            *out_n_words = n;
          }
      }
  return found;
}

static void
append_commands (GString *text, const WdCtlCommand *commands)
{
  for (const WdCtlCommand *command = commands; command->name != NULL; command++)
    {
      g_autofree char *usage = g_strconcat (command->name, " ", command->arguments, NULL);

      g_string_append_printf (text, "  %-28s %s\n", g_strchomp (usage), command->summary);
    }
}

// All commands, or those of one family.
static void
print_commands (const WdCtlCommand *family, gboolean is_error)
{
  g_autoptr (GString) text = g_string_new ("Usage: wildduckctl [OPTION…] COMMAND [ARGUMENT…]\n");

  if (family == NULL)
    g_string_append (text, "Administers a Wild Duck mail store.\n");
  g_string_append (text, "\nCommands:\n");
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (family == NULL || family == families[i])
      append_commands (text, families[i]);
  g_string_append (text, "\nOptions, before or after the command:\n"
                         "  --config=FILE                read this instead of " WD_SITE_CONFIG "\n"
                         "  --set=SECTION.KEY=VALUE      set a configuration key; may be repeated\n"
                         "  --help                       this text, or that of a command\n"
                         "  --version\n\n" EXIT_STATUS_HELP "\n");
  if (is_error)
    g_printerr ("%s", text->str);
  else
    g_print ("%s", text->str);
}

static const WdCtlCommand *
find_family (const char *word)
{
  gsize len = strlen (word);

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (strncmp (families[i]->name, word, len) == 0 && strchr (" ", families[i]->name[len]) != NULL)
      return families[i];
  return NULL;
}

// What is common to all commands, before and after their name.
static void
add_common_options (GOptionContext *context, WdCtl *ctl, gboolean *is_help)
{
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &ctl->config_file,
      "Read this instead of " WD_SITE_CONFIG, "FILE" },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &ctl->overrides,
      "Set a configuration key; may be repeated", "SECTION.KEY=VALUE" },
    { "help", 'h', 0, G_OPTION_ARG_NONE, is_help, "Show this text", NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
}

// GOption's strings of an array are replaced by a second parse: keep both.
static void
merge_overrides (WdCtl *ctl, GStrv before)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (before == NULL || before == ctl->overrides)
    return;
  g_strv_builder_addv (builder, (const char **) before);
  if (ctl->overrides != NULL)
    g_strv_builder_addv (builder, (const char **) ctl->overrides);
  g_strfreev (ctl->overrides);
  ctl->overrides = g_strv_builder_end (builder);
}

static WdCtlStatus
fail (GError *error)
{
  gboolean is_usage = g_error_matches (error, WD_CTL_ERROR, WD_CTL_ERROR_USAGE)
                      || error->domain == G_OPTION_ERROR;

  g_printerr ("wildduckctl: %s%s\n", error->message, is_usage ? "; see --help" : "");
  return is_usage ? WD_CTL_USAGE : WD_CTL_FAILED;
}

static gboolean
check_arguments (const WdCtlCommand *command, guint n, GError **error)
{
  if (n >= command->min_arguments && n <= command->max_arguments)
    return TRUE;
  g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_USAGE, "%s arguments for \"%s\"",
               n < command->min_arguments ? "missing" : "too many", command->name);
  return FALSE;
}

// Parses the options behind the command's name and runs it. `arguments` loses the options.
static WdCtlStatus
run_command (WdCtl *ctl, const WdCtlCommand *command, char ***arguments, GError **error)
{
  g_autofree char *program = g_strconcat ("wildduckctl ", command->name, NULL);
  g_autoptr (GOptionContext) context = g_option_context_new (command->arguments);
  g_auto (GStrv) before = g_steal_pointer (&ctl->overrides);
  gboolean is_help = FALSE;

  g_set_prgname (program);
  g_option_context_set_summary (context, command->summary);
  g_option_context_set_description (context, EXIT_STATUS_HELP);
  if (command->options != NULL)
    g_option_context_add_main_entries (context, command->options, NULL);
  add_common_options (context, ctl, &is_help);
  if (!g_option_context_parse_strv (context, arguments, error))
    return WD_CTL_USAGE;
  merge_overrides (ctl, before);
  if (is_help)
    {
      g_autofree char *help = g_option_context_get_help (context, TRUE, NULL);

      g_print ("%s", help);
      return WD_CTL_OK;
    }
  if (!check_arguments (command, g_strv_length (*arguments + 1), error))
    return WD_CTL_USAGE;
  return command->run (ctl, *arguments + 1, error);
}

// Words that name no command: a family's help, or a complaint.
static WdCtlStatus
handle_no_command (char **words, gboolean is_help, GError **error)
{
  const WdCtlCommand *family = words[0] != NULL ? find_family (words[0]) : NULL;
  gboolean asks_help = words[0] != NULL && words[1] != NULL
                       && (strcmp (words[1], "--help") == 0 || strcmp (words[1], "-h") == 0);

  if (words[0] == NULL || (family != NULL && (words[1] == NULL || asks_help)))
    {
      print_commands (family, !is_help && !asks_help);
      return is_help || asks_help ? WD_CTL_OK : WD_CTL_USAGE;
    }
  g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_USAGE, "there is no command \"%s%s%s\"", words[0],
               family != NULL ? " " : "", family != NULL ? words[1] : "");
  return WD_CTL_USAGE;
}

static WdCtlStatus
dispatch (WdCtl *ctl, char ***words, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  gboolean is_help = FALSE;
  gboolean is_version = FALSE;
  const GOptionEntry version[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, &is_version, "Show the version", NULL },
    G_OPTION_ENTRY_NULL,
  };
  const WdCtlCommand *command;
  guint n_words;

  add_common_options (context, ctl, &is_help);
  g_option_context_add_main_entries (context, version, NULL);
  // Up to the command: what follows is for the command's own table.
  g_option_context_set_strict_posix (context, TRUE);
  if (!g_option_context_parse_strv (context, words, error))
    return WD_CTL_USAGE;
  if (is_version)
    {
      g_print ("wildduckctl " WD_VERSION "\n");
      return WD_CTL_OK;
    }

  command = is_help ? NULL : find_command (*words + 1, &n_words);
  if (command == NULL)
    return handle_no_command (*words + 1, is_help, error);
  // The last word of the name takes the place of the program's.
  for (guint i = 0; i < n_words; i++)
    g_free ((*words)[i]);
  memmove (*words, *words + n_words, sizeof (char *) * (g_strv_length (*words + n_words) + 1));
  return run_command (ctl, command, words, error);
}

int
wd_ctl_command_main (int argc, char **argv)
{
  g_auto (WdCtl) ctl = { 0 };
  g_auto (GStrv) words = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  WdCtlStatus status = dispatch (&ctl, &words, &error);

  return (int) (error != NULL ? fail (error) : status);
}
