// SPDX-License-Identifier: EUPL-1.2
// Adding up the journal.
#include "config.h"

#include "sqlite-changes.h"

#include "sqlite-journal.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"
#include "store-uidset-union.h"

static gboolean
is_within_journal (const WdSqliteMailbox *mailbox, WdModseq since)
{
  return since >= (WdModseq) mailbox->journal_floor && since <= (WdModseq) mailbox->modseq;
}

// From the newest row down, for what came later has the higher UID: O(added).
static gboolean
collect_added (WdSqliteLease *lease,
               const WdSqliteMailbox *mailbox,
               WdModseq since,
               WdUidSet *added,
               GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "SELECT uid, created FROM message WHERE mailbox = ?1"
                              " ORDER BY uid DESC",
                              error);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (WdUid));
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row || (WdModseq) sqlite3_column_int64 (stmt, 1) <= since)
        break;

      WdUid uid = (WdUid) sqlite3_column_int64 (stmt, 0);

      g_array_append_val (uids, uid);
    }
  for (guint i = uids->len; i-- > 0;)
    wd_uidset_add (added, g_array_index (uids, WdUid, i));
  return TRUE;
}

// The rows of a journal added up. What is gone does not come back: their order says nothing.
typedef struct
{
  WdUidSetUnion changed;
  WdUidSetUnion gone;
  WdUidSetUnion expunged; // Of them, those that were there for who asks.
} Sums;

static void
sums_init (Sums *self)
{
  wd_uidset_union_init (&self->changed);
  wd_uidset_union_init (&self->gone);
  wd_uidset_union_init (&self->expunged);
}

static void
sums_clear (Sums *self)
{
  wd_uidset_union_clear (&self->changed);
  wd_uidset_union_clear (&self->gone);
  wd_uidset_union_clear (&self->expunged);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sums, sums_clear)

// An expunge: those of its UIDs that came after `since` never were there for who asks.
static gboolean
add_expunged (WdSqliteLease *lease,
              sqlite3_stmt *stmt,
              WdUidSet *uids,
              WdModseq since,
              Sums *sums,
              GError **error)
{
  const void *data = sqlite3_column_blob (stmt, 2);
  WdUid first_after;

  if (!wd_sqlite_journal_find (data, (gsize) sqlite3_column_bytes (stmt, 2), (gint64) since,
                               &first_after))
    return wd_sqlite_lease_set_corrupt (lease, "damaged journal", error);
  wd_uidset_union_add (&sums->gone, uids);
  if (first_after != 0)
    wd_uidset_remove_range (uids, first_after, G_MAXUINT32);
  wd_uidset_union_add (&sums->expunged, uids);
  return TRUE;
}

static gboolean
add_up (WdSqliteLease *lease,
        const WdSqliteMailbox *mailbox,
        WdModseq since,
        Sums *sums,
        GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "SELECT kind, uids, created FROM journal WHERE mailbox = ?1 AND modseq > ?2 ORDER BY modseq",
      error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 2, (gint64) since);
  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      const void *data = sqlite3_column_blob (stmt, 1);
      g_autoptr (WdUidSet) uids = wd_uidset_decode (data, (gsize) sqlite3_column_bytes (stmt, 1));

      if (uids == NULL)
        return wd_sqlite_lease_set_corrupt (lease, "damaged journal", error);
      if (sqlite3_column_int (stmt, 0) == WD_SQLITE_JOURNAL_CHANGED)
        wd_uidset_union_add (&sums->changed, uids);
      else if (!add_expunged (lease, stmt, uids, since, sums, error))
        return FALSE;
    }
}

static gboolean
collect (WdSqliteLease *lease,
         const WdSqliteMailbox *mailbox,
         WdModseq since,
         WdMailboxChanges *changes,
         GError **error)
{
  g_auto (Sums) sums;
  g_autoptr (WdUidSet) gone = NULL;

  sums_init (&sums);
  if (!add_up (lease, mailbox, since, &sums, error)
      || !collect_added (lease, mailbox, since, changes->added, error))
    return FALSE;
  gone = wd_uidset_union_take (&sums.gone);
  wd_uidset_free (changes->changed);
  changes->changed = wd_uidset_union_take (&sums.changed);
  wd_uidset_remove_set (changes->changed, gone);
  wd_uidset_remove_set (changes->changed, changes->added);
  wd_uidset_free (changes->expunged);
  changes->expunged = wd_uidset_union_take (&sums.expunged);
  return TRUE;
}

static WdMailboxChanges *
changes_new (void)
{
  WdMailboxChanges *changes = g_new0 (WdMailboxChanges, 1);

  changes->added = wd_uidset_new ();
  changes->changed = wd_uidset_new ();
  changes->expunged = wd_uidset_new ();
  return changes;
}

gboolean
wd_sqlite_changes_find (WdSqliteLease *lease,
                        const WdSqliteMailbox *mailbox,
                        WdModseq since,
                        WdUidSet **out_uids,
                        GError **error)
{
  g_autoptr (WdMailboxChanges) changes = changes_new ();

  *out_uids = NULL;
  if (!is_within_journal (mailbox, since))
    return TRUE;
  if (!collect (lease, mailbox, since, changes, error))
    return FALSE;
  *out_uids = g_steal_pointer (&changes->changed);
  wd_uidset_add_set (*out_uids, changes->added);
  return TRUE;
}

static gboolean
read_keywords (WdSqliteLease *lease, guint n_known, WdMailboxChanges *changes, GError **error)
{
  g_autoptr (GPtrArray) names = wd_sqlite_mailbox_list_keywords (lease, error);

  if (names == NULL)
    return FALSE;
  if (names->len > n_known)
    changes->keywords = g_steal_pointer (&names);
  return TRUE;
}

static gboolean
read_changes (WdSqliteLease *lease,
              const WdSqliteMailbox *mailbox,
              WdModseq since,
              guint n_known,
              WdMailboxChanges *changes,
              GError **error)
{
  changes->highest_modseq = (WdModseq) mailbox->modseq;
  changes->uidnext = (WdUid) mailbox->uidnext;
  changes->first_recent = (WdUid) mailbox->first_recent;
  changes->is_complete = is_within_journal (mailbox, since);
  if (!read_keywords (lease, n_known, changes, error))
    return FALSE;
  return !changes->is_complete || since == changes->highest_modseq
         || collect (lease, mailbox, since, changes, error);
}

// Of a mailbox that is not there any more there is nothing else to say.
static gboolean
load (WdSqliteLease *lease,
      const WdId *id,
      WdSqliteMailbox *out_mailbox,
      gboolean *out_is_gone,
      GError **error)
{
  g_autoptr (GError) failure = NULL;

  *out_is_gone = FALSE;
  if (wd_sqlite_mailbox_load (lease, id, out_mailbox, &failure))
    return TRUE;
  if (g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      *out_is_gone = TRUE;
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

static WdMailboxChanges *
list_in (WdSqlitePool *pool,
         const WdActor *actor,
         const WdId *id,
         WdModseq since,
         gboolean claim,
         guint n_known,
         gboolean *out_wants_claim,
         GCancellable *cancellable,
         GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (WdMailboxChanges) changes = changes_new ();
  WdSqliteMailbox mailbox = { 0 };

  if (!wd_sqlite_lease_begin (pool, actor, claim ? WD_SQLITE_WRITE : WD_SQLITE_READ, &lease,
                              cancellable, error)
      || !load (&lease, id, &mailbox, &changes->is_gone, error)
      || (!changes->is_gone && !read_changes (&lease, &mailbox, since, n_known, changes, error)))
    return NULL;

  *out_wants_claim = !changes->is_gone && mailbox.first_recent < mailbox.uidnext;
  if (claim && *out_wants_claim)
    {
      mailbox.first_recent = mailbox.uidnext;
      if (!wd_sqlite_mailbox_save (&lease, &mailbox, error)
          || !wd_sqlite_lease_commit (&lease, error))
        return NULL;
    }
  return g_steal_pointer (&changes);
}

WdMailboxChanges *
wd_sqlite_changes_list (WdStore *store,
                        const WdActor *actor,
                        const WdId *mailbox,
                        WdModseq since,
                        gboolean claim_recent,
                        guint n_keywords_known,
                        GCancellable *cancellable,
                        GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  gboolean wants_claim;
  WdMailboxChanges *changes = list_in (pool, actor, mailbox, since, FALSE, n_keywords_known,
                                       &wants_claim, cancellable, error);

  if (changes == NULL || !claim_recent || !wants_claim)
    return changes;

  // Somebody else may claim them meanwhile: all is read again under the writer's lock.
  wd_mailbox_changes_free (changes);
  return list_in (pool, actor, mailbox, since, TRUE, n_keywords_known, &wants_claim, cancellable,
                  error);
}
