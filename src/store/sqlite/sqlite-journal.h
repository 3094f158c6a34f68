// SPDX-License-Identifier: EUPL-1.2
// When expunged messages had come to be, as the journal keeps it.
//
// Appending writes no journal row: a message that is there tells by its own row at which modseq it
// came (`created`, which ascends with the UID). One that was expunged cannot, so the expunge notes
// it: pairs of UID and modseq, one for each UID at which the modseq is another than before.
#pragma once

#include "store-types.h"

typedef struct
{
  GByteArray *coded;
  WdUid last_uid;
  gint64 last_created;
} WdSqliteJournalCreated;

// In order of UID.
void wd_sqlite_journal_add (WdSqliteJournalCreated *self, WdUid uid, gint64 created);

// The first of the UIDs that came after `since`; 0 when none did. FALSE for damaged data.
gboolean wd_sqlite_journal_find (const void *data, gsize len, gint64 since, WdUid *out_uid)
    G_GNUC_WARN_UNUSED_RESULT;
