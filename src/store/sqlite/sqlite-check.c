// SPDX-License-Identifier: EUPL-1.2
// Checking and repairing a store in use.
#include "config.h"

#include "sqlite-check.h"

static void
finding_free (gpointer data)
{
  WdStoreFinding *finding = data;

  g_free ((char *) finding->detail);
  g_free (finding);
}

GPtrArray *
wd_sqlite_check_new_findings (void)
{
  return g_ptr_array_new_with_free_func (finding_free);
}

void
wd_sqlite_check_add (
    WdSqliteCheck *self, const char *what, gboolean is_repaired, const char *format, ...)
{
  WdStoreFinding *finding = g_new0 (WdStoreFinding, 1);
  va_list args;

  va_start (args, format);
  finding->user = self->user;
  finding->what = what;
  finding->detail = g_strdup_vprintf (format, args);
  finding->is_repaired = is_repaired;
  va_end (args);
  g_ptr_array_add (self->findings, finding);
}

static void
tell (WdSqliteCheck *check, WdStoreFindingFunc func, gpointer user_data)
{
  for (guint i = 0; func != NULL && i < check->findings->len; i++)
    func (g_ptr_array_index (check->findings, i), user_data);
  g_ptr_array_set_size (check->findings, 0);
}

// The transaction that should have mended them was aborted.
static void
undo_repairs (WdSqliteCheck *check)
{
  for (guint i = 0; i < check->findings->len; i++)
    ((WdStoreFinding *) g_ptr_array_index (check->findings, i))->is_repaired = FALSE;
}

// A user whose folder is missing gets an empty one, so that mail can come in again.
static void
restore_folder (WdSqliteCheck *check, WdStore *store)
{
  g_autoptr (WdUser) user = wd_sqlite_directory_get_user (store, &check->user, NULL, NULL);
  gboolean is_made = user != NULL && check->repair
                     && wd_sqlite_mailbox_create_user (store, &check->user, user, NULL);

  // Gone meanwhile.
  if (user == NULL)
    return;
  wd_sqlite_check_add (check, "missing-mail", is_made,
                       "the folder with the user's mail is missing");
}

// What the directory says of the quota holds.
static gboolean
check_quota_limit (WdSqliteCheck *check, WdStore *store, GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  guint64 wanted, kept;
  {
    g_auto (WdSqliteLease) lease = { 0 };

    if (!wd_sqlite_directory_get_quota (store, &check->user, &wanted, error)
        || !wd_sqlite_lease_begin_owner (pool, &check->user, WD_SQLITE_READ, &lease, NULL, error)
        || !wd_sqlite_mailbox_load_quota (&lease, &kept, error))
      return FALSE;
  }
  if (wanted == kept)
    return TRUE;

  gboolean is_set = check->repair && wd_sqlite_mailbox_adopt_quota (store, &check->user, NULL);

  wd_sqlite_check_add (check, "quota-limit", is_set,
                       "the limit is %" G_GUINT64_FORMAT " octets and should be %" G_GUINT64_FORMAT,
                       kept, wanted);
  return TRUE;
}

// Damage is a finding. Anything else that goes wrong is an error.
static gboolean
check_user (WdSqliteCheck *check, WdStore *store, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (wd_sqlite_check_user (check, wd_sqlite_store_get_pool (store), cancellable, &failure)
      && check_quota_limit (check, store, &failure))
    return TRUE;
  undo_repairs (check);
  if (g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT))
    {
      wd_sqlite_check_add (check, "damaged", FALSE, "%s", failure->message);
      return TRUE;
    }
  if (g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      restore_folder (check, store);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static gboolean
check_known (WdStore *store, const WdId *user, GError **error)
{
  g_autoptr (WdUser) found = wd_sqlite_directory_get_user (store, user, NULL, error);

  return found != NULL;
}

static gboolean
check_users (WdSqliteCheck *check,
             WdStore *store,
             GArray *users,
             WdStoreFindingFunc finding_func,
             WdStoreProgressFunc progress_func,
             gpointer user_data,
             GCancellable *cancellable,
             GError **error)
{
  for (guint i = 0; i < users->len; i++)
    {
      check->user = g_array_index (users, WdId, i);
      if (!wd_sqlite_lease_check_cancelled (cancellable, error)
          || !check_user (check, store, cancellable, error))
        return FALSE;
      tell (check, finding_func, user_data);
      if (progress_func != NULL)
        progress_func (i + 1, users->len, user_data);
    }
  return TRUE;
}

gboolean
wd_sqlite_check_store (WdStore *store,
                       const WdId *user,
                       gboolean repair,
                       WdStoreFindingFunc finding_func,
                       WdStoreProgressFunc progress_func,
                       gpointer user_data,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (GPtrArray) findings = wd_sqlite_check_new_findings ();
  g_autoptr (GArray) users = NULL;
  WdSqliteCheck check = { .repair = repair, .findings = findings };

  if (user != NULL)
    {
      if (!check_known (store, user, error))
        return FALSE;
      users = g_array_new (FALSE, FALSE, sizeof (WdId));
      g_array_append_val (users, *user);
    }
  else
    users = wd_sqlite_directory_list_ids (store, error);
  if (users == NULL
      || !check_users (&check, store, users, finding_func, progress_func, user_data, cancellable,
                       error))
    return FALSE;
  if (user != NULL)
    return TRUE;

  check.user = (WdId){ 0 };
  wd_sqlite_check_pool (&check, wd_sqlite_store_get_dir (store));
  wd_sqlite_check_folders (&check, wd_sqlite_store_get_dir (store), users);
  tell (&check, finding_func, user_data);
  return TRUE;
}
