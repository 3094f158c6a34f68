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

// Whether there are mailboxes below `path`.
gboolean wd_imap_mailbox_has_inferiors (WdImapSession *session,
                                        const char *path,
                                        gboolean *out_has,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
