// SPDX-License-Identifier: EUPL-1.2
// The stored form of a part tree.
#include "config.h"

#include "mime-tree-codec.h"

#include <string.h>

#include "core-limits.h"
#include "mime-tree-private.h"

#define VERSION 1
#define HAS_SENT 1

// Never reordered: their index is stored.
static const char *const well_known_types[] = {
  "application/octet-stream",
  "text/plain",
  "text/html",
  "multipart/mixed",
  "multipart/alternative",
  "multipart/related",
  "multipart/signed",
  "multipart/report",
  "message/rfc822",
  "message/delivery-status",
  "image/jpeg",
  "image/png",
  "image/gif",
  "application/pdf",
  "text/calendar",
};
static const char *const well_known_charsets[] = {
  NULL,           "utf-8",      "UTF-8",        "us-ascii",     "US-ASCII",
  "iso-8859-1",   "ISO-8859-1", "windows-1252", "Windows-1252", "iso-8859-15",
  "windows-1251", "koi8-r",     "iso-2022-jp",  "ISO-2022-JP",  "gb2312",
};

static void
put_number (GByteArray *out, guint64 n)
{
  guint8 octets[10];
  guint len = 0;

  for (; n >= 0x80; n >>= 7)
    octets[len++] = (guint8) (n | 0x80);
  octets[len++] = (guint8) n;
  g_byte_array_append (out, octets, len);
}

static void
put_signed (GByteArray *out, gint64 n)
{
  put_number (out, ((guint64) n << 1) ^ (guint64) (n >> 63));
}

static void
put_text (GByteArray *out, const char *text, const char *const *well_known, gsize n_well_known)
{
  gsize len;

  for (gsize i = 0; i < n_well_known; i++)
    if (text == well_known[i]
        || (text != NULL && well_known[i] != NULL && strcmp (text, well_known[i]) == 0))
      {
        put_number (out, i + 1);
        return;
      }
  len = strlen (text);
  put_number (out, 0);
  put_number (out, len);
  g_byte_array_append (out, (const guint8 *) text, (guint) len);
}

static void
put_part (GByteArray *out, const WdMimePart *part, guint64 after)
{
  guint8 head = (guint8) (part->kind | (part->encoding << 2) | (part->flags << 4));

  g_byte_array_append (out, &head, 1);
  if (part->kind != WD_MIME_LEAF)
    put_number (out, part->n_children);
  put_number (out, part->header_start - after);
  put_number (out, part->body_start - part->header_start);
  put_number (out, part->body_end - part->body_start);
  put_number (out, part->body_lines);
  put_text (out, part->type, well_known_types, G_N_ELEMENTS (well_known_types));
  put_text (out, part->charset, well_known_charsets, G_N_ELEMENTS (well_known_charsets));
}

GBytes *
wd_mime_tree_codec_write (const WdMimeTree *tree)
{
  GByteArray *out = g_byte_array_sized_new (16 + 16 * tree->n_parts);
  // Where the last part of each body ended.
  g_autofree guint64 *after = g_new (guint64, tree->n_parts);
  guint8 head[2] = { VERSION, tree->has_sent ? HAS_SENT : 0 };

  g_byte_array_append (out, head, sizeof head);
  if (tree->has_sent)
    {
      put_signed (out, tree->sent_day);
      put_signed (out, tree->sent_ms);
    }
  put_number (out, tree->n_parts);
  for (guint i = 0; i < tree->n_parts; i++)
    {
      const WdMimePart *part = &tree->parts[i];

      put_part (out, part, i == 0 ? 0 : after[part->parent]);
      after[i] = part->body_start;
      if (i > 0)
        after[part->parent] = part->body_end;
    }
  return g_byte_array_free_to_bytes (out);
}

typedef struct
{
  const guint8 *p;
  const guint8 *end;
  gboolean failed; // Reading goes on with zeros; the caller looks once.
  char *text;      // Where the next inline text goes.
} Reader;

static guint8
get_octet (Reader *r)
{
  if (r->p == r->end)
    {
      r->failed = TRUE;
      return 0;
    }
  return *r->p++;
}

static guint64
get_number (Reader *r)
{
  guint64 n = 0;

  for (guint shift = 0; shift < 64; shift += 7)
    {
      guint8 octet = get_octet (r);

      if (shift == 63 && octet > 1)
        break;
      n |= (guint64) (octet & 0x7f) << shift;
      if (octet < 0x80)
        return n;
    }
  r->failed = TRUE;
  return 0;
}

static gint64
get_signed (Reader *r)
{
  guint64 n = get_number (r);

  return (gint64) ((n >> 1) ^ (~(n & 1) + 1));
}

static const char *
get_text (Reader *r, const char *const *well_known, gsize n_well_known, gsize max_len)
{
  guint64 index = get_number (r);
  guint64 len;
  char *text = r->text;

  if (index > n_well_known)
    r->failed = TRUE;
  if (r->failed)
    return NULL;
  if (index > 0)
    return well_known[index - 1];

  len = get_number (r);
  if (len == 0 || len > max_len || len > (guint64) (r->end - r->p)
      || memchr (r->p, '\0', len) != NULL)
    {
      r->failed = TRUE;
      return NULL;
    }
  memcpy (text, r->p, len);
  text[len] = '\0';
  r->p += len;
  r->text += len + 1;
  return text;
}

// Adds, and fails when the sum leaves `max`.
static guint64
advance (Reader *r, guint64 from, guint64 max)
{
  guint64 by = get_number (r);

  if (by > max - from)
    {
      r->failed = TRUE;
      return from;
    }
  return from + by;
}

// `after` and `max`: where the part may begin and where it has to end.
static void
get_part (Reader *r, WdMimePart *part, guint64 after, guint64 max)
{
  guint8 head = get_octet (r);

  part->kind = head & 3;
  part->encoding = (head >> 2) & 3;
  part->flags = head >> 4;
  if (part->kind > WD_MIME_MESSAGE || part->flags > (WD_MIME_PART_ATTACHMENT | WD_MIME_PART_CRLF))
    r->failed = TRUE;
  if (part->kind != WD_MIME_LEAF)
    {
      guint64 n_children = get_number (r);

      if (n_children == 0 || n_children > WD_LIMIT_MIME_PARTS
          || (part->kind == WD_MIME_MESSAGE && n_children != 1))
        r->failed = TRUE;
      part->n_children = (guint32) n_children;
    }
  part->header_start = advance (r, after, max);
  part->body_start = advance (r, part->header_start, max);
  part->body_end = advance (r, part->body_start, max);
  part->body_lines = get_number (r);
  if (part->body_lines > part->body_end - part->body_start)
    r->failed = TRUE;
  part->type
      = get_text (r, well_known_types, G_N_ELEMENTS (well_known_types), WD_LIMIT_MIME_TYPE_BYTES);
  part->charset = get_text (r, well_known_charsets, G_N_ELEMENTS (well_known_charsets),
                            WD_LIMIT_MIME_CHARSET_BYTES);
}

// A part whose children have not all been read.
typedef struct
{
  guint32 part;
  guint32 n_missing;
  guint32 last_child;
  guint64 after;
} Level;

static void
link_part (WdMimeTree *tree, Level *level, guint32 index)
{
  tree->parts[index].parent = level->part;
  if (level->last_child == 0)
    tree->parts[level->part].first_child = index;
  else
    tree->parts[level->last_child].next_sibling = index;
  level->last_child = index;
  level->after = tree->parts[index].body_end;
  level->n_missing--;
}

static gboolean
get_parts (Reader *r, WdMimeTree *tree, guint64 size_bytes)
{
  Level levels[WD_LIMIT_MIME_DEPTH];
  guint depth = 0;

  for (guint32 i = 0; i < tree->n_parts; i++)
    {
      WdMimePart *part = &tree->parts[i];
      Level *level;

      while (depth > 0 && levels[depth - 1].n_missing == 0)
        depth--;
      if ((depth == 0) != (i == 0))
        return FALSE;
      level = depth == 0 ? NULL : &levels[depth - 1];
      get_part (r, part, level == NULL ? 0 : level->after,
                level == NULL ? size_bytes : tree->parts[level->part].body_end);
      if (r->failed)
        return FALSE;
      if (level == NULL && (part->header_start != 0 || part->body_end != size_bytes))
        return FALSE;
      if (level != NULL && tree->parts[level->part].kind == WD_MIME_MESSAGE
          && (part->header_start != level->after
              || part->body_end != tree->parts[level->part].body_end))
        return FALSE;
      if (level != NULL)
        link_part (tree, level, i);
      if (part->kind == WD_MIME_LEAF)
        continue;
      if (depth + 1 >= WD_LIMIT_MIME_DEPTH)
        return FALSE;
      levels[depth++] = (Level){ i, part->n_children, 0, part->body_start };
    }
  while (depth > 0 && levels[depth - 1].n_missing == 0)
    depth--;
  return depth == 0;
}

static void
shift_parts (WdMimeTree *tree, guint64 shift)
{
  for (guint i = 0; i < tree->n_parts; i++)
    {
      tree->parts[i].header_start += i == 0 ? 0 : shift;
      tree->parts[i].body_start += shift;
      tree->parts[i].body_end += shift;
    }
}

static gboolean
get_sent (Reader *r, WdMimeTree *tree)
{
  gint64 day = get_signed (r);

  tree->has_sent = TRUE;
  tree->sent_day = (gint32) day;
  tree->sent_ms = get_signed (r);
  return day == tree->sent_day;
}

WdMimeTree *
wd_mime_tree_codec_read (const void *data, gsize len, guint64 size_bytes, guint64 shift)
{
  g_autoptr (WdMimeTree) tree = NULL;
  WdMimeTree sent = { 0 };
  Reader r = { 0 };
  guint8 version, flags;
  guint64 n_parts;

  if (len == 0)
    return NULL;
  r.p = data;
  r.end = r.p + len;
  version = get_octet (&r);
  flags = get_octet (&r);
  if (version != VERSION || flags > HAS_SENT || size_bytes > G_MAXUINT64 - shift)
    return NULL;
  if (flags == HAS_SENT && !get_sent (&r, &sent))
    return NULL;
  // A part takes seven octets at least.
  n_parts = get_number (&r);
  if (r.failed || n_parts == 0 || n_parts > WD_LIMIT_MIME_PARTS || n_parts > len / 7)
    return NULL;

  // No inline text becomes longer than it is stored: its length's octet makes room for its NUL.
  tree = wd_mime_tree_new ((guint) n_parts, len, &r.text);
  tree->has_sent = sent.has_sent;
  tree->sent_day = sent.sent_day;
  tree->sent_ms = sent.sent_ms;
  if (!get_parts (&r, tree, size_bytes) || r.p != r.end)
    return NULL;

  shift_parts (tree, shift);
  return g_steal_pointer (&tree);
}
