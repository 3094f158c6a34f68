// SPDX-License-Identifier: EUPL-1.2
// The URLs of CATENATE (RFC 4469): octets of other messages.
#pragma once

#include "imap-session.h"

// Adds the octets that `url` names to `incoming`, at most `room_bytes` of them. FALSE: *out_is_bad
// says that the URL names nothing that is there, else `error` is set; more than there is room for
// is OVER_QUOTA.
gboolean wd_imap_append_url_write (WdImapSession *session,
                                   const char *url,
                                   WdIncoming *incoming,
                                   guint64 room_bytes,
                                   guint64 *out_size_bytes,
                                   gboolean *out_is_bad,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
