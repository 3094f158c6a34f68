// SPDX-License-Identifier: EUPL-1.2
// The limits of accounts, which take many writes to reach.
#include "config.h"

#include "contract.h"
#include "core-limits.h"

const char contract_area[] = "account-limits";

static void
add_address (Contract *contract, const char *text)
{
  const WdAddress spec = { .user = contract->user, .address = (char *) text };
  WdId id;

  contract_assert_works (wd_store_create_address (contract->store, &spec, &id, NULL, &error));
}

static void
test_tags (Contract *contract)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  WdUserFields fields = WD_USER_FIELD_TAGS;

  for (guint i = 0; i < WD_LIMIT_TAGS; i++)
    g_strv_builder_add (builder, "tag");

  g_auto (GStrv) at = g_strv_builder_end (builder);

  for (guint i = 0; i < WD_LIMIT_TAGS + 1; i++)
    g_strv_builder_add (builder, "tag");

  g_auto (GStrv) above = g_strv_builder_end (builder);
  const WdUser changes_at = { .tags = at };
  const WdUser changes_above = { .tags = above };
  const WdListQuery query = { .tags = (const char *const *) above, .limit = 1 };
  guint64 total;
  gboolean has_more;

  contract_assert_works (
      wd_store_update_user (contract->store, &contract->user, &changes_at, fields, NULL, &error));
  contract_assert_fails (
      wd_store_update_user (contract->store, &contract->user, &changes_above, fields, NULL, &error),
      WD_STORE_ERROR_LIMIT);
  contract_assert_fails (
      wd_store_list_users (contract->store, &query, &total, &has_more, NULL, &error) != NULL,
      WD_STORE_ERROR_LIMIT);
}

static void
test_addresses (Contract *contract)
{
  const WdAddress spec = { .user = contract->user, .address = "above@example.com" };
  WdId id;

  // alice has one already.
  for (guint i = 1; i < WD_LIMIT_ADDRESSES; i++)
    {
      g_autofree char *address = g_strdup_printf ("a%u@example.com", i);

      add_address (contract, address);
    }

  contract_assert_fails (wd_store_create_address (contract->store, &spec, &id, NULL, &error),
                         WD_STORE_ERROR_LIMIT);
}

const ContractCase contract_cases[] = {
  { "tags", test_tags },
  { "addresses", test_addresses },
  { NULL },
};
