// SPDX-License-Identifier: EUPL-1.2
// The part tree of one message with exact octet offsets: what the indexer makes, the store keeps
// and IMAP section fetches walk. Immutable once made: any thread may read it.
#pragma once

#include <glib.h>

typedef enum
{
  WD_MIME_LEAF,      // Anything opaque.
  WD_MIME_MULTIPART, // children are its parts.
  WD_MIME_MESSAGE,   // message/rfc822 or message/global: one child, the message within.
} WdMimeKind;

typedef enum
{
  WD_MIME_ENCODING_IDENTITY, // 7bit, 8bit, binary.
  WD_MIME_ENCODING_BASE64,
  WD_MIME_ENCODING_QP,
  WD_MIME_ENCODING_UNKNOWN, // Names another: its octets are taken as they are.
} WdMimeEncoding;

// Offsets count from the first octet of the message. header_start <= body_start <= body_end; the
// header's octets include the empty line that ends it, and a body excludes the line end before the
// boundary that follows it (RFC 2046 5.1.1).
typedef struct
{
  guint32 parent;       // Index in the tree; the root is its own parent.
  guint32 first_child;  // Index, 0: none.
  guint32 next_sibling; // Index, 0: none.
  guint32 n_children;
  WdMimeKind kind;
  WdMimeEncoding encoding;
  guint64 header_start;
  guint64 body_start;
  guint64 body_end;
  guint64 body_lines;  // Line ends in the body (RFC 3501 body-fld-lines).
  guint8 flags;        // WD_MIME_PART_…
  const char *type;    // "text/plain", lower case.
  const char *charset; // (nullable)
} WdMimePart;

enum
{
  WD_MIME_PART_ATTACHMENT = 1 << 0, // Content-Disposition: attachment, or named and not text.
  WD_MIME_PART_CRLF = 1 << 1,       // Every line of the body ends in CRLF.
};

typedef struct _WdMimeTree WdMimeTree;

WdMimeTree *wd_mime_tree_ref (WdMimeTree *self);
void wd_mime_tree_unref (WdMimeTree *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMimeTree, wd_mime_tree_unref)

// The parts in pre-order; [0] is the message itself. Returns (transfer none).
const WdMimePart *wd_mime_tree_get_parts (const WdMimeTree *self, guint *out_n_parts);

// Finds the part that an IMAP section such as 1.2 names (RFC 3501 6.4.5): numbers walk multiparts
// and, through a message/rfc822, the multipart or the single part within it; "1" of a message that
// is no multipart is its body. Returns (transfer none) (nullable): NULL when there is none. The
// empty path is part 0.
const WdMimePart *wd_mime_tree_find (const WdMimeTree *self, const guint32 *path, guint n_path);

// IMAP text made at indexing, whole parenthesised lists. Returns (transfer none). Only in a tree
// that came from the indexer: a decoded one has NULL, since the store keeps them beside it.
const char *wd_mime_tree_get_envelope (const WdMimeTree *self, gsize *out_len);
const char *wd_mime_tree_get_body (const WdMimeTree *self, gsize *out_len);
const char *wd_mime_tree_get_body_structure (const WdMimeTree *self, gsize *out_len);

// The Date: header as days since 1970-01-01 in its own zone (for SENTSINCE), and as milliseconds
// UTC. FALSE when there is none or it is not a date. From the indexer and decoded alike.
gboolean wd_mime_tree_get_sent (const WdMimeTree *self, gint32 *out_day, gint64 *out_ms);

// A compact, versioned form for storage. `wd_mime_tree_decode` checks every number against the
// others and `size_bytes` (of the message as it was indexed, so without a prefix), and moves all
// offsets by `shift` (the size of a prefix put before the message, which then belongs to the header
// of part 0). Returns (transfer full): NULL for damaged data.
GBytes *wd_mime_tree_encode (const WdMimeTree *self) G_GNUC_WARN_UNUSED_RESULT;
WdMimeTree *wd_mime_tree_decode (const void *data, gsize len, guint64 size_bytes, guint64 shift)
    G_GNUC_WARN_UNUSED_RESULT;
