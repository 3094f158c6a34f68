// SPDX-License-Identifier: EUPL-1.2
// The incremental indexer.
//
// A line is looked at in two places only: while a header is read, for the empty line that ends it,
// and where a boundary is open, when it begins with "-". All else is a search for line feeds. A
// line that may be a boundary and is cut by the end of a chunk is kept in `candidate`.
#include "config.h"

#include "mime-indexer.h"

#include <string.h>

#include "core-limits.h"
#include "mime-date.h"
#include "mime-envelope.h"
#include "mime-structure.h"
#include "mime-tree-private.h"

// "--" boundary "--"; the white space behind it need not be kept.
#define MAX_CANDIDATE_BYTES (WD_LIMIT_MIME_BOUNDARY_BYTES + 4)

typedef struct
{
  guint64 offset;
  guint64 n_lines;    // Line feeds before it,
  guint64 n_bare_lfs; // and those of them without a CR.
} Position;

typedef struct
{
  WdMimeIndexPart index;
  Position header;
  Position body;
  guint32 last_child;
} Part;

// An open part.
typedef struct
{
  guint32 part;
  char *boundary; // NULL: it is no multipart, or its last boundary has come.
  gsize boundary_len;
} Level;

struct _WdMimeIndexer
{
  GArray *parts; // Part
  Level levels[WD_LIMIT_MIME_DEPTH];
  guint n_levels;
  guint n_boundaries;
  gboolean is_over; // Too many parts: the last one is opaque and takes the rest.

  // The line at hand.
  Position line;        // Its start.
  guint line_end_bytes; // Of the line before.
  gsize line_bytes;     // How much of it came in earlier chunks,
  char last;            // and the last octet of that.
  gboolean is_candidate;
  gsize n_candidate;
  char candidate[MAX_CANDIDATE_BYTES];

  // The header at hand, that of the last part.
  gboolean in_header;
  gboolean header_is_cut;
  GString *header;
  gsize header_room; // How much of it is kept.
  gsize header_len_at_line;
  gsize headers_left; // Of WD_LIMIT_MIME_HEADERS_BYTES.

  WdMimeFields fields;
  GString *boundary;
  GString *text; // All pieces of IMAP text.
  gboolean has_sent;
  gint32 sent_day;
  gint64 sent_ms;
};

static Part *
get_part (WdMimeIndexer *self, guint32 index)
{
  return &g_array_index (self->parts, Part, index);
}

static void
begin_part (WdMimeIndexer *self, guint32 parent, Position at)
{
  guint32 index = self->parts->len;
  Part *part, *above;

  g_array_set_size (self->parts, index + 1);
  part = get_part (self, index);
  memset (part, 0, sizeof *part);
  part->header = at;
  part->index.part.parent = parent;
  if (index > 0)
    {
      above = get_part (self, parent);
      if (above->last_child == 0)
        above->index.part.first_child = index;
      else
        get_part (self, above->last_child)->index.part.next_sibling = index;
      above->last_child = index;
      above->index.part.n_children++;
    }
  self->levels[self->n_levels++] = (Level){ .part = index };
  self->in_header = TRUE;
  self->header_is_cut = FALSE;
  self->header_room
      = CLAMP (self->headers_left, WD_LIMIT_MIME_LATE_HEADER_BYTES, WD_LIMIT_MIME_HEADER_BYTES);
  g_string_truncate (self->header, 0);
  self->header_len_at_line = 0;
}

static void
close_boundary (WdMimeIndexer *self, Level *level)
{
  if (level->boundary == NULL)
    return;
  g_clear_pointer (&level->boundary, g_free);
  self->n_boundaries--;
}

static void
end_part (WdMimeIndexer *self, Part *part, Position at)
{
  WdMimePart *out = &part->index.part;

  out->header_start = part->header.offset;
  out->body_start = part->body.offset;
  out->body_end = at.offset;
  out->body_lines = at.n_lines - part->body.n_lines;
  out->flags = part->index.entity.flags;
  if (at.n_bare_lfs == part->body.n_bare_lfs)
    out->flags |= WD_MIME_PART_CRLF;
  if (part->index.entity.kind == WD_MIME_MULTIPART && out->n_children == 0)
    wd_mime_entity_degrade (&part->index.entity, self->text);
  out->kind = part->index.entity.kind;
  out->encoding
      = out->kind == WD_MIME_LEAF ? part->index.entity.encoding : WD_MIME_ENCODING_IDENTITY;
}

// Ends all parts above the first `n_levels` levels at `at`, or where the innermost body begins: the
// empty line of a header may be the line end before a boundary.
static void
end_levels (WdMimeIndexer *self, guint n_levels, Position at)
{
  while (self->n_levels > n_levels)
    {
      Level *level = &self->levels[--self->n_levels];
      Part *part = get_part (self, level->part);

      if (part->body.offset > at.offset)
        at = part->body;
      close_boundary (self, level);
      end_part (self, part, at);
    }
}

static gboolean
is_in_digest (WdMimeIndexer *self, const WdMimeIndexPart *parent)
{
  static const char digest[] = "multipart/digest";

  return parent->entity.kind == WD_MIME_MULTIPART && parent->entity.type.len == strlen (digest)
         && memcmp (self->text->str + parent->entity.type.start, digest, strlen (digest)) == 0;
}

static void
read_header (WdMimeIndexer *self, guint32 index)
{
  WdMimeIndexPart *part = &get_part (self, index)->index;
  const WdMimeIndexPart *parent = &get_part (self, part->part.parent)->index;
  gboolean is_root = index == 0;
  gsize start = self->text->len;

  wd_mime_fields_read (&self->fields, self->header->str, self->header->len, self->header_is_cut);
  if (is_root || parent->entity.kind == WD_MIME_MESSAGE)
    {
      wd_mime_envelope_append (&self->fields, self->text);
      part->envelope = (WdMimeSpan){ start, self->text->len - start };
    }
  if (is_root && self->fields.first[WD_MIME_FIELD_DATE].data != NULL)
    self->has_sent = wd_mime_date_read (self->fields.first[WD_MIME_FIELD_DATE], &self->sent_day,
                                        &self->sent_ms);
  wd_mime_entity_read (&self->fields, !is_root && is_in_digest (self, parent), self->text,
                       self->boundary, &part->entity);
}

static void
open_boundary (WdMimeIndexer *self)
{
  Level *level = &self->levels[self->n_levels - 1];

  level->boundary_len = self->boundary->len;
  level->boundary = g_memdup2 (self->boundary->str, self->boundary->len);
  self->n_boundaries++;
}

// The header of the last part is complete: its body begins at `at`.
static void
end_header (WdMimeIndexer *self, Position at)
{
  guint32 index = self->parts->len - 1;
  Part *part = get_part (self, index);
  gboolean may_hold = self->n_levels < WD_LIMIT_MIME_DEPTH;

  self->in_header = FALSE;
  self->headers_left -= MIN (self->headers_left, self->header->len);
  part->body = at;
  read_header (self, index);
  if (part->index.entity.kind == WD_MIME_MULTIPART && may_hold)
    open_boundary (self);
  else if (part->index.entity.kind == WD_MIME_MESSAGE && may_hold
           && self->parts->len < WD_LIMIT_MIME_PARTS)
    begin_part (self, index, at);
  else if (part->index.entity.kind != WD_MIME_LEAF)
    wd_mime_entity_degrade (&part->index.entity, self->text);
}

// Finds the innermost open boundary that the line is (RFC 2046 5.1.1): nothing but white space may
// follow it, for a boundary may be the beginning of another.
static Level *
match_boundary (WdMimeIndexer *self, const char *line, gsize len, gboolean *out_is_last)
{
  while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t' || line[len - 1] == '\r'))
    len--;
  if (len < 3 || line[0] != '-' || line[1] != '-')
    return NULL;

  line += 2;
  len -= 2;
  for (guint i = self->n_levels; i-- > 0;)
    {
      Level *level = &self->levels[i];
      gboolean is_last
          = level->boundary_len + 2 == len && line[len - 2] == '-' && line[len - 1] == '-';

      if (level->boundary == NULL || (level->boundary_len != len && !is_last)
          || memcmp (level->boundary, line, level->boundary_len) != 0)
        continue;
      *out_is_last = is_last;
      return level;
    }
  return NULL;
}

// One part more than there may be: the rest is not looked into. Either the multipart at hand has
// no part yet and is left a leaf, or the last part becomes opaque and takes all that follows.
static void
stop_at_limit (WdMimeIndexer *self, Level *level)
{
  if (level->part == self->parts->len - 1)
    {
      close_boundary (self, level);
      return;
    }
  self->is_over = TRUE;
  for (guint i = 0; i < self->n_levels; i++)
    close_boundary (self, &self->levels[i]);
}

static Position
before_line_end (const WdMimeIndexer *self)
{
  Position at = self->line;

  at.offset -= self->line_end_bytes;
  at.n_lines -= self->line_end_bytes > 0;
  at.n_bare_lfs -= self->line_end_bytes == 1;
  return at;
}

// The line at hand is complete, with its line feed: the next one begins at `end`.
static void
pass_line (WdMimeIndexer *self, guint64 end, gboolean has_cr)
{
  self->line.offset = end;
  self->line.n_lines++;
  self->line.n_bare_lfs += !has_cr;
  self->line_end_bytes = has_cr ? 2 : 1;
  self->line_bytes = 0;
  self->header_len_at_line = self->header->len;
}

// The line at hand is the boundary of `level` and ends at `end`.
static void
take_boundary (WdMimeIndexer *self, Level *level, gboolean is_last, guint64 end, gboolean has_cr)
{
  g_string_truncate (self->header, MIN (self->header->len, self->header_len_at_line));
  while (self->in_header)
    end_header (self, self->line);
  end_levels (self, (guint) (level - self->levels) + 1, before_line_end (self));
  pass_line (self, end, has_cr);
  if (is_last)
    close_boundary (self, level);
  else if (self->parts->len < WD_LIMIT_MIME_PARTS)
    begin_part (self, level->part, self->line);
  else
    stop_at_limit (self, level);
}

static void
keep_header (WdMimeIndexer *self, const char *data, gsize len)
{
  gsize room = self->header_room - self->header->len;

  if (len > room)
    {
      self->header_is_cut = TRUE;
      len = room;
    }
  g_string_append_len (self->header, data, (gssize) len);
}

// Keeps a line that may be a boundary. Beyond the longest one only white space may follow.
static void
keep_candidate (WdMimeIndexer *self, const char *data, gsize len)
{
  gsize n = MIN (len, MAX_CANDIDATE_BYTES - self->n_candidate);

  memcpy (self->candidate + self->n_candidate, data, n);
  self->n_candidate += n;
  for (; n < len && self->is_candidate; n++)
    self->is_candidate = data[n] == ' ' || data[n] == '\t' || data[n] == '\r';
}

static void
begin_line (WdMimeIndexer *self, char first)
{
  self->is_candidate = self->n_boundaries > 0 && first == '-';
  self->n_candidate = 0;
}

// Takes a piece of a line that the chunk's end cuts.
static void
take_piece (WdMimeIndexer *self, const char *data, gsize len)
{
  if (self->line_bytes == 0)
    begin_line (self, *data);
  if (self->is_candidate)
    keep_candidate (self, data, len);
  if (self->in_header)
    keep_header (self, data, len);
  self->line_bytes += len;
  self->last = data[len - 1];
}

// Takes the rest of the line at hand: `len` octets, the last one its line feed.
static void
take_line (WdMimeIndexer *self, const char *data, gsize len)
{
  gsize before = self->line_bytes;
  gsize line_bytes = before + len;
  guint64 end = self->line.offset + line_bytes;
  gboolean has_cr = len > 1 ? data[len - 2] == '\r' : before > 0 && self->last == '\r';
  Level *level = NULL;
  gboolean is_last;

  if (before == 0)
    begin_line (self, *data);
  if (self->is_candidate && before == 0)
    level = match_boundary (self, data, len - 1, &is_last);
  else if (self->is_candidate)
    {
      keep_candidate (self, data, len - 1);
      if (self->is_candidate)
        level = match_boundary (self, self->candidate, self->n_candidate, &is_last);
    }
  if (level != NULL)
    {
      take_boundary (self, level, is_last, end, has_cr);
      return;
    }
  if (self->in_header)
    keep_header (self, data, len);
  pass_line (self, end, has_cr);
  if (self->in_header && line_bytes == (has_cr ? 2 : 1))
    end_header (self, self->line);
}

// Passes over the whole lines of a body that are no boundary. Returns where it stopped.
static const char *
skip_body_lines (WdMimeIndexer *self, const char *data, const char *end)
{
  // What a line cannot begin with to be passed over; no octet when no boundary is open.
  int stop = self->n_boundaries > 0 ? '-' : -1;
  const char *p = data;
  guint64 n_lines = 0, n_bare_lfs = 0;
  gboolean is_bare = FALSE;

  while (p < end && (guint8) *p != stop)
    {
      const char *lf = memchr (p, '\n', (gsize) (end - p));

      if (lf == NULL)
        break;
      is_bare = lf == p || lf[-1] != '\r';
      n_bare_lfs += is_bare;
      n_lines++;
      p = lf + 1;
    }
  if (n_lines > 0)
    {
      self->line.offset += (guint64) (p - data);
      self->line.n_lines += n_lines;
      self->line.n_bare_lfs += n_bare_lfs;
      self->line_end_bytes = is_bare ? 1 : 2;
    }
  return p;
}

void
wd_mime_indexer_feed (WdMimeIndexer *self, const void *data, gsize len)
{
  const char *p = data;
  const char *end = len > 0 ? p + len : p;

  while (p < end)
    {
      const char *lf;

      if (!self->in_header && self->line_bytes == 0)
        p = skip_body_lines (self, p, end);
      if (p == end)
        return;
      lf = memchr (p, '\n', (gsize) (end - p));
      if (lf == NULL)
        {
          take_piece (self, p, (gsize) (end - p));
          return;
        }
      take_line (self, p, (gsize) (lf + 1 - p));
      p = lf + 1;
    }
}

// The last part and all that hold it go to the end.
static void
take_rest (WdMimeIndexer *self, Position end)
{
  guint32 index = self->parts->len - 1;
  Part *part = get_part (self, index);

  part->body = part->header;
  wd_mime_entity_set_opaque (&part->index.entity, self->text);
  end_part (self, part, end);
  while (index > 0)
    {
      index = get_part (self, index)->index.part.parent;
      end_part (self, get_part (self, index), end);
    }
}

static void
end_message (WdMimeIndexer *self)
{
  Position end = self->line;
  Level *level = NULL;
  gboolean is_last = FALSE;

  // The last line may be a boundary without a line end.
  if (self->line_bytes > 0 && self->is_candidate)
    level = match_boundary (self, self->candidate, self->n_candidate, &is_last);
  end.offset += self->line_bytes;
  if (level != NULL)
    {
      take_boundary (self, level, is_last, end.offset, FALSE);
      // There was no line feed.
      self->line.n_lines--;
      self->line.n_bare_lfs--;
      end = self->line;
      if (self->in_header)
        get_part (self, self->parts->len - 1)->header = end;
    }
  while (self->in_header)
    end_header (self, end);
  end_levels (self, 0, end);
  if (self->is_over)
    take_rest (self, end);
}

static char *
put (char *at, const char *data, gsize len, const char **out, gsize *out_len)
{
  memcpy (at, data, len);
  *out = at;
  *out_len = len;
  return at + len;
}

static char *
put_word (char *at, const GString *text, WdMimeSpan span, const char **out)
{
  memcpy (at, text->str + span.start, span.len);
  at[span.len] = '\0';
  *out = at;
  return at + span.len + 1;
}

static WdMimeTree *
make_tree (WdMimeIndexer *self, const WdMimeIndexPart *parts)
{
  g_autoptr (GString) lists = g_string_sized_new (512);
  WdMimeTree *tree;
  gsize body_len, n_text;
  char *at;

  wd_mime_structure_append (parts, 0, FALSE, self->text, lists);
  body_len = lists->len;
  wd_mime_structure_append (parts, 0, TRUE, self->text, lists);

  n_text = lists->len + parts[0].envelope.len;
  for (guint i = 0; i < self->parts->len; i++)
    n_text += parts[i].entity.type.len + parts[i].entity.charset.len + 2;
  tree = wd_mime_tree_new (self->parts->len, n_text, &at);
  for (guint i = 0; i < self->parts->len; i++)
    {
      tree->parts[i] = parts[i].part;
      at = put_word (at, self->text, parts[i].entity.type, &tree->parts[i].type);
      if (parts[i].entity.charset.len > 0)
        at = put_word (at, self->text, parts[i].entity.charset, &tree->parts[i].charset);
    }
  at = put (at, self->text->str + parts[0].envelope.start, parts[0].envelope.len, &tree->envelope,
            &tree->envelope_len);
  at = put (at, lists->str, body_len, &tree->body, &tree->body_len);
  (void) put (at, lists->str + body_len, lists->len - body_len, &tree->body_structure,
              &tree->body_structure_len);
  tree->has_sent = self->has_sent;
  tree->sent_day = self->sent_day;
  tree->sent_ms = self->sent_ms;
  return tree;
}

WdMimeTree *
wd_mime_indexer_finish (WdMimeIndexer *self)
{
  g_autofree WdMimeIndexPart *parts = NULL;

  end_message (self);
  parts = g_new (WdMimeIndexPart, self->parts->len);
  for (guint i = 0; i < self->parts->len; i++)
    parts[i] = get_part (self, i)->index;
  return make_tree (self, parts);
}

WdMimeIndexer *
wd_mime_indexer_new (void)
{
  WdMimeIndexer *self = g_new0 (WdMimeIndexer, 1);

  self->parts = g_array_sized_new (FALSE, FALSE, sizeof (Part), 8);
  self->header = g_string_sized_new (4096);
  self->boundary = g_string_sized_new (80);
  self->text = g_string_sized_new (2048);
  self->headers_left = WD_LIMIT_MIME_HEADERS_BYTES;
  wd_mime_fields_init (&self->fields);
  begin_part (self, 0, self->line);
  return self;
}

void
wd_mime_indexer_free (WdMimeIndexer *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < self->n_levels; i++)
    g_free (self->levels[i].boundary);
  g_array_unref (self->parts);
  g_string_free (self->header, TRUE);
  g_string_free (self->boundary, TRUE);
  g_string_free (self->text, TRUE);
  wd_mime_fields_clear (&self->fields);
  g_free (self);
}
