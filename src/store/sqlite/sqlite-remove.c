// SPDX-License-Identifier: EUPL-1.2
// Deleting message rows, and what follows from it.
#include "config.h"

#include "sqlite-remove.h"

#include "sqlite-schema.h"

void
wd_sqlite_remove_begin (WdSqliteRemoval *self, WdFlags required)
{
  *self = (WdSqliteRemoval){
    .required = required,
    .uids = wd_uidset_new (),
    .contents = g_array_new (FALSE, FALSE, sizeof (gint64)),
  };
}

void
wd_sqlite_remove_end (WdSqliteRemoval *self)
{
  g_clear_pointer (&self->uids, wd_uidset_free);
  g_clear_pointer (&self->contents, g_array_unref);
  g_clear_pointer (&self->created.coded, g_byte_array_unref);
  g_clear_error (&self->failure);
}

void
wd_sqlite_remove_note (
    WdSqliteRemoval *self, WdUid uid, WdFlags flags, gint64 size_bytes, gint64 created)
{
  wd_uidset_add (self->uids, uid);
  self->n_unseen += (flags & WD_FLAG_SEEN) == 0;
  self->n_deleted += (flags & WD_FLAG_DELETED) != 0;
  self->size_bytes += size_bytes;
  wd_sqlite_journal_add (&self->created, uid, created);
}

// wd_row (uid, flags, size, content, created): TRUE when the row is to go.
static gint64
note_row (gpointer data, sqlite3_value **values)
{
  WdSqliteRemoval *self = data;
  WdUid uid = (WdUid) sqlite3_value_int64 (values[0]);
  WdFlags flags = (WdFlags) sqlite3_value_int64 (values[1]);
  gint64 content = sqlite3_value_int64 (values[3]);
  gint64 modseq;

  if (self->failure != NULL
      || !wd_sqlite_flag_runs_find (&self->runs, uid, &flags, &modseq, &self->failure))
    return FALSE;
  if ((flags & self->required) != self->required)
    return FALSE;
  g_array_append_val (self->contents, content);
  wd_sqlite_remove_note (self, uid, flags, sqlite3_value_int64 (values[2]),
                         sqlite3_value_int64 (values[4]));
  return TRUE;
}

static gboolean
delete_range (WdSqliteLease *lease, sqlite3_stmt *stmt, WdUid first, WdUid last, GError **error)
{
  sqlite3_bind_int64 (stmt, 2, first);
  sqlite3_bind_int64 (stmt, 3, last);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
delete_all (WdSqliteRemoval *self,
            WdSqliteLease *lease,
            sqlite3_stmt *stmt,
            const WdUidRange *ranges,
            guint n_ranges,
            GError **error)
{
  for (guint i = 0; i < n_ranges && self->failure == NULL; i++)
    if (!delete_range (lease, stmt, ranges[i].first, ranges[i].last, error))
      return FALSE;
  if (self->failure == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->failure));
  return FALSE;
}

gboolean
wd_sqlite_remove_rows (WdSqliteRemoval *self,
                       WdSqliteLease *lease,
                       const WdSqliteMailbox *mailbox,
                       const WdUidSet *uids,
                       GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "DELETE FROM message WHERE mailbox = ?1 AND uid BETWEEN ?2 AND ?3"
                              " AND wd_row (uid, flags, size, content, created)",
                              error);
  const WdUidRange all = { 1, G_MAXUINT32 };
  guint n_ranges = 1;
  const WdUidRange *ranges = uids == NULL ? &all : wd_uidset_get_ranges (uids, &n_ranges);

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_lease_set_row_func (lease, note_row, self);
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  wd_sqlite_flag_runs_init (&self->runs, lease, mailbox);
  return delete_all (self, lease, stmt, ranges, n_ranges, error);
}

static gboolean
cut_map (WdSqliteRemoval *self, WdSqliteLease *lease, WdSqliteMailbox *mailbox, GError **error)
{
  g_autoptr (WdUidSet) uids = wd_sqlite_mailbox_load_uids (lease, mailbox, error);

  if (uids == NULL)
    return FALSE;
  wd_uidset_remove_set (uids, self->uids);
  return wd_sqlite_mailbox_save_uids (lease, mailbox, uids, error);
}

gboolean
wd_sqlite_remove_apply (WdSqliteRemoval *self,
                        WdSqliteLease *lease,
                        WdSqliteMailbox *mailbox,
                        GError **error)
{
  g_autoptr (GBytes) created = NULL;

  if (wd_uidset_is_empty (self->uids))
    return TRUE;
  created = g_bytes_new (self->created.coded->data, self->created.coded->len);
  mailbox->modseq++;
  mailbox->n_messages -= wd_uidset_get_count (self->uids);
  mailbox->n_unseen -= self->n_unseen;
  mailbox->n_deleted -= self->n_deleted;
  mailbox->size_bytes -= self->size_bytes;
  return wd_sqlite_flag_runs_drop (&self->runs, self->uids, error)
         && cut_map (self, lease, mailbox, error)
         && wd_sqlite_mailbox_add_journal (lease, mailbox, WD_SQLITE_JOURNAL_EXPUNGED, self->uids,
                                           created, error)
         && wd_sqlite_mailbox_save (lease, mailbox, error);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  gint64 n_a = *(const gint64 *) a, n_b = *(const gint64 *) b;

  return (n_a > n_b) - (n_a < n_b);
}

// Content ids are below 2^32, so that a UID set can hold them, too.
static GBytes *
encode_contents (GArray *contents)
{
  g_autoptr (WdUidSet) set = wd_uidset_new ();

  g_array_sort (contents, compare_numbers);
  for (guint i = 0; i < contents->len; i++)
    wd_uidset_add (set, (WdUid) g_array_index (contents, gint64, i));
  return wd_uidset_encode (set);
}

static gboolean
add_garbage (WdSqliteRemoval *self, WdSqliteLease *lease, GError **error)
{
  g_autoptr (GBytes) coded = encode_contents (self->contents);
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "INSERT INTO garbage (contents) VALUES (?1)", error);
  gsize len;
  const void *data = g_bytes_get_data (coded, &len);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_blob64 (stmt, 1, data, len, SQLITE_STATIC);
  wd_sqlite_lease_add_chore (lease, WD_SQLITE_CHORE_GARBAGE);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

gboolean
wd_sqlite_remove_discard (WdSqliteRemoval *self, WdSqliteLease *lease, GError **error)
{
  WdSqliteMailbox owner;

  if (wd_uidset_is_empty (self->uids))
    return TRUE;
  if (!wd_sqlite_mailbox_load_owner (lease, &owner, error))
    return FALSE;
  owner.n_messages -= wd_uidset_get_count (self->uids);
  owner.size_bytes -= self->size_bytes;
  return wd_sqlite_mailbox_save (lease, &owner, error) && add_garbage (self, lease, error);
}
