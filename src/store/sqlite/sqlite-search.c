// SPDX-License-Identifier: EUPL-1.2
// SEARCH: one pass over the rows of the mailbox.
#include "config.h"

#include "sqlite-search.h"

#include "core-clock.h"
#include "sqlite-flag-runs.h"
#include "sqlite-search-map.h"
#include "sqlite-store-private.h"

// Rows between two looks at the cancellable, when no text is read.
#define CANCEL_ROWS 256
// To find a message by itself costs as much as to walk past so many.
#define ROWS_A_LOOK 8

typedef struct
{
  WdSqliteLease *lease;
  WdSqliteSearchNode *node;
  WdSqliteSearchTexts *texts;
  WdSqliteSearchNeeds needs;
  gint64 indexed_upto;
  WdUidSet *found;
  WdSqliteFlagRuns runs;
  WdModseq modseq;
  guint n_rows;
  GCancellable *cancellable;
} Search;

#define WHERE " WHERE m.mailbox = ?1 AND m.uid BETWEEN ?2 AND ?3 ORDER BY m.uid"
#define FEW "m.uid, m.flags, m.created, m.content"
#define MANY FEW ", m.size, m.date_ms, m.zone, m.save_delta_ms"

static const char *
get_sql (WdSqliteSearchNeeds needs)
{
  if ((needs & WD_SQLITE_SEARCH_SENT) != 0)
    return "SELECT " MANY
           ", i.sent_day FROM message m LEFT JOIN meta i ON i.content = m.content" WHERE;
  if ((needs & WD_SQLITE_SEARCH_ROW) != 0)
    return "SELECT " MANY " FROM message m" WHERE;
  return "SELECT " FEW " FROM message m" WHERE;
}

static gboolean
read_row (Search *search, sqlite3_stmt *stmt, WdSqliteSearchRow *out_row, GError **error)
{
  WdSearchRow *row = &out_row->row;
  gint64 modseq = sqlite3_column_int64 (stmt, 2);

  row->uid = (WdUid) sqlite3_column_int64 (stmt, 0);
  row->flags = (WdFlags) sqlite3_column_int64 (stmt, 1);
  out_row->content = sqlite3_column_int64 (stmt, 3);
  if ((search->needs & WD_SQLITE_SEARCH_CHANGED) != 0
      && !wd_sqlite_flag_runs_find (&search->runs, row->uid, &row->flags, &modseq, error))
    return FALSE;
  row->modseq = (WdModseq) modseq;
  if ((search->needs & (WD_SQLITE_SEARCH_ROW | WD_SQLITE_SEARCH_SENT)) == 0)
    return TRUE;
  row->size_bytes = (guint64) sqlite3_column_int64 (stmt, 4);
  row->date_ms = sqlite3_column_int64 (stmt, 5);
  row->zone_minutes = sqlite3_column_int64 (stmt, 6);
  row->save_date_ms = row->date_ms + sqlite3_column_int64 (stmt, 7);
  if ((search->needs & WD_SQLITE_SEARCH_SENT) == 0)
    return TRUE;
  row->has_sent_day = sqlite3_column_type (stmt, 8) != SQLITE_NULL;
  row->sent_day = sqlite3_column_int64 (stmt, 8);
  return TRUE;
}

static gboolean
look_at (Search *search, sqlite3_stmt *stmt, GError **error)
{
  gboolean reads_text = (search->needs & WD_SQLITE_SEARCH_TEXT) != 0;
  WdSqliteSearchRow row = { 0 };
  gboolean match;

  if ((reads_text || search->n_rows++ % CANCEL_ROWS == 0)
      && !wd_sqlite_lease_check_cancelled (search->cancellable, error))
    return FALSE;
  if (!read_row (search, stmt, &row, error)
      || !wd_sqlite_search_node_match (search->node, &row, search->texts, &match, error))
    return FALSE;
  if (match)
    {
      wd_uidset_add (search->found, row.row.uid);
      search->modseq = MAX (search->modseq, row.row.modseq);
    }
  return TRUE;
}

static gboolean
scan_range (Search *search, sqlite3_stmt *stmt, const WdUidRange *range, GError **error)
{
  gboolean has_row;

  sqlite3_bind_int64 (stmt, 2, range->first);
  sqlite3_bind_int64 (stmt, 3, range->last);
  for (;;)
    {
      if (!wd_sqlite_db_step (search->lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        break;
      if (!look_at (search, stmt, error))
        return FALSE;
    }
  sqlite3_reset (stmt);
  return TRUE;
}

// The UIDs of what the index names, when they are few enough. NULL in `out_uids`: all may match.
static gboolean
ask_index (Search *search, const WdSqliteMailbox *mailbox, WdUidSet **out_uids, GError **error)
{
  g_autoptr (WdUidSet) contents = wd_sqlite_search_node_dup_contents (search->node);

  *out_uids = NULL;
  return contents == NULL
         || wd_uidset_get_count (contents) * (gint64) ROWS_A_LOOK > mailbox->n_messages
         || wd_sqlite_search_map_find (search->lease, mailbox, contents, search->indexed_upto,
                                       out_uids, search->cancellable, error);
}

// Outside of which nothing matches. Returns (transfer full): NULL with an error.
static WdUidSet *
find_uids (Search *search, const WdSqliteMailbox *mailbox, GError **error)
{
  const WdUidSet *asked = wd_sqlite_search_node_get_uids (search->node);
  g_autoptr (WdUidSet) uids = NULL;

  if (!ask_index (search, mailbox, &uids, error))
    return NULL;
  if (uids == NULL)
    return asked != NULL ? wd_uidset_copy (asked) : wd_uidset_new_range (1, G_MAXUINT32);
  if (asked != NULL)
    wd_uidset_intersect (uids, asked);
  return g_steal_pointer (&uids);
}

static gboolean
scan (Search *search, const WdSqliteMailbox *mailbox, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (search->lease->db, get_sql (search->needs), error);
  g_autoptr (WdUidSet) uids = find_uids (search, mailbox, error);
  const WdUidRange *ranges;
  guint n_ranges;

  if (stmt == NULL || uids == NULL)
    return FALSE;
  ranges = wd_uidset_get_ranges (uids, &n_ranges);
  wd_sqlite_flag_runs_init (&search->runs, search->lease, mailbox);
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  for (guint i = 0; i < n_ranges; i++)
    if (!scan_range (search, stmt, &ranges[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
search_in (WdSqliteLease *lease,
           const WdSqliteMailbox *mailbox,
           const WdSearchExpr *expr,
           WdUidSet *found,
           WdModseq *out_modseq, // (nullable)
           gboolean *out_wants_index,
           gboolean *out_is_searched,
           GCancellable *cancellable,
           GError **error)
{
  g_auto (WdSqliteIndexState) index = { 0 };
  WdSqliteMailbox owner;

  if (!wd_sqlite_index_get_state (lease, &index, error)
      || !wd_sqlite_mailbox_load_owner (lease, &owner, error))
    return FALSE;

  gint64 now_ms = wd_core_clock_now_us () / 1000;
  g_autoptr (WdSqliteSearchNode) node
      = wd_sqlite_search_node_new (lease, &index, expr, now_ms, error);
  g_autoptr (WdSqliteSearchTexts) texts = wd_sqlite_search_text_new (lease, index.upto);

  if (node == NULL)
    return FALSE;

  Search search = {
    .lease = lease,
    .node = node,
    .texts = texts,
    .needs
    = wd_sqlite_search_node_get_needs (node) | (out_modseq == NULL ? 0 : WD_SQLITE_SEARCH_CHANGED),
    .indexed_upto = index.upto,
    .found = found,
    .cancellable = cancellable,
  };

  *out_is_searched = index.is_searched;
  *out_wants_index = (search.needs & WD_SQLITE_SEARCH_TEXT) != 0 && index.upto + 1 < owner.uidnext;
  if (!scan (&search, mailbox, error))
    return FALSE;
  if (out_modseq != NULL)
    *out_modseq = search.modseq;
  return TRUE;
}

gboolean
wd_sqlite_search_messages (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           const WdSearchExpr *expr,
                           WdUidSet **out_uids,
                           WdModseq *out_modseq,
                           GCancellable *cancellable,
                           GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  g_autoptr (WdUidSet) found = wd_uidset_new ();
  gboolean wants_index, is_searched;
  WdModseq modseq = 0;
  {
    g_auto (WdSqliteLease) lease = { 0 };
    WdSqliteMailbox row;

    if (!wd_sqlite_lease_begin (pool, actor, WD_SQLITE_READ, &lease, cancellable, error)
        || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
        || !search_in (&lease, &row, expr, found, out_modseq == NULL ? NULL : &modseq, &wants_index,
                       &is_searched, cancellable, error))
      return FALSE;
  }
  // What was not indexed was read; the next search finds it indexed. Failing that, it is only slow.
  if (wants_index && (is_searched || wd_sqlite_index_set_searched (pool, &actor->owner, NULL)))
    wd_sqlite_store_poke (store, &actor->owner, WD_SQLITE_CHORE_INDEX);

  *out_uids = g_steal_pointer (&found);
  if (out_modseq != NULL)
    *out_modseq = modseq;
  return TRUE;
}
