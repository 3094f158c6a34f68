// SPDX-License-Identifier: EUPL-1.2
// Base64 bodies that can be kept decoded and come back octet for octet.
#include "config.h"

#include "mime-base64.h"

#include <string.h>

#include "mime-base64-vector.h"

#define CHUNK_BYTES (48 * 1024)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// A set bit in the highest octet: not of the alphabet.
#define BAD 0xff000000u

// decoding[i][c]: what character c contributes as the i-th of four, as the octets lie in memory.
static guint32 decoding[4][256];
// Two characters for each 12 bits.
static char encoding[4096][2];

static guint32
octets_in_memory (guint a, guint b, guint c)
{
  return GUINT32_TO_LE (a | b << 8 | c << 16);
}

static void
init_tables (void)
{
  static gsize once = 0;

  if (!g_once_init_enter (&once))
    return;
  for (guint i = 0; i < 4; i++)
    for (guint c = 0; c < 256; c++)
      decoding[i][c] = GUINT32_TO_LE (BAD);
  for (guint v = 0; v < 64; v++)
    {
      guint8 c = (guint8) alphabet[v];

      decoding[0][c] = octets_in_memory (v << 2, 0, 0);
      decoding[1][c] = octets_in_memory (v >> 4, (v & 0xf) << 4, 0);
      decoding[2][c] = octets_in_memory (0, v >> 2, (v & 3) << 6);
      decoding[3][c] = octets_in_memory (0, 0, v);
    }
  for (guint v = 0; v < 4096; v++)
    {
      encoding[v][0] = alphabet[v >> 6];
      encoding[v][1] = alphabet[v & 63];
    }
  g_once_init_leave (&once, 1);
}

static guint32
decode_four (const guint8 *p)
{
  return decoding[0][p[0]] | decoding[1][p[1]] | decoding[2][p[2]] | decoding[3][p[3]];
}

// Decodes whole quads up to the first that has a character beyond the alphabet. Returns the number
// of characters taken. Writes one octet beyond.
static gsize
decode_quads (const char *data, gsize len, guint8 *out)
{
  gsize n = len / 4;
  gsize i = wd_mime_base64_vector_decode (data, n, out);
  const guint8 *p = (const guint8 *) data + i * 4;

  out += i * 3;
  for (; i + 4 <= n; i += 4, p += 16, out += 12)
    {
      guint32 a = decode_four (p), b = decode_four (p + 4);
      guint32 c = decode_four (p + 8), d = decode_four (p + 12);

      if (((a | b | c | d) & GUINT32_TO_LE (BAD)) != 0)
        break;
      memcpy (out, &a, 4);
      memcpy (out + 3, &b, 4);
      memcpy (out + 6, &c, 4);
      memcpy (out + 9, &d, 4);
    }
  for (; i < n; i++, p += 4, out += 3)
    {
      guint32 a = decode_four (p);

      if ((a & GUINT32_TO_LE (BAD)) != 0)
        break;
      memcpy (out, &a, 4);
    }
  return i * 4;
}

enum
{
  DATA,     // Within a line.
  LINE_END, // The line is full: its line end comes.
  LF,       // The second half of CRLF comes.
  NEW_LINE, // A line end has passed.
  FAILED,
};

void
wd_mime_base64_begin (WdMimeBase64Scan *scan)
{
  init_tables ();
  memset (scan, 0, sizeof *scan);
  scan->state = DATA;
}

static guint8 *
take_quads (WdMimeBase64Scan *scan, const char **inout_p, const char *end, guint8 *out)
{
  gsize n = (gsize) (end - *inout_p);

  if (scan->line_chars > 0)
    n = (gsize) MIN (n, scan->line_chars - scan->line_pos);
  n = decode_quads (*inout_p, n, out);
  *inout_p += n;
  scan->line_pos += n;
  return out + n / 4 * 3;
}

// Decodes the quad that has been put together; with padding it is the last one, and the bits that
// fall away must be zero.
static guint8 *
take_quad (WdMimeBase64Scan *scan, guint8 *out)
{
  guint n_octets = scan->quad[2] == '=' ? 1 : scan->quad[3] == '=' ? 2 : 3;
  guint8 quad[4];
  guint32 octets;

  for (guint i = 0; i < 4; i++)
    quad[i] = i > n_octets ? 'A' : (guint8) scan->quad[i];
  octets = decode_four (quad);
  memcpy (out, &octets, 4);
  for (guint i = n_octets; i < 4; i++)
    if (out[i] != 0)
      scan->state = FAILED;
  if (n_octets < 3)
    scan->is_last_line = TRUE;
  scan->n_quad = 0;
  scan->line_pos += 4;
  return out + n_octets;
}

// One character of a line that is not in a whole quad of this chunk.
static guint8 *
take_char (WdMimeBase64Scan *scan, char c, guint8 *out)
{
  gboolean may_pad = scan->n_quad == 2 || scan->n_quad == 3;
  gboolean is_padded = scan->n_quad == 3 && scan->quad[2] == '=';

  // Nothing follows padding but a line end.
  if ((scan->is_last_line && scan->n_quad == 0 && scan->line_pos > 0) || (c == '=' && !may_pad)
      || (is_padded && c != '='))
    {
      scan->state = FAILED;
      return out;
    }
  scan->quad[scan->n_quad++] = c;
  return scan->n_quad == 4 ? take_quad (scan, out) : out;
}

static void
end_line (WdMimeBase64Scan *scan, char c)
{
  guint n = c == '\r' ? 2 : 1;

  if (scan->n_quad > 0 || (scan->line_end_bytes > 0 && scan->line_end_bytes != n))
    {
      scan->state = FAILED;
      return;
    }
  scan->line_end_bytes = n;
  // An empty line can only be among the final line ends, a short one only be the last.
  if (scan->line_chars == 0)
    scan->line_chars = scan->line_pos;
  if (scan->line_pos == 0 || scan->line_pos < scan->line_chars)
    scan->is_last_line = TRUE;
  scan->line_pos = 0;
  scan->n_ends++;
  scan->state = c == '\r' ? LF : NEW_LINE;
}

static guint8 *
take (WdMimeBase64Scan *scan, const char **inout_p, const char *end, guint8 *out)
{
  const char *p = *inout_p;
  gboolean is_end = *p == '\r' || *p == '\n';

  *inout_p = p + 1;
  switch (scan->state)
    {
    case LF:
      scan->state = *p == '\n' ? NEW_LINE : FAILED;
      return out;
    case NEW_LINE:
      if (is_end)
        end_line (scan, *p);
      else if (scan->is_last_line || scan->line_chars == 0)
        scan->state = FAILED;
      else
        {
          scan->n_ends = 0;
          scan->state = DATA;
          *inout_p = p;
        }
      return out;
    case LINE_END:
      if (is_end)
        end_line (scan, *p);
      else
        scan->state = FAILED;
      return out;
    default:
      if (is_end)
        {
          end_line (scan, *p);
          return out;
        }
      if (scan->n_quad == 0 && !scan->is_last_line)
        {
          *inout_p = p;
          out = take_quads (scan, inout_p, end, out);
        }
      if (*inout_p == p || scan->n_quad > 0)
        {
          *inout_p = p + 1;
          out = take_char (scan, *p, out);
        }
      if (scan->state == DATA && scan->line_chars > 0 && scan->line_pos == scan->line_chars)
        scan->state = LINE_END;
      return out;
    }
}

gboolean
wd_mime_base64_scan (
    WdMimeBase64Scan *scan, const char *data, gsize len, guint8 *out_data, gsize *out_n)
{
  const char *p = data;
  const char *end = p + len;
  guint8 *out = out_data;

  while (p < end && scan->state != FAILED)
    out = take (scan, &p, end, out);
  if (scan->state == FAILED)
    return FALSE;
  *out_n = (gsize) (out - out_data);
  scan->encoded_bytes += len;
  scan->decoded_bytes += *out_n;
  return TRUE;
}

static guint64
count_chars (const WdMimeBase64Form *form)
{
  return (form->decoded_bytes + 2) / 3 * 4;
}

// The encoded octets without the final line ends.
static guint64
count_data_bytes (const WdMimeBase64Form *form)
{
  guint64 n_chars = count_chars (form);

  return n_chars + (n_chars - 1) / form->line_chars * form->line_end_bytes;
}

gboolean
wd_mime_base64_is_valid (const WdMimeBase64Form *form)
{
  return form->decoded_bytes > 0 && form->decoded_bytes < (guint64) 1 << 60 && form->line_chars > 0
         && form->line_chars % 4 == 0 && (form->line_end_bytes == 1 || form->line_end_bytes == 2)
         && form->encoded_bytes
                == count_data_bytes (form) + (guint64) form->n_final_ends * form->line_end_bytes;
}

gboolean
wd_mime_base64_end (const WdMimeBase64Scan *scan, WdMimeBase64Form *out_form)
{
  guint64 line_chars = scan->line_chars == 0 ? scan->line_pos : scan->line_chars;
  WdMimeBase64Form form = {
    .line_chars = (guint32) line_chars,
    .n_final_ends = (guint32) scan->n_ends,
    .line_end_bytes = scan->line_end_bytes == 0 ? 2 : (guint8) scan->line_end_bytes,
    .encoded_bytes = scan->encoded_bytes,
    .decoded_bytes = scan->decoded_bytes,
  };

  if (scan->state == FAILED || scan->state == LF || scan->n_quad > 0 || line_chars > G_MAXUINT32
      || scan->n_ends > G_MAXUINT32 || !wd_mime_base64_is_valid (&form))
    return FALSE;
  *out_form = form;
  return TRUE;
}

// The number of characters that stand before `offset`.
static guint64
chars_before (const WdMimeBase64Form *form, guint64 offset)
{
  guint64 period = (guint64) form->line_chars + form->line_end_bytes;

  return MIN (offset / period * form->line_chars + MIN (offset % period, form->line_chars),
              count_chars (form));
}

void
wd_mime_base64_get_source (
    const WdMimeBase64Form *form, guint64 offset, gsize len, guint64 *out_start, gsize *out_len)
{
  guint64 first = chars_before (form, offset);
  guint64 last = chars_before (form, offset + len);
  guint64 start = first / 4 * 3;
  guint64 end = MIN ((last + 3) / 4 * 3, form->decoded_bytes);

  *out_start = MIN (start, end);
  *out_len = first == last ? 0 : (gsize) (end - *out_start);
}

static char *
encode_triples (const guint8 *source, gsize n_triples, char *out)
{
  gsize n_done = wd_mime_base64_vector_encode (source, n_triples, out);

  source += n_done * 3;
  out += n_done * 4;
  n_triples -= n_done;
  for (; n_triples > 0; n_triples--, source += 3, out += 4)
    {
      memcpy (out, encoding[source[0] << 4 | source[1] >> 4], 2);
      memcpy (out + 2, encoding[(source[1] & 0xf) << 8 | source[2]], 2);
    }
  return out;
}

static void
encode_last (const guint8 *source, gsize n, char out_quad[4])
{
  guint8 octets[3] = { source[0], n > 1 ? source[1] : 0, n > 2 ? source[2] : 0 };

  encode_triples (octets, 1, out_quad);
  for (gsize i = n; i < 3; i++)
    out_quad[i + 1] = '=';
}

// Writes characters [first, last) of the encoding; `source` begins with the octets of the quad of
// `first`, and `n_source` octets of it are there.
static char *
encode_chars (guint64 first, guint64 last, const guint8 *source, guint64 n_source, char *out)
{
  guint64 n_whole;
  char quad[4];

  while (first < last)
    {
      n_whole = first % 4 > 0 ? 0 : MIN ((last - first) / 4, n_source / 3);
      if (n_whole > 0)
        {
          out = encode_triples (source, (gsize) n_whole, out);
          source += n_whole * 3;
          n_source -= n_whole * 3;
          first += n_whole * 4;
          continue;
        }
      encode_last (source, (gsize) MIN (n_source, 3), quad);
      do
        *out++ = quad[first++ % 4];
      while (first < last && first % 4 > 0);
      source += MIN (n_source, 3);
      n_source -= MIN (n_source, 3);
    }
  return out;
}

// Writes whole lines with their ends.
static char *
encode_lines (const WdMimeBase64Form *form, guint64 n_lines, const guint8 *source, char *out)
{
  gsize n_triples = form->line_chars / 4;

  for (; n_lines > 0; n_lines--, source += n_triples * 3)
    {
      out = encode_triples (source, n_triples, out);
      if (form->line_end_bytes == 2)
        *out++ = '\r';
      *out++ = '\n';
    }
  return out;
}

void
wd_mime_base64_encode (
    const WdMimeBase64Form *form, guint64 offset, gsize len, const guint8 *source, char *out_data)
{
  guint64 n_data = count_data_bytes (form);
  guint64 period = (guint64) form->line_chars + form->line_end_bytes;
  guint64 end = offset + len;
  guint64 source_start = chars_before (form, offset) / 4 * 3;
  char *out = out_data;

  init_tables ();
  while (offset < end)
    {
      guint64 line = offset / period;
      guint64 column = offset % period;
      guint64 first = line * form->line_chars + column;
      guint64 from = first / 4 * 3 - source_start;
      guint64 n = column == 0 && offset < n_data ? (MIN (end, n_data) - offset) / period : 0;

      if (n > 0)
        {
          out = encode_lines (form, n, source + from, out);
          offset += n * period;
          continue;
        }
      if (offset >= n_data || column >= form->line_chars)
        {
          guint64 in_end = offset >= n_data ? (offset - n_data) % form->line_end_bytes
                                            : column - form->line_chars;

          *out++ = in_end + 1 == form->line_end_bytes ? '\n' : '\r';
          offset++;
          continue;
        }
      n = MIN (MIN (form->line_chars - column, n_data - offset), end - offset);
      out = encode_chars (first, first + n, source + from, form->decoded_bytes - first / 4 * 3,
                          out);
      offset += n;
    }
}

// Encodes again, piece by piece, and compares.
static gboolean
is_verified (const WdMimeBase64Form *form, const guint8 *decoded, const char *body)
{
  g_autofree char *again = g_malloc (CHUNK_BYTES);

  for (guint64 pos = 0; pos < form->encoded_bytes; pos += CHUNK_BYTES)
    {
      gsize n = (gsize) MIN (CHUNK_BYTES, form->encoded_bytes - pos);
      guint64 start;
      gsize len;

      wd_mime_base64_get_source (form, pos, n, &start, &len);
      wd_mime_base64_encode (form, pos, n, decoded + start, again);
      if (memcmp (again, body + pos, n) != 0)
        return FALSE;
    }
  return TRUE;
}

guint8 *
wd_mime_base64_decode (const char *body, gsize len, WdMimeBase64Form *out_form)
{
  g_autofree guint8 *decoded = g_try_malloc (WD_MIME_BASE64_DECODED_ROOM (len));
  WdMimeBase64Scan scan;
  WdMimeBase64Form form;
  gsize n;

  if (decoded == NULL)
    return NULL;
  wd_mime_base64_begin (&scan);
  if (!wd_mime_base64_scan (&scan, body, len, decoded, &n) || !wd_mime_base64_end (&scan, &form)
      || !is_verified (&form, decoded, body))
    return NULL;
  *out_form = form;
  return g_steal_pointer (&decoded);
}
