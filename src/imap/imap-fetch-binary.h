// SPDX-License-Identifier: EUPL-1.2
// BINARY and BINARY.SIZE of FETCH (RFC 3516): a part without its transfer encoding, a slice at a
// time.
#pragma once

#include "mime-decoder.h"
#include "store-content.h"

// A range of the decoded octets on its way out. All zero is none.
typedef struct
{
  WdMimeDecoder *decoder; // (nullable)
  guint64 skip;           // Decoded octets that are still to be left out.
  guint64 left;           // And those to be written behind them.
} WdImapFetchBinary;

void wd_imap_fetch_binary_clear (WdImapFetchBinary *self);

// Counts the decoded octets of [start, end) up to `max_bytes`, and looks for NUL among them, for
// which a literal8 is needed. Reads all that it counts.
gboolean wd_imap_fetch_binary_measure (WdContent *content,
                                       WdMimeEncoding encoding,
                                       guint64 start,
                                       guint64 end,
                                       guint64 max_bytes,
                                       guint64 *out_size_bytes,
                                       gboolean *out_has_nul,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Begins to write the decoded octets [first, first + len).
void wd_imap_fetch_binary_begin (WdImapFetchBinary *self,
                                 WdMimeEncoding encoding,
                                 guint64 first,
                                 guint64 len);

// Reads the next slice of [*inout_offset, end) and appends what it decodes to. Once all is written,
// or with an error, `left` is 0.
gboolean wd_imap_fetch_binary_write (WdImapFetchBinary *self,
                                     WdContent *content,
                                     guint64 *inout_offset,
                                     guint64 end,
                                     GString *out,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
