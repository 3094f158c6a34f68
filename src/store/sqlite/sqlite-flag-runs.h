// SPDX-License-Identifier: EUPL-1.2
// Flags and modseqs of a mailbox's messages, by chunks of UIDs.
//
// A message's row says what it came with and never changes. What has changed since is in the table
// `flags`, one row a chunk, as runs of neighbours that share flags and modseq. It names only
// messages that are there.
#pragma once

#include "sqlite-flag-coding.h"
#include "sqlite-mailbox.h"
#include "sqlite-schema.h"

// One chunk at a time, and where a walk is. In order of UID it reads each chunk once.
typedef struct
{
  WdSqliteLease *lease;
  gint64 mailbox; // Its row.
  gint64 chunk;   // -1: none.
  gboolean is_stored;
  gboolean is_dirty;
  gboolean is_damaged;
  gboolean ignores_damage; // What cannot be read was not changed: for who looks for damage.
  WdSqliteFlagEntry entries[WD_SQLITE_SCHEMA_CHUNK_UIDS];

  const WdUidRange *ranges;
  guint n_ranges;
  gint64 next;
  gint64 last;
} WdSqliteFlagRuns;

void wd_sqlite_flag_runs_init (WdSqliteFlagRuns *self,
                               WdSqliteLease *lease,
                               const WdSqliteMailbox *mailbox);

// Puts what has changed in place of what the row of a message says.
gboolean wd_sqlite_flag_runs_find (WdSqliteFlagRuns *self,
                                   WdUid uid,
                                   WdFlags *inout_flags,
                                   gint64 *inout_modseq,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Walks the messages of `ranges`, which must stay, a stretch within one chunk at a time. The row of
// a message is read only if it was not changed since.
void wd_sqlite_flag_runs_walk (WdSqliteFlagRuns *self, const WdUidRange *ranges, guint n_ranges);

// *out_first is 0 at the end. Not all of the UIDs need be there: see the entries.
gboolean
wd_sqlite_flag_runs_next (WdSqliteFlagRuns *self, WdUid *out_first, WdUid *out_last, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Of the stretch. Who changes it says so by wd_sqlite_flag_runs_set.
const WdSqliteFlagEntry *wd_sqlite_flag_runs_get (const WdSqliteFlagRuns *self, WdUid uid);
void wd_sqlite_flag_runs_set (WdSqliteFlagRuns *self, WdUid uid, WdFlags flags, gint64 modseq);

// Forgets what was changed of these, for they have gone. Afterwards as after _init.
gboolean wd_sqlite_flag_runs_drop (WdSqliteFlagRuns *self, const WdUidSet *uids, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Whether the row of `chunk` can be read and names only `uids`; else, when `repair`, forgets what
// is wrong. With ignores_damage.
gboolean wd_sqlite_flag_runs_check (WdSqliteFlagRuns *self,
                                    gint64 chunk,
                                    const WdUidSet *uids,
                                    gboolean repair,
                                    gboolean *out_is_sound,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Writes the last chunk, if it was changed; the others are written on the way.
gboolean wd_sqlite_flag_runs_flush (WdSqliteFlagRuns *self, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
