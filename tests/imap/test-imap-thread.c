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
  g_assert_true (wd_imap_thread_add (thread, number, date, base, is_reply,
                                     strcmp (words[0], "-") == 0 ? NULL : words[0],
                                     (const char *const *) references->pdata));
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

#define N_MANY (100 * 1000u)

// The line of message `i` of many. What it refers to comes before or after it, and says the same or
// the contrary.
typedef char *(*LineFunc) (guint i);

static char *
answer_last (guint i)
{
  return i == 1 ? g_strdup ("1 x") : g_strdup_printf ("%u x%u %u", i, i, i - 1);
}

static char *
answer_next (guint i)
{
  return g_strdup_printf ("%u x%u %u", i, i, i + 1);
}

static char *
answer_in_circle (guint i)
{
  return g_strdup_printf ("%u x%u %u", i, i, i % N_MANY + 1);
}

static char *
answer_all_before (guint i)
{
  if (i < 10)
    return answer_last (i);
  return g_strdup_printf ("%u x%u 1 %u %u %u %u", i, i, i / 2, i - 3, i - 2, i - 1);
}

// Half of them are one long thread. Each of the others says that one which has an answer already
// is an answer to its end, or to its beginning: who looks for a loop walks through all of it.
static char *
answer_the_end (guint i)
{
  const guint n = N_MANY / 2;

  if (i <= n)
    return answer_last (i);
  if (i % 2 == 0)
    return g_strdup_printf ("%u x%u d%u", i, i, i + 1);
  return g_strdup_printf ("%u x%u %u d%u e%u 1", i, i, n, i, i);
}

// All contradict each other.
static char *
answer_anything (guint i)
{
  guint a = i * 7919 % N_MANY + 1;
  guint b = i * 104729 % N_MANY + 1;

  return g_strdup_printf ("%u x%u %u %u %u %u", i, i, a, b, a / 2 + 1, b / 3 + 1);
}

static const struct
{
  const char *name;
  LineFunc get_line;
  guint depth; // Of one chain of all: no parentheses are in it; 0: it is not that.
} large[] = {
  { "/imap/thread/many/last", answer_last, 1 },
  { "/imap/thread/many/next", answer_next, 1 },
  { "/imap/thread/many/circle", answer_in_circle, 1 },
  { "/imap/thread/many/all-before", answer_all_before, 1 },
  { "/imap/thread/many/end", answer_the_end, 0 },
  { "/imap/thread/many/anything", answer_anything, 0 },
};

// No recursion, no quadratic walk. All messages are there, once.
static void
test_many (gconstpointer data)
{
  guint which = GPOINTER_TO_UINT (data);
  g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_REFERENCES);
  g_autofree char *threads = NULL;
  g_autofree gboolean *is_seen = g_new0 (gboolean, N_MANY + 1);
  guint n_seen = 0;
  gint depth = 0;
  gint64 start_us;

  for (guint i = 1; i <= N_MANY; i++)
    {
      g_autofree char *line = large[which].get_line (i);

      add_line (thread, i, line);
    }
  start_us = g_get_monotonic_time ();
  threads = run (thread);
  g_test_message ("%" G_GINT64_FORMAT " us", g_get_monotonic_time () - start_us);
  for (const char *p = threads; *p != '\0';)
    {
      char *end;
      guint64 number = g_ascii_strtoull (p, &end, 10);

      depth += (*p == '(') - (*p == ')');
      g_assert_cmpint (depth, >=, 0);
      if (end == p)
        {
          p++;
          continue;
        }
      g_assert_false (is_seen[number]);
      is_seen[number] = TRUE;
      n_seen++;
      p = end;
    }
  g_assert_cmpint (depth, ==, 0);
  g_assert_cmpuint (n_seen, ==, N_MANY);
  if (large[which].depth == 1)
    g_assert_null (strchr (threads + 1, '('));
}

// The references of one message that has `n` besides its parent; of all of them, none is there.
static void
add_referring (WdImapThread *thread, guint number, guint n)
{
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "%u x%u", number, number);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (line, " %u-%u", number, i);
  add_line (thread, number, line->str);
}

// Past the limit, what is not there holds nothing together any more; parents still do.
static void
test_references_limit (void)
{
  g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_REFERENCES);
  g_autofree char *threads = NULL;
  const guint n = WD_LIMIT_IMAP_REFERENCES_BYTES / (WD_LIMIT_IMAP_REFERENCES * 64) + 10;

  add_line (thread, 1, "1 r a b");
  add_line (thread, 2, "2 s a c");
  for (guint i = 3; i < n; i++)
    add_referring (thread, i, WD_LIMIT_IMAP_REFERENCES);
  add_line (thread, n, "m t d e");
  add_line (thread, n + 1, "n u d f");
  add_line (thread, n + 2, "o v d m");
  threads = run (thread);
  g_autofree char *last = g_strdup_printf (")(%u %u)(%u)", n, n + 2, n + 1);
  g_assert_true (g_str_has_prefix (threads, "((1)(2))(3)(4)("));
  g_assert_true (g_str_has_suffix (threads, last));
}

// Texts of `n_bytes` with their ends, of which the subject of each message is one.
static gboolean
add_texts (WdImapThread *thread, gsize n_bytes)
{
  gboolean ok = TRUE;

  for (guint i = 1; n_bytes > 0; i++)
    {
      gsize len = MIN (n_bytes, 16 * 1024 * 1024);
      g_autofree char *text = g_strnfill (len - 1, 'x');

      g_assert_true (ok);
      ok = wd_imap_thread_add (thread, i, i, text, FALSE, NULL, NULL);
      n_bytes -= len;
    }
  return ok;
}

static void
test_text_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (WdImapThread) thread = wd_imap_thread_new (WD_IMAP_THREAD_ORDEREDSUBJECT);

      g_assert_true (add_texts (thread, (gsize) (WD_LIMIT_IMAP_ORDER_BYTES + extra))
                     == (extra <= 0));
      g_assert_true (wd_imap_thread_is_full (thread) == (extra > 0));
    }
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
  for (guint i = 0; i < G_N_ELEMENTS (large); i++)
    g_test_add_data_func (large[i].name, GUINT_TO_POINTER (i), test_many);
  g_test_add_func ("/imap/thread/references-limit", test_references_limit);
  g_test_add_func ("/imap/thread/text-limit", test_text_limit);
  g_test_add_func ("/imap/thread/wide", test_wide);
  g_test_add_func ("/imap/thread/ids", test_ids);
  g_test_add_func ("/imap/thread/id-limits", test_id_limits);
  return g_test_run ();
}
