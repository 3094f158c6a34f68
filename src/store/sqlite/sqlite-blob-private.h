// SPDX-License-Identifier: EUPL-1.2
// The form of a blob's file: for sqlite-blob.c and sqlite-blob-read.c.
//
// A header; the octets, or frames of WD_SQLITE_BLOB_FRAME_BYTES of them compressed each on its own,
// so that a range is read without the rest; then, with frames, their lengths (32 bits each). All
// numbers are little-endian.
#pragma once

#include "sqlite-blob.h"

#define WD_SQLITE_BLOB_MAGIC "WDB1"
#define WD_SQLITE_BLOB_FRAME_BYTES (256 * 1024)

enum
{
  WD_SQLITE_BLOB_RAW,
  WD_SQLITE_BLOB_FRAMES,
};

typedef struct
{
  char magic[4];
  guint8 coding;
  guint8 reserved[3];
  guint64 size_bytes;
} WdSqliteBlobHeader;

G_STATIC_ASSERT (sizeof (WdSqliteBlobHeader) == 16);

// Sets UNAVAILABLE from errno, or NOT_FOUND as CORRUPT with `missing`. Returns FALSE.
gboolean wd_sqlite_blob_set_errno (const char *what, const char *path, GError **error);
