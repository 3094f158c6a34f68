// SPDX-License-Identifier: EUPL-1.2
// Tells the client what others did to the selected mailbox: EXPUNGE, EXISTS, RECENT, FLAGS, FETCH.
#pragma once

#include "imap-session.h"

// Reads the journal into the view. FALSE: the mailbox is gone or cannot be read, and BYE is sent.
gboolean wd_imap_sync_poll (WdImapSession *session) G_GNUC_WARN_UNUSED_RESULT;

// Writes what is to be told. `allow_expunge`: EXPUNGE too (RFC 3501 7.4.1). `with_uid`: the command
// is a UID one, whose FETCH responses name the UID.
WdStep wd_imap_sync_run (WdImapSession *session, gboolean allow_expunge, gboolean with_uid);

// Tells of keywords that are new since the last time.
void wd_imap_sync_tell_keywords (WdImapSession *session);

// Appends the untagged FLAGS and the PERMANENTFLAGS code.
void wd_imap_sync_append_flags (WdImapSession *session);
