// SPDX-License-Identifier: EUPL-1.2
// The mail store: opening it, its upkeep, and everything a protocol calls (the headers below).
// A WdStore may be used by any number of worker threads; no call may run on an event loop.
#pragma once

#include <gio/gio.h>

#include "core-config.h"
#include "store-account.h"
#include "store-address.h"
#include "store-content.h"
#include "store-import.h"
#include "store-incoming.h"
#include "store-mailbox.h"
#include "store-message.h"
#include "store-metadata.h"
#include "store-notify.h"
#include "store-search.h"
#include "store-types.h"
#include "store-uidset.h"

#define WD_TYPE_STORE (wd_store_get_type ())
G_DECLARE_INTERFACE (WdStore, wd_store, WD, STORE, GObject)

typedef struct
{
  const char *uri;         // "sqlite:/var/lib/wildduck", "mongodb://…".
  const char *redis_uri;   // Of a cluster: "redis://…" (nullable: one machine, or none).
  const char *runtime_dir; // Where the processes on one machine find each other's beacon sockets.
  guint max_open_users;    // Database handles kept open.
  guint64 max_message_size_bytes;
  guint64 default_quota_bytes; // 0: none.
  gboolean must_exist;         // Makes none where there is none.
  gboolean durable_flags;      // Flag changes are on stable storage on return, too.
  // Where the server is not this program's alone: wd_store_open makes and upgrades nothing there,
  // for wd_store_prepare to tell what it does.
  gboolean is_unprepared;
  WdNotifierFunc notifier_func; // (nullable)
  gpointer notifier_data;
} WdStoreOptions;

// Fills the options from [store]; the strings stay the configuration's.
void wd_store_options_init (WdStoreOptions *self, const WdConfig *config);

// TRUE when the original WildDuck may use the same store, and has to be able to read what is in it.
gboolean wd_store_options_is_shared (const WdStoreOptions *self);

// Opens the store, creating it where there is none (NOT_FOUND with must_exist) and upgrading its
// format where it is older. Returns (transfer full). INVALID for the uri; UNAVAILABLE, with a
// message for the administrator, for a store that cannot be opened or whose format is newer than
// this program's.
WdStore *wd_store_open (const WdStoreOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer none).
const WdStoreOptions *wd_store_get_options (WdStore *store);

// What wd_store_prepare found and did.
typedef struct
{
  gint64 version_before; // Of the format; 0: there was no store, or none of ours.
  gint64 version;
  guint n_made; // Indexes of the database.
} WdStorePrepared;

// Makes all that is missing of the store, and upgrades its format. May run at any time, by several
// at once, and does nothing where nothing is to be done. UNAVAILABLE for a format that is newer
// than this program's.
gboolean wd_store_prepare (WdStore *store,
                           WdStorePrepared *out_prepared,
                           GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

// TRUE when the backend answers and can be written to.
gboolean wd_store_check_health (WdStore *store, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// UNAVAILABLE when changes that other processes make are not noticed, because `runtime_dir` cannot
// be used: the store works. wd_store_open tells WdStoreOptions.notifier_func; of Redis, that is
// told when it goes away and when it is back.
gboolean wd_store_check_notifier (WdStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// One finding of wd_store_check. `user` is none for what belongs to nobody. Borrowed.
typedef struct
{
  WdId user;
  const char *what; // "quota", "orphan-part", "counters", "damaged", …
  const char *detail;
  gboolean is_repaired;
} WdStoreFinding;

typedef void (*WdStoreFindingFunc) (const WdStoreFinding *finding, gpointer user_data);
typedef void (*WdStoreProgressFunc) (guint64 done, guint64 total, gpointer user_data);

// Checks everything, on a store in use, and mends with `repair`. `user` (nullable): only that one.
gboolean wd_store_check (WdStore *store,
                         const WdId *user,
                         gboolean repair,
                         WdStoreFindingFunc finding_func,
                         WdStoreProgressFunc progress_func,
                         gpointer user_data,
                         GCancellable *cancellable,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Upkeep of what was left lazy, until nothing is left: text index, unreferenced content. Runs on
// its own in the background; tests and wildduckctl call it to be done.
gboolean wd_store_maintain (WdStore *store, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
