// SPDX-License-Identifier: EUPL-1.2
// Removing whole folders of the store.
#pragma once

#include <glib.h>

// Moves `dir` into STATE/trash, durably, and removes it from there. It need not exist.
// UNAVAILABLE when it is still there.
gboolean wd_sqlite_trash_take (const char *state_dir, const char *dir, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Removes what a crash left in the trash. As much as can be removed.
void wd_sqlite_trash_empty (const char *state_dir);

// Removes a folder and all in it, following no link.
void wd_sqlite_trash_remove_tree (const char *dir);
