// SPDX-License-Identifier: EUPL-1.2
// The collections, their indexes, and the format's number.
#pragma once

#include "mongo-call.h"
#include "store.h"

#define WD_MONGO_USERS "users"
#define WD_MONGO_ADDRESSES "addresses"
#define WD_MONGO_APP_PASSWORDS "asps"
#define WD_MONGO_FILTERS "filters"         // WildDuck's own.
#define WD_MONGO_AUTOREPLIES "autoreplies" // WildDuck's own.
#define WD_MONGO_SETTINGS "settings"
#define WD_MONGO_MAILBOXES "mailboxes"
#define WD_MONGO_MESSAGES "messages"
#define WD_MONGO_ARCHIVED "archived"
#define WD_MONGO_THREADS "threads"
#define WD_MONGO_JOURNAL "journal"
#define WD_MONGO_TASKS "tasks"                // Of WildDuck alone.
#define WD_MONGO_ANNOTATIONS "wd.annotations" // Of our own.
#define WD_MONGO_FILES "attachments.files"
#define WD_MONGO_CHUNKS "attachments.chunks"

// Indexes that queries name, for the database does not always find the best one by itself.
#define WD_MONGO_MESSAGES_BY_UID "mailbox_uid"
#define WD_MONGO_MESSAGES_BY_MODSEQ "mailbox_modseq_uid"
#define WD_MONGO_MESSAGES_UNSEEN "mailbox_unseen_flag"
#define WD_MONGO_MESSAGES_UNDELETED "mailbox_undeleted_flag"
#define WD_MONGO_CHUNKS_BY_FILE "files_id_1_n_1"

// Seconds after which the database drops a journal entry: its index says so.
#define WD_MONGO_JOURNAL_SECS 10800

// Whether WildDuck has ever been started on the database: it makes collections that nobody else
// does. One round trip.
gboolean wd_mongo_schema_is_shared (WdMongoCall *call, gboolean *out_is_shared, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Makes what is missing, and brings an older format up to this one. May run at any time, by several
// at once. UNAVAILABLE for a newer format.
gboolean wd_mongo_schema_init (WdMongoCall *call, WdStorePrepared *out_prepared, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The same when there is something to do: one round trip when there is not.
// With `must_exist`, NOT_FOUND for a database that nobody has used.
gboolean wd_mongo_schema_check (WdMongoCall *call, gboolean must_exist, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
