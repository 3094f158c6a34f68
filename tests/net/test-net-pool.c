// SPDX-License-Identifier: EUPL-1.2
// The worker pool.
#include "config.h"

#include <stdatomic.h>

#include "net-pool.h"

#define CALLS 1000

typedef struct
{
  WdPool *pool;
  _Atomic guint counts[CALLS];
  _Atomic guint n_done;
} Fan;

static void
count_one (guint index, gpointer data)
{
  Fan *self = data;

  atomic_fetch_add (&self->counts[index], 1);
}

static void
fan_out (gpointer data)
{
  Fan *self = data;

  wd_net_pool_run_parallel (self->pool, CALLS, count_one, self);
  // All are done when it returns.
  for (guint i = 0; i < CALLS; i++)
    g_assert_cmpuint (atomic_load (&self->counts[i]), ==, 1);
  atomic_fetch_add (&self->n_done, 1);
  g_free (self);
}

// More workers fan out at once than there are, and none waits for another.
static void
test_parallel (void)
{
  g_autoptr (WdPool) pool = wd_net_pool_new (4);

  for (guint i = 0; i < 50; i++)
    {
      Fan *fan = g_new0 (Fan, 1);

      fan->pool = pool;
      wd_net_pool_push_func (pool, fan_out, fan);
    }
}

static void
append (gpointer data)
{
  GArray *order = ((gpointer *) data)[0];
  guint number = GPOINTER_TO_UINT (((gpointer *) data)[1]);

  g_array_append_val (order, number);
  g_free (data);
}

// One worker: first in, first out, and what is queued is done before the end.
static void
test_order (void)
{
  WdPool *pool = wd_net_pool_new (1);
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < 1000; i++)
    {
      gpointer *pair = g_new0 (gpointer, 2);

      pair[0] = order;
      pair[1] = GUINT_TO_POINTER (i);
      wd_net_pool_push_func (pool, append, pair);
    }
  wd_net_pool_free (pool);
  g_assert_cmpuint (order->len, ==, 1000);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (g_array_index (order, guint, i), ==, i);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/pool/parallel", test_parallel);
  g_test_add_func ("/net/pool/order", test_order);
  return g_test_run ();
}
