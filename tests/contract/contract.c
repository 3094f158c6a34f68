// SPDX-License-Identifier: EUPL-1.2
// Runs the cases of one area against every backend.
#include "config.h"

#include "contract.h"

#include <string.h>

typedef struct
{
  const char *backend;
  const ContractCase *about;
} Run;

static void
run_case (gconstpointer data)
{
  const Run *run = data;
  Contract contract = { 0 };

  contract.scratch = wd_test_store_new_of (run->backend, run->about->options);
  contract.store = wd_test_store_get (contract.scratch);
  contract.other = wd_test_store_open_again (contract.scratch);
  contract.user = wd_test_store_add_user (contract.scratch, "alice", "alice@example.com");
  contract.actor = WD_ACTOR_SELF (contract.user);
  run->about->func (&contract);
  g_object_unref (contract.other);
  wd_test_store_free (contract.scratch);
}

static void
skip (gconstpointer data)
{
  g_autofree char *reason = g_strdup_printf ("%s is not set", wd_test_store_get_missing ());

  g_test_skip (reason);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (const char *const *backend = wd_test_store_list_backends (); *backend != NULL; backend++)
    for (const ContractCase *about = contract_cases; about->name != NULL; about++)
      {
        Run *run = g_new (Run, 1);
        g_autofree char *scheme = g_strndup (*backend, strcspn (*backend, ":"));
        g_autofree char *path
            = g_strdup_printf ("/contract/%s/%s/%s", scheme, contract_area, about->name);

        *run = (Run){ *backend, about };
        g_test_add_data_func_full (path, run, run_case, g_free);
      }
  if (wd_test_store_get_missing () != NULL)
    {
      g_autofree char *path = g_strdup_printf ("/contract/cluster/%s", contract_area);

      g_test_add_data_func (path, NULL, skip);
    }
  return g_test_run ();
}
