// SPDX-License-Identifier: EUPL-1.2
// Subjects and other texts as SORT and THREAD compare them (RFC 5256 2.1, RFC 5051).
#pragma once

#include <glib.h>

// The base subject of a decoded subject: without "Re:", "Fwd:", blobs in brackets and trailers.
// *out_is_reply: one of them says that it is a reply or was forwarded. Returns (transfer full).
// Linear but for wrappings "[fwd: …]".
char *wd_imap_subject_dup_base (const char *subject, gboolean *out_is_reply)
    G_GNUC_WARN_UNUSED_RESULT;

// The form of valid UTF-8 whose octets compare as i;unicode-casemap does. Of a long text only the
// first WD_LIMIT_IMAP_SORT_KEY_BYTES count. Returns (transfer full).
char *wd_imap_subject_dup_key (const char *text) G_GNUC_WARN_UNUSED_RESULT;
