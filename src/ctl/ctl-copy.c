// SPDX-License-Identifier: EUPL-1.2
// wildduckctl store copy: moving users between stores.
#include "config.h"

#include "ctl-copy.h"

#include <string.h>

#include "ctl-output.h"
#include "store-transfer.h"

#define PAGE_USERS 250

static struct
{
  gboolean json;
  GStrv users;
} options;

const GOptionEntry wd_ctl_copy_options[] = {
  { "user", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.users,
    "Copy this user alone; may be repeated", "USER" },
  { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  WdStore *from;
  WdStore *to;
  JsonBuilder *json;
  const char *username; // Of whom is being copied.
  GPtrArray *differences;
  guint n_failed;
  guint n_different;
} Copy;

static void
show_progress (guint64 done, guint64 total, gpointer user_data)
{
  if (!options.json)
    wd_ctl_output_progress (done, total);
}

static void
note_difference (const char *detail, gpointer user_data)
{
  Copy *self = user_data;

  g_ptr_array_add (self->differences, g_strdup (detail));
}

static void
print_json (Copy *self, const WdTransferReport *report, const GError *failure)
{
  JsonBuilder *json = self->json;

  json_builder_begin_object (json);
  wd_ctl_output_add_string (json, "user", self->username);
  wd_ctl_output_add_string (json, "error", failure == NULL ? NULL : failure->message);
  wd_ctl_output_add_number (json, "mailboxes", report->n_mailboxes);
  wd_ctl_output_add_number (json, "messages", report->n_messages);
  wd_ctl_output_add_number (json, "added", report->n_added);
  wd_ctl_output_add_number (json, "addedBytes", report->size_bytes);
  wd_ctl_output_add_number (json, "changed", report->n_changed);
  wd_ctl_output_add_number (json, "removed", report->n_removed);
  wd_ctl_output_add_number (json, "verified", report->n_verified);
  json_builder_set_member_name (json, "differences");
  json_builder_begin_array (json);
  for (guint i = 0; i < self->differences->len; i++)
    json_builder_add_string_value (json, self->differences->pdata[i]);
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static void
print_lines (Copy *self, const WdTransferReport *report, const GError *failure)
{
  wd_ctl_output_progress_clear ();
  if (failure != NULL)
    {
      g_printerr ("%s: %s\n", self->username, failure->message);
      return;
    }
  for (guint i = 0; i < self->differences->len; i++)
    g_print ("%s: %s\n", self->username, (const char *) self->differences->pdata[i]);
  g_print ("%s: %u mailboxes, %" G_GUINT64_FORMAT " messages: %" G_GUINT64_FORMAT
           " copied, %" G_GUINT64_FORMAT " changed, %" G_GUINT64_FORMAT
           " removed, %" G_GUINT64_FORMAT " compared, %" G_GUINT64_FORMAT " differences\n",
           self->username, report->n_mailboxes, report->n_messages, report->n_added,
           report->n_changed, report->n_removed, report->n_verified, report->n_differences);
}

// What fails for one does not keep the others.
static void
copy_one (Copy *self, const WdUser *user)
{
  const WdTransferFuncs funcs = { show_progress, note_difference, self };
  g_autoptr (GPtrArray) differences = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) failure = NULL;
  WdTransferReport report = { 0 };

  self->username = user->username;
  self->differences = differences;
  self->n_failed
      += !wd_transfer_user (self->from, self->to, &user->id, &funcs, &report, NULL, &failure);
  self->n_different += report.n_differences > 0;
  if (options.json)
    print_json (self, &report, failure);
  else
    print_lines (self, &report, failure);
}

static gboolean
copy_named (Copy *self, GError **error)
{
  WdCtl source = { .store = self->from };

  for (guint i = 0; options.users[i] != NULL; i++)
    {
      g_autoptr (WdUser) user = wd_ctl_context_find_user (&source, options.users[i], error);

      if (user == NULL)
        return FALSE;
      copy_one (self, user);
    }
  return TRUE;
}

static gboolean
copy_all (Copy *self, GError **error)
{
  WdListQuery query = { .limit = PAGE_USERS };
  gboolean has_more = TRUE;
  guint64 total;

  while (has_more)
    {
      g_autoptr (GPtrArray) users
          = wd_store_list_users (self->from, &query, &total, &has_more, NULL, error);

      if (users == NULL)
        return FALSE;
      for (guint i = 0; i < users->len; i++)
        {
          copy_one (self, users->pdata[i]);
          query.after = ((WdUser *) users->pdata[i])->id;
        }
    }
  return TRUE;
}

// Root has to become the owner of a store in the file system, wherever that stands.
static const char *
choose_owner (const char *from, const char *to)
{
  const char *colon = strchr (to, ':');

  return colon != NULL && g_file_test (colon + 1, G_FILE_TEST_IS_DIR) ? to : from;
}

WdCtlStatus
wd_ctl_copy_users (WdCtl *ctl, char **arguments, GError **error)
{
  const char *owner = choose_owner (arguments[0], arguments[1]);
  g_autoptr (WdStore) from = NULL;
  g_autoptr (WdStore) to = NULL;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  Copy copy = { .json = json };

  if (g_strcmp0 (arguments[0], arguments[1]) == 0)
    {
      g_set_error_literal (error, WD_CTL_ERROR, WD_CTL_ERROR_USAGE, "both stores are the same");
      return WD_CTL_USAGE;
    }
  from = wd_ctl_context_open_uri (ctl, arguments[0], owner, TRUE, error);
  if (from == NULL
      || (to = wd_ctl_context_open_uri (ctl, arguments[1], owner, FALSE, error)) == NULL)
    return WD_CTL_FAILED;
  copy.from = from;
  copy.to = to;
  json_builder_begin_array (json);
  if (!(options.users != NULL ? copy_named (&copy, error) : copy_all (&copy, error)))
    return WD_CTL_FAILED;
  json_builder_end_array (json);
  if (options.json)
    wd_ctl_output_print_json (json);
  return copy.n_failed > 0 ? WD_CTL_FAILED : copy.n_different > 0 ? WD_CTL_FINDINGS : WD_CTL_OK;
}
