// SPDX-License-Identifier: EUPL-1.2
// Finding mailboxes by the names of commands.
#pragma once

#include "imap-session.h"

// The mailbox at `path`; NULL is a name that no mailbox can have. NOT_FOUND.
gboolean
wd_imap_mailbox_find (WdImapSession *session, const char *path, WdId *out_id, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
WdMailboxInfo *wd_imap_mailbox_get (WdImapSession *session, const char *path, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Writes how the mailbox is called, for who has enabled IMAP4rev2. `old_name` (nullable) is how it
// was called before, or how the client called it (RFC 9051 6.3.9.7).
void wd_imap_mailbox_write_name (WdImapSession *session,
                                 const WdMailboxInfo *info,
                                 const char *old_name);

// Whether there are mailboxes below `path`.
gboolean wd_imap_mailbox_has_inferiors (WdImapSession *session,
                                        const char *path,
                                        gboolean *out_has,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
