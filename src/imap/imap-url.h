// SPDX-License-Identifier: EUPL-1.2
// IMAP URLs (RFC 5092) that name a message or a part of it in one's own mailboxes.
#pragma once

#include "imap-section.h"

typedef struct
{
  char *path;          // (nullable) Of the mailbox; NULL: the selected one.
  guint32 uidvalidity; // 0: none given.
  guint32 uid;
  WdImapSection *section; // (nullable) NULL: all of the message.
  guint64 first;          // Of the partial.
  guint64 max_bytes;      // Of the partial; G_MAXUINT64: up to the end.
} WdImapUrl;

void wd_imap_url_clear (WdImapUrl *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdImapUrl, wd_imap_url_clear)

// Reads "/mailbox[;UIDVALIDITY=n]/;UID=n[/;SECTION=…][/;PARTIAL=n[.n]]", or the same from ";UID"
// on, relative to the selected mailbox (RFC 4469 5). FALSE: it is no such URL; one with a server in
// it is none.
gboolean wd_imap_url_parse (const char *text, WdImapUrl *out_url) G_GNUC_WARN_UNUSED_RESULT;
