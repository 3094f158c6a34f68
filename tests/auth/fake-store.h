// SPDX-License-Identifier: EUPL-1.2
// A store with accounts only, in memory, that can be told to fail: so that tests of logins count
// what is asked of it and need no disk.
#pragma once

#include "store.h"

#define FAKE_TYPE_STORE (fake_store_get_type ())
G_DECLARE_FINAL_TYPE (FakeStore, fake_store, FAKE, STORE, GObject)

struct _FakeStore
{
  GObject parent_instance;
  GPtrArray *users; // (element-type WdUser)
  GHashTable *settings;
  const char *app_hash; // All users have an application password with it (nullable: none).
  const char *app_selector;
  const char *app_scopes[3];
  guint n_app_lists;
  guint n_app_uses;
  int fail_with; // A WdStoreError, or -1.
  guint n_finds;
  guint n_updates;
  const char *hash_before_update; // Somebody else sets it just before (nullable).
};

FakeStore *fake_store_new (void);

// Returns (transfer none): to be changed freely.
WdUser *fake_store_add (FakeStore *self, const char *username, const char *hash, const char *scram);
