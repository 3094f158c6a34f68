// SPDX-License-Identifier: EUPL-1.2
// Octets: every one of them comes back, whatever the message is.
#include "config.h"

#include <string.h>

#include "contract-util.h"
#include "core-limits.h"
#include "mime-indexer.h"

const char contract_area[] = "content";

#define assert_octets(a, a_len, b, b_len) g_assert_cmpmem ((a), (int) (a_len), (b), (int) (b_len))

#define PREFIX "Return-Path: <anna@example.net>\r\nDelivered-To: alice@example.com\r\n"

static WdUid
append_octets (Contract *contract, const GString *octets, const char *prefix)
{
  g_autoptr (WdIncoming) incoming
      = wd_test_store_new_incoming (contract->scratch, octets->str, (gssize) octets->len);
  WdAppend item = { .incoming = incoming, .prefix = prefix };
  WdId inbox = contract_box (contract, "INBOX");
  guint32 uidvalidity;
  WdAppended out;

  contract_assert_works (wd_store_append (contract->store, &contract->actor, &inbox, &item, 1, &out,
                                          &uidvalidity, NULL, &error));
  return out.uid;
}

static void
assert_same_tree (const WdMimeTree *tree, const GString *whole)
{
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();
  g_autoptr (WdMimeTree) expected = NULL;
  guint n, n_expected;

  wd_mime_indexer_feed (indexer, whole->str, whole->len);
  expected = wd_mime_indexer_finish (indexer);

  const WdMimePart *parts = wd_mime_tree_get_parts (tree, &n);
  const WdMimePart *expected_parts = wd_mime_tree_get_parts (expected, &n_expected);

  g_assert_cmpuint (n, ==, n_expected);
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (parts[i].header_start, ==, expected_parts[i].header_start);
      g_assert_cmpuint (parts[i].body_start, ==, expected_parts[i].body_start);
      g_assert_cmpuint (parts[i].body_end, ==, expected_parts[i].body_end);
      g_assert_cmpstr (parts[i].type, ==, expected_parts[i].type);
    }
}

// All of it, then ranges that begin and end anywhere, then in small pieces.
static void
assert_readable (WdContent *content, const GString *whole)
{
  g_autoptr (GString) octets = g_string_new (NULL);
  g_autoptr (GString) pieces = g_string_new (NULL);

  g_assert_cmpuint (wd_content_get_size_bytes (content), ==, whole->len);
  contract_assert_works (wd_content_read (content, 0, whole->len + 10, octets, &error));
  assert_octets (octets->str, octets->len, whole->str, whole->len);

  for (guint i = 0; i < 50 && whole->len > 0; i++)
    {
      gsize offset = (gsize) g_test_rand_int_range (0, (gint32) whole->len);
      gsize len = (gsize) g_test_rand_int_range (0, (gint32) (whole->len - offset) + 1);

      g_string_truncate (octets, 0);
      contract_assert_works (wd_content_read (content, offset, len, octets, &error));
      assert_octets (octets->str, octets->len, whole->str + offset, len);
    }
  while (pieces->len < whole->len)
    contract_assert_works (
        wd_content_read (content, pieces->len, whole->len / 7 + 1, pieces, &error));
  assert_octets (pieces->str, pieces->len, whole->str, whole->len);
  contract_assert_works (wd_content_read (content, whole->len, 10, pieces, &error));
  g_assert_cmpuint (pieces->len, ==, whole->len);
}

static gboolean
compare_preview (WdMessageRow *row, gpointer preview)
{
  g_assert_cmpstr (row->preview, ==, preview);
  return TRUE;
}

// That which is kept is that which is made of it now, whatever it is read with.
static void
assert_preview (Contract *contract, const WdId *box, WdUid uid, WdContent *content)
{
  static const WdFetchFields with[]
      = { 0, WD_FETCH_INDEX, WD_FETCH_CONTENT, WD_FETCH_INDEX | WD_FETCH_CONTENT };
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  g_autofree char *preview = NULL;

  contract_assert_works ((preview = wd_content_make_preview (content, &error)) != NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (with); i++)
    contract_assert_works (wd_store_fetch (contract->store, &contract->actor, box, uids,
                                           WD_FETCH_PREVIEW | with[i], 0, compare_preview, preview,
                                           NULL, &error));
}

static void
assert_kept (Contract *contract, const GString *octets, const char *prefix, gboolean has_header)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdUid uid = append_octets (contract, octets, prefix);
  g_autoptr (WdContent) content = contract_open (contract, &inbox, uid);
  g_autoptr (GString) whole = g_string_new (prefix);

  g_string_append_len (whole, octets->str, (gssize) octets->len);
  assert_readable (content, whole);
  assert_preview (contract, &inbox, uid, content);
  // Where a message has no header, a prefix makes it have one, and its tree stays what it was.
  if (prefix == NULL || has_header)
    assert_same_tree (wd_content_get_tree (content), whole);
}

static void
test_corpus (Contract *contract)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "mime", "corpus", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *text = NULL;
      gsize len;

      if (!g_file_get_contents (file, &text, &len, NULL))
        continue;

      g_autoptr (GString) octets = g_string_new_len (text, (gssize) len);

      g_test_message ("%s", name);
      assert_kept (contract, octets, NULL, TRUE);
      assert_kept (contract, octets, PREFIX, FALSE);
      n++;
    }
  g_assert_cmpuint (n, >, 10);
}

static void
test_odd_octets (Contract *contract)
{
  static const struct
  {
    const char *octets;
    gsize len;
  } cases[] = {
    { "", 0 },
    { "\n", 1 },
    { "\r", 1 },
    { "\0", 1 },
    { "Subject: x\n\nbare LF\n", 20 },
    { "Subject: x\r\rbare CR\r", 20 },
    { "Subject: x\r\n\r\nNUL \0 inside", 26 },
    { "Subject: x\r\n\r\nno final newline", 30 },
    { "Subject: x\r\n\r\n\r\n\r\n", 18 },
    { "no header at all", 16 },
    { "\xff\xfe\xfd", 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) octets = g_string_new_len (cases[i].octets, (gssize) cases[i].len);

      assert_kept (contract, octets, NULL, TRUE);
      assert_kept (contract, octets, PREFIX, FALSE);
    }
}

static void
append_random (GString *out, gsize len, guint n_values)
{
  for (gsize i = 0; i < len; i++)
    g_string_append_c (out, (char) g_test_rand_int_range (0, (gint32) n_values));
}

static void
append_base64 (GString *out, gsize decoded_len, gsize line_chars, const char *line_end)
{
  g_autoptr (GString) octets = g_string_new (NULL);

  append_random (octets, decoded_len, 256);

  g_autofree char *text = g_base64_encode ((const guchar *) octets->str, octets->len);
  gsize len = strlen (text);

  for (gsize i = 0; i < len; i += line_chars)
    {
      g_string_append_len (out, text + i, (gssize) MIN (line_chars, len - i));
      g_string_append (out, line_end);
    }
}

static GString *
make_large (const char *line_end, gsize line_chars, gsize decoded_len, const char *junk)
{
  GString *out = g_string_new ("From: a@example.net\r\nMIME-Version: 1.0\r\n"
                               "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n"
                               "Text.\r\n--x\r\nContent-Type: image/png\r\n"
                               "Content-Transfer-Encoding: base64\r\n\r\n");

  append_base64 (out, decoded_len, line_chars, line_end);
  g_string_append (out, junk);
  g_string_append (out, "\r\n--x--\r\nepilogue\r\n");
  return out;
}

// Canonical base64 in all its forms, and what only looks like it.
static void
test_large_base64 (Contract *contract)
{
  static const struct
  {
    const char *line_end;
    gsize line_chars;
    const char *junk;
  } cases[] = {
    { "\r\n", 76, "" },         { "\n", 76, "" },
    { "\r\n", 60, "" },         { "\r\n", 77, "" },
    { "\r\n", 76, "  \r\n" },   { "\r\n", 76, "AAAA====" },
    { "\r\n", 76, "\r\n\r\n" }, { "\r", 76, "" },
    { "\r\n", 100000, "" },     { "\r\n", 76, "not base64!" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize more = 0; more < 3; more++)
      {
        g_autoptr (GString) octets
            = make_large (cases[i].line_end, cases[i].line_chars, 60 * 1024 + more, cases[i].junk);

        assert_kept (contract, octets, NULL, TRUE);
        assert_kept (contract, octets, PREFIX, TRUE);
      }
}

// Just below, at and above what is a large part: to who reads there is no difference.
static void
test_large_limit (Contract *contract)
{
  for (gsize i = 0; i < 3; i++)
    {
      g_autoptr (GString) octets = g_string_new ("Subject: x\r\n\r\n");

      append_random (octets, WD_LIMIT_LARGE_PART_BYTES - 1 + i, i % 2 == 0 ? 256 : 4);
      assert_kept (contract, octets, NULL, TRUE);
    }
}

// Several large parts, more of them than are kept apart, and texts between them.
static void
test_many_large (Contract *contract)
{
  g_autoptr (GString) octets
      = g_string_new ("Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n");

  for (guint i = 0; i < 20; i++)
    {
      g_string_append (octets, "--x\r\nContent-Type: application/octet-stream\r\n");
      g_string_append (octets, i % 2 == 0 ? "Content-Transfer-Encoding: base64\r\n\r\n" : "\r\n");
      if (i % 2 == 0)
        append_base64 (octets, 45 * 1024, 76, "\r\n");
      else
        append_random (octets, 55 * 1024, 8);
      g_string_append (octets, "\r\n");
    }
  g_string_append (octets, "--x--\r\n");
  assert_kept (contract, octets, PREFIX, TRUE);
}

// Beyond what is held in memory on the way in, and in blocks that are packed one by one.
static void
test_huge (Contract *contract)
{
  g_autoptr (GString) octets = make_large ("\r\n", 76, 2 * WD_LIMIT_SPOOL_MEMORY_BYTES, "");
  g_autoptr (GString) plain = g_string_new ("Subject: x\r\n\r\n");

  assert_kept (contract, octets, PREFIX, TRUE);
  append_random (plain, 3 * WD_LIMIT_SPOOL_MEMORY_BYTES, 4);
  assert_kept (contract, plain, NULL, TRUE);
}

// A text of many small parts is long, too, and read when it is asked for.
static void
test_long_text (Contract *contract)
{
  g_autoptr (GString) octets = g_string_new ("Content-Type: multipart/mixed; boundary=x\r\n\r\n");

  for (guint i = 0; i < 40; i++)
    {
      g_string_append (octets, "--x\r\n\r\n");
      append_random (octets, 10 * 1024, i % 2 == 0 ? 4 : 200);
      g_string_append (octets, "\r\n");
    }
  g_string_append (octets, "--x--\r\n");
  assert_kept (contract, octets, NULL, TRUE);
}

static gpointer
prepare (gpointer incoming)
{
  wd_incoming_prepare (incoming);
  return NULL;
}

// Prepared on several threads before it is appended, and prepared for nothing.
static void
test_prepared (Contract *contract)
{
  g_autoptr (GString) octets = make_large ("\r\n", 76, 100 * 1024, "");
  WdId inbox = contract_box (contract, "INBOX");

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (WdIncoming) incoming = wd_incoming_new (contract->store);
      const WdAppend item = { .incoming = incoming };
      GThread *threads[3];
      WdAppended appended;
      guint32 uidvalidity;

      contract_assert_works (wd_incoming_write (incoming, octets->str, octets->len, &error));
      contract_assert_works (wd_incoming_finish (incoming, &error));
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        threads[j] = g_thread_new ("prepare", prepare, incoming);
      if (i > 0)
        contract_assert_works (wd_store_append (contract->store, &contract->actor, &inbox, &item, 1,
                                                &appended, &uidvalidity, NULL, &error));
      for (guint j = 0; j < G_N_ELEMENTS (threads); j++)
        g_thread_join (threads[j]);
      if (i == 0)
        continue;

      g_autoptr (WdContent) content = contract_open (contract, &inbox, appended.uid);

      assert_readable (content, octets);
    }
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
}

// An opened message stays readable when it is gone, and all that was lazy is done.
static void
test_outlives (Contract *contract)
{
  g_autoptr (GString) large = make_large ("\r\n", 76, 100 * 1024, "");
  g_autoptr (GString) small = g_string_new (CONTRACT_MESSAGE);
  WdId inbox = contract_box (contract, "INBOX");
  WdUid large_uid = append_octets (contract, large, NULL);
  WdUid small_uid = append_octets (contract, small, NULL);
  g_autoptr (WdContent) large_content = contract_open (contract, &inbox, large_uid);
  g_autoptr (WdContent) small_content = contract_open (contract, &inbox, small_uid);
  g_autofree char *expunged = contract_expunge (contract, &inbox, "1:*");

  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
  assert_readable (large_content, large);
  assert_readable (small_content, small);
}

// Copies share what they are made of: the last one gone takes it away, and not an earlier one.
static void
test_copies (Contract *contract)
{
  g_autoptr (GString) octets = make_large ("\r\n", 76, 100 * 1024, "");
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  append_octets (contract, octets, PREFIX);
  append_octets (contract, octets, PREFIX);
  contract_copy (contract, &inbox, "1", &trash, FALSE);
  first = contract_expunge (contract, &inbox, "1:2");
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));

  g_autoptr (GString) kept = contract_read (contract, &trash, 1);

  g_assert_cmpuint (kept->len, ==, strlen (PREFIX) + octets->len);
  second = contract_expunge (contract, &trash, "1");
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
  g_assert_cmpuint (contract_check (contract, FALSE, NULL), ==, 0);
  assert_kept (contract, octets, NULL, TRUE);
}

const ContractCase contract_cases[] = {
  { "corpus", test_corpus },
  { "odd-octets", test_odd_octets },
  { "large-base64", test_large_base64 },
  { "large-limit", test_large_limit },
  { "many-large", test_many_large },
  { "huge", test_huge },
  { "long-text", test_long_text },
  { "outlives", test_outlives },
  { "prepared", test_prepared },
  { "copies", test_copies },
  { NULL },
};
