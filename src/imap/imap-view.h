// SPDX-License-Identifier: EUPL-1.2
// What one session knows of its selected mailbox: the UID map behind its sequence numbers, how far
// it has read the journal, and what it has yet to tell the client. No flags and no message data.
#pragma once

#include "imap-set.h"
#include "store.h"

typedef struct
{
  WdId mailbox;
  gboolean is_read_only; // EXAMINE.
  gboolean has_recent;   // FALSE: \Recent is not known to this session (RFC 9051).
  guint32 uidvalidity;
  WdUid uidnext;
  WdModseq modseq;  // The journal is read up to here.
  WdUidSet *uids;   // What the client has, or will have once told: sequence numbers.
  WdUidSet *recent; // Those of them that are \Recent.
  WdUidSet *saved;  // (nullable) What SEARCH saved as "$"; some may be gone.

  const char **keywords; // (nullable) Names of the keyword bits; shared between sessions.
  guint n_keywords;

  // To be told.
  WdUidSet *expunged; // (nullable) Gone, but in `uids` until the client may hear of it.
  WdUidSet *changed;  // (nullable) Other flags.
  gboolean new_keywords;
  guint32 told_exists;
  guint32 told_recent;
} WdImapView;

// Takes over what SELECT read. Returns (transfer full).
WdImapView *wd_imap_view_new (WdMailboxState *state, gboolean is_read_only)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_imap_view_free (WdImapView *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapView, wd_imap_view_free)

// No message is \Recent, from here on.
void wd_imap_view_ignore_recent (WdImapView *self);

// Whether reading the mailbox takes \Recent from other sessions.
gboolean wd_imap_view_claims_recent (const WdImapView *self);

// Adds what the journal says to what is to be told.
void wd_imap_view_apply (WdImapView *self, const WdMailboxChanges *changes);

// The same where the journal does not reach back: from a new reading of the mailbox.
void wd_imap_view_apply_state (WdImapView *self, const WdMailboxState *state);

// A change of `uids` that this session made itself got `modseq`; where there are none, it is that
// of the mailbox as it is. TRUE when nobody else changed anything before it, so that the journal
// need not be read for it.
gboolean wd_imap_view_take_own_change (WdImapView *self, const WdUidSet *uids, WdModseq modseq);

// These are gone; the client is to be told.
void wd_imap_view_add_expunged (WdImapView *self, const WdUidSet *uids);

// Their flags are to be told.
void wd_imap_view_add_changed (WdImapView *self, const WdUidSet *uids);

void wd_imap_view_set_keywords (WdImapView *self, const GPtrArray *keywords);

// The bit of a keyword that is known. FALSE if there is none of that name (in any case).
gboolean wd_imap_view_find_keyword (const WdImapView *self, const char *name, WdFlags *out_flag)
    G_GNUC_WARN_UNUSED_RESULT;

// The messages that a set names, "$" included. Numbers past the end are left out, and *out_is_valid
// is FALSE. Returns (transfer full).
WdUidSet *wd_imap_view_resolve (const WdImapView *self,
                                const WdImapSet *set,
                                gboolean is_uid,
                                gboolean *out_is_valid) G_GNUC_WARN_UNUSED_RESULT;

// What "$" is from here on: (transfer full) (nullable).
void wd_imap_view_take_saved (WdImapView *self, WdUidSet *uids);

gboolean wd_imap_view_is_recent (const WdImapView *self, WdUid uid);

// Octets in memory.
gsize wd_imap_view_get_size_bytes (const WdImapView *self);
