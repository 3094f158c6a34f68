// SPDX-License-Identifier: EUPL-1.2
// The stored form of a part tree, and what it refuses.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mime-check.h"

static void
check_stored (const char *name, const char *data, gsize len)
{
  g_autoptr (WdMimeTree) tree = mime_check_index (data, len, MAX (len, 1));
  g_autoptr (GBytes) stored = wd_mime_tree_encode (tree);
  guint n_parts;

  (void) wd_mime_tree_get_parts (tree, &n_parts);
  // Storage is what it is for: some 15 octets a part.
  g_assert_cmpuint (g_bytes_get_size (stored), <=, 20 + 30 * n_parts);
}

static void
test_size (void)
{
  mime_check_foreach (check_stored);
}

// No damage may make a tree that breaks the rules.
static void
check_damage (const char *name, const char *data, gsize len)
{
  g_autoptr (WdMimeTree) tree = NULL;
  g_autoptr (GBytes) stored = NULL;
  const guint8 *octets;
  gsize n;

  if (len > 5000)
    return;
  tree = mime_check_index (data, len, MAX (len, 1));
  stored = wd_mime_tree_encode (tree);
  octets = g_bytes_get_data (stored, &n);
  for (gsize i = 0; i < n; i++)
    {
      static const guint8 values[] = { 0, 1, 2, 0x7f, 0x80, 0xff };

      g_assert_null (wd_mime_tree_decode (octets, i, len, 0));
      for (gsize v = 0; v < G_N_ELEMENTS (values); v++)
        {
          g_autofree guint8 *damaged = g_memdup2 (octets, n);
          g_autoptr (WdMimeTree) read = NULL;
          const WdMimePart *parts;
          guint n_parts;

          damaged[i] = values[v];
          read = wd_mime_tree_decode (damaged, n, len, 0);
          if (read == NULL)
            continue;
          parts = wd_mime_tree_get_parts (read, &n_parts);
          g_assert_cmpuint (parts[0].body_end, ==, len);
          for (guint p = 1; p < n_parts; p++)
            {
              g_assert_cmpuint (parts[p].parent, <, p);
              g_assert_cmpuint (parts[p].header_start, >=, parts[parts[p].parent].body_start);
              g_assert_cmpuint (parts[p].body_start, >=, parts[p].header_start);
              g_assert_cmpuint (parts[p].body_end, >=, parts[p].body_start);
              g_assert_cmpuint (parts[p].body_end, <=, parts[parts[p].parent].body_end);
            }
        }
    }
}

static void
test_damage (void)
{
  mime_check_foreach (check_damage);
}

static const struct
{
  const char *octets;
  gsize len;
} refused[] = {
  { "", 0 },
  { "\x01", 1 },
  // Another version; an unknown flag; no part.
  { "\x02\0\x01\0\0\0\x0a\0\x02\x01", 10 },
  { "\x01\x02\x01\0\0\0\x0a\0\x02\x01", 10 },
  { "\x01\0\0", 3 },
  // Octets too many; a number that does not end; one of more than 64 bits.
  { "\x01\0\x01\0\0\0\x0a\0\x02\x01\0", 11 },
  { "\x01\0\x01\0\0\0\x8a", 7 },
  { "\x01\0\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x0a\0\x02\x01", 19 },
  // The root does not begin at 0, or not end with the message.
  { "\x01\0\x01\0\x01\0\x09\0\x02\x01", 10 },
  { "\x01\0\x01\0\0\0\x09\0\x02\x01", 10 },
  // More lines than octets; type and charset unknown; an empty type, one with a NUL, one cut.
  { "\x01\0\x01\0\0\0\x0a\x0b\x02\x01", 10 },
  { "\x01\0\x01\0\0\0\x0a\0\x7f\x01", 10 },
  { "\x01\0\x01\0\0\0\x0a\0\x02\x7f", 10 },
  { "\x01\0\x01\0\0\0\x0a\0\0\0\x01", 11 },
  { "\x01\0\x01\0\0\0\x0a\0\0\x03"
    "a\0b\x01",
    14 },
  { "\x01\0\x01\0\0\0\x0a\0\0\x7f"
    "a/b\x01",
    14 },
  // A kind and flags that are none; a multipart without children, a message with two.
  { "\x01\0\x01\x03\x01\0\0\x0a\0\x02\x01", 11 },
  { "\x01\0\x01\x40\0\0\x0a\0\x02\x01", 10 },
  { "\x01\0\x01\x01\0\0\0\x0a\0\x02\x01", 11 },
  { "\x01\0\x03\x02\x02\0\0\x0a\0\x02\x01\0\0\0\x05\0\x02\x01\0\0\0\x05\0\x02\x01", 25 },
  // A child missing; a part too many; a child that ends beyond its parent.
  { "\x01\0\x01\x01\x01\0\0\x0a\0\x02\x01", 11 },
  { "\x01\0\x02\0\0\0\x0a\0\x02\x01\0\0\0\0\0\x02\x01", 17 },
  { "\x01\0\x02\x01\x01\0\0\x0a\0\x04\x01\0\0\0\x0b\0\x02\x01", 18 },
  // The message within does not begin where the body of its part does, or not end with it.
  { "\x01\0\x02\x02\x01\0\0\x0a\0\x09\x01\0\x01\0\x09\0\x02\x01", 18 },
  { "\x01\0\x02\x02\x01\0\0\x0a\0\x09\x01\0\0\0\x09\0\x02\x01", 18 },
};

static void
test_refused (void)
{
  static const char good[] = "\x01\0\x01\0\0\0\x0a\0\x02\x01";
  g_autoptr (WdMimeTree) tree = wd_mime_tree_decode (good, 10, 10, 0);

  g_assert_nonnull (tree);
  g_assert_null (wd_mime_tree_decode (good, 10, 10, G_MAXUINT64 - 9));
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_test_message ("%" G_GSIZE_FORMAT, i);
      // A copy, so that reading beyond it is found.
      g_autofree void *copy = g_memdup2 (refused[i].octets, refused[i].len);

      g_assert_null (wd_mime_tree_decode (copy, refused[i].len, 10, 0));
    }
}

// Multiparts of one part each, the innermost a leaf.
static GByteArray *
make_nested (guint depth)
{
  GByteArray *out = g_byte_array_new ();

  g_byte_array_append (out, (const guint8 *) "\x01\0", 2);
  g_byte_array_append (out, (const guint8[]){ (guint8) depth }, 1);
  for (guint i = 1; i < depth; i++)
    g_byte_array_append (out, (const guint8 *) "\x01\x01\0\0\x0a\0\x04\x01", 8);
  g_byte_array_append (out, (const guint8 *) "\0\0\0\x0a\0\x02\x01", 7);
  return out;
}

static void
test_depth_limit (void)
{
  for (guint depth = WD_LIMIT_MIME_DEPTH - 1; depth <= WD_LIMIT_MIME_DEPTH + 1; depth++)
    {
      g_autoptr (GByteArray) stored = make_nested (depth);
      g_autoptr (WdMimeTree) tree = wd_mime_tree_decode (stored->data, stored->len, 10, 0);

      g_assert_cmpint (tree != NULL, ==, depth <= WD_LIMIT_MIME_DEPTH);
    }
}

static void
test_sent (void)
{
  static const char message[] = "Date: Wed, 31 Dec 1969 23:30:00 -0100\r\n\r\n";
  g_autoptr (WdMimeTree) tree = mime_check_index (message, strlen (message), 10);
  g_autoptr (GBytes) stored = wd_mime_tree_encode (tree);
  gsize n;
  const void *octets = g_bytes_get_data (stored, &n);
  g_autoptr (WdMimeTree) again = wd_mime_tree_decode (octets, n, strlen (message), 0);
  gint32 day = 0;
  gint64 ms = 0;

  g_assert_true (wd_mime_tree_get_sent (again, &day, &ms));
  g_assert_cmpint (day, ==, -1);
  g_assert_cmpint (ms, ==, 30 * 60 * 1000);
  g_assert_null (wd_mime_tree_get_envelope (again, &n));
  g_assert_null (wd_mime_tree_get_body (again, &n));
  g_assert_null (wd_mime_tree_get_body_structure (again, &n));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/tree/size", test_size);
  g_test_add_func ("/mime/tree/damage", test_damage);
  g_test_add_func ("/mime/tree/refused", test_refused);
  g_test_add_func ("/mime/tree/depth-limit", test_depth_limit);
  g_test_add_func ("/mime/tree/sent", test_sent);
  return g_test_run ();
}
