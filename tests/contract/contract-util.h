// SPDX-License-Identifier: EUPL-1.2
// Short ways to say what the cases about mail do. All of it acts as alice, on contract->store.
#pragma once

#include "contract.h"

// "1:3,5" as a set, and the other way round.
WdUidSet *contract_set (const char *text) G_GNUC_WARN_UNUSED_RESULT;
void contract_assert_set (const WdUidSet *set, const char *expected);

WdId contract_box (Contract *contract, const char *path);
WdId contract_create (Contract *contract, const char *path);
WdMailboxInfo *contract_info (Contract *contract, const WdId *box) G_GNUC_WARN_UNUSED_RESULT;
WdMailboxState *contract_select (Contract *contract, const WdId *box, gboolean claim)
    G_GNUC_WARN_UNUSED_RESULT;

// Appends to INBOX; `n` of them have the subjects 1, 2, ….
WdUid contract_append (Contract *contract, const char *octets, WdFlags flags);
void contract_append_many (Contract *contract, guint n);

WdModseq
contract_flags (Contract *contract, const WdId *box, const char *uids, WdFlagOp op, WdFlags flags);
// With force. Returns what went as text.
char *contract_expunge (Contract *contract, const WdId *box, const char *uids)
    G_GNUC_WARN_UNUSED_RESULT;
void contract_copy (
    Contract *contract, const WdId *source, const char *uids, const WdId *target, gboolean move);

// What happened since.
void contract_assert_changes (Contract *contract,
                              const WdId *box,
                              WdModseq since,
                              const char *added,
                              const char *changed,
                              const char *expunged);

// One row without its borrowed texts; FALSE when there is none.
gboolean contract_get_row (Contract *contract, const WdId *box, WdUid uid, WdMessageRow *out_row);

WdContent *contract_open (Contract *contract, const WdId *box, WdUid uid) G_GNUC_WARN_UNUSED_RESULT;
GString *contract_read (Contract *contract, const WdId *box, WdUid uid) G_GNUC_WARN_UNUSED_RESULT;

// wd_store_check with `repair`: how many findings, of which `out_n_repaired` were mended.
guint contract_check (Contract *contract, gboolean repair, guint *out_n_repaired);

#define CONTRACT_MESSAGE                                                                           \
  "From: Anna <anna@example.net>\r\nTo: alice@example.com\r\nSubject: hello\r\n"                   \
  "Date: Mon, 2 Jan 2023 10:00:00 +0100\r\n\r\nText.\r\n"
