// SPDX-License-Identifier: EUPL-1.2
// Passwords that were verified a short time ago, as keyed hashes: nothing in here tells a password,
// and a change of the stored hash makes another key. Any thread.
#pragma once

#include <glib.h>

#include "core-id.h"
#include "core-secret.h"

typedef struct _WdAuthCache WdAuthCache;

// `ttl_ms` 0: remembers nothing. Past `max_entries` the oldest is forgotten.
WdAuthCache *wd_auth_cache_new (gint64 ttl_ms, guint max_entries) G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_cache_free (WdAuthCache *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdAuthCache, wd_auth_cache_free)

gboolean wd_auth_cache_has (WdAuthCache *self,
                            const WdId *user,
                            const char *stored_hash,
                            const WdSecret *password);

void wd_auth_cache_add (WdAuthCache *self,
                        const WdId *user,
                        const char *stored_hash,
                        const WdSecret *password);

guint wd_auth_cache_get_n_entries (WdAuthCache *self);
