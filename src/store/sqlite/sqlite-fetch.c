// SPDX-License-Identifier: EUPL-1.2
// Reading messages: rows are passed on as they lie in the pages, without copies.
#include "config.h"

#include "sqlite-changes.h"
#include "sqlite-content.h"
#include "sqlite-flag-runs.h"
#include "sqlite-store-private.h"

// Rows between two looks at the cancellable.
#define CANCEL_ROWS 256

#define FLAGS_COLUMNS                                                                              \
  "m.uid, m.flags, m.created, m.size, m.date_ms, m.zone, m.save_delta_ms, m.id, m.content"
#define PREVIEW_COLUMN ", i.preview"
#define INDEX_COLUMNS ", i.envelope, i.body, i.structure"
#define CONTENT_COLUMNS ", i.tree, d.prefix, d.coding, d.text_len, d.parts, d.text"
#define WHERE " WHERE m.mailbox = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid"
#define JOIN_INDEX " LEFT JOIN meta i ON i.content = m.content"
#define JOIN_DATA " LEFT JOIN data d ON d.content = m.content"

enum
{
  COLUMN_UID,
  COLUMN_FLAGS,
  COLUMN_CREATED,
  COLUMN_SIZE,
  COLUMN_DATE,
  COLUMN_ZONE,
  COLUMN_SAVE_DELTA,
  COLUMN_ID,
  COLUMN_CONTENT,
  COLUMN_MORE,
};

typedef struct
{
  WdSqliteLease *lease;
  WdSqliteFlagRuns runs;
  WdFetchFields fields;
  gint64 since;
  WdFetchFunc func;
  gpointer user_data;
  GCancellable *cancellable;
  guint n_rows;
  gboolean is_stopped;
} Fetch;

static const char *
get_sql (WdFetchFields fields)
{
#define WITH(columns, joins) "SELECT " FLAGS_COLUMNS columns " FROM message m" joins WHERE
  static const char *const sql[2][4] = {
    {
        [WD_FETCH_FLAGS] = WITH ("", ""),
        [WD_FETCH_INDEX] = WITH (INDEX_COLUMNS, JOIN_INDEX),
        [WD_FETCH_CONTENT] = WITH (CONTENT_COLUMNS, JOIN_INDEX JOIN_DATA),
        [WD_FETCH_INDEX | WD_FETCH_CONTENT]
        = WITH (INDEX_COLUMNS CONTENT_COLUMNS, JOIN_INDEX JOIN_DATA),
    },
    {
        [WD_FETCH_FLAGS] = WITH (PREVIEW_COLUMN, JOIN_INDEX),
        [WD_FETCH_INDEX] = WITH (PREVIEW_COLUMN INDEX_COLUMNS, JOIN_INDEX),
        [WD_FETCH_CONTENT] = WITH (PREVIEW_COLUMN CONTENT_COLUMNS, JOIN_INDEX JOIN_DATA),
        [WD_FETCH_INDEX | WD_FETCH_CONTENT]
        = WITH (PREVIEW_COLUMN INDEX_COLUMNS CONTENT_COLUMNS, JOIN_INDEX JOIN_DATA),
    },
  };
#undef WITH

  return sql[(fields & WD_FETCH_PREVIEW) != 0][fields & (WD_FETCH_INDEX | WD_FETCH_CONTENT)];
}

static gboolean
read_flags (Fetch *fetch, sqlite3_stmt *stmt, WdMessageRow *row, GError **error)
{
  gint64 modseq = sqlite3_column_int64 (stmt, COLUMN_CREATED);

  row->uid = (WdUid) sqlite3_column_int64 (stmt, COLUMN_UID);
  row->flags = (WdFlags) sqlite3_column_int64 (stmt, COLUMN_FLAGS);
  if (!wd_sqlite_flag_runs_find (&fetch->runs, row->uid, &row->flags, &modseq, error))
    return FALSE;
  row->modseq = (WdModseq) modseq;
  return TRUE;
}

static void
read_rest (sqlite3_stmt *stmt, WdMessageRow *row)
{
  row->size_bytes = (guint64) sqlite3_column_int64 (stmt, COLUMN_SIZE);
  row->internal_date_ms = sqlite3_column_int64 (stmt, COLUMN_DATE);
  row->zone_minutes = (gint16) sqlite3_column_int (stmt, COLUMN_ZONE);
  row->save_date_ms = row->internal_date_ms + sqlite3_column_int64 (stmt, COLUMN_SAVE_DELTA);
  row->id = wd_sqlite_db_get_id (stmt, COLUMN_ID);
}

static gboolean
read_index (Fetch *fetch, sqlite3_stmt *stmt, int column, WdMessageRow *row, GError **error)
{
  if (sqlite3_column_type (stmt, column) == SQLITE_NULL)
    return wd_sqlite_lease_set_corrupt (fetch->lease, "a message has no index", error);

  row->envelope = sqlite3_column_blob (stmt, column);
  row->envelope_len = (gsize) sqlite3_column_bytes (stmt, column);
  row->body = sqlite3_column_blob (stmt, column + 1);
  row->body_len = (gsize) sqlite3_column_bytes (stmt, column + 1);
  row->body_structure = sqlite3_column_blob (stmt, column + 2);
  row->body_structure_len = (gsize) sqlite3_column_bytes (stmt, column + 2);
  return TRUE;
}

// Of a message that came before previews were kept, it is made now; where its text cannot be read,
// there is none. Returns (transfer full) (nullable): what the row then points to.
static char *
read_preview (Fetch *fetch, sqlite3_stmt *stmt, WdMessageRow *row)
{
  g_autoptr (WdContent) content = NULL;
  char *made = NULL;

  row->preview = (const char *) sqlite3_column_text (stmt, COLUMN_MORE);
  if (row->preview != NULL)
    return NULL;
  content
      = wd_sqlite_content_load (fetch->lease, sqlite3_column_int64 (stmt, COLUMN_CONTENT), NULL);
  if (content != NULL)
    made = wd_content_make_preview (content, NULL);
  row->preview = made;
  return made;
}

static gboolean
pass_row (Fetch *fetch, sqlite3_stmt *stmt, GError **error)
{
  g_autofree char *made_preview = NULL;
  WdMessageRow row = { 0 };
  int column = COLUMN_MORE;

  if (++fetch->n_rows % CANCEL_ROWS == 0
      && !wd_sqlite_lease_check_cancelled (fetch->cancellable, error))
    return FALSE;

  if (!read_flags (fetch, stmt, &row, error))
    return FALSE;
  if ((gint64) row.modseq <= fetch->since)
    return TRUE;
  read_rest (stmt, &row);
  if ((fetch->fields & WD_FETCH_PREVIEW) != 0)
    {
      made_preview = read_preview (fetch, stmt, &row);
      column++;
    }
  if ((fetch->fields & WD_FETCH_INDEX) != 0)
    {
      if (!read_index (fetch, stmt, column, &row, error))
        return FALSE;
      column += 3;
    }
  if ((fetch->fields & WD_FETCH_CONTENT) != 0)
    {
      row.content = wd_sqlite_content_open (fetch->lease, stmt, column, row.size_bytes, error);
      if (row.content == NULL)
        return FALSE;
    }
  fetch->is_stopped = !fetch->func (&row, fetch->user_data);
  wd_content_free (row.content);
  return TRUE;
}

static gboolean
fetch_range (Fetch *fetch, sqlite3_stmt *stmt, const WdUidRange *range, GError **error)
{
  gboolean has_row;

  sqlite3_bind_int64 (stmt, 2, range->first);
  sqlite3_bind_int64 (stmt, 3, range->last);
  for (;;)
    {
      if (!wd_sqlite_db_step (fetch->lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        break;
      if (!pass_row (fetch, stmt, error))
        return FALSE;
      if (fetch->is_stopped)
        break;
    }
  sqlite3_reset (stmt);
  return TRUE;
}

static gboolean
fetch_set (Fetch *fetch, const WdSqliteMailbox *mailbox, const WdUidSet *uids, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (fetch->lease->db, get_sql (fetch->fields), error);
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  for (guint i = 0; i < n_ranges && !fetch->is_stopped; i++)
    if (!fetch_range (fetch, stmt, &ranges[i], error))
      return FALSE;
  return TRUE;
}

static void
pass_stretch (Fetch *fetch, WdUid first, WdUid last)
{
  for (gint64 uid = first; uid <= last && !fetch->is_stopped; uid++)
    {
      const WdSqliteFlagEntry *entry = wd_sqlite_flag_runs_get (&fetch->runs, (WdUid) uid);
      WdMessageRow row = { 0 };

      if (entry->state == WD_SQLITE_FLAG_NONE || entry->modseq <= fetch->since)
        continue;
      row.uid = (WdUid) uid;
      row.flags = entry->flags;
      row.modseq = (WdModseq) entry->modseq;
      fetch->is_stopped = !fetch->func (&row, fetch->user_data);
    }
}

// Flags and no more: without the rows of messages that were changed.
static gboolean
fetch_flags (Fetch *fetch, const WdUidSet *uids, GError **error)
{
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);
  WdUid first, last;

  wd_sqlite_flag_runs_walk (&fetch->runs, ranges, n_ranges);
  while (!fetch->is_stopped)
    {
      if (!wd_sqlite_lease_check_cancelled (fetch->cancellable, error)
          || !wd_sqlite_flag_runs_next (&fetch->runs, &first, &last, error))
        return FALSE;
      if (first == 0)
        return TRUE;
      pass_stretch (fetch, first, last);
    }
  return TRUE;
}

static gboolean
run (Fetch *fetch, const WdSqliteMailbox *mailbox, const WdUidSet *uids, GError **error)
{
  wd_sqlite_flag_runs_init (&fetch->runs, fetch->lease, mailbox);
  return fetch->fields == WD_FETCH_ONLY_FLAGS ? fetch_flags (fetch, uids, error)
                                              : fetch_set (fetch, mailbox, uids, error);
}

// Of `uids`, what the journal says may have changed: few, where a scan would see all. `uids` itself
// when the journal does not reach back so far. Returns (transfer full).
static WdUidSet *
narrow (WdSqliteLease *lease,
        const WdSqliteMailbox *mailbox,
        const WdUidSet *uids,
        WdModseq since,
        GError **error)
{
  g_autoptr (WdUidSet) narrowed = wd_uidset_copy (uids);
  g_autoptr (WdUidSet) changed = NULL;

  if (since == 0)
    return g_steal_pointer (&narrowed);
  if (!wd_sqlite_changes_find (lease, mailbox, since, &changed, error))
    return NULL;
  if (changed != NULL)
    wd_uidset_intersect (narrowed, changed);
  return g_steal_pointer (&narrowed);
}

gboolean
wd_sqlite_fetch_messages (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdUidSet *uids,
                          WdFetchFields fields,
                          WdModseq changed_since,
                          WdFetchFunc func,
                          gpointer user_data,
                          GCancellable *cancellable,
                          GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (WdUidSet) narrowed = NULL;
  WdSqliteMailbox row;
  Fetch fetch;

  fetch.lease = &lease;
  fetch.fields = fields;
  fetch.since = (gint64) MIN (changed_since, G_MAXINT64);
  fetch.func = func;
  fetch.user_data = user_data;
  fetch.cancellable = cancellable;
  fetch.n_rows = 0;
  fetch.is_stopped = FALSE;

  return wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                                cancellable, error)
         && wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
         && (narrowed = narrow (&lease, &row, uids, changed_since, error)) != NULL
         && run (&fetch, &row, narrowed, error);
}
