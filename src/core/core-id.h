// SPDX-License-Identifier: EUPL-1.2
// The 24-hex object id that names users, addresses, mailboxes and messages everywhere.
#pragma once

#include <glib.h>

#define WD_CORE_ID_HEX_LEN 24

typedef struct
{
  guint8 bytes[12];
} WdId;

// Makes a new id: 4 octets of seconds, 5 random octets of the process, a 3-octet counter, so that
// ids of one process sort by creation. Any thread.
void wd_core_id_new (WdId *out_id);

// Writes 24 lower-case hex digits and a NUL to `out_hex`.
void wd_core_id_to_hex (const WdId *id, char out_hex[WD_CORE_ID_HEX_LEN + 1]);

// Returns (transfer full): the same, newly allocated.
char *wd_core_id_dup_hex (const WdId *id) G_GNUC_WARN_UNUSED_RESULT;

// Reads exactly 24 hex digits of either case. Returns FALSE, and leaves `out_id` alone, for
// anything else.
gboolean wd_core_id_from_hex (const char *hex, WdId *out_id) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_core_id_is_equal (const WdId *a, const WdId *b);

// TRUE for the all-zero id, which names nothing.
gboolean wd_core_id_is_none (const WdId *id);

// For GHashTable with `const WdId *` keys.
guint wd_core_id_hash (gconstpointer id);
gboolean wd_core_id_equal (gconstpointer a, gconstpointer b);
