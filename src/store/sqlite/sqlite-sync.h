// SPDX-License-Identifier: EUPL-1.2
// Syncs of a WAL that failed. The kernel may then have dropped what it could not write, and tells
// nobody of it at the next sync: there is a hole in the WAL, where a recovery would end, whatever
// was synced behind it. Such a WAL takes no more commits until all of it, which memory still has,
// was written once more, and then moved into the database. In this order, for a database that was
// half written needs its WAL.
#pragma once

#include <glib.h>

// A sync of a WAL has failed on this thread; and whether one has since the last time this was
// asked.
void wd_sqlite_sync_note_failure (void);
gboolean wd_sqlite_sync_take_failure (void);

// The WAL of the database at `path` has lost this process's trust, or has it again. Any thread.
void wd_sqlite_sync_distrust (const char *path);
void wd_sqlite_sync_trust (const char *path);
// Costs one read of memory as long as all are trusted.
gboolean wd_sqlite_sync_is_distrusted (const char *path);

// Writes the WAL of the database over itself and syncs it. Nobody may write to it meanwhile;
// closing it takes away no locks, which SQLite has on other files. UNAVAILABLE.
gboolean wd_sqlite_sync_rewrite (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
