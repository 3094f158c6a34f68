// SPDX-License-Identifier: EUPL-1.2
// The text index of a user: trigrams of headers and of bodies by content id. It may lag behind, and
// may still name contents that are gone; who asks decides by the text itself.
#pragma once

#include "sqlite-lease.h"
#include "store-uidset.h"

// Indexes what is not yet, if the user has ever searched for a text.
gboolean wd_sqlite_index_update (WdSqlitePool *pool,
                                 const WdId *user,
                                 GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Indexes it in any case.
gboolean wd_sqlite_index_force (WdSqlitePool *pool,
                                const WdId *user,
                                GCancellable *cancellable,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_SQLITE_INDEX_HEADER,
  WD_SQLITE_INDEX_BODY,
} WdSqliteIndexKind;

// How far the index reaches.
typedef struct
{
  gint64 upto;         // Contents beyond it are not in it,
  WdUidSet *unindexed; // nor are these.
  gboolean is_searched;
} WdSqliteIndexState;

gboolean wd_sqlite_index_get_state (WdSqliteLease *lease,
                                    WdSqliteIndexState *out_state,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_index_clear_state (WdSqliteIndexState *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdSqliteIndexState, wd_sqlite_index_clear_state)

// The contents up to state->upto that may have `text`, which is folded. NULL in `out_contents`: it
// is too short to tell. Returns (transfer full).
gboolean wd_sqlite_index_find (WdSqliteLease *lease,
                               const WdSqliteIndexState *state,
                               WdSqliteIndexKind kind,
                               const char *text,
                               WdUidSet **out_contents,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Remembers that the user searches, so that the background indexes.
gboolean wd_sqlite_index_set_searched (WdSqlitePool *pool, const WdId *user, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
