// SPDX-License-Identifier: EUPL-1.2
// Mailbox paths: what is one, and the form in which it is kept.
#pragma once

#include <glib.h>

// The form in which a path is kept: NFC, and a first level that is INBOX in any case as "INBOX".
// Returns (transfer full): NULL with WD_STORE_ERROR_INVALID for bad UTF-8, an empty level, a
// control character, or what is longer than WD_LIMIT_MAILBOX_PATH_BYTES or deeper than
// WD_LIMIT_MAILBOX_LEVELS.
char *wd_store_path_normalize (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The path of the level above. Returns (transfer full) (nullable): NULL at the top.
char *wd_store_path_dup_parent (const char *path) G_GNUC_WARN_UNUSED_RESULT;

// The order of lists: INBOX first, then what is below it, then by octets with '/' before all else,
// so that each is followed by its inferiors.
int wd_store_path_compare (const char *a, const char *b);

// Sorts (element-type utf8) paths.
void wd_store_path_sort (GPtrArray *paths);

// TRUE when `path` is below `parent`.
gboolean wd_store_path_is_below (const char *path, const char *parent);
