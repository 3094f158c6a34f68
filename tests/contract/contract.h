// SPDX-License-Identifier: EUPL-1.2
// The contract suite: what every backend must do, said once. A file contract-AREA.c has the cases
// of one area and becomes one program, which runs them against each backend of
// wd_test_store_list_backends().
#pragma once

#include "test-store.h"

// Ready for each case: an empty store with one user, "alice", whose address is alice@example.com.
typedef struct
{
  WdTestStore *scratch;
  WdStore *store;
  WdStore *other; // The same store, opened as another process would.
  WdId user;
  WdActor actor;
} Contract;

typedef struct
{
  const char *name;
  void (*func) (Contract *contract);
  const WdStoreOptions *options; // (nullable)
} ContractCase;

// Defined by contract-AREA.c; the last one has no name.
extern const char contract_area[];
extern const ContractCase contract_cases[];

// The outcome is this error.
#define contract_assert_fails(call, code)                                                          \
  G_STMT_START                                                                                     \
  {                                                                                                \
    GError *error = NULL;                                                                          \
    g_assert_false ((call));                                                                       \
    g_assert_error (error, WD_STORE_ERROR, (gint) (code));                                         \
    g_clear_error (&error);                                                                        \
  }                                                                                                \
  G_STMT_END

// It succeeds.
#define contract_assert_works(call)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    GError *error = NULL;                                                                          \
    gboolean works_ = (call);                                                                      \
    g_assert_no_error (error);                                                                     \
    g_assert_true (works_);                                                                        \
  }                                                                                                \
  G_STMT_END
