// SPDX-License-Identifier: EUPL-1.2
// Messages with NUL in them (RFC 3516 4.4), which BODY[…] could not send: stored in base64.
#pragma once

#include "store-incoming.h"

// Copies a finished message, its binary parts encoded. Returns (transfer full), finished: NULL with
// UNKNOWN_CTE of WD_IMAP_ERROR for NUL where no encoding is possible (headers, multiparts, parts
// that say that they are encoded), or with the store's error.
WdIncoming *wd_imap_append_binary_encode (WdStore *store,
                                          WdIncoming *message,
                                          gsize memory_bytes,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
