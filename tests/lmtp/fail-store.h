// SPDX-License-Identifier: EUPL-1.2
// A store around another one, which fails where it is told to. Only what taking mail in needs.
#pragma once

#include "store.h"

#define FAIL_TYPE_STORE (fail_store_get_type ())
G_DECLARE_FINAL_TYPE (FailStore, fail_store, FAIL, STORE, GObject)

// What fails with a code while it is set; -1: nothing.
typedef struct
{
  gint find_user;
  gint get_quota;
  gint find_mailbox;
  gint append;
  WdId append_user; // Only of this one, unless none.
  // Runs before an append is handed on (nullable).
  void (*before_append) (gpointer data);
  gpointer before_append_data;
} FailPlan;

// `inner` is referenced.
FailStore *fail_store_new (WdStore *inner);

// To be changed while nothing runs. Returns (transfer none).
FailPlan *fail_store_get_plan (FailStore *self);
