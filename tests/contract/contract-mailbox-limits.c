// SPDX-License-Identifier: EUPL-1.2
// How many mailboxes there may be.
#include "config.h"

#include "contract-util.h"
#include "core-limits.h"

const char contract_area[] = "mailbox-limits";

static gboolean
try_create (Contract *contract, const char *path, GError **error)
{
  WdId id;

  return wd_store_create_mailbox (contract->store, &contract->actor, path, WD_SPECIAL_USE_NONE,
                                  NULL, &id, NULL, error);
}

static void
test_mailbox_limit (Contract *contract)
{
  for (guint i = 5; i < WD_LIMIT_MAILBOXES; i++)
    {
      g_autofree char *path = g_strdup_printf ("m%u", i);

      contract_create (contract, path);
    }
  contract_assert_fails (try_create (contract, "one more", &error), WD_STORE_ERROR_LIMIT);
}

const ContractCase contract_cases[] = {
  { "mailbox-limit", test_mailbox_limit },
  { NULL },
};
