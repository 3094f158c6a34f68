// SPDX-License-Identifier: EUPL-1.2
// Flags in commands and responses (RFC 3501 2.3.2): system flags as bits, keywords as names.
#pragma once

#include "imap-parse.h"
#include "store-types.h"

typedef struct
{
  WdFlags system;
  GPtrArray *keywords; // (element-type utf8), NULL-terminated in `pdata` once read.
  gboolean has_recent; // \Recent was among them, which no client can set.
} WdImapFlags;

void wd_imap_flags_clear (WdImapFlags *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdImapFlags, wd_imap_flags_clear)

// Reads flag-list, or, with `allow_bare`, flags without parentheses up to the end (STORE).
gboolean wd_imap_flags_parse (WdImapParser *parser, gboolean allow_bare, WdImapFlags *out_flags)
    G_GNUC_WARN_UNUSED_RESULT;

// Names the system flags that are set, separated by spaces.
void wd_imap_flags_append_system (GString *out, WdFlags flags);
