// SPDX-License-Identifier: EUPL-1.2
// Preloaded into a service: makes calls on chosen files fail as a full, failing or slow disk would,
// and writes down what reaches the disk in which order. tests/lib/faults.py drives it.
//
// WD_FAULT_CONTROL names a file of twice CONTROL_BYTES that is mapped, so that rules come and go
// while the service runs. It holds lines "OPERATION ERROR PATTERN PERCENT": an operation of the
// table of operations below, the name of an error or SHORT, a part of the path (or *), how often it
// hits. WD_FAULT_LOG names a file that gets a record for each change below the folder
// WD_FAULT_ROOT. Both names of each call are needed, so that none may stand for the other.
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__ ((visibility ("default")))
#define CONTROL_BYTES 4096
// Behind the rules, of all processes: which files have had a sync that failed.
#define N_FAILED 64
#define N_DESCRIPTORS 4096

typedef enum
{
  OP_WRITE = 'w',
  OP_SYNC = 's',
  OP_OPEN = 'o',
  OP_LINK = 'l',
  OP_ACCEPT = 'a',
} Operation;

static const struct
{
  const char *name;
  Operation op;
} operations[] = {
  { "write", OP_WRITE }, { "sync", OP_SYNC },     { "open", OP_OPEN },
  { "link", OP_LINK },   { "accept", OP_ACCEPT },
};

// A short write has no errno.
#define SHORT (-1)

static const struct
{
  const char *name;
  int value;
} errors[] = {
  { "ENOSPC", ENOSPC }, { "EIO", EIO },       { "EMFILE", EMFILE },
  { "ENFILE", ENFILE }, { "EDQUOT", EDQUOT }, { "SHORT", SHORT },
};

// What the log holds, each followed by two paths and the octets.
typedef struct
{
  uint64_t inode;
  uint64_t offset;
  uint32_t data_len;
  uint32_t thread;
  int32_t result;
  uint16_t path_len;
  uint16_t target_len;
  char what; // w(rite) t(runcate) b(egin of sync) s(ync) c(reate) l(ink) r(ename) u(nlink) m(kdir)
  char pad[7];
} Record;

// As the kernel does it (errseq_t): a failure is told once to each descriptor that was open then.
typedef struct
{
  _Atomic uint64_t inode;
  _Atomic unsigned count;
} Failed;

static const char *control;
static Failed *failed;
static _Atomic unsigned seen[N_DESCRIPTORS]; // The count when a descriptor was told, or opened.
static const char *root;
static int log_fd = -1;

static void __attribute__ ((constructor))
start (void)
{
  const char *control_path = getenv ("WD_FAULT_CONTROL");
  const char *log_path = getenv ("WD_FAULT_LOG");

  root = getenv ("WD_FAULT_ROOT");
  if (control_path != NULL)
    {
      int fd = (int) syscall (SYS_openat, AT_FDCWD, control_path, O_RDWR | O_CLOEXEC);
      void *map = mmap (NULL, 2 * CONTROL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

      if (fd < 0 || map == MAP_FAILED)
        abort ();
      control = map;
      failed = (Failed *) (void *) ((char *) map + CONTROL_BYTES);
      syscall (SYS_close, fd);
    }
  if (log_path != NULL && root != NULL)
    log_fd = (int) syscall (SYS_openat, AT_FDCWD, log_path,
                            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void *
find_next (const char *name)
{
  void *symbol = dlsym (RTLD_NEXT, name);

  if (symbol == NULL)
    abort ();
  return symbol;
}

#define NEXT(name) ((__typeof__ (name) *) find_next (#name))

static const char *
path_of (int fd, char path[PATH_MAX])
{
  char link[64];
  int saved = errno;
  ssize_t n;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  n = readlink (link, path, PATH_MAX - 1);
  path[n < 0 ? 0 : n] = '\0';
  errno = saved;
  return path;
}

static int
number_of_error (const char *name)
{
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
    if (strcmp (errors[i].name, name) == 0)
      return errors[i].value;
  abort ();
}

static int
is_operation (const char *name, Operation op)
{
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
    if (strcmp (operations[i].name, name) == 0)
      return operations[i].op == op;
  abort ();
}

static int
hits (unsigned percent)
{
  static _Atomic unsigned state = 12345;
  unsigned x = atomic_fetch_add (&state, 0x9e3779b9u);

  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  return x % 100 < percent;
}

// The fault that a call meets: 0, an errno, or SHORT. `fd` is looked up when `path` is NULL.
static int
get_fault (Operation op, int fd, const char *path)
{
  char rules[CONTROL_BYTES];
  char found[PATH_MAX];
  char *rest = rules;
  char *line;

  if (control == NULL || ((const volatile char *) control)[0] == '\0')
    return 0;
  memcpy (rules, control, sizeof rules);
  rules[sizeof rules - 1] = '\0';
  while ((line = strsep (&rest, "\n")) != NULL)
    {
      char name[16], error[16], pattern[256];
      unsigned percent;

      if (sscanf (line, "%15s %15s %255s %u", name, error, pattern, &percent) != 4
          || !is_operation (name, op) || !hits (percent))
        continue;
      if (path == NULL)
        path = path_of (fd, found);
      if (strcmp (pattern, "*") == 0 || strstr (path, pattern) != NULL)
        return number_of_error (error);
    }
  return 0;
}

static int
is_logged (const char *path)
{
  size_t len = strlen (path);

  // Shared memory is nothing that a disk keeps.
  return log_fd >= 0 && strncmp (path, root, strlen (root)) == 0
         && (len < 4 || strcmp (path + len - 4, "-shm") != 0);
}

static uint64_t
inode_of (int fd, const char *path)
{
  struct stat info;

  return fstatat (fd, path, &info, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0 ? info.st_ino : 0;
}

// One write at the end of the file: records of several processes do not mix.
static void
write_record (Record *record, const char *path, const char *target, const void *data)
{
  int saved = errno;
  struct iovec pieces[4] = {
    { record, sizeof *record },
    { (char *) path, record->path_len = (uint16_t) strlen (path) },
    { (char *) target, record->target_len = (uint16_t) strlen (target) },
    { (void *) data, record->data_len },
  };
  size_t len = 0;

  record->thread = (uint32_t) syscall (SYS_gettid);
  for (size_t i = 0; i < 4; i++)
    len += pieces[i].iov_len;
  if (syscall (SYS_writev, log_fd, pieces, 4) != (long) len)
    abort ();
  errno = saved;
}

static void
log_fd_change (char what, int fd, off_t offset, const void *data, size_t len, int result)
{
  char path[PATH_MAX];

  if (log_fd < 0 || !is_logged (path_of (fd, path)))
    return;

  Record record = { .what = what,
                    .inode = inode_of (fd, ""),
                    .offset = (uint64_t) offset,
                    .data_len = (uint32_t) len,
                    .result = result };

  write_record (&record, path, "", data);
}

static void
log_name_change (char what, const char *path, const char *target)
{
  Record record = { .what = what };

  if (log_fd < 0 || !is_logged (path))
    return;
  record.inode = inode_of (AT_FDCWD, *target != '\0' ? target : path);
  write_record (&record, path, target, NULL);
}

EXPORT ssize_t
pwrite64 (int fd, const void *data, size_t len, off64_t offset)
{
  int fault = get_fault (OP_WRITE, fd, NULL);
  ssize_t n;

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  n = NEXT (pwrite64) (fd, data, fault == SHORT ? (len + 1) / 2 : len, offset);
  if (n > 0)
    log_fd_change ('w', fd, offset, data, (size_t) n, 0);
  return n;
}

EXPORT ssize_t
pwrite (int fd, const void *data, size_t len, off_t offset)
{
  return pwrite64 (fd, data, len, offset);
}

EXPORT ssize_t
write (int fd, const void *data, size_t len)
{
  int fault = get_fault (OP_WRITE, fd, NULL);
  off_t offset;
  ssize_t n;

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  n = NEXT (write) (fd, data, fault == SHORT ? (len + 1) / 2 : len);
  if (n > 0 && log_fd >= 0 && (offset = lseek (fd, 0, SEEK_CUR)) >= n)
    log_fd_change ('w', fd, offset - n, data, (size_t) n, 0);
  return n;
}

EXPORT int
ftruncate64 (int fd, off64_t len)
{
  int rc = NEXT (ftruncate64) (fd, len);

  if (rc == 0)
    log_fd_change ('t', fd, len, NULL, 0, 0);
  return rc;
}

EXPORT int
ftruncate (int fd, off_t len)
{
  return ftruncate64 (fd, len);
}

static Failed *
find_failed (uint64_t inode, int add)
{
  for (int i = 0; failed != NULL && inode != 0 && i < N_FAILED; i++)
    {
      uint64_t free_slot = 0;

      if (atomic_load (&failed[i].inode) == inode
          || (add
              && (atomic_compare_exchange_strong (&failed[i].inode, &free_slot, inode)
                  || free_slot == inode)))
        return &failed[i];
    }
  return NULL;
}

static void
see_failures (int fd)
{
  Failed *file = find_failed (inode_of (fd, ""), 0);

  if (fd >= 0 && fd < N_DESCRIPTORS)
    atomic_store (&seen[fd], file == NULL ? 0 : atomic_load (&file->count));
}

// TRUE when a sync of the file has failed since the descriptor was last told.
static int
is_told_of_failure (int fd)
{
  Failed *file = find_failed (inode_of (fd, ""), 0);
  unsigned count;

  if (file == NULL || fd >= N_DESCRIPTORS)
    return 0;
  count = atomic_load (&file->count);
  return atomic_exchange (&seen[fd], count) != count;
}

// A sync that fails may have thrown away what it could not write: that is what the log says of it.
static int
sync_file (int fd, int (*next) (int))
{
  int fault = get_fault (OP_SYNC, fd, NULL);
  Failed *file;
  int rc = -1;

  log_fd_change ('b', fd, 0, NULL, 0, 0);
  if (fault > 0 && (file = find_failed (inode_of (fd, ""), 1)) != NULL)
    atomic_fetch_add (&file->count, 1);
  if (is_told_of_failure (fd) || fault > 0)
    errno = fault > 0 ? fault : EIO;
  else
    rc = next (fd);
  log_fd_change ('s', fd, 0, NULL, 0, rc);
  return rc;
}

EXPORT int
fsync (int fd)
{
  return sync_file (fd, NEXT (fsync));
}

EXPORT int
fdatasync (int fd)
{
  return sync_file (fd, NEXT (fdatasync));
}

static int
open_file (int dir, const char *path, int flags, mode_t mode)
{
  int fault = get_fault (OP_OPEN, -1, path);
  int is_new = 0;
  int fd;

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  if ((flags & O_CREAT) != 0 && log_fd >= 0 && is_logged (path))
    is_new = faccessat (dir, path, F_OK, 0) != 0;
  fd = (int) syscall (SYS_openat, dir, path, flags, mode);
  if (fd >= 0)
    see_failures (fd);
  if (fd >= 0 && is_new)
    log_name_change ('c', path, "");
  if (fd >= 0 && (flags & O_TRUNC) != 0)
    log_fd_change ('t', fd, 0, NULL, 0, 0);
  return fd;
}

// The mode is there only with these flags.
#define READ_MODE(flags)                                                                           \
  mode_t mode = 0;                                                                                 \
  if (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE)                              \
    {                                                                                              \
      va_list args;                                                                                \
      va_start (args, flags);                                                                      \
      mode = va_arg (args, mode_t);                                                                \
      va_end (args);                                                                               \
    }

EXPORT int
open64 (const char *path, int flags, ...)
{
  READ_MODE (flags)
  return open_file (AT_FDCWD, path, flags, mode);
}

EXPORT int
open (const char *path, int flags, ...)
{
  READ_MODE (flags)
  return open_file (AT_FDCWD, path, flags, mode);
}

EXPORT int
openat64 (int dir, const char *path, int flags, ...)
{
  READ_MODE (flags)
  return open_file (dir, path, flags, mode);
}

EXPORT int
openat (int dir, const char *path, int flags, ...)
{
  READ_MODE (flags)
  return open_file (dir, path, flags, mode);
}

EXPORT int
link (const char *from, const char *to)
{
  int fault = get_fault (OP_LINK, -1, to);
  int rc;

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  rc = NEXT (link) (from, to);
  if (rc == 0)
    log_name_change ('l', from, to);
  return rc;
}

EXPORT int
rename (const char *from, const char *to)
{
  int fault = get_fault (OP_LINK, -1, to);
  int rc;

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  rc = NEXT (rename) (from, to);
  if (rc == 0)
    log_name_change ('r', from, to);
  return rc;
}

EXPORT int
unlink (const char *path)
{
  int rc = NEXT (unlink) (path);

  if (rc == 0)
    log_name_change ('u', path, "");
  return rc;
}

EXPORT int
mkdir (const char *path, mode_t mode)
{
  int fault = get_fault (OP_LINK, -1, path);
  int rc;

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  rc = NEXT (mkdir) (path, mode);
  if (rc == 0)
    log_name_change ('m', path, "");
  return rc;
}

EXPORT int
accept4 (int fd, struct sockaddr *address, socklen_t *len, int flags)
{
  int fault = get_fault (OP_ACCEPT, -1, "");

  if (fault > 0)
    {
      errno = fault;
      return -1;
    }
  return NEXT (accept4) (fd, address, len, flags);
}
