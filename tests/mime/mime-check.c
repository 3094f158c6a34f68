// SPDX-License-Identifier: EUPL-1.2
// What is true of the index of any octets.
#include "config.h"

#include "mime-check.h"

#include <string.h>

#include "core-limits.h"

WdMimeTree *
mime_check_index (const char *data, gsize len, gsize chunk)
{
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();

  for (gsize i = 0; i < len;)
    {
      gsize n = chunk > 0 ? chunk : (gsize) g_random_int_range (1, 100);
      // A copy of its own size, so that reading beyond it is found.
      g_autofree char *piece = NULL;

      n = MIN (n, len - i);
      piece = g_memdup2 (data + i, n);
      wd_mime_indexer_feed (indexer, piece, n);
      i += n;
    }
  return wd_mime_indexer_finish (indexer);
}

static void
read_quoted (const char **inout_p, const char *end, GString *out)
{
  const char *p = *inout_p + 1;

  for (; p < end && *p != '"'; p++)
    {
      if (*p == '\\')
        {
          p++;
          g_assert_true (p < end && (*p == '"' || *p == '\\'));
        }
      g_assert_true (*p != '\0' && *p != '\r' && *p != '\n' && (guint8) *p < 0x80);
      if (out != NULL)
        g_string_append_c (out, *p);
    }
  g_assert_true (p < end);
  *inout_p = p + 1;
}

static void
read_literal (const char **inout_p, const char *end, GString *out)
{
  const char *p = *inout_p + 1;
  gsize n = 0;

  g_assert_true (p < end && g_ascii_isdigit (*p));
  for (; p < end && g_ascii_isdigit (*p); p++)
    n = n * 10 + (gsize) (*p - '0');
  g_assert_true (end - p >= 3 && memcmp (p, "}\r\n", 3) == 0);
  p += 3;
  g_assert_true ((gsize) (end - p) >= n);
  g_assert_null (memchr (p, '\0', n));
  if (out != NULL)
    g_string_append_len (out, p, (gssize) n);
  *inout_p = p + n;
}

char
mime_check_read (const char **inout_p, const char *end, GString *out_value)
{
  const char *p = *inout_p;
  char first;

  g_assert_true (p < end);
  first = *p;
  if (first == '"')
    read_quoted (inout_p, end, out_value);
  else if (first == '{')
    read_literal (inout_p, end, out_value);
  else if (first == 'N')
    {
      g_assert_true (end - p >= 3 && memcmp (p, "NIL", 3) == 0);
      *inout_p += 3;
    }
  else if (first == '(')
    {
      // Not recursive: the fuzzer may nest deep.
      guint depth = 0;

      do
        {
          if (**inout_p == '(')
            depth++, (*inout_p)++;
          else if (**inout_p == ')')
            depth--, (*inout_p)++;
          else if (**inout_p == ' ')
            (*inout_p)++;
          else
            mime_check_read (inout_p, end, NULL);
          g_assert_true (*inout_p < end || depth == 0);
        }
      while (depth > 0);
    }
  else
    {
      g_assert_true (g_ascii_isdigit (first));
      while (*inout_p < end && g_ascii_isdigit (**inout_p))
        (*inout_p)++;
    }
  return first == '{' ? '"' : first;
}

static void
take (const char **inout_p, const char *end, char c)
{
  g_assert_true (*inout_p < end);
  g_assert_cmpint (**inout_p, ==, c);
  (*inout_p)++;
}

static void
check_nstring (const char **inout_p, const char *end)
{
  char first = mime_check_read (inout_p, end, NULL);

  g_assert_true (first == '"' || first == 'N');
}

static void
check_string (const char **inout_p, const char *end, const char *expected)
{
  g_autoptr (GString) value = g_string_new (NULL);

  g_assert_cmpint (mime_check_read (inout_p, end, value), ==, '"');
  if (expected != NULL)
    g_assert_cmpstr (value->str, ==, expected);
}

static void
check_number (const char **inout_p, const char *end, guint64 expected)
{
  const char *p = *inout_p;

  g_assert_true (g_ascii_isdigit (mime_check_read (inout_p, end, NULL)));
  g_assert_cmpuint (g_ascii_strtoull (p, NULL, 10), ==, expected);
}

// Addresses: the mailbox is NIL at the end of a group alone, the host is NIL at both of its ends.
void
mime_check_addresses (const char **inout_p, const char *end)
{
  gboolean in_group = FALSE;

  if (**inout_p == 'N')
    {
      check_nstring (inout_p, end);
      return;
    }
  take (inout_p, end, '(');
  do
    {
      char kinds[4];

      take (inout_p, end, '(');
      for (guint i = 0; i < 4; i++)
        {
          if (i > 0)
            take (inout_p, end, ' ');
          kinds[i] = **inout_p;
          check_nstring (inout_p, end);
        }
      take (inout_p, end, ')');
      if (kinds[3] != 'N')
        g_assert_cmpint (kinds[2], !=, 'N');
      else
        {
          g_assert_cmpint (in_group, ==, kinds[2] == 'N');
          g_assert_true (kinds[0] == 'N' && kinds[1] == 'N');
          in_group = !in_group;
        }
    }
  while (**inout_p == '(');
  g_assert_false (in_group);
  take (inout_p, end, ')');
}

static void
check_envelope (const char **inout_p, const char *end)
{
  take (inout_p, end, '(');
  for (guint i = 0; i < 10; i++)
    {
      if (i > 0)
        take (inout_p, end, ' ');
      if (i >= 2 && i < 8)
        mime_check_addresses (inout_p, end);
      else
        check_nstring (inout_p, end);
    }
  take (inout_p, end, ')');
}

// body-fld-param: NIL or pairs of strings.
static void
check_params (const char **inout_p, const char *end)
{
  guint n = 0;

  if (**inout_p == 'N')
    {
      check_nstring (inout_p, end);
      return;
    }
  take (inout_p, end, '(');
  do
    {
      if (n > 0)
        take (inout_p, end, ' ');
      check_string (inout_p, end, NULL);
      n++;
    }
  while (**inout_p == ' ');
  g_assert_cmpuint (n % 2, ==, 0);
  take (inout_p, end, ')');
}

static void
check_dsp_to_loc (const char **inout_p, const char *end)
{
  if (**inout_p == 'N')
    check_nstring (inout_p, end);
  else
    {
      take (inout_p, end, '(');
      check_string (inout_p, end, NULL);
      take (inout_p, end, ' ');
      check_params (inout_p, end);
      take (inout_p, end, ')');
    }
  take (inout_p, end, ' ');
  if (**inout_p != '(')
    check_nstring (inout_p, end);
  else
    mime_check_read (inout_p, end, NULL);
  take (inout_p, end, ' ');
  check_nstring (inout_p, end);
}

static void check_body (
    const WdMimeTree *tree, guint32 index, gboolean is_extended, const char **p, const char *end);

static void
check_single (
    const WdMimeTree *tree, guint32 index, gboolean is_extended, const char **p, const char *end)
{
  const WdMimePart *part = &wd_mime_tree_get_parts (tree, NULL)[index];
  g_auto (GStrv) type = g_strsplit (part->type, "/", 2);

  check_string (p, end, type[0]);
  take (p, end, ' ');
  check_string (p, end, type[1]);
  take (p, end, ' ');
  check_params (p, end);
  take (p, end, ' ');
  check_nstring (p, end);
  take (p, end, ' ');
  check_nstring (p, end);
  take (p, end, ' ');
  check_string (p, end, NULL);
  take (p, end, ' ');
  check_number (p, end, part->body_end - part->body_start);
  if (part->kind == WD_MIME_MESSAGE)
    {
      take (p, end, ' ');
      check_envelope (p, end);
      take (p, end, ' ');
      check_body (tree, part->first_child, is_extended, p, end);
    }
  if (part->kind == WD_MIME_MESSAGE || strcmp (type[0], "text") == 0)
    {
      take (p, end, ' ');
      check_number (p, end, part->body_lines);
    }
  if (!is_extended)
    return;
  take (p, end, ' ');
  check_nstring (p, end);
  take (p, end, ' ');
  check_dsp_to_loc (p, end);
}

static void
check_body (
    const WdMimeTree *tree, guint32 index, gboolean is_extended, const char **p, const char *end)
{
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, NULL);

  take (p, end, '(');
  if (parts[index].kind == WD_MIME_MULTIPART)
    {
      for (guint32 i = parts[index].first_child; i != 0; i = parts[i].next_sibling)
        check_body (tree, i, is_extended, p, end);
      take (p, end, ' ');
      check_string (p, end, strchr (parts[index].type, '/') + 1);
      if (is_extended)
        {
          take (p, end, ' ');
          check_params (p, end);
          take (p, end, ' ');
          check_dsp_to_loc (p, end);
        }
    }
  else
    check_single (tree, index, is_extended, p, end);
  take (p, end, ')');
}

static void
check_lists (const WdMimeTree *tree)
{
  gsize len;
  const char *p = wd_mime_tree_get_envelope (tree, &len);
  const char *end = p + len;

  check_envelope (&p, end);
  g_assert_true (p == end);
  p = wd_mime_tree_get_body (tree, &len);
  end = p + len;
  check_body (tree, 0, FALSE, &p, end);
  g_assert_true (p == end);
  p = wd_mime_tree_get_body_structure (tree, &len);
  end = p + len;
  check_body (tree, 0, TRUE, &p, end);
  g_assert_true (p == end);
}

// Counts again, the simple way.
static void
check_lines (const WdMimePart *part, const char *data)
{
  guint64 n_lines = 0, n_bare = 0;

  for (guint64 i = part->body_start; i < part->body_end; i++)
    if (data[i] == '\n')
      {
        n_lines++;
        n_bare += i == part->body_start || data[i - 1] != '\r';
      }
  g_assert_cmpuint (part->body_lines, ==, n_lines);
  g_assert_cmpint ((part->flags & WD_MIME_PART_CRLF) != 0, ==, n_bare == 0);
}

static void
check_children (const WdMimePart *parts, guint32 index)
{
  const WdMimePart *part = &parts[index];
  guint64 after = part->body_start;
  guint32 n = 0;

  for (guint32 i = part->first_child; i != 0; i = parts[i].next_sibling)
    {
      g_assert_cmpuint (i, >, index);
      g_assert_cmpuint (parts[i].parent, ==, index);
      g_assert_cmpuint (parts[i].header_start, >=, after);
      g_assert_cmpuint (parts[i].body_end, <=, part->body_end);
      after = parts[i].body_end;
      n++;
    }
  g_assert_cmpuint (part->n_children, ==, n);
  switch (part->kind)
    {
    case WD_MIME_LEAF:
      g_assert_cmpuint (n, ==, 0);
      break;
    case WD_MIME_MULTIPART:
      g_assert_cmpuint (n, >, 0);
      break;
    case WD_MIME_MESSAGE:
      g_assert_cmpuint (n, ==, 1);
      g_assert_cmpuint (parts[part->first_child].header_start, ==, part->body_start);
      g_assert_cmpuint (parts[part->first_child].body_end, ==, part->body_end);
      break;
    }
}

static void
check_part (const WdMimePart *parts, guint32 index, const char *data, gsize len)
{
  const WdMimePart *part = &parts[index];
  guint depth = 1;

  g_assert_cmpuint (part->header_start, <=, part->body_start);
  g_assert_cmpuint (part->body_start, <=, part->body_end);
  g_assert_cmpuint (part->body_end, <=, len);
  g_assert_nonnull (part->type);
  g_assert_nonnull (strchr (part->type, '/'));
  g_assert_cmpuint (strlen (part->type), <=, WD_LIMIT_MIME_TYPE_BYTES);
  if (part->charset != NULL)
    g_assert_cmpuint (strlen (part->charset), <=, WD_LIMIT_MIME_CHARSET_BYTES);
  for (guint32 i = index; i != 0; i = parts[i].parent)
    depth++;
  g_assert_cmpuint (depth, <=, WD_LIMIT_MIME_DEPTH);
  check_lines (part, data);
  check_children (parts, index);
}

void
mime_check_stored (const WdMimeTree *tree, gsize len)
{
  g_autoptr (GBytes) stored = wd_mime_tree_encode (tree);
  gsize n;
  const void *octets = g_bytes_get_data (stored, &n);
  g_autoptr (WdMimeTree) again = wd_mime_tree_decode (octets, n, len, 0);
  g_autoptr (WdMimeTree) shifted = wd_mime_tree_decode (octets, n, len, 1000);
  g_autofree char *before = mime_check_dump (tree);
  g_autofree char *after = NULL;
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, NULL);
  const WdMimePart *moved;

  g_assert_nonnull (again);
  after = mime_check_dump (again);
  g_assert_cmpstr (before, ==, after);
  g_assert_null (wd_mime_tree_decode (octets, n, len + 1, 0));
  g_assert_null (wd_mime_tree_decode (octets, n - 1, len, 0));
  moved = wd_mime_tree_get_parts (shifted, NULL);
  g_assert_cmpuint (moved[0].header_start, ==, 0);
  g_assert_cmpuint (moved[0].body_start, ==, parts[0].body_start + 1000);
  g_assert_cmpuint (moved[0].body_end, ==, len + 1000);
}

void
mime_check_tree (const WdMimeTree *tree, const char *data, gsize len)
{
  guint n_parts;
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, &n_parts);

  g_assert_cmpuint (n_parts, >=, 1);
  g_assert_cmpuint (n_parts, <=, WD_LIMIT_MIME_PARTS);
  g_assert_cmpuint (parts[0].parent, ==, 0);
  g_assert_cmpuint (parts[0].header_start, ==, 0);
  g_assert_cmpuint (parts[0].body_end, ==, len);
  for (guint i = 0; i < n_parts; i++)
    check_part (parts, i, data, len);
  check_lists (tree);
  mime_check_stored (tree, len);
}

char *
mime_check_dump (const WdMimeTree *tree)
{
  guint n_parts;
  const WdMimePart *parts = wd_mime_tree_get_parts (tree, &n_parts);
  GString *out = g_string_new (NULL);
  gint32 day;
  gint64 ms;

  if (wd_mime_tree_get_sent (tree, &day, &ms))
    g_string_append_printf (out, "sent %d %" G_GINT64_FORMAT "\n", day, ms);
  for (guint i = 0; i < n_parts; i++)
    {
      const WdMimePart *p = &parts[i];

      g_string_append_printf (out,
                              "%u: parent %u child %u next %u n %u kind %d encoding %d flags %d "
                              "[%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                              ") lines %" G_GUINT64_FORMAT " %s %s\n",
                              i, p->parent, p->first_child, p->next_sibling, p->n_children,
                              (int) p->kind, (int) p->encoding, p->flags, p->header_start,
                              p->body_start, p->body_end, p->body_lines, p->type,
                              p->charset == NULL ? "-" : p->charset);
    }
  return g_string_free (out, FALSE);
}

void
mime_check_equal (const WdMimeTree *a, const WdMimeTree *b)
{
  g_autofree char *dump_a = mime_check_dump (a);
  g_autofree char *dump_b = mime_check_dump (b);
  gsize len_a, len_b;
  const char *text_a = wd_mime_tree_get_envelope (a, &len_a);
  const char *text_b = wd_mime_tree_get_envelope (b, &len_b);

  g_assert_cmpstr (dump_a, ==, dump_b);
  g_assert_cmpmem (text_a, (int) len_a, text_b, (int) len_b);
  text_a = wd_mime_tree_get_body (a, &len_a);
  text_b = wd_mime_tree_get_body (b, &len_b);
  g_assert_cmpmem (text_a, (int) len_a, text_b, (int) len_b);
  text_a = wd_mime_tree_get_body_structure (a, &len_a);
  text_b = wd_mime_tree_get_body_structure (b, &len_b);
  g_assert_cmpmem (text_a, (int) len_a, text_b, (int) len_b);
}

void
mime_check_foreach (MimeCheckFunc func)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "mime", "corpus", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &error);
  const char *name;
  guint n = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *data = NULL;
      gsize len;

      if (!g_str_has_suffix (name, ".eml"))
        continue;
      g_file_get_contents (file, &data, &len, &error);
      g_assert_no_error (error);
      g_test_message ("%s", name);
      func (name, data, len);
      n++;
    }
  g_assert_cmpuint (n, >, 50);
}
