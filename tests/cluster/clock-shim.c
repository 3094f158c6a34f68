// SPDX-License-Identifier: EUPL-1.2
// For LD_PRELOAD: a wall clock that is wrong by as many seconds as the file of WD_TEST_CLOCK says,
// which may change at any time. The monotonic clock is left alone, as it is where a clock is set.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long
get_offset_secs (void)
{
  static int fd = -2;
  char text[32] = "";

  if (fd == -2)
    fd = getenv ("WD_TEST_CLOCK") == NULL ? -1
                                          : open (getenv ("WD_TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
  return fd >= 0 && pread (fd, text, sizeof text - 1, 0) > 0 ? strtoll (text, NULL, 10) : 0;
}

int
clock_gettime (clockid_t clock, struct timespec *out)
{
  static int (*next) (clockid_t, struct timespec *);
  int result;

  if (next == NULL)
    next = (int (*) (clockid_t, struct timespec *)) dlsym (RTLD_NEXT, "clock_gettime");
  result = next (clock, out);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    out->tv_sec += get_offset_secs ();
  return result;
}

int
gettimeofday (struct timeval *restrict out, void *restrict zone)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t
time (time_t *out)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  if (out != NULL)
    *out = now.tv_sec;
  return now.tv_sec;
}
