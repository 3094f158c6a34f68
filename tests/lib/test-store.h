// SPDX-License-Identifier: EUPL-1.2
// A scratch store in a folder of its own, for the tests of every room. What fails here ends the
// test.
#pragma once

#include "store.h"

typedef struct _WdTestStore WdTestStore;

// Makes an empty store, of the backend whose prefix WD_TEST_BACKEND names or of the embedded
// one. `options` (nullable): uri and runtime_dir are not looked at, zeros are the
// defaults of the configuration.
WdTestStore *wd_test_store_new (const WdStoreOptions *options) G_GNUC_WARN_UNUSED_RESULT;

// Closes the store, and removes everything.
void wd_test_store_free (WdTestStore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdTestStore, wd_test_store_free)

// Returns (transfer none).
WdStore *wd_test_store_get (WdTestStore *self);
const char *wd_test_store_get_dir (WdTestStore *self);

// What wd_store_open needs to open it from another process. Valid as long as `self`.
const WdStoreOptions *wd_test_store_get_options (WdTestStore *self);

// Opens the same store once more, as another process would. Returns (transfer full): to be
// unreferenced before `self` is freed.
WdStore *wd_test_store_open_again (WdTestStore *self) G_GNUC_WARN_UNUSED_RESULT;

// Closes and opens it.
void wd_test_store_reopen (WdTestStore *self);

// Makes a user called `username`, with `address` (nullable). Returns the id.
WdId wd_test_store_add_user (WdTestStore *self, const char *username, const char *address);

// The id of the user's mailbox with this path, which must be there.
WdId wd_test_store_get_mailbox (WdTestStore *self, const WdId *user, const char *path);

// A finished message with these octets (-1: NUL-terminated). Returns (transfer full).
WdIncoming *wd_test_store_new_incoming (WdTestStore *self, const char *octets, gssize len)
    G_GNUC_WARN_UNUSED_RESULT;

// Appends a message. Returns its UID.
WdUid wd_test_store_append (WdTestStore *self,
                            const WdId *user,
                            const char *path,
                            const char *octets,
                            gssize len,
                            WdFlags flags);

// The same through another opening of the store, into a mailbox that is known.
WdUid wd_test_store_append_to (WdTestStore *self,
                               WdStore *store,
                               const WdActor *actor,
                               const WdId *mailbox,
                               const char *octets);

// The backends to be tested, by the prefix of their uris, which a folder's path ends.
// NULL-terminated. Returns (transfer none).
const char *const *wd_test_store_list_backends (void);

// The environment variable for want of which a backend is not among them. Returns (transfer none)
// (nullable).
const char *wd_test_store_get_missing (void);

// Adds a test that needs the backend which may be missing: it is skipped, then.
void wd_test_store_add_cluster_test (const char *path, GTestFunc func);

// The same as wd_test_store_new, of one of them.
WdTestStore *wd_test_store_new_of (const char *backend, const WdStoreOptions *options)
    G_GNUC_WARN_UNUSED_RESULT;

// Removes a folder and all in it. Symbolic links are not followed.
void wd_test_store_remove_tree (const char *path);
