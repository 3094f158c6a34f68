// SPDX-License-Identifier: EUPL-1.2
// Search keys and FETCH items, read without a session.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-fetch-plan.h"
#include "imap-search.h"

static gboolean
find_keyword (const char *name, WdFlags *out_flag, gpointer user_data)
{
  if (g_ascii_strcasecmp (name, "Work") != 0)
    return FALSE;
  *out_flag = WD_FLAG_KEYWORD (3);
  return TRUE;
}

static void describe_children (const WdSearchExpr *expr, GString *out);

static void
describe (const WdSearchExpr *expr, GString *out)
{
  switch (expr->op)
    {
    case WD_SEARCH_ALL:
      g_string_append (out, "all");
      break;
    case WD_SEARCH_AND:
      g_string_append (out, "and");
      break;
    case WD_SEARCH_OR:
      g_string_append (out, "or");
      break;
    case WD_SEARCH_NOT:
      g_string_append (out, "not");
      break;
    case WD_SEARCH_UIDS:
      g_string_append (out, "uids=");
      wd_uidset_to_string (expr->uids, out);
      break;
    case WD_SEARCH_FLAGS_SET:
      g_string_append_printf (out, "set=%x", (guint) expr->flags);
      break;
    case WD_SEARCH_FLAGS_UNSET:
      g_string_append_printf (out, "unset=%x", (guint) expr->flags);
      break;
    case WD_SEARCH_LARGER:
    case WD_SEARCH_SMALLER:
    case WD_SEARCH_MODSEQ:
    case WD_SEARCH_YOUNGER:
    case WD_SEARCH_OLDER:
      g_string_append_printf (out, "%u=%" G_GUINT64_FORMAT, expr->op, expr->number);
      break;
    case WD_SEARCH_BEFORE:
    case WD_SEARCH_ON:
    case WD_SEARCH_SINCE:
    case WD_SEARCH_SENT_BEFORE:
    case WD_SEARCH_SENT_ON:
    case WD_SEARCH_SENT_SINCE:
    case WD_SEARCH_SAVED_BEFORE:
    case WD_SEARCH_SAVED_ON:
    case WD_SEARCH_SAVED_SINCE:
      g_string_append_printf (out, "%u=%d", expr->op, expr->day);
      break;
    case WD_SEARCH_HEADER:
      g_string_append_printf (out, "header=%s:%s", expr->header, expr->text);
      break;
    case WD_SEARCH_BODY:
      g_string_append_printf (out, "body=%s", expr->text);
      break;
    case WD_SEARCH_TEXT:
      g_string_append_printf (out, "text=%s", expr->text);
      break;
    }
  describe_children (expr, out);
}

static void
describe_children (const WdSearchExpr *expr, GString *out)
{
  if (expr->children == NULL)
    return;
  g_string_append_c (out, '(');
  for (guint i = 0; i < expr->children->len; i++)
    {
      g_string_append (out, i > 0 ? " " : "");
      describe (g_ptr_array_index (expr->children, i), out);
    }
  g_string_append_c (out, ')');
}

// Returns (transfer full) (nullable): the tree as text.
static char *
read_keys (const char *input, gboolean *out_bad_charset)
{
  WdImapParser parser;
  g_autoptr (WdUidSet) known = wd_uidset_new_range (11, 20);
  g_autoptr (WdUidSet) recent = wd_uidset_new_range (19, 20);
  WdImapSearch search = { .known = known, .recent = recent, .find_keyword = find_keyword };
  g_autoptr (WdSearchExpr) expr = NULL;
  GString *out;

  wd_imap_parse_init (&parser, input, strlen (input));
  gboolean ok = wd_imap_search_parse (&search, &parser, &expr);
  *out_bad_charset = search.bad_charset;
  wd_imap_search_clear (&search);
  if (!ok)
    {
      g_assert_nonnull (parser.error);
      g_assert_null (expr);
      return NULL;
    }
  out = g_string_new (NULL);
  describe (expr, out);
  return g_string_free (out, FALSE);
}

static void
test_keys (void)
{
  static const struct
  {
    const char *input;
    const char *tree;
  } rows[] = {
    { "ALL", "all" },
    { "all seen", "and(all set=1)" },
    { "(SEEN)", "set=1" },
    { "((SEEN) UNSEEN)", "and(set=1 unset=1)" },
    { "NOT NOT SEEN", "not(not(set=1))" },
    { "OR SEEN (DELETED DRAFT)", "or(set=1 and(set=8 set=10))" },
    { "KEYWORD work", "set=800" },
    { "KEYWORD x", "uids=" },
    { "UNKEYWORD x", "all" },
    { "1,3:*", "uids=11,13:20" },
    { "*", "uids=20" },
    { "UID 1:12", "uids=11:12" },
    { "RECENT", "uids=19:20" },
    { "NEW", "and(uids=19:20 unset=1)" },
    { "OLD", "not(uids=19:20)" },
    { "FROM x", "header=From:x" },
    { "SUBJECT \"a b\"", "header=Subject:a b" },
    { "HEADER X-Y {1}\r\nz", "header=X-Y:z" },
    { "BODY \"\"", "body=" },
    { "TEXT \"\xc3\xa4\"", "text=\xc3\xa4" },
    { "BEFORE 1-Jan-1970", NULL },
    { "LARGER 4294967296", NULL },
    { "MODSEQ \"/flags/\\\\seen\" priv 7", NULL },
    { "CHARSET ISO-8859-1 TEXT {1}\r\n\xe4", "text=\xc3\xa4" },
    { "THREADID x", "uids=" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean bad_charset;
      g_autofree char *tree = read_keys (rows[i].input, &bad_charset);

      g_assert_nonnull (tree);
      if (rows[i].tree != NULL)
        g_assert_cmpstr (tree, ==, rows[i].tree);
    }
}

static void
test_bad_keys (void)
{
  static const struct
  {
    const char *input;
    gboolean bad_charset;
  } rows[] = {
    { "", FALSE },
    { "(", FALSE },
    { "()", FALSE },
    { "ALL ", FALSE },
    { "ALL  ALL", FALSE },
    { "KEYWORD", FALSE },
    { "KEYWORD \"x\"", FALSE },
    { "UID", FALSE },
    { "UID x", FALSE },
    { "MODSEQ \"x\" foo 7", FALSE },
    { "MODSEQ 9223372036854775808", FALSE },
    { "CHARSET UTF-8", FALSE },
    { "CHARSET X-NO-SUCH ALL", TRUE },
    { "CHARSET US-ASCII TEXT {1}\r\n\xe4", TRUE },
    { "TEXT {1}\r\n\xe4", TRUE },
    { "CHARSET UTF-8 TEXT {2}\r\n\xc3\x28", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean bad_charset;
      g_autofree char *tree = read_keys (rows[i].input, &bad_charset);

      g_assert_null (tree);
      g_assert_cmpint (bad_charset, ==, rows[i].bad_charset);
    }
}

// At, below and above the number of keys.
static void
test_key_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GString) text = g_string_new ("ALL");
      gboolean bad_charset;

      for (int i = 1; i < WD_LIMIT_IMAP_SEARCH_KEYS + extra; i++)
        g_string_append (text, " ALL");
      g_autofree char *tree = read_keys (text->str, &bad_charset);
      g_assert_cmpint (tree != NULL, ==, extra <= 0);
    }
}

// NOT nests without parentheses: each is a level, and so is the key at the end.
static void
test_depth_limit (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      gboolean bad_charset;

      for (int i = 1; i < WD_LIMIT_IMAP_NESTING + extra; i++)
        g_string_append (text, i % 2 != 0 ? "NOT " : "OR ALL ");
      g_string_append (text, "ALL");
      g_autofree char *tree = read_keys (text->str, &bad_charset);
      g_assert_cmpint (tree != NULL, ==, extra <= 0);
    }
}

// A plan as text: its items, and the labels of its sections.
static char *
read_items (const char *input, gboolean *out_marks_seen)
{
  WdImapParser parser;
  g_autoptr (WdImapFetchPlan) plan = NULL;
  GString *out;

  wd_imap_parse_init (&parser, input, strlen (input));
  if (!wd_imap_fetch_plan_parse (&parser, &plan) || !wd_imap_parse_end (&parser))
    return NULL;
  out = g_string_new (NULL);
  for (guint i = 0; i < plan->n_items; i++)
    g_string_append_printf (out, "%s ", plan->items[i]->name);
  for (guint i = 0; i < plan->sections->len; i++)
    {
      const WdImapSection *section = g_ptr_array_index (plan->sections, i);

      g_string_append_printf (out, "%s ", section->label);
    }
  *out_marks_seen = plan->marks_seen;
  return g_string_free (out, FALSE);
}

static void
test_items (void)
{
  static const struct
  {
    const char *input;
    const char *plan; // NULL: refused.
    gboolean marks_seen;
  } rows[] = {
    { "flags", "FLAGS ", FALSE },
    { "(UID FLAGS UID)", "UID FLAGS ", FALSE },
    { "ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE ", FALSE },
    { "full", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY ", FALSE },
    { "RFC822", "RFC822 ", TRUE },
    { "RFC822.HEADER", "RFC822.HEADER ", FALSE },
    { "(RFC822.TEXT RFC822.SIZE)", "RFC822.SIZE RFC822.TEXT ", TRUE },
    { "BODY[]", "BODY[] ", TRUE },
    { "BODY.PEEK[]", "BODY[] ", FALSE },
    { "(BODY BODY[TEXT])", "BODY BODY[TEXT] ", TRUE },
    { "BODY[1.2.3]<0.10>", "BODY[1.2.3]<0> ", TRUE },
    { "(BODY[]<0.10> BODY[]<0.20> BODY[]<0.10>)", "BODY[]<0> BODY[]<0> ", TRUE },
    { "BODY[1.HEADER.FIELDS (a \"b\" {1}\r\nc)]", "BODY[1.HEADER.FIELDS (a b c)] ", TRUE },
    { "BODY[HEADER.FIELDS (\"a(b\")]", "BODY[HEADER.FIELDS (\"a(b\")] ", TRUE },
    { "BODY[4.1.MIME]", "BODY[4.1.MIME] ", TRUE },
    { "", NULL, FALSE },
    { "()", NULL, FALSE },
    { "(FLAGS ALL)", NULL, FALSE },
    { "BODY.PEEK", NULL, FALSE },
    { "BODY[1.]", NULL, FALSE },
    { "BODY[.1]", NULL, FALSE },
    { "BODY[01]", "BODY[1] ", TRUE },
    { "BODY[1.0]", NULL, FALSE },
    { "BODY[4294967296]", NULL, FALSE },
    { "BODY[TEXT.1]", NULL, FALSE },
    { "BODY[MIME]", NULL, FALSE },
    { "BODY[HEADER.FIELDS (a:b)]", NULL, FALSE },
    { "BODY[HEADER.FIELDS (\"\")]", NULL, FALSE },
    { "BODY[HEADER.FIELDS (\"a b\")]", NULL, FALSE },
    { "BODY[]<1>", NULL, FALSE },
    { "BODY[]<1.>", NULL, FALSE },
    { "BODY[]<-1.2>", NULL, FALSE },
    { "BODY[]<1.4294967296>", NULL, FALSE },
    { "RFC822[]", NULL, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gboolean marks_seen = FALSE;
      g_autofree char *plan = read_items (rows[i].input, &marks_seen);

      g_assert_cmpstr (plan, ==, rows[i].plan);
      g_assert_cmpint (marks_seen, ==, rows[i].marks_seen);
    }
}

static void
test_item_limits (void)
{
  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GString) items = g_string_new ("(");
      g_autoptr (GString) fields = g_string_new ("BODY[HEADER.FIELDS (");
      g_autoptr (GString) path = g_string_new ("BODY[1");
      gboolean marks_seen;

      for (int i = 0; i < WD_LIMIT_IMAP_FETCH_ITEMS + extra; i++)
        g_string_append_printf (items, "%sBODY[%d]", i > 0 ? " " : "", i + 1);
      g_string_append_c (items, ')');
      for (int i = 0; i < WD_LIMIT_IMAP_HEADER_FIELDS + extra; i++)
        g_string_append (fields, i > 0 ? " a" : "a");
      g_string_append (fields, ")]");
      for (int i = 1; i < 2 * WD_LIMIT_MIME_DEPTH + extra; i++)
        g_string_append (path, ".1");
      g_string_append_c (path, ']');
      g_autofree char *a = read_items (items->str, &marks_seen);
      g_autofree char *b = read_items (fields->str, &marks_seen);
      g_autofree char *c = read_items (path->str, &marks_seen);
      g_assert_cmpint (a != NULL, ==, extra <= 0);
      g_assert_cmpint (b != NULL, ==, extra <= 0);
      g_assert_cmpint (c != NULL, ==, extra <= 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/search/keys", test_keys);
  g_test_add_func ("/imap/search/bad-keys", test_bad_keys);
  g_test_add_func ("/imap/search/key-limit", test_key_limit);
  g_test_add_func ("/imap/search/depth-limit", test_depth_limit);
  g_test_add_func ("/imap/search/items", test_items);
  g_test_add_func ("/imap/search/item-limits", test_item_limits);
  return g_test_run ();
}
