// SPDX-License-Identifier: EUPL-1.2
// The state that a session starts from, keywords and quota.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "sqlite-directory.h"
#include "sqlite-mailbox.h"
#include "sqlite-flag-runs.h"
#include "sqlite-schema.h"
#include "sqlite-store-private.h"

// A hint that lags by so many UIDs is worth a write. So many are looked at before whole chunks are.
#define HINT_LAG 16

static WdUid
find_unseen_in (const WdSqliteFlagRuns *runs, WdUid first, WdUid last)
{
  for (gint64 uid = first; uid <= last; uid++)
    {
      const WdSqliteFlagEntry *entry = wd_sqlite_flag_runs_get (runs, (WdUid) uid);

      if (entry->state != WD_SQLITE_FLAG_NONE && (entry->flags & WD_FLAG_SEEN) == 0)
        return (WdUid) uid;
    }
  return 0;
}

// The first message without \Seen at or above the hint; 0 when all are seen. It is nearly always at
// the hint, so that one row tells.
static gboolean
find_first_unseen (WdSqliteLease *lease,
                   const WdSqliteMailbox *mailbox,
                   WdUid *out_uid,
                   GError **error)
{
  const gint64 hint = MIN (mailbox->unseen_hint, G_MAXUINT32 - HINT_LAG);
  const WdUidRange ranges[] = {
    { (WdUid) hint, (WdUid) hint },
    { (WdUid) (hint + 1), (WdUid) (hint + HINT_LAG - 1) },
    { (WdUid) (hint + HINT_LAG), G_MAXUINT32 },
  };
  WdSqliteFlagRuns runs;
  WdUid first, last;

  *out_uid = 0;
  if (mailbox->n_unseen == 0)
    return TRUE;
  wd_sqlite_flag_runs_init (&runs, lease, mailbox);
  wd_sqlite_flag_runs_walk (&runs, ranges, G_N_ELEMENTS (ranges));
  for (;;)
    {
      if (!wd_sqlite_flag_runs_next (&runs, &first, &last, error))
        return FALSE;
      if (first == 0)
        return TRUE;
      *out_uid = find_unseen_in (&runs, first, last);
      if (*out_uid != 0)
        return TRUE;
    }
}

static WdMailboxState *
read_state (WdSqliteLease *lease, const WdId *id, WdSqliteMailbox *out_mailbox, GError **error)
{
  g_autoptr (WdMailboxState) state = g_new0 (WdMailboxState, 1);

  if (!wd_sqlite_mailbox_load (lease, id, out_mailbox, error)
      || !wd_sqlite_mailbox_list_read (lease, id, NULL, &state->info, error)
      || (state->uids = wd_sqlite_mailbox_load_uids (lease, out_mailbox, error)) == NULL
      || (state->keywords = wd_sqlite_mailbox_list_keywords (lease, error)) == NULL
      || !find_first_unseen (lease, out_mailbox, &state->first_unseen, error))
    return NULL;
  state->first_recent = (WdUid) out_mailbox->first_recent;
  return g_steal_pointer (&state);
}

static gint64
get_next_hint (const WdSqliteMailbox *mailbox, const WdMailboxState *state)
{
  return state->first_unseen == 0 ? mailbox->uidnext : state->first_unseen;
}

// What SELECT leaves behind: \Recent belongs to this session alone (RFC 3501 2.3.2), and the next
// one need not look at the seen messages again.
static gboolean
save_claim (WdSqliteLease *lease,
            WdSqliteMailbox *mailbox,
            const WdMailboxState *state,
            gboolean claim_recent,
            GError **error)
{
  mailbox->unseen_hint = get_next_hint (mailbox, state);
  if (claim_recent)
    mailbox->first_recent = mailbox->uidnext;
  return wd_sqlite_mailbox_save (lease, mailbox, error) && wd_sqlite_lease_commit (lease, error);
}

// Reads the state and writes down that it was taken, in one transaction.
static WdMailboxState *
claim_state (WdSqlitePool *pool,
             const WdActor *actor,
             const WdId *mailbox,
             gboolean claim_recent,
             GCancellable *cancellable,
             GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  g_autoptr (WdMailboxState) state = NULL;
  WdSqliteMailbox row;

  if (!wd_sqlite_lease_begin (pool, actor, WD_SQLITE_WRITE, &lease, cancellable, error)
      || (state = read_state (&lease, mailbox, &row, error)) == NULL
      || !save_claim (&lease, &row, state, claim_recent, error))
    return NULL;
  return g_steal_pointer (&state);
}

WdMailboxState *
wd_sqlite_mailbox_select_state (WdStore *store,
                                const WdActor *actor,
                                const WdId *mailbox,
                                gboolean claim_recent,
                                GCancellable *cancellable,
                                GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  g_autoptr (WdMailboxState) state = NULL;
  g_autoptr (GError) local_error = NULL;
  WdMailboxState *claimed;
  WdSqliteMailbox row;

  {
    g_auto (WdSqliteLease) lease = { 0 };

    if (!wd_sqlite_lease_begin (pool, actor, WD_SQLITE_READ, &lease, cancellable, error)
        || (state = read_state (&lease, mailbox, &row, error)) == NULL)
      return NULL;
  }
  if (!(claim_recent && row.first_recent < row.uidnext)
      && get_next_hint (&row, state) - row.unseen_hint < HINT_LAG)
    return g_steal_pointer (&state);

  claimed = claim_state (pool, actor, mailbox, claim_recent, cancellable, &local_error);
  // On a disk that takes nothing mail can still be read, and is recent to the next session too.
  if (claimed == NULL && g_error_matches (local_error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE))
    return g_steal_pointer (&state);
  if (claimed == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return claimed;
}

// flag-keyword = atom (RFC 3501 9): no control characters, no specials, nothing beyond ASCII.
static gboolean
is_keyword (const char *name)
{
  if (name[0] == '\0' || strlen (name) > WD_LIMIT_KEYWORD_BYTES)
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (*p <= ' ' || *p >= 0x7f || strchr ("(){%*\"\\]", *p) != NULL)
      return FALSE;
  return TRUE;
}

static gboolean
find_keyword (WdSqliteLease *lease, const char *name, int *out_bit, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT bit FROM keyword WHERE name = ?1", error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  wd_sqlite_db_bind_text (stmt, 1, name);
  if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_bit = has_row ? sqlite3_column_int (stmt, 0) : -1;
  return *out_bit < WD_LIMIT_KEYWORDS
         || wd_sqlite_lease_set_corrupt (lease, "a keyword beyond the limit", error);
}

// The bits of those that are there. `out_n_missing` counts the others.
static gboolean
find_keywords (WdSqliteLease *lease,
               const char *const *names,
               WdFlags *out_mask,
               guint *out_n_missing,
               GError **error)
{
  *out_mask = 0;
  *out_n_missing = 0;
  for (guint i = 0; names[i] != NULL; i++)
    {
      int bit;

      if (!find_keyword (lease, names[i], &bit, error))
        return FALSE;
      if (bit >= 0)
        *out_mask |= WD_FLAG_KEYWORD (bit);
      else
        (*out_n_missing)++;
    }
  return TRUE;
}

static gboolean
add_keyword (WdSqliteLease *lease, const char *name, GError **error)
{
  g_auto (WdSqliteStmt) count
      = wd_sqlite_db_prepare (lease->db, "SELECT count (*) FROM keyword", error);
  g_auto (WdSqliteStmt) add
      = wd_sqlite_db_prepare (lease->db, "INSERT INTO keyword (bit, name) VALUES (?1, ?2)", error);
  gboolean has_row;
  int bit;

  if (!find_keyword (lease, name, &bit, error))
    return FALSE;
  if (bit >= 0)
    return TRUE;
  if (count == NULL || add == NULL || !wd_sqlite_db_step (lease->db, count, &has_row, error))
    return FALSE;
  bit = sqlite3_column_int (count, 0);
  if (bit >= WD_LIMIT_KEYWORDS)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too many keywords");
      return FALSE;
    }
  sqlite3_bind_int (add, 1, bit);
  wd_sqlite_db_bind_text (add, 2, name);
  return wd_sqlite_db_run (lease->db, add, error);
}

static gboolean
create_keywords (WdSqlitePool *pool,
                 const WdActor *actor,
                 const WdId *mailbox,
                 const char *const *names,
                 WdFlags *out_mask,
                 GCancellable *cancellable,
                 GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  WdSqliteMailbox row;
  guint n_missing;

  if (!wd_sqlite_lease_begin (pool, actor, WD_SQLITE_WRITE, &lease, cancellable, error)
      || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error))
    return FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    if (!add_keyword (&lease, names[i], error))
      return FALSE;
  return find_keywords (&lease, names, out_mask, &n_missing, error)
         && wd_sqlite_lease_commit (&lease, error);
}

gboolean
wd_sqlite_mailbox_select_keywords (WdStore *store,
                                   const WdActor *actor,
                                   const WdId *mailbox,
                                   const char *const *names,
                                   gboolean create,
                                   WdFlags *out_mask,
                                   GCancellable *cancellable,
                                   GError **error)
{
  WdSqlitePool *pool = wd_sqlite_store_get_pool (store);
  WdFlags mask;
  guint n_missing;

  for (guint i = 0; names[i] != NULL; i++)
    if (!is_keyword (names[i]))
      {
        g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, "no flag-keyword");
        return FALSE;
      }

  {
    g_auto (WdSqliteLease) lease = { 0 };
    WdSqliteMailbox row;

    if (!wd_sqlite_lease_begin (pool, actor, WD_SQLITE_READ, &lease, cancellable, error)
        || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
        || !find_keywords (&lease, names, &mask, &n_missing, error))
      return FALSE;
  }
  if (create && n_missing > 0)
    return create_keywords (pool, actor, mailbox, names, out_mask, cancellable, error);
  *out_mask = mask;
  return TRUE;
}

gboolean
wd_sqlite_mailbox_select_quota (WdStore *store,
                                const WdActor *actor,
                                WdQuota *out_quota,
                                GCancellable *cancellable,
                                GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  WdSqliteMailbox owner;
  guint64 limit_bytes;

  if (!wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_READ, &lease,
                              cancellable, error)
      || !wd_sqlite_store_get_limit (store, &lease, &limit_bytes, error)
      || !wd_sqlite_mailbox_load_owner (&lease, &owner, error))
    return FALSE;
  *out_quota = (WdQuota){
    .used_bytes = (guint64) owner.size_bytes,
    .limit_bytes = limit_bytes,
    .n_messages = (guint64) owner.n_messages,
  };
  return TRUE;
}
