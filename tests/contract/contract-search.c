// SPDX-License-Identifier: EUPL-1.2
// SEARCH: every key, and the same hits whether a text is indexed or not.
#include "config.h"

#include <string.h>

#include "contract-util.h"
#include "core-clock.h"

const char contract_area[] = "search";

#define DAY_MS (24 * 60 * 60 * G_GINT64_CONSTANT (1000))

static void
assert_found (Contract *contract, const WdId *box, WdSearchExpr *taken, const char *expected)
{
  g_autoptr (WdSearchExpr) expr = taken;
  g_autoptr (WdUidSet) uids = NULL;
  WdModseq modseq;

  contract_assert_works (
      wd_store_search (contract->store, &contract->actor, box, expr, &uids, &modseq, NULL, &error));
  contract_assert_set (uids, expected);
  g_assert_true ((modseq == 0) == wd_uidset_is_empty (uids));
}

static WdSearchExpr *
flags_expr (WdSearchOp op, WdFlags flags)
{
  WdSearchExpr *expr = wd_search_expr_new (op);

  expr->flags = flags;
  return expr;
}

static WdSearchExpr *
number_expr (WdSearchOp op, guint64 number)
{
  WdSearchExpr *expr = wd_search_expr_new (op);

  expr->number = number;
  return expr;
}

static WdSearchExpr *
day_expr (WdSearchOp op, gint32 day)
{
  WdSearchExpr *expr = wd_search_expr_new (op);

  expr->day = day;
  return expr;
}

static WdSearchExpr *
text_expr (WdSearchOp op, const char *header, const char *text)
{
  WdSearchExpr *expr = wd_search_expr_new (op);

  expr->header = g_strdup (header);
  expr->text = g_strdup (text);
  return expr;
}

static WdSearchExpr *
uids_expr (const char *uids)
{
  WdSearchExpr *expr = wd_search_expr_new (WD_SEARCH_UIDS);

  expr->uids = contract_set (uids);
  return expr;
}

static WdSearchExpr *
pair_expr (WdSearchOp op, WdSearchExpr *a, WdSearchExpr *b)
{
  WdSearchExpr *expr = wd_search_expr_new (op);

  wd_search_expr_take_child (expr, a);
  if (b != NULL)
    wd_search_expr_take_child (expr, b);
  return expr;
}

static void
append_dated (Contract *contract, const char *octets, gint64 date_ms, gint16 zone_minutes)
{
  g_autoptr (WdIncoming) incoming = wd_test_store_new_incoming (contract->scratch, octets, -1);
  WdAppend item
      = { .incoming = incoming, .internal_date_ms = date_ms, .zone_minutes = zone_minutes };
  WdId inbox = contract_box (contract, "INBOX");
  guint32 uidvalidity;
  WdAppended out;

  contract_assert_works (wd_store_append (contract->store, &contract->actor, &inbox, &item, 1, &out,
                                          &uidvalidity, NULL, &error));
}

static void
test_rows (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdModseq modseq;

  contract_append_many (contract, 9);
  contract_append (contract, CONTRACT_MESSAGE, 0);
  modseq = contract_flags (contract, &inbox, "2:4", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  contract_flags (contract, &inbox, "4:5", WD_FLAG_OP_ADD, WD_FLAG_FLAGGED);

  assert_found (contract, &inbox, wd_search_expr_new (WD_SEARCH_ALL), "1:10");
  assert_found (contract, &inbox, flags_expr (WD_SEARCH_FLAGS_SET, WD_FLAG_SEEN), "2:4");
  assert_found (contract, &inbox, flags_expr (WD_SEARCH_FLAGS_SET, WD_FLAG_SEEN | WD_FLAG_FLAGGED),
                "4");
  assert_found (contract, &inbox,
                flags_expr (WD_SEARCH_FLAGS_UNSET, WD_FLAG_SEEN | WD_FLAG_FLAGGED), "1,6:10");
  assert_found (contract, &inbox, number_expr (WD_SEARCH_LARGER, strlen (CONTRACT_MESSAGE) - 1),
                "10");
  assert_found (contract, &inbox, number_expr (WD_SEARCH_LARGER, strlen (CONTRACT_MESSAGE)), "");
  assert_found (contract, &inbox, number_expr (WD_SEARCH_SMALLER, strlen (CONTRACT_MESSAGE)),
                "1:9");
  assert_found (contract, &inbox, number_expr (WD_SEARCH_MODSEQ, modseq), "2:5");
  assert_found (contract, &inbox, uids_expr ("1,5:7,20"), "1,5:7");
  assert_found (contract, &inbox, uids_expr (""), "");
}

static void
test_tree (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdSearchExpr *deep = uids_expr ("3");

  contract_append_many (contract, 6);
  contract_flags (contract, &inbox, "1:3", WD_FLAG_OP_ADD, WD_FLAG_SEEN);
  assert_found (
      contract, &inbox,
      pair_expr (WD_SEARCH_AND, uids_expr ("2:5"), flags_expr (WD_SEARCH_FLAGS_SET, WD_FLAG_SEEN)),
      "2:3");
  assert_found (
      contract, &inbox,
      pair_expr (WD_SEARCH_OR, uids_expr ("5"), flags_expr (WD_SEARCH_FLAGS_SET, WD_FLAG_SEEN)),
      "1:3,5");
  assert_found (
      contract, &inbox,
      pair_expr (WD_SEARCH_NOT, pair_expr (WD_SEARCH_OR, uids_expr ("6"), uids_expr ("1:2")), NULL),
      "3:5");
  assert_found (contract, &inbox,
                pair_expr (WD_SEARCH_OR, uids_expr ("1"),
                           pair_expr (WD_SEARCH_AND, uids_expr ("4:6"), uids_expr ("1:4"))),
                "1,4");
  for (guint i = 0; i < 30; i++)
    deep = pair_expr (i % 2 == 0 ? WD_SEARCH_NOT : WD_SEARCH_AND, deep, NULL);
  assert_found (contract, &inbox, deep, "1:2,4:6");
}

static void
test_days (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  const gint64 noon_ms = 1000 * DAY_MS + DAY_MS / 2;

  // The same moment is another day where the clock was another; a day before 1970 is one, too.
  append_dated (contract, "Date: Mon, 2 Jan 2023 23:59:59 -0500\r\n\r\nx", noon_ms, 0);
  append_dated (contract, "Date: Tue, 3 Jan 2023 00:00:00 +0100\r\n\r\nx", noon_ms, 13 * 60);
  append_dated (contract, "Subject: undated\r\n\r\nx", noon_ms, -13 * 60);
  append_dated (contract, "Date: nonsense\r\n\r\nx", -1, 0);
  assert_found (contract, &inbox, day_expr (WD_SEARCH_ON, 1000), "1");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_ON, 1001), "2");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_ON, -1), "4");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_BEFORE, 1000), "3:4");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_SINCE, 1000), "1:2");

  // 2023-01-02 is day 19359.
  assert_found (contract, &inbox, day_expr (WD_SEARCH_SENT_ON, 19359), "1");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_SENT_SINCE, 19359), "1:2");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_SENT_BEFORE, 19360), "1");

  gint32 today = (gint32) (wd_core_clock_now_us () / 1000 / DAY_MS);

  assert_found (contract, &inbox, day_expr (WD_SEARCH_SAVED_SINCE, today), "1:4");
  assert_found (contract, &inbox, day_expr (WD_SEARCH_SAVED_BEFORE, today), "");
}

static void
test_age (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  gint64 now_ms = wd_core_clock_now_us () / 1000;

  append_dated (contract, CONTRACT_MESSAGE, now_ms - 7200 * 1000, 0);
  append_dated (contract, CONTRACT_MESSAGE, now_ms, 0);
  assert_found (contract, &inbox, number_expr (WD_SEARCH_YOUNGER, 3600), "2");
  assert_found (contract, &inbox, number_expr (WD_SEARCH_OLDER, 3600), "1");
  assert_found (contract, &inbox, number_expr (WD_SEARCH_YOUNGER, G_MAXUINT64), "1:2");
}

static const char *const texts[] = {
  "From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.net>\r\n"
  "Subject: =?iso-8859-1?q?Gr=FC=DFe_aus_K=F6ln?=\r\nX-Empty:\r\n\r\nSch\xc3\xb6n, dass du da "
  "bist.\r\n",
  "From: \"Smith, John\" <john@example.org>\r\nTo: Anna <anna@example.com>,\r\n\tBert "
  "<bert@x.y>\r\n"
  "Subject: quarterly \"results\" 100%\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
  "The quick brown f=\r\nox jumps.\r\n",
  "Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble word\r\n--b\r\n"
  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
  "SGVsbG8gV29ybGQgR3LDvMOfZQ==\r\n--b\r\nContent-Type: application/pdf\r\n\r\nnotseen\r\n--b\r\n"
  "Content-Type: message/rfc822\r\n\r\nSubject: innermost\r\n\r\ninnertext\r\n--b--\r\n",
  "Subject: plain\r\nCc: carol@example.net\r\nBcc: dave@example.net\r\n\r\nab\r\nzz top\r\n",
};

static void
assert_texts (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");

  const struct
  {
    WdSearchOp op;
    const char *header;
    const char *text;
    const char *expected;
  } cases[] = {
    { WD_SEARCH_HEADER, "From", "M\xc3\x9cLLER", "1" },
    { WD_SEARCH_HEADER, "from", "mu\xcc\x88ller", "1" },
    { WD_SEARCH_HEADER, "FROM", "example", "1:2" },
    { WD_SEARCH_HEADER, "From", "smith, j", "2" },
    { WD_SEARCH_HEADER, "Subject",
      "gr\xc3\xbc\xc3\x9f"
      "e aus",
      "1" },
    { WD_SEARCH_HEADER, "Subject", "\"results\" 100%", "2" },
    { WD_SEARCH_HEADER, "Subject", "q", "2" },
    { WD_SEARCH_HEADER, "Subject", "", "1:4" },
    { WD_SEARCH_HEADER, "X-Empty", "", "1" },
    { WD_SEARCH_HEADER, "X-Empty", "x", "" },
    { WD_SEARCH_HEADER, "X-Missing", "", "" },
    { WD_SEARCH_HEADER, "To", "anna@example.com>, bert", "" },
    { WD_SEARCH_HEADER, "To", "bert", "2" },
    { WD_SEARCH_HEADER, "Cc", "carol", "4" },
    { WD_SEARCH_HEADER, "Bcc", "DAVE", "4" },
    { WD_SEARCH_HEADER, "Content-Type", "multipart", "3" },
    { WD_SEARCH_BODY, NULL, "sch\xc3\xb6n", "1" },
    { WD_SEARCH_BODY, NULL, "BROWN FOX", "2" },
    { WD_SEARCH_BODY, NULL, "hello world gr\xc3\xbc\xc3\x9f", "3" },
    { WD_SEARCH_BODY, NULL, "SGVsbG8", "" },
    { WD_SEARCH_BODY, NULL, "notseen", "" },
    { WD_SEARCH_BODY, NULL, "innertext", "3" },
    { WD_SEARCH_BODY, NULL, "innermost", "3" },
    { WD_SEARCH_BODY, NULL, "quarterly", "" },
    { WD_SEARCH_BODY, NULL, "ab", "4" },
    { WD_SEARCH_BODY, NULL, "zz", "4" },
    { WD_SEARCH_TEXT, NULL, "quarterly", "2" },
    { WD_SEARCH_TEXT, NULL, "quick", "2" },
    { WD_SEARCH_TEXT, NULL, "bcc: dave", "4" },
    { WD_SEARCH_TEXT, NULL, "nowhere to be found", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s %s", cases[i].header != NULL ? cases[i].header : "-", cases[i].text);
      assert_found (contract, &inbox, text_expr (cases[i].op, cases[i].header, cases[i].text),
                    cases[i].expected);
    }
  assert_found (contract, &inbox,
                pair_expr (WD_SEARCH_NOT, text_expr (WD_SEARCH_BODY, NULL, "fox"), NULL), "1,3:4");
  assert_found (contract, &inbox,
                pair_expr (WD_SEARCH_OR, text_expr (WD_SEARCH_BODY, NULL, "fox"),
                           text_expr (WD_SEARCH_HEADER, "Cc", "carol")),
                "2,4");
  assert_found (
      contract, &inbox,
      pair_expr (WD_SEARCH_AND, text_expr (WD_SEARCH_HEADER, "From", "example"), uids_expr ("2:9")),
      "2");
}

static void
test_texts (Contract *contract)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    contract_append (contract, texts[i], 0);
  assert_texts (contract);
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
  assert_texts (contract);
}

// Half of them indexed, some of those gone again.
static void
test_partly_indexed (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  WdId trash = contract_box (contract, "Trash");
  g_autofree char *expunged = NULL;

  contract_append_many (contract, 20);
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
  contract_append_many (contract, 20);
  contract_copy (contract, &inbox, "3:5", &trash, TRUE);
  expunged = contract_expunge (contract, &inbox, "10,30");
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
  contract_append_many (contract, 3);
  assert_found (contract, &inbox, text_expr (WD_SEARCH_BODY, NULL, "text 3."), "23,43");
  assert_found (contract, &trash, text_expr (WD_SEARCH_BODY, NULL, "text 3."), "1");
  assert_found (contract, &inbox, text_expr (WD_SEARCH_BODY, NULL, "text 10."), "");
}

// Random words out of few letters, so that trigrams abound: the index finds what a plain scan
// finds.
static void
test_random (Contract *contract)
{
  enum
  {
    N_MESSAGES = 120,
    N_QUERIES = 150,
  };

  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (GPtrArray) bodies = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < N_MESSAGES; i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      guint len = (guint) g_test_rand_int_range (5, 200);

      while (len-- > 0)
        g_string_append (body, (const char *const[]){ "a", "B", "c", " ", "\xc3\xa4", "\xc3\x84",
                                                      "\"" }[g_test_rand_int_range (0, 7)]);

      g_autofree char *octets
          = g_strdup_printf ("Content-Type: text/plain; charset=utf-8\r\n\r\n%s", body->str);

      contract_append (contract, octets, 0);
      g_ptr_array_add (bodies, wd_search_fold (body->str, -1));
    }
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));

  for (guint i = 0; i < N_QUERIES; i++)
    {
      const char *from = g_ptr_array_index (bodies, (guint) g_test_rand_int_range (0, N_MESSAGES));
      glong n = g_utf8_strlen (from, -1);
      glong start = g_test_rand_int_range (0, (gint32) n);
      glong len = g_test_rand_int_range (1, (gint32) MIN (9, n - start) + 1);
      g_autofree char *query = g_utf8_substring (from, start, start + len);
      g_autoptr (WdUidSet) expected = wd_uidset_new ();
      g_autoptr (GString) text = g_string_new (NULL);

      for (guint j = 0; j < N_MESSAGES; j++)
        if (strstr (g_ptr_array_index (bodies, j), query) != NULL)
          wd_uidset_add (expected, j + 1);
      wd_uidset_to_string (expected, text);
      assert_found (contract, &inbox, text_expr (WD_SEARCH_BODY, NULL, query), text->str);
    }
}

// A mailbox, and what its messages say: by UID, NULL where one is gone.
typedef struct
{
  WdId id;
  GPtrArray *bodies;
} Box;

#define N_WORDS 40

static void
fill_box (Contract *contract, Box *inbox)
{
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *octets
          = g_strdup_printf ("Subject: word%02u\r\n\r\n", g_test_rand_int_range (0, N_WORDS));
      g_autofree char *body = g_strdup_printf ("word%02u", g_test_rand_int_range (0, N_WORDS));
      g_autofree char *all = g_strconcat (octets, body, NULL);

      contract_append (contract, all, 0);
      g_ptr_array_add (inbox->bodies, g_steal_pointer (&all));
    }
}

// A stretch of what is there, as text. NULL when there is nothing.
static char *
pick_stretch (const Box *box, guint max_count, guint *out_first, guint *out_last)
{
  guint n = box->bodies->len;
  guint first = n == 0 ? 0 : (guint) g_test_rand_int_range (0, (gint32) n);
  guint count = (guint) g_test_rand_int_range (1, (gint32) max_count + 1);
  guint last = MIN (n, first + count);

  for (guint i = first; i < last; i++)
    if (g_ptr_array_index (box->bodies, i) != NULL)
      {
        *out_first = first;
        *out_last = last;
        return g_strdup_printf ("%u:%u", first + 1, last);
      }
  return NULL;
}

static void
take_out (Box *box, guint i)
{
  g_free (g_ptr_array_index (box->bodies, i));
  box->bodies->pdata[i] = NULL;
}

static void
transfer (Contract *contract, Box *from, Box *to, gboolean moves)
{
  guint first, last;
  g_autofree char *uids = pick_stretch (from, 20, &first, &last);

  if (uids == NULL)
    return;
  contract_copy (contract, &from->id, uids, &to->id, moves);
  for (guint i = first; i < last; i++)
    if (g_ptr_array_index (from->bodies, i) != NULL)
      {
        g_ptr_array_add (to->bodies, g_strdup (g_ptr_array_index (from->bodies, i)));
        if (moves)
          take_out (from, i);
      }
}

static void
expunge_some (Contract *contract, Box *box)
{
  guint first, last;
  g_autofree char *uids = pick_stretch (box, 5, &first, &last);

  if (uids == NULL)
    return;
  g_free (contract_expunge (contract, &box->id, uids));
  for (guint i = first; i < last; i++)
    take_out (box, i);
}

static void
compare_box (Contract *contract, const Box *box, WdSearchOp op, const char *a, const char *b)
{
  g_autoptr (WdUidSet) either = wd_uidset_new ();
  g_autoptr (WdUidSet) none = wd_uidset_new ();
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) rest = g_string_new (NULL);

  for (guint i = 0; i < box->bodies->len; i++)
    {
      const char *octets = g_ptr_array_index (box->bodies, i);
      const char *where;

      if (octets == NULL)
        continue;
      where = op == WD_SEARCH_BODY ? strstr (octets, "\r\n\r\n") : octets;
      if (op == WD_SEARCH_HEADER
              ? strncmp (octets + strlen ("Subject: "), a, strlen (a)) == 0
                    || strncmp (octets + strlen ("Subject: "), b, strlen (b)) == 0
              : strstr (where, a) != NULL || strstr (where, b) != NULL)
        wd_uidset_add (either, i + 1);
      else
        wd_uidset_add (none, i + 1);
    }
  wd_uidset_to_string (either, text);
  wd_uidset_to_string (none, rest);
  assert_found (
      contract, &box->id,
      pair_expr (WD_SEARCH_OR, text_expr (op, "Subject", a), text_expr (op, "Subject", b)),
      text->str);
  assert_found (contract, &box->id,
                pair_expr (WD_SEARCH_AND,
                           pair_expr (WD_SEARCH_NOT, text_expr (op, "Subject", a), NULL),
                           pair_expr (WD_SEARCH_NOT, text_expr (op, "Subject", b), NULL)),
                rest->str);
}

// While messages come, are copied to and fro, and go, in part before they are indexed.
static void
test_moving (Contract *contract)
{
  static const WdSearchOp searched[] = { WD_SEARCH_HEADER, WD_SEARCH_BODY, WD_SEARCH_TEXT };
  Box boxes[2] = { { contract_box (contract, "INBOX"), g_ptr_array_new_with_free_func (g_free) },
                   { contract_box (contract, "Trash"), g_ptr_array_new_with_free_func (g_free) } };

  for (guint round = 0; round < 12; round++)
    {
      fill_box (contract, &boxes[0]);
      if (round % 3 != 1)
        contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
      for (guint i = 0; i < 4; i++)
        {
          guint from = (guint) g_test_rand_int_range (0, 2);

          transfer (contract, &boxes[from], &boxes[1 - from], g_test_rand_bit ());
          expunge_some (contract, &boxes[from]);
        }
      for (guint i = 0; i < 6; i++)
        {
          g_autofree char *a = g_strdup_printf ("word%02u", g_test_rand_int_range (0, N_WORDS));
          g_autofree char *b = g_strdup_printf ("word%02u", g_test_rand_int_range (0, N_WORDS));

          compare_box (contract, &boxes[i % 2], searched[i % G_N_ELEMENTS (searched)], a, b);
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++)
    g_ptr_array_unref (boxes[i].bodies);
}

static void
test_long_body (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (GString) octets = g_string_new ("Subject: long\r\n\r\n");

  while (octets->len < 1500 * 1024)
    g_string_append (octets, "the same line once more\r\n");
  g_string_append (octets, "needle\r\n");
  contract_append (contract, octets->str, 0);
  contract_append (contract, CONTRACT_MESSAGE, 0);
  contract_assert_works (wd_store_maintain (contract->store, NULL, &error));
  assert_found (contract, &inbox, text_expr (WD_SEARCH_BODY, NULL, "needle"), "1");
  assert_found (contract, &inbox, text_expr (WD_SEARCH_HEADER, "Subject", "long"), "1");
}

static void
test_nowhere (Contract *contract)
{
  g_autoptr (WdSearchExpr) expr = wd_search_expr_new (WD_SEARCH_ALL);
  WdUidSet *uids = NULL;
  WdId nowhere;

  wd_core_id_new (&nowhere);
  contract_assert_fails (wd_store_search (contract->store, &contract->actor, &nowhere, expr, &uids,
                                          NULL, NULL, &error),
                         WD_STORE_ERROR_NOT_FOUND);
}

const ContractCase contract_cases[] = {
  { "rows", test_rows },
  { "tree", test_tree },
  { "days", test_days },
  { "age", test_age },
  { "texts", test_texts },
  { "partly-indexed", test_partly_indexed },
  { "random", test_random },
  { "moving", test_moving },
  { "long-body", test_long_body },
  { "nowhere", test_nowhere },
  { NULL },
};
