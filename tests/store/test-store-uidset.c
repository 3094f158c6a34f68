// SPDX-License-Identifier: EUPL-1.2
// Sets of UIDs against a plain array of booleans.
#include "config.h"

#include <string.h>

#include "store-uidset-union.h"

#define SPACE 300

static void
assert_is (const WdUidSet *set, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  wd_uidset_to_string (set, text);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_build (void)
{
  g_autoptr (WdUidSet) set = wd_uidset_new ();

  g_assert_true (wd_uidset_is_empty (set));
  g_assert_cmpuint (wd_uidset_get_first (set), ==, 0);
  g_assert_cmpuint (wd_uidset_get_last (set), ==, 0);
  assert_is (set, "");
  wd_uidset_add (set, 1);
  wd_uidset_add_range (set, 2, 3);
  wd_uidset_add (set, 5);
  assert_is (set, "1:3,5");
  wd_uidset_add (set, 4);
  assert_is (set, "1:5");
  wd_uidset_remove_range (set, 2, 4);
  assert_is (set, "1,5");
  wd_uidset_add_range (set, G_MAXUINT32 - 1, G_MAXUINT32);
  assert_is (set, "1,5,4294967294:4294967295");
  wd_uidset_add (set, G_MAXUINT32);
  g_assert_cmpuint (wd_uidset_get_count (set), ==, 4);
  g_assert_true (wd_uidset_has (set, G_MAXUINT32));
  g_assert_cmpuint (wd_uidset_get_next (set, 5), ==, G_MAXUINT32 - 1);
  g_assert_cmpuint (wd_uidset_get_next (set, G_MAXUINT32), ==, 0);
  wd_uidset_remove_range (set, 1, G_MAXUINT32);
  g_assert_true (wd_uidset_is_empty (set));
  wd_uidset_add_range (set, 1, G_MAXUINT32);
  g_assert_cmpuint (wd_uidset_get_count (set), ==, G_MAXUINT32);
  g_assert_cmpuint (wd_uidset_get_seq (set, G_MAXUINT32).n, ==, G_MAXUINT32);
  wd_uidset_remove_set (set, set);
  g_assert_true (wd_uidset_is_empty (set));
}

// The naive twin.
typedef struct
{
  guint8 has[SPACE + 2];
} Plain;

static void
check_lookups (const WdUidSet *set, const Plain *plain)
{
  guint32 n = 0;
  WdUid next = 0;

  for (WdUid uid = SPACE; uid >= 1; uid--)
    {
      g_assert_cmpuint (wd_uidset_get_next (set, uid), ==, next);
      if (plain->has[uid])
        next = uid;
    }
  g_assert_cmpuint (wd_uidset_get_next (set, 0), ==, next);

  for (WdUid uid = 1; uid <= SPACE; uid++)
    {
      g_assert_cmpint (wd_uidset_has (set, uid), ==, plain->has[uid]);
      g_assert_cmpuint (wd_uidset_get_seq (set, uid).n, ==, plain->has[uid] ? ++n : 0);
      if (plain->has[uid])
        g_assert_cmpuint (wd_uidset_get_uid (set, (WdSeq){ n }), ==, uid);
    }
  g_assert_cmpuint (wd_uidset_get_count (set), ==, n);
  g_assert_cmpuint (wd_uidset_get_uid (set, (WdSeq){ 0 }), ==, 0);
  g_assert_cmpuint (wd_uidset_get_uid (set, (WdSeq){ n + 1 }), ==, 0);
}

static void
check_runs (const WdUidSet *set, const Plain *plain)
{
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (set, &n_ranges);
  WdUidSetIter iter;
  WdUid uid;
  WdUid expected = 0;

  for (guint i = 0; i < n_ranges; i++)
    {
      g_assert_cmpuint (ranges[i].first, <=, ranges[i].last);
      if (i > 0)
        g_assert_cmpuint (ranges[i].first, >, ranges[i - 1].last + 1);
    }
  wd_uidset_iter_init (&iter, set);
  while (wd_uidset_iter_next (&iter, &uid))
    {
      do
        expected++;
      while (expected <= SPACE && !plain->has[expected]);
      g_assert_cmpuint (uid, ==, expected);
    }
}

static void
check_code (const WdUidSet *set)
{
  g_autoptr (GBytes) bytes = wd_uidset_encode (set);
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);
  g_autoptr (WdUidSet) again = wd_uidset_decode (data, len);
  g_autoptr (WdUidSet) copy = wd_uidset_copy (set);

  g_assert_nonnull (again);
  g_assert_true (wd_uidset_is_equal (set, again));
  g_assert_true (wd_uidset_is_equal (set, copy));
  // What is cut off is seen at every length.
  for (gsize i = 0; i < len; i++)
    g_assert_null (wd_uidset_decode (data, i));
}

static WdUid
random_uid (GRand *rand, WdUid first, WdUid last)
{
  return (WdUid) g_rand_int_range (rand, (gint) first, (gint) MIN (last, SPACE) + 1);
}

static WdUidSet *
random_set (GRand *rand, Plain *plain)
{
  WdUidSet *set = wd_uidset_new ();
  int n = g_rand_int_range (rand, 0, 30);

  memset (plain, 0, sizeof *plain);
  for (int i = 0; i < n; i++)
    {
      WdUid first = random_uid (rand, 1, SPACE);
      WdUid last = random_uid (rand, first, first + 5);

      wd_uidset_add_range (set, first, last);
      memset (plain->has + first, 1, last - first + 1);
    }
  return set;
}

static void
change (GRand *rand, WdUidSet *set, Plain *plain)
{
  Plain other_plain;
  g_autoptr (WdUidSet) other = random_set (rand, &other_plain);
  WdUid first = random_uid (rand, 1, SPACE);
  WdUid last = random_uid (rand, first, first + 40);

  switch (g_rand_int_range (rand, 0, 6))
    {
    case 0:
      wd_uidset_add_range (set, first, last);
      memset (plain->has + first, 1, last - first + 1);
      break;
    case 1:
      wd_uidset_remove_range (set, first, last);
      memset (plain->has + first, 0, last - first + 1);
      break;
    case 2:
      wd_uidset_add (set, first);
      plain->has[first] = 1;
      break;
    case 3:
      wd_uidset_add_set (set, other);
      for (int i = 1; i <= SPACE; i++)
        plain->has[i] |= other_plain.has[i];
      break;
    case 4:
      wd_uidset_remove_set (set, other);
      for (int i = 1; i <= SPACE; i++)
        plain->has[i] &= !other_plain.has[i];
      break;
    default:
      wd_uidset_intersect (set, other);
      for (int i = 1; i <= SPACE; i++)
        plain->has[i] &= other_plain.has[i];
      break;
    }
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_test_rand_int ());

  for (int round = 0; round < 300; round++)
    {
      Plain plain;
      g_autoptr (WdUidSet) set = random_set (rand, &plain);

      for (int i = 0; i < 10; i++)
        {
          change (rand, set, &plain);
          check_lookups (set, &plain);
          check_runs (set, &plain);
        }
      check_code (set);
    }
}

// Damaged octets are refused, or are a valid set: never more.
static void
test_decode_garbage (void)
{
  static const struct
  {
    const char *name;
    const char *octets;
    gsize len;
  } cases[] = {
    { "empty", "", 0 },
    { "other version", "\x02\x00", 2 },
    { "rest behind", "\x01\x00\x00", 3 },
    { "starts at 0", "\x01\x01\x00\x00", 4 },
    { "touching runs", "\x01\x02\x01\x00\x01\x00", 6 },
    { "over-long number", "\x01\x81\x00\x01\x00", 5 },
    { "past the last uid", "\x01\x01\xff\xff\xff\xff\x0f\x01", 8 },
    { "33 bits", "\x01\x01\xff\xff\xff\xff\x1f\x00", 8 },
    { "many runs, no data", "\x01\xff\xff\xff\xff\x0f", 6 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].name);
      g_assert_null (wd_uidset_decode (cases[i].octets, cases[i].len));
    }

  for (int i = 0; i < 20000; i++)
    {
      guint8 data[24];
      gsize len = (gsize) g_test_rand_int_range (0, sizeof data);

      for (gsize j = 0; j < len; j++)
        data[j] = (guint8) g_test_rand_int ();
      if (len > 0)
        data[0] = 1;
      if (len > 1)
        data[1] &= 7;

      g_autoptr (WdUidSet) set = wd_uidset_decode (data, len);

      if (set != NULL)
        {
          g_autoptr (GBytes) bytes = wd_uidset_encode (set);

          g_assert_cmpmem (data, (int) len, g_bytes_get_data (bytes, NULL),
                           (int) g_bytes_get_size (bytes));
        }
    }
}

static void
test_size (void)
{
  g_autoptr (WdUidSet) dense = wd_uidset_new_range (1, 1000000);

  g_assert_cmpuint (wd_uidset_get_uid (dense, (WdSeq){ 500000 }), ==, 500000);
  g_assert_cmpuint (wd_uidset_get_size_bytes (dense), <, 100);
}

// Many sets in any order, against adding one after the other.
static void
test_union (void)
{
  g_auto (WdUidSetUnion) all;
  g_autoptr (WdUidSet) expected = wd_uidset_new ();
  g_autoptr (WdUidSet) none = NULL;

  wd_uidset_union_init (&all);
  for (guint n = 0; n <= 4096; n = n == 0 ? 1 : n * 4)
    {
      g_autoptr (WdUidSet) got = NULL;

      wd_uidset_clear (expected);
      for (guint i = 0; i < n; i++)
        {
          WdUid uid = (WdUid) g_test_rand_int_range (1, 20000);
          g_autoptr (WdUidSet) one = wd_uidset_new_range (uid, uid + uid % 3);

          wd_uidset_add (one, 30000 + uid);
          wd_uidset_union_add (&all, one);
          wd_uidset_add_set (expected, one);
        }
      got = wd_uidset_union_take (&all);
      g_assert_true (wd_uidset_is_equal (got, expected));
    }
  none = wd_uidset_union_take (&all);
  g_assert_true (wd_uidset_is_empty (none));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/uidset/build", test_build);
  g_test_add_func ("/store/uidset/random", test_random);
  g_test_add_func ("/store/uidset/decode-garbage", test_decode_garbage);
  g_test_add_func ("/store/uidset/size", test_size);
  g_test_add_func ("/store/uidset/union", test_union);
  return g_test_run ();
}
