// SPDX-License-Identifier: EUPL-1.2
// Octets that must not outlive their use: locked in memory where allowed, wiped when freed.
#pragma once

#include <glib.h>

typedef struct _WdSecret WdSecret;

// Copies `len` octets. The caller still wipes its own copy (explicit_bzero).
WdSecret *wd_core_secret_new (const void *data, gsize len) G_GNUC_WARN_UNUSED_RESULT;

// Wipes and frees. NULL is fine.
void wd_core_secret_free (WdSecret *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSecret, wd_core_secret_free)

// Returns (transfer none): the octets, followed by a NUL that is not counted in the length.
const char *wd_core_secret_get (const WdSecret *self);
gsize wd_core_secret_get_len (const WdSecret *self);

// Compares in time that depends on the lengths only.
gboolean wd_core_secret_is_equal (const WdSecret *a, const WdSecret *b);
gboolean wd_core_secret_is_equal_data (const void *a, gsize a_len, const void *b, gsize b_len);

// Reads a credential that systemd passed (LoadCredential=), without one trailing newline.
// Returns (transfer full) (nullable): NULL without an error when there is none of that name.
WdSecret *wd_core_secret_load_credential (const char *name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
