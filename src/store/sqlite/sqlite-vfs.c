// SPDX-License-Identifier: EUPL-1.2
// The layer over SQLite's own files.
//
// Why it is safe to let frames wait: nobody looks for them before the WAL's index says that they
// are there, and SQLite writes the index after it has written the frame that commits, which waits
// for nothing.
//
// Why it is safe to read ahead: a page that a transaction reads from the database, and not from the
// WAL, does not change until the transaction ends. Others do, when a checkpoint is made meanwhile,
// and may be read half-written; but those the transaction takes from the WAL. So what was read
// ahead is good for that one transaction, and is forgotten at its end. A checkpoint reads frames
// that were committed before it began, and nobody writes over these before it has moved them all.
//
// Why it is safe to write zeros behind what is written: only who holds the lock of the writer
// commits, and nobody has ever written behind the end of the file. Where SQLite finds zeros in the
// place of a frame, the WAL ends for it, as it does at the end of the file.
#include "config.h"

#include "sqlite-vfs.h"

#include <string.h>

#include "sqlite-sync.h"

#define NAME "wildduck"
// Few writes, but small ones: what the page cache takes in one piece, it may also write again in
// one when a little of it changes, and in a WAL that is used again each commit begins within the
// piece of another. With 64 kB, 7 % more was written, and no less CPU used.
#define BUFFER_BYTES (8 * 1024)
#define FRAME_HEADER_BYTES 24 // https://www.sqlite.org/fileformat2.html 4.1
// The first piece that is read ahead is short, for it may be all; each is twice as long as the one
// before.
#define AHEAD_MIN_BYTES (8 * 1024)
#define AHEAD_MAX_BYTES (32 * 1024)
// A WAL that grows costs more than its octets: each sync writes its new length, and where its new
// blocks are, too, before or after them. So one that has begun to grow is made longer by half, at
// most by this, with the sync of one commit, for the next ones.
#define ROOM_FROM_BYTES (64 * 1024)
#define ROOM_MAX_BYTES (256 * 1024)
#define BLOCK_BYTES 4096

// What is expected behind what waits.
typedef enum
{
  PIECE_UNKNOWN,
  PIECE_PAGE,           // Of a frame that does not commit.
  PIECE_COMMITTED_PAGE, // Of one that does.
} Piece;

// A WAL. The file of the layer below comes behind it, as that one asks for room.
typedef struct
{
  sqlite3_file base;
  gboolean is_gathering;
  guint8 *buffer; // The thread's. Of a commit only.
  sqlite3_int64 start;
  int n_waiting;
  Piece next;
  sqlite3_int64 end;  // Of what was written.
  sqlite3_int64 size; // How long the file was when it was looked at or made longer.
} WalFile;

#define WAL_FILE_BYTES ((gsize) ((sizeof (WalFile) + 15) / 16 * 16))

static sqlite3_vfs *below;

// A commit stays on one thread.
static GPrivate buffers = G_PRIVATE_INIT (g_free);

static sqlite3_file *
get_below (sqlite3_file *file)
{
  return (sqlite3_file *) (void *) ((guint8 *) file + WAL_FILE_BYTES);
}

static guint8 *
get_buffer (void)
{
  guint8 *buffer = g_private_get (&buffers);

  if (buffer == NULL)
    {
      buffer = g_malloc (BUFFER_BYTES);
      g_private_set (&buffers, buffer);
    }
  return buffer;
}

static int
write_below (sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
  WalFile *self = (WalFile *) file;
  sqlite3_file *real = get_below (file);

  self->end = offset + n;
  return real->pMethods->xWrite (real, data, n, offset);
}

static int
flush (sqlite3_file *file)
{
  WalFile *self = (WalFile *) file;
  int n = self->n_waiting;

  self->n_waiting = 0;
  self->next = PIECE_UNKNOWN;
  return n == 0 ? SQLITE_OK : write_below (file, self->buffer, n, self->start);
}

static gboolean
does_follow (const WalFile *self, int n, sqlite3_int64 offset)
{
  return self->n_waiting > 0 && offset == self->start + self->n_waiting
         && n <= BUFFER_BYTES - self->n_waiting;
}

// A frame's header tells what follows. One that commits waits for its page only behind others:
// where SQLite goes over headers again, it reads before each, and no page comes behind the last.
static Piece
judge (const guint8 *data, int n, gboolean is_behind)
{
  static const guint8 no_commit[4];

  if (n != FRAME_HEADER_BYTES)
    return PIECE_UNKNOWN;
  if (memcmp (data + 4, no_commit, sizeof no_commit) == 0)
    return PIECE_PAGE;
  return is_behind ? PIECE_COMMITTED_PAGE : PIECE_UNKNOWN;
}

// What is not known to be of a frame that does not commit, or has no page yet, goes out at once
// with all that waits.
static int
wal_write (sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
  WalFile *self = (WalFile *) file;
  gboolean is_behind = does_follow (self, n, offset);
  Piece piece = is_behind ? self->next : PIECE_UNKNOWN;
  Piece next = piece == PIECE_UNKNOWN ? judge (data, n, is_behind) : PIECE_UNKNOWN;
  gboolean waits = self->is_gathering && (piece == PIECE_PAGE || next != PIECE_UNKNOWN);
  int rc = is_behind ? SQLITE_OK : flush (file);

  if (rc != SQLITE_OK)
    return rc;
  if (!waits && !is_behind)
    return write_below (file, data, n, offset);
  if (!is_behind)
    self->start = offset;
  memcpy (self->buffer + self->n_waiting, data, (gsize) n);
  self->n_waiting += n;
  self->next = next;
  return waits ? SQLITE_OK : flush (file);
}

// What a thread reads, and has read ahead.
typedef struct
{
  sqlite3_file *file; // NULL: nothing.
  int gap_bytes;      // Between two pages.
  sqlite3_int64 next; // Where the next page begins, if it is the neighbour.
  sqlite3_int64 start;
  int n_read;
  int n_ahead; // The next piece.
  guint8 data[AHEAD_MAX_BYTES];
} Reader;

typedef int (*ReadFunc) (sqlite3_file *file, void *out_data, int n, sqlite3_int64 offset);

static GPrivate readers = G_PRIVATE_INIT (g_free);

static int
read_ahead (
    Reader *reader, sqlite3_file *real, ReadFunc func, void *out_data, int n, sqlite3_int64 offset)
{
  int rc = func (real, reader->data, reader->n_ahead, offset);

  reader->n_read = 0;
  // The end of the file, or worse, which the page itself tells.
  if (rc != SQLITE_OK)
    {
      reader->n_ahead = AHEAD_MIN_BYTES;
      return func (real, out_data, n, offset);
    }
  reader->start = offset;
  reader->n_read = reader->n_ahead;
  reader->n_ahead = MIN (2 * reader->n_ahead, AHEAD_MAX_BYTES);
  memcpy (out_data, reader->data, (gsize) n);
  return SQLITE_OK;
}

// A long row lies in pages that mostly follow each other, in the database and in the WAL.
static int
read_along (
    Reader *reader, sqlite3_file *real, ReadFunc func, void *out_data, int n, sqlite3_int64 offset)
{
  gboolean does_follow = offset == reader->next;

  reader->next = offset + n + reader->gap_bytes;
  if (offset >= reader->start && offset + n <= reader->start + reader->n_read)
    {
      memcpy (out_data, reader->data + (offset - reader->start), (gsize) n);
      return SQLITE_OK;
    }
  if (!does_follow || n > AHEAD_MIN_BYTES)
    return func (real, out_data, n, offset);
  return read_ahead (reader, real, func, out_data, n, offset);
}

static int
wal_read (sqlite3_file *file, void *out_data, int n, sqlite3_int64 offset)
{
  sqlite3_file *real = get_below (file);
  Reader *reader = g_private_get (&readers);
  int rc = flush (file);

  if (rc != SQLITE_OK)
    return rc;
  if (reader == NULL || reader->file != file)
    return real->pMethods->xRead (real, out_data, n, offset);
  return read_along (reader, real, real->pMethods->xRead, out_data, n, offset);
}

static int
wal_truncate (sqlite3_file *file, sqlite3_int64 size)
{
  sqlite3_file *real = get_below (file);
  int rc = flush (file);

  return rc != SQLITE_OK ? rc : real->pMethods->xTruncate (real, size);
}

// Writes zeros from `from` on. What fails, as on a full disk, only makes less room.
static void
write_zeros (sqlite3_file *real, sqlite3_int64 from, sqlite3_int64 to)
{
  static guint8 zeros[BLOCK_BYTES];

  while (from < to)
    {
      int n = (int) MIN (to - from, (sqlite3_int64) sizeof zeros);

      if (real->pMethods->xWrite (real, zeros, n, from) != SQLITE_OK)
        break;
      from += n;
    }
}

// For the commits that come, when this one has come to the end of the file. Another handle may have
// made the file longer or shorter meanwhile: it is looked at before it is written to.
static void
make_room (sqlite3_file *file)
{
  WalFile *self = (WalFile *) file;
  sqlite3_file *real = get_below (file);
  sqlite3_int64 room = MIN (self->end / 2, ROOM_MAX_BYTES);
  sqlite3_int64 size;

  if (!self->is_gathering || self->end <= self->size || self->end < ROOM_FROM_BYTES
      || real->pMethods->xFileSize (real, &size) != SQLITE_OK)
    return;
  if (size == self->end)
    {
      size = (self->end + room) / BLOCK_BYTES * BLOCK_BYTES;
      write_zeros (real, self->end, size);
    }
  self->size = size;
}

static int
wal_sync (sqlite3_file *file, int flags)
{
  sqlite3_file *real = get_below (file);
  int rc = flush (file);

  if (rc != SQLITE_OK)
    return rc;
  make_room (file);
  rc = real->pMethods->xSync (real, flags);
  if (rc != SQLITE_OK)
    wd_sqlite_sync_note_failure ();
  return rc;
}

static int
wal_get_size (sqlite3_file *file, sqlite3_int64 *out_size)
{
  sqlite3_file *real = get_below (file);
  int rc = flush (file);

  return rc != SQLITE_OK ? rc : real->pMethods->xFileSize (real, out_size);
}

static int
wal_close (sqlite3_file *file)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xClose (real);
}

static int
wal_lock (sqlite3_file *file, int level)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xLock (real, level);
}

static int
wal_unlock (sqlite3_file *file, int level)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xUnlock (real, level);
}

static int
wal_check_reserved_lock (sqlite3_file *file, int *out_is_locked)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xCheckReservedLock (real, out_is_locked);
}

static int
wal_control (sqlite3_file *file, int op, void *arg)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xFileControl (real, op, arg);
}

static int
wal_get_sector_size (sqlite3_file *file)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xSectorSize (real);
}

static int
wal_get_characteristics (sqlite3_file *file)
{
  sqlite3_file *real = get_below (file);

  return real->pMethods->xDeviceCharacteristics (real);
}

// Mapping and shared memory are of the database file alone.
static const sqlite3_io_methods wal_methods = {
  .iVersion = 1,
  .xClose = wal_close,
  .xRead = wal_read,
  .xWrite = wal_write,
  .xTruncate = wal_truncate,
  .xSync = wal_sync,
  .xFileSize = wal_get_size,
  .xLock = wal_lock,
  .xUnlock = wal_unlock,
  .xCheckReservedLock = wal_check_reserved_lock,
  .xFileControl = wal_control,
  .xSectorSize = wal_get_sector_size,
  .xDeviceCharacteristics = wal_get_characteristics,
};

// A database is a file of the layer below with another method for reading: these are the methods
// that it would have.
static const sqlite3_io_methods *db_below;
static sqlite3_io_methods db_methods;

static int
db_read (sqlite3_file *file, void *out_data, int n, sqlite3_int64 offset)
{
  Reader *reader = g_private_get (&readers);

  if (reader == NULL || reader->file != file)
    return db_below->xRead (file, out_data, n, offset);
  return read_along (reader, file, db_below->xRead, out_data, n, offset);
}

static void
take_over_db (sqlite3_file *file)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      db_below = file->pMethods;
      db_methods = *db_below;
      db_methods.xRead = db_read;
      g_once_init_leave (&once, 1);
    }
  // SQLite has other methods for file systems without locks.
  if (file->pMethods == db_below)
    file->pMethods = &db_methods;
}

// All files but these are those of the layer below.
static int
open_file (sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  WalFile *self = (WalFile *) file;
  int rc;

  if ((flags & SQLITE_OPEN_WAL) == 0)
    {
      rc = below->xOpen (below, name, file, flags, out_flags);
      if (rc == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0)
        take_over_db (file);
      return rc;
    }
  *self = (WalFile){ 0 };
  get_below (file)->pMethods = NULL;
  rc = below->xOpen (below, name, get_below (file), flags, out_flags);
  // SQLite closes what has methods, also after a failure.
  if (get_below (file)->pMethods != NULL)
    self->base.pMethods = &wal_methods;
  return rc;
}

const char *
wd_sqlite_vfs_get_name (void)
{
  static gsize once = 0;
  static sqlite3_vfs vfs;

  if (g_once_init_enter (&once))
    {
      gboolean is_good = FALSE;

      below = sqlite3_vfs_find (NULL);
      if (below != NULL)
        {
          // The other functions of the layer below look at what is copied here, if at anything.
          vfs = *below;
          vfs.pNext = NULL;
          vfs.zName = NAME;
          vfs.szOsFile = (int) WAL_FILE_BYTES + below->szOsFile;
          vfs.xOpen = open_file;
          is_good = sqlite3_vfs_register (&vfs, FALSE) == SQLITE_OK;
        }
      g_once_init_leave (&once, is_good ? 2 : 1);
    }
  return once == 2 ? NAME : NULL;
}

// NULL when it has none that is open.
static WalFile *
get_wal (sqlite3 *handle)
{
  sqlite3_file *file = NULL;

  if (sqlite3_file_control (handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK
      || file == NULL || file->pMethods != &wal_methods)
    return NULL;
  return (WalFile *) file;
}

void
wd_sqlite_vfs_begin_commit (sqlite3 *handle)
{
  WalFile *self = get_wal (handle);

  if (self == NULL)
    return;
  self->buffer = get_buffer ();
  self->n_waiting = 0;
  self->next = PIECE_UNKNOWN;
  self->is_gathering = TRUE;
}

void
wd_sqlite_vfs_end_commit (sqlite3 *handle)
{
  WalFile *self = get_wal (handle);

  if (self == NULL)
    return;
  self->is_gathering = FALSE;
  self->n_waiting = 0;
  self->buffer = NULL;
}

static void
begin_reader (sqlite3_file *file, int gap_bytes)
{
  Reader *reader = g_private_get (&readers);

  if (reader == NULL)
    {
      reader = g_new (Reader, 1);
      g_private_set (&readers, reader);
    }
  reader->file = file;
  reader->gap_bytes = gap_bytes;
  reader->next = -1;
  reader->start = 0;
  reader->n_read = 0;
  reader->n_ahead = AHEAD_MIN_BYTES;
}

void
wd_sqlite_vfs_begin_read (sqlite3 *handle)
{
  sqlite3_file *file = NULL;

  if (sqlite3_file_control (handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK
      && file != NULL && file->pMethods == &db_methods)
    begin_reader (file, 0);
}

void
wd_sqlite_vfs_end_read (sqlite3 *handle)
{
  Reader *reader = g_private_get (&readers);
  sqlite3_file *file = NULL;

  if (reader != NULL
      && sqlite3_file_control (handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK
      && reader->file == file)
    reader->file = NULL;
}

void
wd_sqlite_vfs_begin_checkpoint (sqlite3 *handle)
{
  WalFile *wal = get_wal (handle);

  if (wal != NULL)
    begin_reader (&wal->base, FRAME_HEADER_BYTES);
}

void
wd_sqlite_vfs_end_checkpoint (sqlite3 *handle)
{
  Reader *reader = g_private_get (&readers);

  if (reader != NULL)
    reader->file = NULL;
}
