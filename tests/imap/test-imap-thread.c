// SPDX-License-Identifier: EUPL-1.2
// Threads: the steps of RFC 5256 on small and on large mailboxes.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-subject.h"
#include "imap-thread.h"
#include "mime-message-id.h"

// "id subject references…", in order of number; the date is the number, unless @date ends it.
typedef struct
{
  const char *name;
  const char *messages[10];
  const char *threads;
} ThreadCase;

static const ThreadCase cases[] = {
  { "none", { NULL }, "" },
  { "one", { "a x" }, "(1)" },
  { "chain", { "a x", "b y a", "c z a b" }, "(1 2 3)" },
  { "children-first", { "c z a b", "b y a", "a x" }, "(3 2 1)" },
  { "branches", { "a x", "b y a", "c z a", "d w a b" }, "(1 (2 4)(3))" },
  { "missing-parent", { "b y a" }, "(1)" },
  { "missing-between", { "a x", "c z a b" }, "(1 2)" },
  { "missing-root-two", { "b y a", "c z a" }, "((1)(2))" },
  { "missing-root-deep", { "c z a b", "d w a b" }, "((1)(2))" },
  { "missing-chain-one", { "d w a b c" }, "(1)" },
  { "by-date", { "a x @9", "b y @3", "c z a @5", "d w a @4" }, "(2)(1 (4)(3))" },
  { "dummy-by-first-child", { "b y q @5", "c z q @9", "d w @7" }, "((1)(2))(3)" },
  { "same-date", { "a x @5", "b y @5" }, "(1)(2)" },
  // Loops.
  { "itself", { "a x a" }, "(1)" },
  { "each-other", { "a x b", "b y a" }, "(2 1)" },
  { "circle", { "a x b", "b y c", "c z a" }, "(3 2 1)" },
  { "circle-in-one", { "a x b c b" }, "(1)" },
  // What a message says of itself replaces what others said.
  { "truncated", { "c z b", "b y", "a x" }, "(2 1)(3)" },
  { "own-parent", { "c z a b", "b y q", "a x" }, "(2 1)(3)" },
  // Ids twice, or not at all.
  { "twice", { "a x", "a y", "b z a" }, "(1 3)(2)" },
  { "without", { "- x", "- y", "b z a" }, "(1)(2)(3)" },
  // Subjects.
  { "reply-by-subject", { "a x", "b Re:x" }, "(1 2)" },
  { "reply-first", { "b Re:x", "a x" }, "(2 1)" },
  { "two-replies", { "a Re:x", "b Re:x" }, "((1)(2))" },
  { "no-replies", { "a x", "b x" }, "((1)(2))" },
  { "three", { "a x", "b x", "c x" }, "((1)(2)(3))" },
  { "three-one-reply", { "a x", "b x", "c Re:x" }, "((1)(2)(3))" },
  { "empty-subject", { "a -", "b -" }, "(1)(2)" },
  { "into-dummy", { "a x q", "b y q", "c Re:x" }, "((1)(2)(3))" },
  { "two-dummies", { "a x q", "b y q", "c x r", "d z r" }, "((1)(2)(3)(4))" },
  { "reply-with-children", { "a x", "b Re:x", "c y b" }, "(1 2 3)" },
};

static void
add_line (WdImapThread *thread, guint number, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_autoptr (GPtrArray) references = g_ptr_array_new ();
  g_autofree char *base = NULL;
  gint64 date = number;
  gboolean is_reply;

  for (guint i = 2; words[i] != NULL; i++)
    if (words[i][0] == '@')
      date = g_ascii_strtoll (words[i] + 1, NULL, 10);
    else
      g_ptr_array_add (references, words[i]);
  g_ptr_array_add (references, NULL);
  base = wd_imap_subject_dup_base (strcmp (words[1], "-") == 0 ? "" : words[1], &is_reply);
  wd_imap_thread_add (thread, number, date, base, is_reply,
                      strcmp (words[0], "-") == 0 ? NULL : words[0],
                      (const char *const *) references->pdata);
}

static char *
run (WdImapThread *thread)
{
  GString *out = g_string_new (NULL);

  wd_imap_thread_run (thread);
  g_assert_true (wd_imap_thread_is_empty (thread) == !wd_imap_thread_append_next (thread, out));
  while (wd_imap_thread_append_next (thread, out))
    ;
  return g_string_free (out, FALSE);
}

static void
test_case (gconstpointer data)
{
  const ThreadCase *about = data;
  g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_REFERENCES);
  g_autofree char *threads = NULL;

  for (guint i = 0; about->messages[i] != NULL; i++)
    add_line (thread, i + 1, about->messages[i]);
  threads = run (thread);
  g_assert_cmpstr (threads, ==, about->threads);
}

static void
test_ordered_subject (void)
{
  static const char *const lines[] = { "a x @5", "b y @1", "c Re:x @3", "d x @4", "e Re:y @9" };
  g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_ORDEREDSUBJECT);
  g_autofree char *threads = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    add_line (thread, i + 1, lines[i]);
  threads = run (thread);
  g_assert_cmpstr (threads, ==, "(2 5)(3 (4)(1))");
}

// A hundred thousand messages, each an answer to the one before: no recursion, no quadratic walk.
static void
test_deep (void)
{
  enum
  {
    N = 100 * 1000
  };

  g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_REFERENCES);
  g_autofree char *threads = NULL;
  g_autoptr (GString) expected = g_string_new ("(");

  for (guint i = 1; i <= N; i++)
    {
      g_autofree char *line
          = i == 1 ? g_strdup ("1 x") : g_strdup_printf ("%u x%u %u", i, i, i - 1);

      add_line (thread, i, line);
      g_string_append_printf (expected, i == 1 ? "%u" : " %u", i);
    }
  g_string_append_c (expected, ')');
  threads = run (thread);
  g_assert_true (strcmp (threads, expected->str) == 0);
}

// Each message has two answers.
static void
test_wide (void)
{
  g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_REFERENCES);
  g_autofree char *threads = NULL;
  gint depth = 0;
  gint deepest = 0;

  for (guint i = 1; i < 4096; i++)
    {
      g_autofree char *line
          = i == 1 ? g_strdup ("1 x") : g_strdup_printf ("%u x%u %u", i, i, i / 2);

      add_line (thread, i, line);
    }
  threads = run (thread);
  for (const char *p = threads; *p != '\0'; p++)
    {
      depth += (*p == '(') - (*p == ')');
      deepest = MAX (deepest, depth);
    }
  g_assert_cmpint (depth, ==, 0);
  g_assert_cmpint (deepest, ==, 12);
}

static const struct
{
  const char *value;
  const char *ids;
} fields[] = {
  { "", "" },
  { "<a@b>", "a@b" },
  { " <a@b>\r\n\t<c@d> ", "a@b c@d" },
  { "<\"a\"@b>", "a@b" },
  { "<\"a\\\"x\"@b>", "a\"x@b" },
  { "<a @\r\n b>", "a@b" },
  { "text <a@b> (x)", "a@b" },
  { "<a<b@c>", "b@c" },
  { "<>", "" },
  { "<a@b", "" },
  { "a@b", "" },
  { "<\"a>b\"@c>", "a>b@c" },
};

static void
test_ids (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
      g_autofree char *joined = NULL;

      wd_mime_message_id_append (fields[i].value, strlen (fields[i].value), G_MAXUINT, ids);
      g_ptr_array_add (ids, NULL);
      joined = g_strjoinv (" ", (char **) ids->pdata);
      g_assert_cmpstr (joined, ==, fields[i].ids);
    }
}

static void
test_id_limits (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
      g_autofree char *id = g_strnfill ((gsize) (WD_LIMIT_MIME_MESSAGE_ID_BYTES + extra), 'x');
      g_autofree char *value = g_strdup_printf ("<%s> <a@b>", id);
      g_autoptr (GString) many = g_string_new (NULL);

      wd_mime_message_id_append (value, strlen (value), 10, ids);
      g_assert_cmpuint (ids->len, ==, extra <= 0 ? 2 : 1);
      g_ptr_array_set_size (ids, 0);
      for (int i = 0; i < WD_LIMIT_IMAP_REFERENCES + extra; i++)
        g_string_append (many, "<a@b>");
      wd_mime_message_id_append (many->str, many->len, WD_LIMIT_IMAP_REFERENCES, ids);
      g_assert_cmpuint (ids->len, ==, WD_LIMIT_IMAP_REFERENCES + MIN (extra, 0));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/imap/thread/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/imap/thread/ordered-subject", test_ordered_subject);
  g_test_add_func ("/imap/thread/deep", test_deep);
  g_test_add_func ("/imap/thread/wide", test_wide);
  g_test_add_func ("/imap/thread/ids", test_ids);
  g_test_add_func ("/imap/thread/id-limits", test_id_limits);
  return g_test_run ();
}
