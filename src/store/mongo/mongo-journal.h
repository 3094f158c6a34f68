// SPDX-License-Identifier: EUPL-1.2
// The journal: what was expunged, as WildDuck's sessions read it, too. What was added and changed
// tells by its own modseq, and is written for WildDuck alone.
#pragma once

#include "mongo-pending.h"

typedef struct
{
  WdUid uid;
  WdId message;   // None: not known.
  gint64 created; // The modseq at which it came; 0: not known.
  gboolean unseen;
} WdMongoGone;

// Writes an entry for each. Again does no harm: readers take an entry twice as they take it once.
gboolean wd_mongo_journal_add (WdMongoCall *call,
                               const WdMongoOp *op,
                               const WdMongoGone *gone,
                               guint n_gone,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// For an expunge that another has begun: writes the entries of those that are gone.
gboolean wd_mongo_journal_add_missing (WdMongoCall *call,
                                       const WdMongoOp *op,
                                       const WdUidSet *uids,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Tells WildDuck of messages that were added, by their documents.
gboolean
wd_mongo_journal_add_new (WdMongoCall *call, const WdMongoOp *op, GPtrArray *docs, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Adds an entry for a mailbox that was made ("CREATE"), has got another path ("RENAME") or is gone
// ("DELETE"; `path` NULL). `modify_index`: of the mailbox.
void wd_mongo_journal_make_mailbox (const WdId *owner,
                                    const WdId *mailbox,
                                    gint64 modify_index,
                                    const char *command,
                                    const char *path,
                                    GPtrArray *entries);

// Writes such an entry where WildDuck's event stream is to tell of it.
gboolean wd_mongo_journal_add_mailbox (WdStore *store,
                                       WdMongoCall *call,
                                       const WdId *owner,
                                       const WdId *mailbox,
                                       gint64 modify_index,
                                       const char *command,
                                       const char *path,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Adds an entry for each of the messages, which all have the flags that stand in `flags`.
void wd_mongo_journal_make_changed (const WdMongoOp *op,
                                    const WdUidSet *uids,
                                    const bson_t *flags,
                                    gboolean unseen_changed,
                                    GPtrArray *entries);

// Writes such entries.
gboolean wd_mongo_journal_write (WdMongoCall *call, GPtrArray *entries, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
