// SPDX-License-Identifier: EUPL-1.2
// Syncs of a WAL that failed. The kernel may then have dropped what it could not write, and tells
// nobody of it at the next sync: there is a hole in the WAL, where a recovery would end, whatever
// was synced behind it. Such a WAL takes no more commits until a checkpoint, which reads what
// memory still has, has moved all of it into the database and emptied it.
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
