// SPDX-License-Identifier: EUPL-1.2
// Which parts leave a message, as which octets, and what is left of it.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mime-indexer.h"
#include "store-parts.h"
#include "store-types.h"

#define LARGE ((gsize) WD_LIMIT_LARGE_PART_BYTES)

// One leaf of a multipart message.
typedef struct
{
  const char *encoding;
  gsize len;
  gboolean is_spoiled; // It is not what an encoder writes.
} Leaf;

static void
append_leaf (GString *message, const Leaf *leaf)
{
  g_string_append_printf (message, "--b\r\nContent-Transfer-Encoding: %s\r\n\r\n", leaf->encoding);

  gsize start = message->len;

  for (gsize i = 0; i < leaf->len; i++)
    g_string_append_c (message, i % 66 == 64 ? '\r' : i % 66 == 65 ? '\n' : 'Q');
  if (leaf->is_spoiled)
    message->str[start + 5] = '-';
  g_string_append (message, "\r\n");
}

static GString *
make_message (const Leaf *leaves, gsize n_leaves)
{
  GString *message = g_string_new ("Content-Type: multipart/mixed; boundary=b\r\n\r\n");

  for (gsize i = 0; i < n_leaves; i++)
    append_leaf (message, &leaves[i]);
  g_string_append (message, "--b--\r\n");
  return message;
}

static WdMimeTree *
index_message (const GString *message)
{
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();

  wd_mime_indexer_feed (indexer, message->str, message->len);
  return wd_mime_indexer_finish (indexer);
}

static void
assert_same (const void *a, gsize a_len, const void *b, gsize b_len)
{
  g_assert_cmpuint (a_len, ==, b_len);
  g_assert_cmpint (memcmp (a, b, a_len), ==, 0);
}

// Checks what is handed over against the part, and counts.
static gboolean
count_part (
    const WdStorePart *part, const void *kept, gsize kept_len, gpointer user_data, GError **error)
{
  guint *n_left = user_data;
  WdStoreSha sha;

  wd_store_sha_hash (kept, kept_len, &sha);
  g_assert_cmpmem (&sha, sizeof sha, &part->sha, sizeof sha);
  g_assert_cmpuint (kept_len, ==, part->is_base64 ? part->form.decoded_bytes : part->len);
  if (*n_left > 0)
    {
      (*n_left)--;
      return TRUE;
    }
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "no more");
  return FALSE;
}

static const struct
{
  Leaf leaf;
  gboolean leaves;
  gboolean is_base64;
} cases[] = {
  { { "7bit", LARGE - 1, FALSE }, FALSE, FALSE },
  { { "7bit", LARGE, FALSE }, TRUE, FALSE },
  { { "7bit", LARGE + 1, FALSE }, TRUE, FALSE },
  { { "base64", LARGE - 2, FALSE }, FALSE, FALSE },
  { { "base64", 66 * 800, FALSE }, TRUE, TRUE },
  { { "base64", 66 * 800 + 8, FALSE }, TRUE, TRUE },
  { { "base64", 66 * 800, TRUE }, TRUE, FALSE },
  { { "quoted-printable", LARGE, FALSE }, TRUE, FALSE },
};

static void
check_case (gsize i)
{
  g_autoptr (GString) message = make_message (&cases[i].leaf, 1);
  g_autoptr (WdMimeTree) tree = index_message (message);
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  const guint8 *octets = (const guint8 *) message->str;
  g_autofree guint8 *text = NULL;
  guint n_left = 2;
  gsize len;

  g_test_message ("%" G_GSIZE_FORMAT, i);
  g_assert_true (
      wd_store_parts_find (tree, octets, message->len, count_part, &n_left, parts, NULL));
  g_assert_cmpuint (parts->len, ==, cases[i].leaves);
  text = wd_store_parts_cut (parts, octets, message->len, &len);
  if (!cases[i].leaves)
    {
      assert_same (text, len, message->str, message->len);
      return;
    }

  const WdStorePart *part = &g_array_index (parts, WdStorePart, 0);

  g_assert_cmpuint (n_left, ==, 1);
  g_assert_cmpint (part->is_base64, ==, cases[i].is_base64);
  g_assert_cmpuint (part->len, ==, cases[i].leaf.len);
  gsize before = (gsize) part->offset;
  gsize after = message->len - before - (gsize) part->len;

  g_assert_cmpuint (len, ==, before + after);
  assert_same (text, before, message->str, before);
  assert_same (text + before, after, message->str + before + part->len, after);
  g_assert_true (wd_store_parts_visit (part, octets, count_part, &n_left, NULL));
  g_assert_cmpuint (n_left, ==, 0);
  g_assert_false (wd_store_parts_visit (part, octets, count_part, &n_left, NULL));
}

static void
test_one (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check_case (i);
}

// At, below and above what a message may give away.
static void
test_many (void)
{
  for (gsize n = WD_STORE_PARTS_MAX - 1; n <= WD_STORE_PARTS_MAX + 1; n++)
    {
      Leaf leaves[WD_STORE_PARTS_MAX + 1];
      g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));

      for (gsize i = 0; i < n; i++)
        leaves[i] = (Leaf){ "7bit", LARGE, FALSE };

      g_autoptr (GString) message = make_message (leaves, n);
      g_autoptr (WdMimeTree) tree = index_message (message);
      g_autofree guint8 *text = NULL;
      gsize len;

      g_assert_true (wd_store_parts_find (tree, (const guint8 *) message->str, message->len, NULL,
                                          NULL, parts, NULL));
      g_assert_cmpuint (parts->len, ==, MIN (n, WD_STORE_PARTS_MAX));
      text = wd_store_parts_cut (parts, (const guint8 *) message->str, message->len, &len);
      g_assert_cmpuint (len, ==, message->len - parts->len * LARGE);
    }
}

// What failed is among the parts, so that its blob is looked for as well.
static void
test_failure (void)
{
  static const Leaf leaves[]
      = { { "7bit", LARGE, FALSE }, { "base64", 66 * 900, FALSE }, { "7bit", LARGE, FALSE } };
  g_autoptr (GString) message = make_message (leaves, G_N_ELEMENTS (leaves));
  g_autoptr (WdMimeTree) tree = index_message (message);
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  g_autoptr (GError) error = NULL;
  guint n_left = 1;

  g_assert_false (wd_store_parts_find (tree, (const guint8 *) message->str, message->len,
                                       count_part, &n_left, parts, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_assert_cmpuint (parts->len, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/parts/one", test_one);
  g_test_add_func ("/store/parts/many", test_many);
  g_test_add_func ("/store/parts/failure", test_failure);
  return g_test_run ();
}
