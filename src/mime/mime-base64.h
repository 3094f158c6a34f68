// SPDX-License-Identifier: EUPL-1.2
// Base64 bodies that can be kept decoded and come back octet for octet.
//
// A body has the canonical form when it is what an encoder makes of its decoded octets: full lines
// of one length (a multiple of 4), one kind of line end, a last line that may be shorter, padding
// there alone and without stray bits, then any number of line ends (usually none or one).
// Such a body is its decoded octets and a WdMimeBase64Form.
#pragma once

#include <glib.h>

typedef struct
{
  guint32 line_chars;    // Of a full line.
  guint32 n_final_ends;  // Line ends after the last line.
  guint8 line_end_bytes; // 1: LF, 2: CRLF.
  guint64 encoded_bytes;
  guint64 decoded_bytes;
} WdMimeBase64Form;

// The state of a scan; private.
typedef struct
{
  guint state;
  gboolean is_last_line;
  guint line_end_bytes;
  guint n_quad;
  char quad[4];
  guint64 line_chars;
  guint64 line_pos;
  guint64 n_ends;
  guint64 encoded_bytes;
  guint64 decoded_bytes;
} WdMimeBase64Scan;

// Decodes and checks in one pass, in chunks cut anywhere.
void wd_mime_base64_begin (WdMimeBase64Scan *scan);

// Writes the octets that the chunk completes to `out_data`, which has room for
// WD_MIME_BASE64_DECODED_ROOM (len). Returns FALSE, for good, when the body has not the form.
gboolean wd_mime_base64_scan (WdMimeBase64Scan *scan,
                              const char *data,
                              gsize len,
                              guint8 *out_data,
                              gsize *out_n) G_GNUC_WARN_UNUSED_RESULT;

// Ends it. Returns FALSE when it has not the form; an empty body has it not.
gboolean wd_mime_base64_end (const WdMimeBase64Scan *scan, WdMimeBase64Form *out_form)
    G_GNUC_WARN_UNUSED_RESULT;

#define WD_MIME_BASE64_DECODED_ROOM(len) ((len) / 4 * 3 + 8)

// TRUE when the form's numbers agree with each other: to be asked of one that was stored before it
// is used below.
gboolean wd_mime_base64_is_valid (const WdMimeBase64Form *form) G_GNUC_WARN_UNUSED_RESULT;

// The decoded octets that [offset, offset + len) of the encoded form is made of. The range must be
// within form->encoded_bytes. O(1).
void wd_mime_base64_get_source (
    const WdMimeBase64Form *form, guint64 offset, gsize len, guint64 *out_start, gsize *out_len);

// Writes octets [offset, offset + len) of the encoded form to `out_data`. `source` are the decoded
// octets that wd_mime_base64_get_source names.
void wd_mime_base64_encode (
    const WdMimeBase64Form *form, guint64 offset, gsize len, const guint8 *source, char *out_data);

// The decoded octets of a whole body of the canonical form, proven to give the body back when they
// are encoded. Returns (transfer full) (nullable): NULL when they do not, or when memory is short.
guint8 *wd_mime_base64_decode (const char *body, gsize len, WdMimeBase64Form *out_form)
    G_GNUC_WARN_UNUSED_RESULT;
