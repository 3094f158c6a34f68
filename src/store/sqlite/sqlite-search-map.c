// SPDX-License-Identifier: EUPL-1.2
// UIDs by content.
#include "config.h"

#include "sqlite-search-map.h"

#include "core-limits.h"

// Rows between two looks at the cancellable.
#define CANCEL_ROWS 4096

// Messages whose UID and content are equally far apart. Those that are gone from between may be in
// it, so that a mailbox of delivered mail has few runs.
typedef struct
{
  WdUid first;
  WdUid last;
  gint64 content; // Of `first`.
} Run;

// A message never changes its content, and a UID is not given twice: what was read stays right.
struct _WdSqliteSearchMap
{
  WdId mailbox;
  gint64 uidvalidity;
  gint64 uidnext;    // What is below it was read.
  gboolean is_mixed; // There are too many runs: none are kept.
  GArray *runs;      // (element-type Run), ascending by UID.
};

void
wd_sqlite_search_map_free (WdSqliteSearchMap *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->runs);
  g_free (self);
}

static WdSqliteSearchMap *
get_map (WdSqliteHandle *handle, const WdSqliteMailbox *mailbox)
{
  WdSqliteSearchMap *self = handle->search_map;

  if (self != NULL && wd_core_id_equal (&self->mailbox, &mailbox->oid)
      && self->uidvalidity == mailbox->uidvalidity && self->uidnext <= mailbox->uidnext)
    return self;
  wd_sqlite_search_map_free (self);
  self = g_new0 (WdSqliteSearchMap, 1);
  self->mailbox = mailbox->oid;
  self->uidvalidity = mailbox->uidvalidity;
  self->uidnext = 1;
  self->runs = g_array_new (FALSE, FALSE, sizeof (Run));
  handle->search_map = self;
  return self;
}

static void
add_message (WdSqliteSearchMap *self, WdUid uid, gint64 content)
{
  Run *last = self->runs->len > 0 ? &g_array_index (self->runs, Run, self->runs->len - 1) : NULL;

  if (last != NULL && content - last->content == (gint64) uid - last->first)
    {
      last->last = uid;
      return;
    }

  Run run = { uid, uid, content };

  g_array_append_val (self->runs, run);
}

static gboolean
read_rows (WdSqliteSearchMap *self,
           WdSqliteLease *lease,
           sqlite3_stmt *stmt,
           GCancellable *cancellable,
           GError **error)
{
  gboolean has_row;

  for (guint n = 1; self->runs->len <= WD_LIMIT_SEARCH_MAP_RUNS; n++)
    {
      if ((n % CANCEL_ROWS == 0 && !wd_sqlite_lease_check_cancelled (cancellable, error))
          || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;
      add_message (self, (WdUid) sqlite3_column_int64 (stmt, 0), sqlite3_column_int64 (stmt, 1));
    }
  self->is_mixed = TRUE;
  g_array_set_size (self->runs, 0);
  return TRUE;
}

static gboolean
update (WdSqliteSearchMap *self,
        WdSqliteLease *lease,
        const WdSqliteMailbox *mailbox,
        GCancellable *cancellable,
        GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "SELECT uid, content FROM message WHERE mailbox = ?1 AND uid >= ?2 ORDER BY uid",
      error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 2, self->uidnext);
  if (!read_rows (self, lease, stmt, cancellable, error))
    return FALSE;
  self->uidnext = mailbox->uidnext;
  return TRUE;
}

// What of a run is wanted.
static void
find_in_run (const Run *run, const WdUidSet *contents, gint64 upto, WdUidSet *uids)
{
  gint64 end = run->content + (run->last - run->first);
  gint64 known_end = MIN (MIN (end, upto), G_MAXUINT32);

  for (gint64 content = run->content; content <= known_end; content++)
    {
      content = wd_uidset_get_next (contents, (WdUid) content - 1);
      if (content == 0 || content > known_end)
        break;
      wd_uidset_add (uids, run->first + (WdUid) (content - run->content));
    }
  if (end > upto)
    wd_uidset_add_range (uids, run->first + (WdUid) (MAX (upto + 1, run->content) - run->content),
                         run->last);
}

gboolean
wd_sqlite_search_map_find (WdSqliteLease *lease,
                           const WdSqliteMailbox *mailbox,
                           const WdUidSet *contents,
                           gint64 upto,
                           WdUidSet **out_uids,
                           GCancellable *cancellable,
                           GError **error)
{
  WdSqliteSearchMap *self = get_map (lease->handle, mailbox);
  g_autoptr (WdUidSet) uids = wd_uidset_new ();

  *out_uids = NULL;
  if (!self->is_mixed && !update (self, lease, mailbox, cancellable, error))
    {
      // Half of it was read.
      g_clear_pointer (&lease->handle->search_map, wd_sqlite_search_map_free);
      return FALSE;
    }
  if (self->is_mixed)
    return TRUE;
  for (guint i = 0; i < self->runs->len; i++)
    find_in_run (&g_array_index (self->runs, Run, i), contents, upto, uids);
  *out_uids = g_steal_pointer (&uids);
  return TRUE;
}
