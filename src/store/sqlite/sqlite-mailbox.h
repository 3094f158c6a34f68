// SPDX-License-Identifier: EUPL-1.2
// The rows of mailboxes inside a transaction: their counters, their UID maps and their journal.
#pragma once

#include "sqlite-lease.h"
#include "store-mailbox.h"

// What of a mailbox's row changes with its messages. The owner's totals are such a row, too
// (WD_SQLITE_SCHEMA_OWNER_ROW): there uidnext is the next content id, and uidvalidity the last one
// that was given to a mailbox.
typedef struct
{
  gint64 row;
  WdId oid;
  gint64 uidnext;
  gint64 modseq;
  gint64 n_messages;
  gint64 n_unseen;
  gint64 n_deleted;
  gint64 size_bytes;
  gint64 first_recent;
  gint64 unseen_hint;   // All messages below it are seen.
  gint64 journal_floor; // The journal knows all that happened after this modseq.
  gint64 journal_bytes;
  gint64 uidvalidity;
} WdSqliteMailbox;

// Reads a row. NOT_FOUND.
gboolean wd_sqlite_mailbox_load (WdSqliteLease *lease,
                                 const WdId *id,
                                 WdSqliteMailbox *out_mailbox,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
// By its path, in the form in which it is kept.
gboolean wd_sqlite_mailbox_load_path (WdSqliteLease *lease,
                                      const char *path,
                                      WdSqliteMailbox *out_mailbox,
                                      gboolean *out_found,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_mailbox_load_owner (WdSqliteLease *lease,
                                       WdSqliteMailbox *out_owner,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Writes what is above, but for row, oid and uidvalidity of a mailbox.
gboolean wd_sqlite_mailbox_save (WdSqliteLease *lease,
                                 const WdSqliteMailbox *mailbox,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// All UIDs of the mailbox. O(runs). Returns (transfer full).
WdUidSet *wd_sqlite_mailbox_load_uids (WdSqliteLease *lease,
                                       const WdSqliteMailbox *mailbox,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_mailbox_save_uids (WdSqliteLease *lease,
                                      const WdSqliteMailbox *mailbox,
                                      const WdUidSet *uids,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The first message at or above `uid` of the mailbox of that row; 0 when there is none.
gboolean wd_sqlite_mailbox_seek (WdSqliteLease *lease,
                                 gint64 row,
                                 gint64 uid,
                                 gint64 *out_uid,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Messages from first_recent on. O(1), or O(runs) when some of them were expunged.
gboolean wd_sqlite_mailbox_count_recent (WdSqliteLease *lease,
                                         const WdSqliteMailbox *mailbox,
                                         guint32 *out_n_recent,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Adds a row to the journal at mailbox->modseq, and drops the oldest when it is too long.
// `created` (nullable): for an expunge, when the UIDs had come to be (sqlite-journal.h).
gboolean wd_sqlite_mailbox_add_journal (WdSqliteLease *lease,
                                        WdSqliteMailbox *mailbox,
                                        int kind,
                                        const WdUidSet *uids,
                                        GBytes *created,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Names of all keyword bits, in order. Returns (transfer full) (element-type utf8).
GPtrArray *wd_sqlite_mailbox_list_keywords (WdSqliteLease *lease, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The quota of the owner's own, 0 for none: the copy of what the directory says
// (wd_sqlite_directory_get_quota ()) that a delivery can hold to in its own transaction.
gboolean wd_sqlite_mailbox_load_quota (WdSqliteLease *lease,
                                       guint64 *out_quota_bytes,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_mailbox_save_quota (WdSqliteLease *lease, guint64 quota_bytes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
