// SPDX-License-Identifier: EUPL-1.2
// A journal that has grown too long to tell everything: thousands of changes.
#include "config.h"

#include "contract-util.h"

const char contract_area[] = "journal";

static void
test_changes_too_old (Contract *contract)
{
  WdId inbox = contract_box (contract, "INBOX");
  g_autoptr (WdMailboxChanges) changes = NULL;
  g_autoptr (WdMailboxChanges) future = NULL;
  WdModseq modseq = 0;

  contract_append_many (contract, 2);
  for (guint i = 0; i < 100000 && (changes == NULL || changes->is_complete); i++)
    {
      modseq = contract_flags (contract, &inbox, "1:2",
                               i % 2 == 0 ? WD_FLAG_OP_ADD : WD_FLAG_OP_REMOVE, WD_FLAG_SEEN);
      if (i % 1000 != 999)
        continue;
      g_clear_pointer (&changes, wd_mailbox_changes_free);
      contract_assert_works ((changes = wd_store_list_changes (contract->store, &contract->actor,
                                                               &inbox, 3, FALSE, 0, NULL, &error))
                             != NULL);
    }
  g_assert_false (changes->is_complete);
  g_assert_cmpuint (changes->highest_modseq, ==, modseq);
  contract_assert_changes (contract, &inbox, modseq - 10000, "", "1:2", "");

  // A modseq that never was, as after a restored backup.
  contract_assert_works ((future = wd_store_list_changes (contract->store, &contract->actor, &inbox,
                                                          modseq + 1, FALSE, 0, NULL, &error))
                         != NULL);
  g_assert_false (future->is_complete);
}

const ContractCase contract_cases[] = {
  { "changes-too-old", test_changes_too_old, NULL },
  { NULL, NULL, NULL },
};
