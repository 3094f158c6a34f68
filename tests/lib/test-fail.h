// SPDX-License-Identifier: EUPL-1.2
// A store around any other, which fails, or dies, where a test wants it to.
#pragma once

#include "store.h"

#define WD_TYPE_TEST_FAIL (wd_test_fail_get_type ())
G_DECLARE_FINAL_TYPE (WdTestFail, wd_test_fail, WD, TEST_FAIL, GObject)

// Returns (transfer full): a WdStore that passes every call on to `inner`, which it references.
WdTestFail *wd_test_fail_new (WdStore *inner) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_TEST_FAIL_ONCE,        // That call fails, and nothing has happened.
  WD_TEST_FAIL_ALWAYS,      // So does every one after it.
  WD_TEST_FAIL_KILL_BEFORE, // The process is killed (SIGKILL) instead of the call.
  WD_TEST_FAIL_KILL_AFTER,  // The call is made; then the process is killed.
} WdTestFailHow;

// Plans what happens at the `nth` call from now on (1: the next; 0: never) of the function `name`,
// such as "append" (NULL: of any). `code`: the error of a failure. Takes the place of an earlier
// plan. Any thread.
void wd_test_fail_plan (
    WdTestFail *self, const char *name, guint nth, WdTestFailHow how, WdStoreError code);

// Runs `func` once, before the next call of the function `name`. Any thread.
void wd_test_fail_run_before (WdTestFail *self,
                              const char *name,
                              void (*func) (gpointer),
                              gpointer data);

// From now on each call, and each piece of one that tells its progress, takes so long by the clock.
// Any thread.
void wd_test_fail_set_delay (WdTestFail *self, gint64 delay_us);

// Calls of the function so far. Any thread.
guint wd_test_fail_get_count (WdTestFail *self, const char *name);
