// SPDX-License-Identifier: EUPL-1.2
// How many password hashes run at once: as many as there are processors, with a short queue, so
// that a storm of logins leaves workers to those who are logged in. Any worker thread.
#pragma once

#include <gio/gio.h>

typedef struct _WdAuthSlots WdAuthSlots;

WdAuthSlots *wd_auth_slots_new (guint n_slots, guint max_waiting) G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_slots_free (WdAuthSlots *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdAuthSlots, wd_auth_slots_free)

// Waits for a slot, which `leave` gives back. WD_AUTH_ERROR_UNAVAILABLE when the queue is full.
gboolean wd_auth_slots_enter (WdAuthSlots *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_slots_leave (WdAuthSlots *self);

guint wd_auth_slots_get_n_waiting (WdAuthSlots *self);
