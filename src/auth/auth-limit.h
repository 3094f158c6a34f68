// SPDX-License-Identifier: EUPL-1.2
// Counts failures a key over a sliding window, in bounded memory. Any thread.
#pragma once

#include <glib.h>

typedef struct _WdAuthLimit WdAuthLimit;

// A key may fail `max_failures` times within `window_ms`. A failure counts for the window and up to
// an eighth more. Past `max_entries` keys the one that failed least recently is forgotten.
WdAuthLimit *wd_auth_limit_new (guint max_failures, gint64 window_ms, guint max_entries)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_limit_free (WdAuthLimit *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdAuthLimit, wd_auth_limit_free)

// TRUE when the key has used up its failures.
gboolean wd_auth_limit_is_reached (WdAuthLimit *self, const char *key);

guint wd_auth_limit_get_max (const WdAuthLimit *self);

void wd_auth_limit_add (WdAuthLimit *self, const char *key);

guint wd_auth_limit_get_n_entries (WdAuthLimit *self);
