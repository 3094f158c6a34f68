// SPDX-License-Identifier: EUPL-1.2
// Object ids: form, order, reading what is and is not one.
#include "config.h"

#include "core-id.h"

#include <string.h>

#include "core-clock.h"

#define N_THREADS 4
#define N_IDS 2000

static void
test_round_trip (void)
{
  WdId id, back;
  char hex[WD_CORE_ID_HEX_LEN + 1];
  g_autofree char *copy = NULL;

  wd_core_id_new (&id);
  wd_core_id_to_hex (&id, hex);
  copy = wd_core_id_dup_hex (&id);
  g_assert_cmpuint (strlen (hex), ==, 24);
  g_assert_cmpstr (hex, ==, copy);
  g_assert_true (wd_core_id_from_hex (hex, &back));
  g_assert_true (wd_core_id_is_equal (&id, &back));
  g_assert_true (wd_core_id_equal (&id, &back));
  g_assert_cmpuint (wd_core_id_hash (&id), ==, wd_core_id_hash (&back));
  g_assert_false (wd_core_id_is_none (&id));
}

static void
test_from_hex (void)
{
  static const struct
  {
    const char *hex;
    gboolean ok;
  } rows[] = {
    { "0123456789abcdef01234567", TRUE },  { "0123456789ABCDEF01234567", TRUE },
    { "000000000000000000000000", TRUE },  { "", FALSE },
    { "0123456789abcdef0123456", FALSE },  { "0123456789abcdef012345678", FALSE },
    { "0123456789abcdef0123456g", FALSE }, { " 123456789abcdef01234567", FALSE },
    { "0123456789abcdef0123456 ", FALSE }, { "0x23456789abcdef01234567", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdId id, before;

      memset (&id, 0x55, sizeof id);
      before = id;
      g_assert_cmpint (wd_core_id_from_hex (rows[i].hex, &id), ==, rows[i].ok);
      g_assert_cmpint (wd_core_id_is_equal (&id, &before), ==, !rows[i].ok);
    }
}

static void
test_upper_case_is_the_same (void)
{
  WdId a, b;

  g_assert_true (wd_core_id_from_hex ("0123456789abcdef01234567", &a));
  g_assert_true (wd_core_id_from_hex ("0123456789ABCDEF01234567", &b));
  g_assert_true (wd_core_id_is_equal (&a, &b));
}

static void
test_seconds (void)
{
  WdId id;
  gint64 before, secs;

  wd_core_clock_advance_for_test ((gint64) 86400 * G_USEC_PER_SEC);
  before = wd_core_clock_now_us () / G_USEC_PER_SEC;
  wd_core_id_new (&id);
  secs = (gint64) id.bytes[0] << 24 | id.bytes[1] << 16 | id.bytes[2] << 8 | id.bytes[3];
  g_assert_cmpint (secs, >=, before);
  g_assert_cmpint (secs, <=, wd_core_clock_now_us () / G_USEC_PER_SEC);
}

// Ids of one process sort by creation.
static void
test_order (void)
{
  WdId last, id;

  wd_core_id_new (&last);
  for (guint i = 0; i < 1000; i++)
    {
      wd_core_id_new (&id);
      g_assert_cmpint (memcmp (&last, &id, sizeof id), <, 0);
      last = id;
    }
}

static gpointer
make_ids (gpointer data)
{
  WdId *ids = data;

  for (guint i = 0; i < N_IDS; i++)
    wd_core_id_new (&ids[i]);
  return NULL;
}

static void
test_threads (void)
{
  g_autofree WdId *ids = g_new (WdId, N_THREADS * N_IDS);
  g_autoptr (GHashTable) seen = g_hash_table_new (wd_core_id_hash, wd_core_id_equal);
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new (NULL, make_ids, ids + i * N_IDS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  for (guint i = 0; i < N_THREADS * N_IDS; i++)
    g_assert_true (g_hash_table_add (seen, &ids[i]));
}

static void
test_none (void)
{
  WdId none = { 0 };

  g_assert_true (wd_core_id_is_none (&none));
  none.bytes[11] = 1;
  g_assert_false (wd_core_id_is_none (&none));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/id/round-trip", test_round_trip);
  g_test_add_func ("/core/id/from-hex", test_from_hex);
  g_test_add_func ("/core/id/upper-case-is-the-same", test_upper_case_is_the_same);
  g_test_add_func ("/core/id/order", test_order);
  g_test_add_func ("/core/id/seconds", test_seconds);
  g_test_add_func ("/core/id/threads", test_threads);
  g_test_add_func ("/core/id/none", test_none);
  return g_test_run ();
}
