// SPDX-License-Identifier: EUPL-1.2
// The indexer: chunking, shapes, IMAP texts and limits.
#include "config.h"

#include <string.h>
#include <time.h>

#include "core-limits.h"
#include "mime-check.h"

static void
check_chunks (const char *name, const char *data, gsize len)
{
  g_autoptr (WdMimeTree) whole = mime_check_index (data, len, MAX (len, 1));

  mime_check_tree (whole, data, len);
  for (guint i = 0; i < (len < 4000 ? 20 : 2); i++)
    {
      // 1 is octet by octet, 0 at random.
      g_autoptr (WdMimeTree) tree = mime_check_index (data, len, i == 0 ? 1 : 0);

      mime_check_equal (whole, tree);
    }
}

static void
test_corpus (void)
{
  mime_check_foreach (check_chunks);
}

static void
check_cuts (const char *name, const char *data, gsize len)
{
  g_autoptr (WdMimeTree) whole = NULL;

  if (len > 1500)
    return;
  whole = mime_check_index (data, len, MAX (len, 1));
  for (gsize cut = 1; cut < len; cut++)
    {
      g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();
      g_autoptr (WdMimeTree) tree = NULL;

      wd_mime_indexer_feed (indexer, data, cut);
      wd_mime_indexer_feed (indexer, NULL, 0);
      wd_mime_indexer_feed (indexer, data + cut, len - cut);
      tree = wd_mime_indexer_finish (indexer);
      mime_check_equal (whole, tree);
    }
}

static void
test_every_cut (void)
{
  mime_check_foreach (check_cuts);
}

// What a message's header says, and what BODYSTRUCTURE shows of it.
static const struct
{
  const char *header;
  const char *structure;
} structures[] = {
  { "", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL)" },
  { "Content-Type: TEXT/HTML\r\n", "(\"text\" \"html\" NIL NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL)" },
  { "Content-Type: image/png\r\nContent-Transfer-Encoding: BASE64\r\n",
    "(\"image\" \"png\" NIL NIL NIL \"BASE64\" 3 NIL NIL NIL NIL)" },
  { "Content-Type: text/plain; Charset=\"x\\\"y\"; a=b (c); d\r\n",
    "(\"text\" \"plain\" (\"Charset\" \"x\\\"y\" \"a\" \"b\") NIL NIL \"7bit\" 3 1 NIL NIL NIL "
    "NIL)" },
  { "Content-Type: a/b; n=\xc3\xbc\r\n",
    "(\"a\" \"b\" (\"n\" {2}\r\n\xc3\xbc) NIL NIL \"7bit\" 3 NIL NIL NIL NIL)" },
  { "Content-Type: a/b; n=\"x\r\n y\rz\"\r\n",
    "(\"a\" \"b\" (\"n\" \"x y z\") NIL NIL \"7bit\" 3 NIL NIL NIL NIL)" },
  { "Content-Type: a/\xc3\xbc\r\n",
    "(\"application\" \"octet-stream\" NIL NIL NIL \"7bit\" 3 NIL NIL NIL NIL)" },
  { "Content-Type: nonsense\r\n", "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL)" },
  { "Content-Type: a/b\r\nContent-ID: <i>\r\nContent-Description: d \"e\"\r\nContent-MD5: m\r\n"
    "Content-Disposition: attachment; filename=\"f g\"\r\nContent-Language: de\r\n"
    "Content-Location: http://l/\r\n",
    "(\"a\" \"b\" NIL \"<i>\" \"d \\\"e\\\"\" \"7bit\" 3 \"m\" (\"attachment\" (\"filename\" \"f "
    "g\")) \"de\" \"http://l/\")" },
  { "Content-Type: a/b\r\nContent-Language: de, en\r\nContent-Disposition: inline\r\n",
    "(\"a\" \"b\" NIL NIL NIL \"7bit\" 3 NIL (\"inline\" NIL) (\"de\" \"en\") NIL)" },
  { "Content-Type: multipart/mixed; boundary=none\r\n",
    "(\"application\" \"octet-stream\" (\"boundary\" \"none\") NIL NIL \"7bit\" 3 NIL NIL NIL "
    "NIL)" },
  { "Content-Type: message/rfc822\r\n",
    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 3 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL) 1 NIL "
    "NIL NIL NIL)" },
};

static void
test_structures (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (structures); i++)
    {
      g_autofree char *message = g_strconcat (structures[i].header, "\r\nx\r\n", NULL);
      g_autoptr (WdMimeTree) tree = mime_check_index (message, strlen (message), 1000);
      gsize len;
      const char *text = wd_mime_tree_get_body_structure (tree, &len);
      g_autofree char *copy = g_strndup (text, len);

      mime_check_tree (tree, message, strlen (message));
      g_assert_cmpstr (copy, ==, structures[i].structure);
    }
}

static const struct
{
  const char *header;
  const char *envelope;
} envelopes[] = {
  { "", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
  // Absent is NIL, empty is the empty string; addresses are NIL in both cases.
  { "Subject:\r\nDate: \r\nTo:\r\nCc: , ,\r\n", "(\"\" \"\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
  { "Subject: a\r\n b\r\nIN-REPLY-TO: <1>\r\nmessage-id: <2>\r\nSubject: second\r\n",
    "(NIL \"a b\" NIL NIL NIL NIL NIL NIL \"<1>\" \"<2>\")" },
  // Sender and reply-to are from, unless they are there.
  { "From: A <a@x>\r\n", "(NIL NIL ((\"A\" NIL \"a\" \"x\")) ((\"A\" NIL \"a\" \"x\")) ((\"A\" NIL "
                         "\"a\" \"x\")) NIL NIL "
                         "NIL NIL NIL)" },
  { "From: a@x\r\nSender: b@x\r\nReply-To:\r\n",
    "(NIL NIL ((NIL NIL \"a\" \"x\")) ((NIL NIL \"b\" \"x\")) ((NIL NIL \"a\" \"x\")) NIL NIL NIL "
    "NIL NIL)" },
  { "To: a@x\r\nBcc: c@x\r\nCc: b@x\r\nTo: d@x\r\n",
    "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"x\")(NIL NIL \"d\" \"x\")) ((NIL NIL \"b\" \"x\")) "
    "((NIL NIL \"c\" \"x\")) NIL NIL)" },
  { "Subject: =?utf-8?q?=C3=BC?=\r\n",
    "(NIL \"=?utf-8?q?=C3=BC?=\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
  { "Subject: a\\b\"c\r\n", "(NIL \"a\\\\b\\\"c\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
  { "Subject: \xfc\"\r\n", "(NIL {2}\r\n\xfc\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
  { "Subject: a\rb\r\n", "(NIL \"a b\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
};

static void
test_envelopes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (envelopes); i++)
    {
      g_autofree char *message = g_strconcat (envelopes[i].header, "\r\nx\r\n", NULL);
      g_autoptr (WdMimeTree) tree = mime_check_index (message, strlen (message), 1000);
      gsize len;
      const char *text = wd_mime_tree_get_envelope (tree, &len);
      g_autofree char *copy = g_strndup (text, len);

      g_assert_cmpstr (copy, ==, envelopes[i].envelope);
    }
}

// Bodies of the parts, as the file says in them, by the numbers of RFC 3501 6.4.5.
static const struct
{
  const char *file;
  guint32 path[6];
  guint n_path;
  const char *body; // NULL: no such part.
} sections[] = {
  { "rfc3501-example.eml", { 1 }, 1, "1" },
  { "rfc3501-example.eml", { 2 }, 1, "2" },
  { "rfc3501-example.eml", { 3, 1 }, 2, "3.1" },
  { "rfc3501-example.eml", { 3, 2 }, 2, "3.2" },
  { "rfc3501-example.eml", { 4, 1 }, 2, "4.1" },
  { "rfc3501-example.eml", { 4, 2, 1 }, 3, "4.2.1" },
  { "rfc3501-example.eml", { 4, 2, 2, 1 }, 4, "4.2.2.1" },
  { "rfc3501-example.eml", { 4, 2, 2, 2 }, 4, "4.2.2.2" },
  { "rfc3501-example.eml", { 0 }, 1, NULL },
  { "rfc3501-example.eml", { 5 }, 1, NULL },
  { "rfc3501-example.eml", { 1, 1 }, 2, NULL },
  { "rfc3501-example.eml", { 3, 3 }, 2, NULL },
  { "rfc3501-example.eml", { 3, 1, 1 }, 3, NULL },
  { "rfc3501-example.eml", { 4, 2, 2, 3 }, 4, NULL },
  { "plain.eml", { 1 }, 1, "Hello Bob,\r\n\r\nthis is a plain message.\r\n\r\nAnna\r\n" },
  { "plain.eml", { 2 }, 1, NULL },
  { "plain.eml", { 1, 1 }, 2, NULL },
  { "forwarded.eml", { 1 }, 1, "See below.\r\n" },
  { "forwarded.eml", { 2, 1 }, 2, "text" },
  { "forwarded.eml", { 2, 2 }, 2, "<b>html</b>" },
  { "forwarded.eml", { 3, 1 }, 2, "one line" },
  { "forwarded.eml", { 3, 2 }, 2, NULL },
  { "forwarded.eml", { 3, 1, 1 }, 3, NULL },
  { "message-root.eml", { 1, 1, 1 }, 3, "deepest\r\n" },
  { "message-root.eml", { 1, 1, 1, 1 }, 4, NULL },
  { "message-root.eml", { 1, 1, 2 }, 3, NULL },
  { "message-root.eml", { 1, 2 }, 2, NULL },
  { "digest.eml", { 1, 1 }, 2, "one" },
  { "digest.eml", { 2 }, 1, "not a message" },
  { "digest.eml", { 3, 1 }, 2, "two" },
  { "prefix-boundary.eml", { 1, 1 }, 2, "one\r\n--abc-12\r\nnot a boundary" },
  { "prefix-boundary.eml", { 2, 1 }, 2, "two" },
  { "boundary-spaces.eml", { 1 }, 1, "one" },
  { "boundary-spaces.eml", { 2 }, 1, "two" },
  { "boundary-dashes.eml", { 1 }, 1, "one" },
  { "same-boundary.eml", { 1, 1 }, 2, "one" },
  { "same-boundary.eml", { 2 }, 1, "two" },
  { "missing-final-boundary.eml", { 2 }, 1, "two, and no end\r\n" },
  { "missing-inner-final-boundary.eml", { 1, 1 }, 2, "one" },
  { "missing-inner-final-boundary.eml", { 2 }, 1, "two" },
  { "mixed-line-ends.eml", { 1 }, 1, "one" },
  { "mixed-line-ends.eml", { 2 }, 1, "two" },
  { "bare-lf.eml", { 2 }, 1, "<p>two</p>" },
  { "rfc2231-boundary.eml", { 1 }, 1, "one" },
  { "dashes.eml", { 1 }, 1, "-\r\n--\r\n--qq\r\n-- q\r\n --q\r\n-- \r\nAnna" },
  { "folded.eml", { 1 }, 1, "x" },
  { "no-body.eml", { 1 }, 1, "" },
  { "empty.eml", { 1 }, 1, "" },
  { "no-header.eml", { 1 }, 1, "Just a body, and no header at all.\r\n" },
};

static void
test_sections (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (sections); i++)
    {
      g_autofree char *path
          = g_test_build_filename (G_TEST_DIST, "mime", "corpus", sections[i].file, NULL);
      g_autofree char *data = NULL;
      gsize len;
      g_autoptr (WdMimeTree) tree = NULL;
      const WdMimePart *part;

      g_assert_true (g_file_get_contents (path, &data, &len, NULL));
      tree = mime_check_index (data, len, 4096);
      part = wd_mime_tree_find (tree, sections[i].path, sections[i].n_path);
      g_test_message ("%s %" G_GSIZE_FORMAT, sections[i].file, i);
      if (sections[i].body == NULL)
        g_assert_null (part);
      else
        g_assert_cmpmem (data + part->body_start, (int) (part->body_end - part->body_start),
                         sections[i].body, (int) strlen (sections[i].body));
      g_assert_true (wd_mime_tree_find (tree, NULL, 0) == wd_mime_tree_get_parts (tree, NULL));
    }
}

static WdMimeTree *
index_text (const GString *text)
{
  WdMimeTree *tree = mime_check_index (text->str, text->len, 8192);

  mime_check_tree (tree, text->str, text->len);
  return tree;
}

static guint
count_parts (const WdMimeTree *tree)
{
  guint n_parts;

  (void) wd_mime_tree_get_parts (tree, &n_parts);
  return n_parts;
}

static void
test_depth_limit (void)
{
  for (guint depth = WD_LIMIT_MIME_DEPTH - 1; depth <= WD_LIMIT_MIME_DEPTH + 1; depth++)
    for (guint is_message = 0; is_message < 2; is_message++)
      {
        g_autoptr (GString) text = g_string_new (NULL);
        g_autoptr (WdMimeTree) tree = NULL;
        const WdMimePart *last;

        for (guint i = 1; i < depth; i++)
          if (is_message)
            g_string_append (text, "Content-Type: message/rfc822\r\n\r\n");
          else
            g_string_append_printf (text, "Content-Type: multipart/x; boundary=%u\r\n\r\n--%u\r\n",
                                    i, i);
        g_string_append (text, "Content-Type: a/b\r\n\r\nx\r\n");
        tree = index_text (text);
        last = &wd_mime_tree_get_parts (tree, NULL)[count_parts (tree) - 1];
        g_assert_cmpuint (count_parts (tree), ==, MIN (depth, WD_LIMIT_MIME_DEPTH));
        g_assert_cmpstr (last->type, ==,
                         depth <= WD_LIMIT_MIME_DEPTH ? "a/b" : "application/octet-stream");
        g_assert_cmpuint (last->body_end, ==, text->len);
      }
}

static void
test_parts_limit (void)
{
  for (guint n = WD_LIMIT_MIME_PARTS - 1; n <= WD_LIMIT_MIME_PARTS + 1; n++)
    {
      g_autoptr (GString) text = g_string_new ("Content-Type: multipart/x; boundary=b\r\n\r\n");
      g_autoptr (WdMimeTree) tree = NULL;
      const WdMimePart *last;
      gboolean is_beyond = n > WD_LIMIT_MIME_PARTS;

      for (guint i = 1; i < n; i++)
        g_string_append (text, "--b\r\nContent-Type: a/b\r\n\r\nx\r\n");
      g_string_append (text, "--b--\r\n");
      tree = index_text (text);
      last = &wd_mime_tree_get_parts (tree, NULL)[count_parts (tree) - 1];
      g_assert_cmpuint (count_parts (tree), ==, MIN (n, WD_LIMIT_MIME_PARTS));
      g_assert_cmpstr (last->type, ==, is_beyond ? "application/octet-stream" : "a/b");
      g_assert_cmpuint (last->body_end - last->body_start, ==,
                        is_beyond ? text->len - last->header_start : 1);
    }
}

// Beyond the limit of parts where the last part is a multipart, or lies deeper than the next.
static void
test_parts_limit_nested (void)
{
  static const char *const tails[] = {
    "--b\r\nContent-Type: multipart/x; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b\r\n\r\n--b--",
    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nx\r\n--b\r\n\r\nx\r\n",
    "--b\r\nContent-Type: message/rfc822\r\n\r\n--b\r\n\r\nx\r\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (tails); i++)
    for (guint n = WD_LIMIT_MIME_PARTS - 4; n <= WD_LIMIT_MIME_PARTS; n++)
      {
        g_autoptr (GString) text = g_string_new ("Content-Type: multipart/x; boundary=b\r\n\r\n");
        g_autoptr (WdMimeTree) tree = NULL;

        for (guint k = 1; k < n; k++)
          g_string_append (text, "--b\r\n\r\nx\r\n");
        g_string_append (text, tails[i]);
        tree = index_text (text);
        g_assert_cmpuint (count_parts (tree), >=, n);
      }
}

static char *
dup_envelope (const WdMimeTree *tree)
{
  gsize len;
  const char *text = wd_mime_tree_get_envelope (tree, &len);

  return g_strndup (text, len);
}

static void
test_header_limit (void)
{
  // The header ends so many octets beyond the limit. Its last field counts when one octet more is
  // known, which tells that no continuation follows.
  for (int by = -1; by <= 3; by++)
    {
      g_autoptr (GString) text = g_string_new ("X: ");
      g_autoptr (WdMimeTree) tree = NULL;
      g_autofree char *envelope = NULL;
      const char *tail = "\r\nSubject: s\r\n";
      gsize n = WD_LIMIT_MIME_HEADER_BYTES - strlen ("\r\n") - strlen (tail) - text->len;

      for (gsize i = 0; i < (gsize) ((gssize) n + by); i++)
        g_string_append_c (text, 'x');
      g_string_append (text, tail);
      g_string_append (text, "\r\nbody\r\n");
      tree = index_text (text);
      envelope = dup_envelope (tree);
      g_assert_cmpint (strstr (envelope, "\"s\"") != NULL, ==, by <= 1);
      // Offsets are right all the same.
      g_assert_cmpuint (wd_mime_tree_get_parts (tree, NULL)[0].body_start, ==,
                        text->len - strlen ("body\r\n"));
    }
}

static void
append_filler (GString *text, gsize n)
{
  g_string_append (text, "X: ");
  for (gsize i = strlen ("X: \r\n"); i < n; i++)
    g_string_append_c (text, 'x');
  g_string_append (text, "\r\n");
}

// A multipart whose headers leave `n_left` octets of the limit on all headers to that of its last
// part, where `n_before` octets precede the type. Returns the type that is found.
static char *
read_late_type (gsize n_left, gsize n_before)
{
  static const char root[] = "Content-Type: multipart/x; boundary=b\r\n\r\n";
  g_autoptr (GString) text = g_string_new (root);
  g_autoptr (WdMimeTree) tree = NULL;
  gsize n = WD_LIMIT_MIME_HEADERS_BYTES - strlen (root) - n_left;

  while (n > 0)
    {
      gsize n_header = n > 200000 ? 100000 : MIN (n, 100000);

      g_string_append (text, "--b\r\n");
      append_filler (text, n_header - 2);
      g_string_append (text, "\r\nx\r\n");
      n -= n_header;
    }
  g_string_append (text, "--b\r\n");
  append_filler (text, n_before);
  g_string_append (text, "Content-Type: a/b\r\n\r\nx\r\n--b--\r\n");
  tree = index_text (text);
  return g_strdup (wd_mime_tree_get_parts (tree, NULL)[count_parts (tree) - 1].type);
}

static void
test_headers_limit (void)
{
  const gsize n_field = strlen ("Content-Type: a/b\r\n");

  static const struct
  {
    gssize by; // Octets that are known beyond the field.
    gboolean is_found;
  } cases[] = { { 2, TRUE }, { 1, TRUE }, { 0, FALSE }, { -1, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *expected = cases[i].is_found ? "a/b" : "text/plain";
      gsize n_before = 5000;
      g_autofree char *type
          = read_late_type ((gsize) ((gssize) (n_before + n_field) + cases[i].by), n_before);
      g_autofree char *late_type = NULL;

      g_assert_cmpstr (type, ==, expected);
      n_before = (gsize) (WD_LIMIT_MIME_LATE_HEADER_BYTES - (gssize) n_field - cases[i].by);
      late_type = read_late_type (0, n_before);
      g_assert_cmpstr (late_type, ==, expected);
    }
}

static void
test_boundary_limit (void)
{
  for (gsize n = WD_LIMIT_MIME_BOUNDARY_BYTES - 1; n <= WD_LIMIT_MIME_BOUNDARY_BYTES + 1; n++)
    {
      g_autofree char *boundary = g_strnfill (n, 'b');
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (WdMimeTree) tree = NULL;
      g_autoptr (WdMimeTree) pieces = NULL;

      g_string_printf (text,
                       "Content-Type: multipart/x; boundary=%s\r\n\r\n--%s \t \r\n\r\n--%s--  ",
                       boundary, boundary, boundary);
      tree = index_text (text);
      g_assert_cmpuint (count_parts (tree), ==, n <= WD_LIMIT_MIME_BOUNDARY_BYTES ? 2 : 1);
      pieces = mime_check_index (text->str, text->len, 1);
      mime_check_equal (tree, pieces);
    }
}

static void
test_type_limits (void)
{
  for (gsize n = WD_LIMIT_MIME_TYPE_BYTES - 1; n <= WD_LIMIT_MIME_TYPE_BYTES + 1; n++)
    {
      g_autofree char *subtype = g_strnfill (n - 2, 't');
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (WdMimeTree) tree = NULL;

      g_string_printf (text, "Content-Type: a/%s\r\n\r\n", subtype);
      tree = index_text (text);
      g_assert_cmpuint (strlen (wd_mime_tree_get_parts (tree, NULL)->type), ==,
                        n <= WD_LIMIT_MIME_TYPE_BYTES ? n : strlen ("application/octet-stream"));
    }
  for (gsize n = WD_LIMIT_MIME_CHARSET_BYTES - 1; n <= WD_LIMIT_MIME_CHARSET_BYTES + 1; n++)
    {
      g_autofree char *charset = g_strnfill (n, 'c');
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (WdMimeTree) tree = NULL;

      g_string_printf (text, "Content-Type: text/plain; charset=%s\r\n\r\n", charset);
      tree = index_text (text);
      g_assert_cmpstr (wd_mime_tree_get_parts (tree, NULL)->charset, ==,
                       n <= WD_LIMIT_MIME_CHARSET_BYTES ? charset : NULL);
    }
}

static guint
count_in (const char *text, const char *what)
{
  guint n = 0;

  for (; (text = strstr (text, what)) != NULL; text++)
    n++;
  return n;
}

static void
test_address_limit (void)
{
  for (guint n = WD_LIMIT_MIME_ENVELOPE_ADDRESSES - 1; n <= WD_LIMIT_MIME_ENVELOPE_ADDRESSES + 1;
       n++)
    {
      g_autoptr (GString) text = g_string_new ("To: ");
      g_autoptr (WdMimeTree) tree = NULL;
      g_autofree char *envelope = NULL;

      // In two fields, for they count as one.
      for (guint i = 0; i < n; i++)
        g_string_append (text, i == n / 2 ? "\r\nTo: a@b," : "a@b,");
      g_string_append (text, "\r\n\r\n");
      tree = index_text (text);
      envelope = dup_envelope (tree);
      g_assert_cmpuint (count_in (envelope, "(NIL NIL \"a\" \"b\")"), ==,
                        MIN (n, WD_LIMIT_MIME_ENVELOPE_ADDRESSES));
    }
}

static const struct
{
  const char *header;
  guint8 flags;
} attachments[] = {
  { "", 0 },
  { "Content-Disposition: ATTACHMENT\r\n", WD_MIME_PART_ATTACHMENT },
  { "Content-Disposition: inline\r\n", 0 },
  { "Content-Type: text/plain; name=a\r\n", 0 },
  { "Content-Type: image/png\r\n", 0 },
  { "Content-Type: image/png; name=a\r\n", WD_MIME_PART_ATTACHMENT },
  { "Content-Type: image/png; name*0*=a\r\n", WD_MIME_PART_ATTACHMENT },
  { "Content-Type: image/png; named=a\r\n", 0 },
  { "Content-Type: a/b\r\nContent-Disposition: inline; filename=a\r\n", WD_MIME_PART_ATTACHMENT },
};

static void
test_attachments (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (attachments); i++)
    {
      g_autofree char *message = g_strconcat (attachments[i].header, "\r\nx\n", NULL);
      g_autoptr (WdMimeTree) tree = mime_check_index (message, strlen (message), 1000);

      g_assert_cmpuint (wd_mime_tree_get_parts (tree, NULL)->flags, ==, attachments[i].flags);
    }
}

// Of this thread alone, whatever else the machine does.
static gint64
get_cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

// Time has to grow with the size alone.
static void
check_linear (const char *open, const char *repeat)
{
  gint64 us[2];

  for (guint round = 0; round < 2; round++)
    {
      gsize n = round == 0 ? 20000 : 200000;
      g_autoptr (GString) text = g_string_new (open);
      g_autoptr (WdMimeTree) tree = NULL;
      gint64 start;

      while (text->len < n)
        g_string_append (text, repeat);
      start = get_cpu_us ();
      tree = mime_check_index (text->str, text->len, text->len);
      us[round] = get_cpu_us () - start;
    }
  g_test_message ("%s…: %d us, then %d us", repeat, (int) us[0], (int) us[1]);
  // Ten times the octets; quadratic would be a hundred times. Short times are noise.
  g_assert_cmpint (us[1], <, MAX (40 * us[0], 100000));
}

static void
test_linear (void)
{
  static const char *const repeats[]
      = { ",<@", "(",  "((", "\"", "\\\"",   "<",  "@",        "a@[",   "[",   ":",    "a:",   ";",
          ",",   "<a", ">",  ".",  "=?a?q?", "=?", "a@b c@d ", "(a)(b", "<\"", "<@a:", "\r\n " };
  static const char *const params[] = { ";",     ";a=", ";boundary*1=x",
                                        ";a=\"", ";(",  ";a=(",
                                        "(",     "\\",  ";boundary*0=x;boundary*0*=%41",
                                        "=;" };

  for (gsize i = 0; i < G_N_ELEMENTS (repeats); i++)
    check_linear ("To: ", repeats[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (params); i++)
    check_linear ("Content-Type: multipart/x", params[i]);
  check_linear ("", "To:\n");
  check_linear ("", "From: a@b\r\n");
  check_linear ("Content-Type: multipart/x; boundary=b\r\n\r\n", "--b\r\n");
  check_linear ("Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n", "--b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/indexer/corpus", test_corpus);
  g_test_add_func ("/mime/indexer/every-cut", test_every_cut);
  g_test_add_func ("/mime/indexer/structures", test_structures);
  g_test_add_func ("/mime/indexer/envelopes", test_envelopes);
  g_test_add_func ("/mime/indexer/sections", test_sections);
  g_test_add_func ("/mime/indexer/depth-limit", test_depth_limit);
  g_test_add_func ("/mime/indexer/parts-limit", test_parts_limit);
  g_test_add_func ("/mime/indexer/parts-limit-nested", test_parts_limit_nested);
  g_test_add_func ("/mime/indexer/header-limit", test_header_limit);
  g_test_add_func ("/mime/indexer/headers-limit", test_headers_limit);
  g_test_add_func ("/mime/indexer/boundary-limit", test_boundary_limit);
  g_test_add_func ("/mime/indexer/type-limits", test_type_limits);
  g_test_add_func ("/mime/indexer/address-limit", test_address_limit);
  g_test_add_func ("/mime/indexer/attachments", test_attachments);
  g_test_add_func ("/mime/indexer/linear", test_linear);
  return g_test_run ();
}
