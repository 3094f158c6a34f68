// SPDX-License-Identifier: EUPL-1.2
// wildduckctl store: checking and repairing; copying is in ctl-copy.c.
#include "config.h"

#include "ctl-command.h"
#include "ctl-copy.h"
#include "ctl-output.h"

static struct
{
  gboolean repair;
  gboolean json;
  char *user;
} options;

static const GOptionEntry check_options[] = {
  { "repair", 0, 0, G_OPTION_ARG_NONE, &options.repair, "Mend what can be mended", NULL },
  { "user", 0, 0, G_OPTION_ARG_STRING, &options.user, "Check this user's mail alone", "USER" },
  { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry init_options[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
  G_OPTION_ENTRY_NULL,
};

static void
print_prepared (const WdStorePrepared *prepared)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  if (!options.json)
    {
      if (prepared->version_before != 0 && prepared->version_before < prepared->version)
        g_print ("The format was upgraded from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ".\n",
                 prepared->version_before, prepared->version);
      if (prepared->n_made > 0)
        g_print ("Indexes made: %u.\n", prepared->n_made);
      g_print ("The store is ready.\n");
      return;
    }
  json_builder_begin_object (json);
  wd_ctl_output_add_number (json, "formatBefore", (guint64) prepared->version_before);
  wd_ctl_output_add_number (json, "format", (guint64) prepared->version);
  wd_ctl_output_add_number (json, "made", prepared->n_made);
  json_builder_end_object (json);
  wd_ctl_output_print_json (json);
}

static WdCtlStatus
init_store (WdCtl *ctl, char **arguments, GError **error)
{
  WdStorePrepared prepared;

  if (!wd_ctl_context_prepare_store (ctl, &prepared, error))
    return WD_CTL_FAILED;
  print_prepared (&prepared);
  return WD_CTL_OK;
}

typedef struct
{
  WdCtlTable *table;
  JsonBuilder *json;
  guint n_findings;
  guint n_left;
} Findings;

static void
add_finding (const WdStoreFinding *finding, gpointer user_data)
{
  Findings *self = user_data;
  char user[WD_CORE_ID_HEX_LEN + 1] = "";

  if (!wd_core_id_is_none (&finding->user))
    wd_core_id_to_hex (&finding->user, user);
  self->n_findings++;
  self->n_left += !finding->is_repaired;

  wd_ctl_output_table_add (self->table, user, finding->what,
                           finding->is_repaired ? "repaired" : "found", finding->detail);
  json_builder_begin_object (self->json);
  wd_ctl_output_add_string (self->json, "user", user[0] != '\0' ? user : NULL);
  wd_ctl_output_add_string (self->json, "what", finding->what);
  wd_ctl_output_add_string (self->json, "detail", finding->detail);
  wd_ctl_output_add_boolean (self->json, "repaired", finding->is_repaired);
  json_builder_end_object (self->json);
}

static void
show_progress (guint64 done, guint64 total, gpointer user_data)
{
  if (!options.json)
    wd_ctl_output_progress (done, total);
}

static gboolean
check (WdCtl *ctl, Findings *findings, GError **error)
{
  g_autoptr (WdUser) user = NULL;

  if (!wd_ctl_context_open_store (ctl, error))
    return FALSE;
  if (options.user != NULL)
    {
      user = wd_ctl_context_find_user (ctl, options.user, error);
      if (user == NULL)
        return FALSE;
    }
  return wd_store_check (ctl->store, user != NULL ? &user->id : NULL, options.repair, add_finding,
                         show_progress, findings, NULL, error);
}

static void
print_findings (Findings *findings)
{
  if (options.json)
    {
      json_builder_end_array (findings->json);
      wd_ctl_output_print_json (findings->json);
    }
  else if (findings->n_findings == 0)
    g_print ("No problems found.\n");
  else
    wd_ctl_output_table_print (findings->table);
}

static WdCtlStatus
check_store (WdCtl *ctl, char **arguments, GError **error)
{
  static const char *const columns[] = { "USER", "PROBLEM", "STATE", "DETAIL", NULL };
  g_autoptr (WdCtlTable) table = wd_ctl_output_table_new (columns);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  Findings findings = { .table = table, .json = json };

  json_builder_begin_array (json);
  if (!check (ctl, &findings, error))
    return WD_CTL_FAILED;
  print_findings (&findings);
  return findings.n_left > 0 ? WD_CTL_FINDINGS : WD_CTL_OK;
}

const WdCtlCommand wd_ctl_store_commands[] = {
  { "store check", "", 0, 0, check_options,
    "Check the store, which may be in use, and mend it with --repair.", check_store },
  { "store init", "", 0, 0, init_options,
    "Make what is missing of the store, and upgrade its format.", init_store },
  { "store copy", "FROM TO", 2, 2, wd_ctl_copy_options,
    "Copy users from one store to another, and compare them.", wd_ctl_copy_users },
  { 0 },
};
