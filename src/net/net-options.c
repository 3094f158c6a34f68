// SPDX-License-Identifier: EUPL-1.2
// The command line of a service.
#include "config.h"

#include "net-options.h"

gboolean
wd_net_options_parse (
    WdOptions *out_self, const WdServiceSpec *spec, int argc, char **argv, GError **error)
{
  WdOptions options = { 0 };
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_STRING_ARRAY, &options.listen,
      "Listen on HOST:PORT, [IPV6]:PORT or unix:/PATH for what NAME serves", "NAME=ADDRESS" },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_file,
      "Read FILE in place of " WD_SITE_CONFIG, "FILE" },
    { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options.set,
      "Set a configuration key, over what the files say", "SECTION.KEY=VALUE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Show the version", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree char *listeners = g_strjoinv (", ", (char **) spec->listeners);
  g_autofree char *description = g_strdup_printf (
      "NAME is one of: %s.\nWithout --listen the sockets come from systemd, by these names.",
      listeners);
  // GOption moves the arguments about; the array is the caller's.
  g_auto (GStrv) copy = g_new0 (char *, (gsize) argc + 1);

  for (int i = 0; i < argc; i++)
    copy[i] = g_strdup (argv[i]);
  g_option_context_set_summary (context, spec->description);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse_strv (context, &copy, error))
    {
      wd_net_options_clear (&options);
      return FALSE;
    }
  if (g_strv_length (copy) > 1)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "unexpected argument: %s",
                   copy[1]);
      wd_net_options_clear (&options);
      return FALSE;
    }
  *out_self = options;
  return TRUE;
}

void
wd_net_options_clear (WdOptions *self)
{
  g_clear_pointer (&self->listen, g_strfreev);
  g_clear_pointer (&self->set, g_strfreev);
  g_clear_pointer (&self->config_file, g_free);
}
