// SPDX-License-Identifier: EUPL-1.2
// The spool of incoming messages: limits, memory and file, many readers, the prepared form.
#include "config.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "core-limits.h"
#include "store-incoming-private.h"
#include "test-store.h"

#define MAX_MESSAGE_BYTES (3 * WD_LIMIT_SPOOL_MEMORY_BYTES)

static const WdStoreOptions options = { .max_message_size_bytes = MAX_MESSAGE_BYTES };

// Octet i of every message in this file.
static char
octet_at (gsize i)
{
  return i % 64 == 63 ? '\n' : (char) ('a' + i * 7 % 23);
}

static char *
new_octets (gsize len)
{
  char *octets = g_malloc (len + 1);

  for (gsize i = 0; i < len; i++)
    octets[i] = octet_at (i);
  return octets;
}

static WdIncoming *
spool (WdTestStore *scratch, gsize len, gsize chunk)
{
  g_autofree char *octets = new_octets (len);
  WdIncoming *incoming = wd_incoming_new (wd_test_store_get (scratch));
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < len; i += chunk)
    {
      gboolean ok = wd_incoming_write (incoming, octets + i, MIN (chunk, len - i), &error);

      g_assert_no_error (error);
      g_assert_true (ok);
    }
  g_assert_true (wd_incoming_finish (incoming, &error));
  return incoming;
}

static void
check_read (WdIncoming *incoming, gsize offset, gsize len)
{
  gsize size = wd_incoming_get_size_bytes (incoming);
  gsize expected = offset >= size ? 0 : MIN (len, size - offset);
  g_autofree char *data = g_malloc (len + 1);
  gsize n = G_MAXSIZE;

  g_assert_true (wd_incoming_read (incoming, offset, data, len, &n, NULL));
  g_assert_cmpuint (n, ==, expected);
  for (gsize i = 0; i < n; i++)
    g_assert_cmpint (data[i], ==, octet_at (offset + i));
}

// Below, at and above WD_LIMIT_SPOOL_MEMORY_BYTES, in chunks of several sizes.
static void
test_read (void)
{
  static const struct
  {
    gsize len;
    gsize chunk;
    gboolean in_memory;
  } cases[] = {
    { 0, 1, TRUE },
    { 1, 1, TRUE },
    { 10000, 7, TRUE },
    { WD_LIMIT_SPOOL_MEMORY_BYTES - 1, 4096, TRUE },
    { WD_LIMIT_SPOOL_MEMORY_BYTES, 4096, TRUE },
    { WD_LIMIT_SPOOL_MEMORY_BYTES + 1, 4096, FALSE },
    { WD_LIMIT_SPOOL_MEMORY_BYTES + 1, WD_LIMIT_SPOOL_MEMORY_BYTES + 1, FALSE },
    { MAX_MESSAGE_BYTES, 65536, FALSE },
  };

  g_autoptr (WdTestStore) scratch = wd_test_store_new (&options);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (WdIncoming) incoming = spool (scratch, cases[i].len, cases[i].chunk);
      gsize len = 0;
      const guint8 *memory = wd_incoming_peek_memory (incoming, &len);
      guint n_parts;

      g_assert_cmpuint (wd_incoming_get_size_bytes (incoming), ==, cases[i].len);
      g_assert_cmpint (memory != NULL, ==, cases[i].in_memory);
      g_assert_cmpint (wd_incoming_get_fd (incoming) < 0, ==, cases[i].in_memory);
      if (memory != NULL)
        g_assert_cmpuint (len, ==, cases[i].len);
      g_assert_nonnull (wd_mime_tree_get_parts (wd_incoming_get_tree (incoming), &n_parts));
      g_assert_cmpuint (n_parts, ==, 1);

      check_read (incoming, 0, cases[i].len);
      check_read (incoming, 0, cases[i].len + 10);
      check_read (incoming, cases[i].len / 2, 100);
      check_read (incoming, cases[i].len, 100);
      check_read (incoming, cases[i].len + 1, 100);
    }
}

static void
test_too_large (void)
{
  static const struct
  {
    gsize len;
    gboolean ok;
  } cases[] = {
    { MAX_MESSAGE_BYTES - 1, TRUE },
    { MAX_MESSAGE_BYTES, TRUE },
    { MAX_MESSAGE_BYTES + 1, FALSE },
  };

  g_autoptr (WdTestStore) scratch = wd_test_store_new (&options);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (WdIncoming) incoming = wd_incoming_new (wd_test_store_get (scratch));
      g_autofree char *octets = new_octets (cases[i].len);
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (wd_incoming_write (incoming, octets, cases[i].len, &error), ==, cases[i].ok);
      if (cases[i].ok)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE);
      g_clear_error (&error);

      // It stays failed; what follows is counted.
      g_assert_false (wd_incoming_write (incoming, "abc", 3, &error));
      g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE);
      g_clear_error (&error);
      g_assert_cmpuint (wd_incoming_get_size_bytes (incoming), ==, cases[i].len + 3);
      g_assert_false (wd_incoming_finish (incoming, &error));
      g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE);
    }
}

// A spool that cannot grow (the file size limit stands for a full disk) is UNAVAILABLE, and stays
// so even if there were room again.
static void
test_full (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new (&options);
  g_autoptr (WdIncoming) incoming = wd_incoming_new (wd_test_store_get (scratch));
  g_autofree char *octets = new_octets (MAX_MESSAGE_BYTES / 2);
  g_autoptr (GError) error = NULL;
  struct rlimit old;
  struct rlimit small;

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  small = old;
  small.rlim_cur = WD_LIMIT_SPOOL_MEMORY_BYTES + 1000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_false (wd_incoming_write (incoming, octets, MAX_MESSAGE_BYTES / 2, &error)
                  && wd_incoming_write (incoming, octets, MAX_MESSAGE_BYTES / 2, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  g_assert_false (wd_incoming_finish (incoming, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
}

static gpointer
read_in_thread (gpointer data)
{
  for (gsize i = 0; i < 200; i++)
    check_read (data, i * 10007, 5000);
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new (&options);
  g_autoptr (WdIncoming) incoming = spool (scratch, MAX_MESSAGE_BYTES, 65536);
  GThread *threads[4];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("read", read_in_thread, incoming);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

typedef struct
{
  WdIncoming *incoming;
  gint n_made;
  gint n_freed;
  gint fail; // The first call fails.
} Preparing;

static Preparing *freeing;

static gpointer
prepare (WdIncoming *incoming, gpointer user_data, GError **error)
{
  Preparing *preparing = user_data;

  if (g_atomic_int_compare_and_exchange (&preparing->fail, 1, 0))
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE, "for this test");
      return NULL;
    }
  g_atomic_int_inc (&preparing->n_made);
  return g_strdup ("prepared");
}

static void
free_prepared (gpointer data)
{
  g_atomic_int_inc (&freeing->n_freed);
  g_free (data);
}

static gpointer
prepare_in_thread (gpointer data)
{
  Preparing *preparing = data;

  return wd_incoming_get_prepared (preparing->incoming, prepare, preparing, free_prepared, NULL);
}

// Made once for all threads, kept until the end; a failure is not kept.
static void
test_prepared (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new (&options);
  Preparing preparing = { .incoming = spool (scratch, 1000, 1000), .fail = 1 };
  g_autoptr (GError) error = NULL;
  GThread *threads[8];
  gpointer first = NULL;

  freeing = &preparing;
  g_assert_null (
      wd_incoming_get_prepared (preparing.incoming, prepare, &preparing, free_prepared, &error));
  g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("prepare", prepare_in_thread, &preparing);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      gpointer got = g_thread_join (threads[i]);

      if (first == NULL)
        first = got;
      g_assert_nonnull (got);
      g_assert_true (got == first);
    }
  g_assert_cmpint (preparing.n_made, ==, 1);
  g_assert_cmpint (preparing.n_freed, ==, 0);
  wd_incoming_ref (preparing.incoming);
  wd_incoming_unref (preparing.incoming);
  g_assert_cmpint (preparing.n_freed, ==, 0);
  wd_incoming_unref (preparing.incoming);
  g_assert_cmpint (preparing.n_freed, ==, 1);
}

// One that is dropped halfway, in memory and in a file.
static void
test_dropped (void)
{
  g_autoptr (WdTestStore) scratch = wd_test_store_new (&options);
  g_autofree char *octets = new_octets (MAX_MESSAGE_BYTES);

  for (gsize len = 1; len <= MAX_MESSAGE_BYTES; len *= 2)
    {
      g_autoptr (WdIncoming) incoming = wd_incoming_new (wd_test_store_get (scratch));

      g_assert_true (wd_incoming_write (incoming, octets, len, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/incoming/read", test_read);
  g_test_add_func ("/store/incoming/too-large", test_too_large);
  g_test_add_func ("/store/incoming/full", test_full);
  g_test_add_func ("/store/incoming/threads", test_threads);
  g_test_add_func ("/store/incoming/prepared", test_prepared);
  g_test_add_func ("/store/incoming/dropped", test_dropped);
  return g_test_run ();
}
