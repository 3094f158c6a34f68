// SPDX-License-Identifier: EUPL-1.2
// The sections of one message going out.
#include "config.h"

#include "imap-fetch-content.h"

#include "core-limits.h"
#include "imap-error.h"
#include "imap-format.h"
#include "mime-header.h"

// Octets that are read at once.
#define SLICE_BYTES (WD_LIMIT_OUTPUT_HIGH_WATER_BYTES / 2)

void
wd_imap_fetch_content_clear (WdImapFetchContent *self)
{
  g_clear_pointer (&self->content, wd_content_free);
  wd_imap_fetch_binary_clear (&self->binary);
}

void
wd_imap_fetch_content_begin (WdImapFetchContent *self,
                             const GPtrArray *sections,
                             WdContent *content,
                             gboolean is_first)
{
  wd_imap_fetch_content_clear (self);
  *self = (WdImapFetchContent){ .content = content, .sections = sections, .is_first = is_first };
}

gboolean
wd_imap_fetch_content_is_open (const WdImapFetchContent *self)
{
  return self->content != NULL;
}

static void
keep_error (GError **inout_error, GError *error)
{
  if (*inout_error == NULL)
    *inout_error = error;
  else
    g_error_free (error);
}

// What stands for a section that is not there; BINARY.SIZE has to be a number.
static const char *
get_nothing (const WdImapSection *section)
{
  return section->is_size ? "0" : "NIL";
}

static void
write_literal_header (GString *out, guint64 len)
{
  char *p = wd_imap_format_reserve (out, 4 + WD_IMAP_FORMAT_NUMBER_LEN);

  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "{");
  p = wd_imap_format_write_number (p, len);
  wd_imap_format_commit (out, WD_IMAP_FORMAT_WRITE_LITERAL (p, "}\r\n"));
}

// The next slice of a literal. FALSE with an error, also for a message that is shorter than it
// says.
static gboolean
write_slice (WdImapFetchContent *self, GString *out, GError **error)
{
  gsize len = (gsize) MIN (self->end - self->offset, SLICE_BYTES);
  gsize before = out->len;

  if (!wd_content_read (self->content, self->offset, len, out, error))
    return FALSE;
  if (out->len - before != len)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT,
                           "message is shorter than its size");
      return FALSE;
    }
  self->offset += len;
  self->is_inside = self->offset < self->end;
  return TRUE;
}

// The next slice of one that is decoded.
static gboolean
write_decoded (WdImapFetchContent *self, GString *out, GError **error)
{
  if (!wd_imap_fetch_binary_write (&self->binary, self->content, &self->offset, self->end, out,
                                   error))
    return FALSE;
  self->is_inside = self->binary.left > 0;
  if (!self->is_inside)
    wd_imap_fetch_binary_clear (&self->binary);
  return TRUE;
}

// HEADER.FIELDS…: a text of its own, small enough to be made at once.
static gboolean
write_filtered (WdImapFetchContent *self,
                const WdImapSection *section,
                guint64 start,
                guint64 end,
                GString *out,
                GError **error)
{
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  gsize len = (gsize) MIN (end - start, WD_LIMIT_MIME_HEADER_BYTES);
  guint64 from = 0;
  guint64 to;

  if (!wd_content_read (self->content, start, len, header, error))
    return FALSE;
  wd_mime_header_filter (header->str, header->len, (const char *const *) section->fields,
                         section->kind == WD_IMAP_SECTION_HEADER_FIELDS_NOT, text);
  to = text->len;
  wd_imap_section_cut (section, &from, &to);
  write_literal_header (out, to - from);
  g_string_append_len (out, text->str + from, (gssize) (to - from));
  return TRUE;
}

// BINARY[…]: the size first, since it stands before the octets.
static gboolean
write_binary (WdImapFetchContent *self,
              const WdImapSection *section,
              const WdMimePart *part,
              guint64 start,
              guint64 end,
              GString *out,
              GError **error)
{
  // Only a leaf has an encoding of its own (RFC 2045 6.4).
  WdMimeEncoding encoding = section->path->len > 0 && part->kind == WD_MIME_LEAF
                                ? part->encoding
                                : WD_MIME_ENCODING_IDENTITY;
  guint64 max_bytes
      = section->has_partial ? (guint64) section->first + section->max_bytes : G_MAXUINT64;
  guint64 from = 0;
  guint64 to;
  gboolean has_nul;

  if (encoding == WD_MIME_ENCODING_UNKNOWN)
    {
      g_set_error_literal (error, WD_IMAP_ERROR, WD_IMAP_ERROR_UNKNOWN_CTE, "unknown encoding");
      return FALSE;
    }
  if (!wd_imap_fetch_binary_measure (self->content, encoding, start, end, max_bytes, &to, &has_nul,
                                     error))
    return FALSE;
  if (section->is_size)
    {
      g_string_append_printf (out, "%" G_GUINT64_FORMAT, to);
      return TRUE;
    }
  wd_imap_section_cut (section, &from, &to);
  if (has_nul)
    g_string_append_c (out, '~');
  write_literal_header (out, to - from);
  if (from == to)
    return TRUE;
  self->offset = start;
  self->end = end;
  wd_imap_fetch_binary_begin (&self->binary, encoding, from, to - from);
  return write_decoded (self, out, error);
}

// Writes the value of a section, or, of a large one, its beginning.
static gboolean
write_value (WdImapFetchContent *self, const WdImapSection *section, GString *out, GError **error)
{
  const WdMimeTree *tree = wd_content_get_tree (self->content);
  guint64 start;
  guint64 end;

  if (tree == NULL && section->kind == WD_IMAP_SECTION_ALL && section->path->len == 0
      && !section->is_binary)
    {
      // All of it needs no index.
      start = 0;
      end = wd_content_get_size_bytes (self->content);
    }
  else if (tree == NULL || !wd_imap_section_find (section, tree, &start, &end))
    {
      g_string_append (out, get_nothing (section));
      return TRUE;
    }
  if (section->is_binary)
    return write_binary (
        self, section,
        wd_mime_tree_find (tree, (const guint32 *) section->path->data, section->path->len), start,
        end, out, error);
  if (wd_imap_section_is_filtered (section))
    return write_filtered (self, section, start, end, out, error);
  wd_imap_section_cut (section, &start, &end);
  write_literal_header (out, end - start);
  self->offset = start;
  self->end = end;
  return start == end || write_slice (self, out, error);
}

static void
begin_section (WdImapFetchContent *self, GString *out, GError **inout_error)
{
  const WdImapSection *section = g_ptr_array_index (self->sections, self->section);
  GError *error = NULL;
  gsize value;

  if (!self->is_first)
    g_string_append_c (out, ' ');
  self->is_first = FALSE;
  g_string_append (out, section->label);
  g_string_append_c (out, ' ');
  value = out->len;
  if (write_value (self, section, out, &error))
    return;
  // Nothing of it is out yet.
  g_string_truncate (out, value);
  g_string_append (out, get_nothing (section));
  self->is_inside = FALSE;
  wd_imap_fetch_binary_clear (&self->binary);
  keep_error (inout_error, error);
}

static void
write_nothing (WdImapFetchContent *self, GString *out)
{
  for (guint i = 0; i < self->sections->len; i++)
    {
      const WdImapSection *section = g_ptr_array_index (self->sections, i);

      g_string_append_printf (out, "%s%s %s", i > 0 || !self->is_first ? " " : "", section->label,
                              get_nothing (section));
    }
}

WdStep
wd_imap_fetch_content_write (WdImapFetchContent *self, WdImapSession *session, GError **inout_error)
{
  GString *out = wd_imap_session_get_output (session);

  if (self->content == NULL)
    {
      write_nothing (self, out);
      return WD_DONE;
    }
  while (self->is_inside || self->section < self->sections->len)
    {
      GError *error = NULL;

      if (wd_imap_session_is_output_full (session))
        return WD_MORE;
      if (!self->is_inside)
        begin_section (self, out, inout_error);
      else if (!(self->binary.decoder != NULL ? write_decoded (self, out, &error)
                                              : write_slice (self, out, &error)))
        {
          keep_error (inout_error, error);
          return WD_FAIL;
        }
      if (!self->is_inside)
        self->section++;
    }
  g_clear_pointer (&self->content, wd_content_free);
  return WD_DONE;
}
