// SPDX-License-Identifier: EUPL-1.2
// The items of STATUS, for the command and for LIST … RETURN (STATUS …) (RFC 5819).
#pragma once

#include "imap-session.h"

// Reads a list of items as bits of the table. CONDSTORE is turned on by the one that says so.
gboolean wd_imap_status_parse (WdImapSession *session, WdImapParser *parser, guint *out_items)
    G_GNUC_WARN_UNUSED_RESULT;

// Writes the untagged response.
gboolean wd_imap_status_write (WdImapSession *session,
                               const WdMailboxInfo *info,
                               guint items,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
