// SPDX-License-Identifier: EUPL-1.2
// Helpers of the contract suite.
#include "config.h"

#include "contract-util.h"

#include <stdlib.h>
#include <string.h>

WdUidSet *
contract_set (const char *text)
{
  WdUidSet *set = wd_uidset_new ();
  g_auto (GStrv) ranges = g_strsplit (text, ",", -1);

  for (guint i = 0; ranges[i] != NULL && ranges[i][0] != '\0'; i++)
    {
      char *end;
      WdUid first = (WdUid) strtoul (ranges[i], &end, 10);
      WdUid last = *end == ':' ? (end[1] == '*' ? G_MAXUINT32 : (WdUid) strtoul (end + 1, NULL, 10))
                               : first;

      wd_uidset_add_range (set, first, last);
    }
  return set;
}

static char *
dup_text (const WdUidSet *set)
{
  GString *text = g_string_new (NULL);

  wd_uidset_to_string (set, text);
  return g_string_free (text, FALSE);
}

void
contract_assert_set (const WdUidSet *set, const char *expected)
{
  g_autofree char *text = dup_text (set);

  g_assert_cmpstr (text, ==, expected);
}

WdId
contract_box (Contract *contract, const char *path)
{
  return wd_test_store_get_mailbox (contract->scratch, &contract->user, path);
}

WdId
contract_create (Contract *contract, const char *path)
{
  WdId id = { 0 };

  contract_assert_works (wd_store_create_mailbox (contract->store, &contract->actor, path,
                                                  WD_SPECIAL_USE_NONE, NULL, &id, NULL, &error));
  return id;
}

WdMailboxInfo *
contract_info (Contract *contract, const WdId *box)
{
  WdMailboxInfo *info;

  contract_assert_works (
      (info = wd_store_get_mailbox (contract->store, &contract->actor, box, NULL, &error)) != NULL);
  return info;
}

WdMailboxState *
contract_select (Contract *contract, const WdId *box, gboolean claim)
{
  WdMailboxState *state;

  contract_assert_works ((state = wd_store_select_mailbox (contract->store, &contract->actor, box,
                                                           claim, NULL, &error))
                         != NULL);
  return state;
}

WdUid
contract_append (Contract *contract, const char *octets, WdFlags flags)
{
  return wd_test_store_append (contract->scratch, &contract->user, "INBOX", octets, -1, flags);
}

void
contract_append_many (Contract *contract, guint n)
{
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *octets
          = g_strdup_printf ("From: a@example.net\r\nSubject: %u\r\n\r\nText %u.\r\n", i, i);

      contract_append (contract, octets, 0);
    }
}

WdModseq
contract_flags (Contract *contract, const WdId *box, const char *uids, WdFlagOp op, WdFlags flags)
{
  g_autoptr (WdUidSet) set = contract_set (uids);
  WdFlagChange change = { .op = op, .flags = flags };
  WdModseq modseq = 0;

  contract_assert_works (wd_store_store_flags (contract->store, &contract->actor, box, set, &change,
                                               NULL, NULL, &modseq, NULL, &error));
  return modseq;
}

char *
contract_expunge (Contract *contract, const WdId *box, const char *uids)
{
  g_autoptr (WdUidSet) set = contract_set (uids);
  g_autoptr (WdUidSet) expunged = NULL;
  WdModseq modseq;

  contract_assert_works (wd_store_expunge (contract->store, &contract->actor, box, set, TRUE,
                                           &expunged, &modseq, NULL, &error));
  return dup_text (expunged);
}

void
contract_copy (
    Contract *contract, const WdId *source, const char *uids, const WdId *target, gboolean move)
{
  g_autoptr (WdUidSet) set = contract_set (uids);
  g_autoptr (WdUidSet) from = NULL;
  g_autoptr (WdUidSet) to = NULL;
  guint32 uidvalidity;

  contract_assert_works (wd_store_copy (contract->store, &contract->actor, source, set, target,
                                        move, NULL, NULL, &from, &to, &uidvalidity, NULL, &error));
  g_assert_cmpuint (wd_uidset_get_count (from), ==, wd_uidset_get_count (to));
}

void
contract_assert_changes (Contract *contract,
                         const WdId *box,
                         WdModseq since,
                         const char *added,
                         const char *changed,
                         const char *expunged)
{
  g_autoptr (WdMailboxChanges) changes = NULL;

  contract_assert_works ((changes = wd_store_list_changes (contract->store, &contract->actor, box,
                                                           since, FALSE, 0, NULL, &error))
                         != NULL);
  g_assert_true (changes->is_complete);
  g_assert_false (changes->is_gone);
  contract_assert_set (changes->added, added);
  contract_assert_set (changes->changed, changed);
  contract_assert_set (changes->expunged, expunged);
}

static gboolean
keep_row (WdMessageRow *row, gpointer data)
{
  WdMessageRow *kept = data;

  *kept = *row;
  kept->envelope = kept->body = kept->body_structure = NULL;
  row->content = NULL;
  return FALSE;
}

static WdMessageRow
fetch_one (Contract *contract, const WdId *box, WdUid uid, WdFetchFields fields)
{
  g_autoptr (WdUidSet) set = wd_uidset_new_range (uid, uid);
  WdMessageRow row = { 0 };

  contract_assert_works (wd_store_fetch (contract->store, &contract->actor, box, set, fields, 0,
                                         keep_row, &row, NULL, &error));
  return row;
}

gboolean
contract_get_row (Contract *contract, const WdId *box, WdUid uid, WdMessageRow *out_row)
{
  *out_row = fetch_one (contract, box, uid, WD_FETCH_FLAGS);
  return out_row->uid != 0;
}

WdContent *
contract_open (Contract *contract, const WdId *box, WdUid uid)
{
  WdMessageRow row = fetch_one (contract, box, uid, WD_FETCH_CONTENT);

  g_assert_nonnull (row.content);
  return row.content;
}

GString *
contract_read (Contract *contract, const WdId *box, WdUid uid)
{
  g_autoptr (WdContent) content = contract_open (contract, box, uid);
  GString *octets = g_string_new (NULL);

  contract_assert_works (wd_content_read (content, 0, G_MAXSIZE / 2, octets, &error));
  g_assert_cmpuint (octets->len, ==, wd_content_get_size_bytes (content));
  return octets;
}

typedef struct
{
  guint n;
  guint n_repaired;
} Findings;

static void
count_finding (const WdStoreFinding *finding, gpointer data)
{
  Findings *findings = data;

  g_test_message ("%s: %s%s", finding->what, finding->detail,
                  finding->is_repaired ? " (mended)" : "");
  findings->n++;
  findings->n_repaired += finding->is_repaired;
}

guint
contract_check (Contract *contract, gboolean repair, guint *out_n_repaired)
{
  Findings findings = { 0 };

  contract_assert_works (
      wd_store_check (contract->store, NULL, repair, count_finding, NULL, &findings, NULL, &error));
  if (out_n_repaired != NULL)
    *out_n_repaired = findings.n_repaired;
  return findings.n;
}
