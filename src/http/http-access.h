// SPDX-License-Identifier: EUPL-1.2
// The access token: one for all of the API, of which the store keeps the SHA-256 alone.
#pragma once

#include <gio/gio.h>

#include "core-config.h"
#include "core-log.h"
#include "store.h"

// The name of the setting with the hash, in hexadecimal.
#define WD_HTTP_ACCESS_SETTING "http.access-token-hash"

// At the start of the service: makes a token when one is required and there is none yet, and says
// so in the log. Nobody knows it; `wildduckctl token new` makes one and shows it.
gboolean
wd_http_access_prepare (WdStore *store, const WdConfig *config, WdLogContext *log, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// TRUE in `out_granted` when `token` (nullable) is the one, or none is required. Worker thread; one
// indexed read, so that a new token counts at once. The comparison is constant-time.
gboolean wd_http_access_check (WdStore *store,
                               const WdConfig *config,
                               const char *token,
                               gboolean *out_granted,
                               GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The token of a request: the query's accessToken, else X-Access-Token, else "Authorization:
// Bearer". Returns (transfer full) (nullable).
char *wd_http_access_dup_token (const char *query,
                                const char *x_access_token,
                                const char *authorization) G_GNUC_WARN_UNUSED_RESULT;
