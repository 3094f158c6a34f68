// SPDX-License-Identifier: EUPL-1.2
// VANISHED responses (RFC 7162 3.2.10).
#pragma once

#include "imap-session.h"

// Writes until all of `uids` are told or the output is full, and takes from `uids` what is told.
// `is_earlier`: the client has no sequence number for them.
WdStep wd_imap_vanished_write (WdImapSession *session, WdUidSet *uids, gboolean is_earlier);

// What vanished after `since` among `uids`, which becomes the answer. What the session still has a
// number for is left out: that is told as VANISHED without EARLIER. `changes` (nullable) is the
// journal since then; where it does not reach back, everything is told that is not there.
void
wd_imap_vanished_find (const WdImapView *view, const WdMailboxChanges *changes, WdUidSet *uids);
