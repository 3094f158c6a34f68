// SPDX-License-Identifier: EUPL-1.2
// Mailbox name patterns of LIST (RFC 3501 6.3.8): '*' is any text, '%' any without '/'.
#pragma once

#include <glib.h>

typedef struct _WdImapPattern WdImapPattern;

// `pattern` is UTF-8. Its first level is "INBOX" where it is that in any case.
WdImapPattern *wd_imap_pattern_new (const char *pattern) G_GNUC_WARN_UNUSED_RESULT;
void wd_imap_pattern_free (WdImapPattern *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapPattern, wd_imap_pattern_free)

// Time grows with the length of `path` times that of the pattern over 64, whatever the wildcards.
gboolean wd_imap_pattern_matches (const WdImapPattern *self, const char *path);
