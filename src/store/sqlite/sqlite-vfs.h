// SPDX-License-Identifier: EUPL-1.2
// A layer over SQLite's own files that writes the frames of one commit to the WAL in large pieces,
// where SQLite makes two small writes of each page, makes room in the WAL for the commits that
// come, and reads neighbouring pages at once, where SQLite reads each by itself.
#pragma once

#include <glib.h>
#include <sqlite3.h>

// Registers the layer, once. Returns (transfer none): its name, for sqlite3_open_v2. NULL when
// SQLite has no files, or no memory.
const char *wd_sqlite_vfs_get_name (void);

// Around the COMMIT of a transaction, on the thread that runs it. The frames that SQLite writes to
// the WAL in between wait for the one that commits; a failure is then reported by that. What still
// waits at the end belongs to a commit that failed, and is thrown away.
void wd_sqlite_vfs_begin_commit (sqlite3 *handle);
void wd_sqlite_vfs_end_commit (sqlite3 *handle);

// Around a transaction that reads, on the thread that runs it. Two at a time on one thread are
// allowed; the first is then read as without.
void wd_sqlite_vfs_begin_read (sqlite3 *handle);
void wd_sqlite_vfs_end_read (sqlite3 *handle);

// Around a checkpoint, on the thread that makes it. Not within a transaction that reads.
void wd_sqlite_vfs_begin_checkpoint (sqlite3 *handle);
void wd_sqlite_vfs_end_checkpoint (sqlite3 *handle);
