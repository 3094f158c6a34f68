// SPDX-License-Identifier: EUPL-1.2
// Locks that are told of, and some that are not.
struct _WdTold
{
  GMutex mutex; // Guards nothing.
};

struct _WdUntold
{
  pthread_mutex_t lock;
};

typedef struct
{
  GMutex mutex;
} Untold;

static GMutex mutex;
static GMutex other;
