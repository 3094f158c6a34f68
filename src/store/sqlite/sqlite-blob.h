// SPDX-License-Identifier: EUPL-1.2
// Large parts as files named by the SHA-256 of their octets. One file may have many names: one in
// the pool, STATE/parts/xx/SHA, by which others find it, and one in the folder of each user who has
// a message with it, USER/parts/SHA. The link count is the reference count; a file whose only name
// is that in the pool is garbage.
#pragma once

#include "store-sha.h"

// TRUE when the pool has it.
gboolean wd_sqlite_blob_exists (const char *state_dir, const WdStoreSha *sha);

// Writes it into the pool, durably, compressed where that pays. `replace`: another file takes the
// pool's name (the old one has as many names as a file can have).
gboolean wd_sqlite_blob_write (const char *state_dir,
                               const WdStoreSha *sha,
                               const void *data,
                               gsize len,
                               gboolean replace,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  WD_SQLITE_BLOB_LINKED,  // Or it was there.
  WD_SQLITE_BLOB_MISSING, // The pool has it no more: write it, then try again.
  WD_SQLITE_BLOB_FULL,    // It cannot have another name: replace it, then try again.
} WdSqliteBlobLink;

// Gives the pool's file a name in the user's folder, which is durable after
// wd_sqlite_blob_sync_user.
gboolean wd_sqlite_blob_link (const char *state_dir,
                              const char *user_dir,
                              const WdStoreSha *sha,
                              WdSqliteBlobLink *out_result,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_sqlite_blob_sync_user (const char *user_dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Takes the user's name away, and the pool's when it was the last but that. What is not there is
// fine.
void wd_sqlite_blob_unlink (const char *state_dir, const char *user_dir, const WdStoreSha *sha);

// Takes the pool's name away if there is no other.
void wd_sqlite_blob_drop_unused (const char *state_dir, const WdStoreSha *sha);

// A blob opened for reading: it can be read also when all its names are gone.
typedef struct _WdSqliteBlob WdSqliteBlob;

WdSqliteBlob *wd_sqlite_blob_open (const char *user_dir, const WdStoreSha *sha, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_sqlite_blob_free (WdSqliteBlob *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSqliteBlob, wd_sqlite_blob_free)

guint64 wd_sqlite_blob_get_size_bytes (const WdSqliteBlob *self);

// Reads exactly `len` octets from `offset`. CORRUPT when they are not there.
gboolean
wd_sqlite_blob_read (WdSqliteBlob *self, guint64 offset, void *out_data, gsize len, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Names.
void wd_sqlite_blob_to_hex (const WdStoreSha *sha, char out_hex[2 * WD_STORE_SHA_BYTES + 1]);
gboolean wd_sqlite_blob_from_hex (const char *hex, WdStoreSha *out_sha) G_GNUC_WARN_UNUSED_RESULT;
