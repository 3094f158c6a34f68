// SPDX-License-Identifier: EUPL-1.2
// Mailbox names: modified UTF-7 or UTF-8 on the wire, the store's paths (UTF-8, NFC, '/') inside.
#pragma once

#include "imap-parse.h"

// Reads a mailbox name. *out_path (transfer full) is a path; NULL for a name that is not valid
// (wd_imap_utf7_decode) or is empty: such a mailbox cannot be, which is NO, not BAD. One '/' at the
// end is left out (RFC 3501 6.3.3); *out_is_parent (optional) says so.
gboolean wd_imap_name_parse (WdImapParser *parser, char **out_path, gboolean *out_is_parent)
    G_GNUC_WARN_UNUSED_RESULT;

// The name that `parser` stands before, as it was written, when that is not `path`: "inbox" for
// INBOX. Returns (transfer full) (nullable).
char *wd_imap_name_dup_other (WdImapParser parser, const char *path) G_GNUC_WARN_UNUSED_RESULT;

// Wire form to path or pattern. Returns (transfer full) (nullable).
char *wd_imap_name_decode (const char *name, gboolean is_utf8) G_GNUC_WARN_UNUSED_RESULT;

// "inbox" as the first level, in any case, becomes "INBOX". Returns (transfer full).
char *wd_imap_name_canonicalize (const char *path) G_GNUC_WARN_UNUSED_RESULT;

// Appends a path as it goes out, quoted.
void wd_imap_name_append (GString *out, const char *path, gboolean is_utf8);
