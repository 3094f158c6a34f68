// SPDX-License-Identifier: EUPL-1.2
// wildduckctl config: every value, and where it came from.
#include "config.h"

#include "ctl-command.h"
#include "ctl-output.h"

static struct
{
  gboolean json;
} options;

static const GOptionEntry show_options[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
  G_OPTION_ENTRY_NULL,
};

static void
print_table (const WdConfig *config)
{
  static const char *const columns[] = { "KEY", "VALUE", "FROM", NULL };
  g_autoptr (WdCtlTable) table = wd_ctl_output_table_new (columns);
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);

  for (gsize i = 0; i < n_keys; i++)
    {
      g_autofree char *name = g_strconcat (keys[i].section, ".", keys[i].key, NULL);

      wd_ctl_output_table_add (table, name,
                               wd_core_config_get_text (config, keys[i].section, keys[i].key),
                               wd_core_config_get_origin (config, keys[i].section, keys[i].key));
    }
  wd_ctl_output_table_print (table);
}

static void
print_json (const WdConfig *config)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);

  json_builder_begin_array (json);
  for (gsize i = 0; i < n_keys; i++)
    {
      const WdConfigKey *key = &keys[i];
      g_autofree char *variable = wd_core_config_dup_variable (key);

      json_builder_begin_object (json);
      wd_ctl_output_add_string (json, "section", key->section);
      wd_ctl_output_add_string (json, "key", key->key);
      wd_ctl_output_add_string (json, "value",
                                wd_core_config_get_text (config, key->section, key->key));
      wd_ctl_output_add_string (json, "from",
                                wd_core_config_get_origin (config, key->section, key->key));
      wd_ctl_output_add_string (json, "default", key->value);
      wd_ctl_output_add_string (json, "variable", variable);
      wd_ctl_output_add_string (json, "help", key->help);
      json_builder_end_object (json);
    }
  json_builder_end_array (json);
  wd_ctl_output_print_json (json);
}

static WdCtlStatus
show_config (WdCtl *ctl, char **arguments, GError **error)
{
  if (!wd_ctl_context_load_config (ctl, error))
    return WD_CTL_FAILED;
  if (options.json)
    print_json (ctl->config);
  else
    print_table (ctl->config);
  return WD_CTL_OK;
}

static WdCtlStatus
check_config (WdCtl *ctl, char **arguments, GError **error)
{
  if (!wd_ctl_context_load_config (ctl, error))
    return WD_CTL_FAILED;
  g_print ("The configuration is valid.\n");
  return WD_CTL_OK;
}

const WdCtlCommand wd_ctl_config_commands[] = {
  { "config", "", 0, 0, show_options, "Show each configuration value and where it came from.",
    show_config },
  { "config check", "", 0, 0, NULL, "Say what is wrong with the configuration, if anything is.",
    check_config },
  { 0 },
};
