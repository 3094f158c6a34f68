// SPDX-License-Identifier: EUPL-1.2
// The log: what an entry carries, that nobody can forge one, and what it does to the process.
#include "config.h"

#include "core-log.h"

#include <string.h>

#include "core-limits.h"
#include "core-log-private.h"

static GHashTable *caught; // Fields of the last entry.
static guint n_caught;

static void
catch_entry (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  n_caught++;
  g_hash_table_remove_all (caught);
  for (gsize i = 0; i < n_fields; i++)
    g_assert_true (
        g_hash_table_insert (caught, g_strdup (fields[i].key), g_strdup (fields[i].value)));
}

static const char *
get (const char *field)
{
  return g_hash_table_lookup (caught, field);
}

static void
test_fields (void)
{
  g_autoptr (WdLogContext) parent = wd_core_log_context_new (NULL);
  WdLogContext *ctx = wd_core_log_context_new (parent);

  wd_core_log_context_set (parent, "WD_SESSION", "abc");
  wd_core_log_context_set (parent, "WD_REMOTE", "192.0.2.1");
  wd_core_log_context_set (ctx, "WD_USER", "anna");
  wd_core_log_context_set (ctx, "WD_REMOTE", "192.0.2.2");

  wd_log_info (ctx, WD_MSG_DELIVERED, "WD_UID", "7", "WD_USER", "bert", "WD_MAILBOX", (char *) NULL,
               NULL, "delivered %u", 7U);
  g_assert_cmpstr (get ("MESSAGE"), ==, "delivered 7");
  g_assert_cmpstr (get ("MESSAGE_ID"), ==, WD_MSG_DELIVERED);
  g_assert_cmpstr (get ("PRIORITY"), ==, "6");
  g_assert_cmpstr (get ("WD_UID"), ==, "7");
  g_assert_cmpstr (get ("WD_USER"), ==, "bert");
  g_assert_cmpstr (get ("WD_REMOTE"), ==, "192.0.2.2");
  g_assert_cmpstr (get ("WD_SESSION"), ==, "abc");
  g_assert_null (get ("WD_MAILBOX"));

  wd_core_log_context_set (ctx, "WD_REMOTE", NULL);
  wd_core_log_context_set (ctx, "WD_COMMAND", NULL);
  wd_log_error (ctx, WD_MSG_INTERNAL_ERROR, NULL, "100%% %s", "wrong");
  g_assert_cmpstr (get ("WD_REMOTE"), ==, "192.0.2.1");
  g_assert_cmpstr (get ("WD_USER"), ==, "anna");
  g_assert_cmpstr (get ("MESSAGE"), ==, "100% wrong");
  g_assert_cmpstr (get ("PRIORITY"), ==, "3");

  // A parent outlives its owner's reference while a child has it.
  wd_core_log_context_free (g_steal_pointer (&parent));
  wd_log_notice (ctx, WD_MSG_STARTED, NULL, "x");
  g_assert_cmpstr (get ("WD_SESSION"), ==, "abc");
  g_assert_cmpstr (get ("PRIORITY"), ==, "5");
  wd_core_log_context_free (ctx);
  wd_core_log_context_free (NULL);
}

static void
test_debug (void)
{
  guint before = n_caught;

  wd_log_debug (NULL, NULL, "not seen");
  g_assert_cmpuint (n_caught, ==, before);
}

static void
test_many_fields (void)
{
  static const char *const names[]
      = { "WD_A", "WD_B", "WD_C", "WD_D", "WD_E", "WD_F", "WD_G", "WD_H", "WD_I",
          "WD_J", "WD_K", "WD_L", "WD_M", "WD_N", "WD_O", "WD_P", "WD_Q" };
  WdLogContext *ctx[4];

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == WD_LIMIT_LOG_FIELDS + 1);
  for (guint i = 0; i < G_N_ELEMENTS (ctx); i++)
    {
      ctx[i] = wd_core_log_context_new (i > 0 ? ctx[i - 1] : NULL);
      for (guint n = 0; n < WD_LIMIT_LOG_FIELDS; n++)
        wd_core_log_context_set (ctx[i], names[n], "x");
      // Setting what is there already is no new field.
      wd_core_log_context_set (ctx[i], names[0], "y");
    }
  wd_log_info (ctx[3], WD_MSG_STARTED, NULL, "full");
  g_assert_cmpstr (get ("MESSAGE"), ==, "full");
  g_assert_cmpstr (get ("WD_A"), ==, "y");
  g_assert_cmpstr (get ("WD_SERVICE"), ==, "wildduck");
  for (guint i = 0; i < G_N_ELEMENTS (ctx); i++)
    wd_core_log_context_free (ctx[i]);
}

static void
test_text (void)
{
  static const struct
  {
    const char *text, *message, *value;
  } rows[] = {
    { "plain", "plain", "plain" },
    { "", "", "\"\"" },
    { "two words", "two words", "\"two words\"" },
    { "a\r\nimap: b", "a\\x0d\\x0aimap: b", "\"a\\x0d\\x0aimap: b\"" },
    { "\x1b[31m", "\\x1b[31m", "\"\\x1b[31m\"" },
    { "x remote=192.0.2.9", "x remote=192.0.2.9", "\"x remote=192.0.2.9\"" },
    { "q\" remote=1", "q\" remote=1", "\"q\\\" remote=1\"" },
    { "\xd0\xb0\xd0\xbd", "\xd0\xb0\xd0\xbd", "\xd0\xb0\xd0\xbd" },
    { "\xff\xc3", "\\xff\\xc3", "\\xff\\xc3" },
    { "\x7f", "\\x7f", "\\x7f" },
    { "\xc2\x9b", "\\u{9b}", "\\u{9b}" },
    { "\xe2\x80\xae"
      "abc",
      "\\u{202e}abc", "\\u{202e}abc" },
    { "\xe2\x80\xa8", "\\u{2028}", "\\u{2028}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) message = g_string_new ("<");
      g_autoptr (GString) value = g_string_new ("<");

      wd_core_log_text_append (message, rows[i].text, -1, 100);
      wd_core_log_text_append_value (value, rows[i].text, 100);
      g_assert_cmpstr (message->str + 1, ==, rows[i].message);
      g_assert_cmpstr (value->str + 1, ==, rows[i].value);
    }
}

// Bounds: at, below and above; and a character or an escape is never cut in two.
static void
test_bounds (void)
{
  static const gsize limits[] = { WD_LIMIT_LOG_MESSAGE_BYTES, WD_LIMIT_LOG_FIELD_BYTES, 10 };

  for (gsize i = 0; i < G_N_ELEMENTS (limits); i++)
    for (gsize extra = 0; extra < 3; extra++)
      {
        g_autofree char *text = g_strnfill (limits[i] - 1 + extra, 'a');
        g_autoptr (GString) out = g_string_new (NULL);

        wd_core_log_text_append (out, text, -1, limits[i]);
        g_assert_cmpuint (out->len, ==, MIN (strlen (text), limits[i]));
        g_assert_cmpint (g_str_has_suffix (out->str, "…"), ==, extra == 2);
      }

  for (gsize limit = 3; limit < 20; limit++)
    {
      g_autoptr (GString) out = g_string_new (NULL);

      wd_core_log_text_append (out, "\xd0\xb0\n\xd0\xb0\xff\xd0\xb0\n\xd0\xb0\xff", -1, limit);
      g_assert_cmpuint (out->len, <=, limit);
      g_assert_true (g_str_has_suffix (out->str, "…"));
      g_assert_true (g_utf8_validate (out->str, -1, NULL));
    }
}

static void
log_to_stderr (void)
{
  g_autoptr (WdLogContext) ctx = wd_core_log_context_new (NULL);
  g_autofree char *huge = g_strnfill (100000, 'a');

  wd_core_log_set_sink_for_test (NULL, NULL);
  wd_core_log_init ("imap", FALSE);
  wd_core_log_context_set (ctx, "WD_REMOTE", "192.0.2.1");
  wd_log_warning (ctx, WD_MSG_LOGIN_FAILED, "WD_USER", "x remote=192.0.2.9\nimap: y", NULL,
                  "login failed for %s", "z\nimap: forged");
  wd_log_warning (ctx, WD_MSG_LOGIN_FAILED, "WD_USER", "a b", NULL, "m user=a b remote=192.0.2.1");
  wd_log_warning (ctx, WD_MSG_LOGIN_FAILED, NULL, "m remote=192.0.2.1 remote=192.0.2.10");
  wd_log_error (NULL, WD_MSG_INTERNAL_ERROR, NULL, "still alive");
  wd_log_debug (NULL, NULL, "hidden");
  wd_core_log_init ("ignored", TRUE);
  wd_log_debug (NULL, NULL, "shown");
  wd_log_info (NULL, WD_MSG_STARTED, NULL, "%s", huge);
  g_message ("from GLib");
}

// Without a journal: plain lines. Our own warnings never abort, whatever G_DEBUG says.
static void
test_plain (void)
{
  if (g_test_subprocess ())
    {
      log_to_stderr ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr (
      "imap: warning: login failed for z\\x0aimap: forged "
      "user=\"x remote=192.0.2.9\\x0aimap: y\" remote=192.0.2.1\n"
      "imap: warning: m user=\"a b\" remote=192.0.2.1\n"
      "imap: warning: m remote=192.0.2.1 remote=192.0.2.10 remote=192.0.2.1\n"
      "imap: error: still alive\nimap: debug: shown\nimap: aaa*aaa…\nimap: notice: from GLib\n");
  g_test_trap_assert_stderr_unmatched ("*hidden*");
}

static void
test_glib_warning_is_fatal (void)
{
  if (g_test_subprocess ())
    {
      wd_core_log_set_sink_for_test (NULL, NULL);
      wd_core_log_init ("imap", FALSE);
      g_warning ("a bug");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*imap: warning: a bug\n*");
}

#define N_THREADS 4
#define N_LINES 200

static gpointer
log_lines (gpointer data)
{
  g_autoptr (WdLogContext) ctx = wd_core_log_context_new (data);

  for (guint i = 0; i < N_LINES; i++)
    {
      wd_core_log_context_set (ctx, "WD_USER", i % 2 == 0 ? "anna" : NULL);
      wd_log_info (ctx, WD_MSG_STARTED, NULL, "a line of %s", "some length, so that it can be cut");
    }
  return NULL;
}

static void
log_from_threads (void)
{
  g_autoptr (WdLogContext) parent = wd_core_log_context_new (NULL);
  GThread *threads[N_THREADS];

  wd_core_log_set_sink_for_test (NULL, NULL);
  wd_core_log_init ("imap", FALSE);
  wd_core_log_context_set (parent, "WD_REMOTE", "192.0.2.1");
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new (NULL, log_lines, parent);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

// Lines of several threads stay whole.
static void
test_threads (void)
{
  const char *const argv[] = { g_test_get_filename (G_TEST_BUILT, "core", "test-core-log", NULL),
                               "--from-threads", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *output = NULL;
  g_auto (GStrv) lines = NULL;
  int status;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &output, &status,
                &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  lines = g_strsplit (output, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, N_THREADS * N_LINES + 1);
  for (guint i = 0; i < N_THREADS * N_LINES; i++)
    {
      g_assert_true (
          g_str_has_prefix (lines[i], "imap: a line of some length, so that it can be cut"));
      g_assert_true (g_str_has_suffix (lines[i], " remote=192.0.2.1"));
    }
}

// A complaint from inside the writer is dropped, not written by a writer that is at work.
static void
complain_again (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  n_caught++;
  wd_log_error (NULL, WD_MSG_INTERNAL_ERROR, NULL, "again");
}

static void
test_recursion (void)
{
  n_caught = 0;
  wd_core_log_set_sink_for_test (complain_again, NULL);
  wd_log_error (NULL, WD_MSG_INTERNAL_ERROR, NULL, "once");
  wd_core_log_set_sink_for_test (catch_entry, NULL);
  g_assert_cmpuint (n_caught, ==, 1);
}

int
main (int argc, char **argv)
{
  int status;

  if (argc == 2 && strcmp (argv[1], "--from-threads") == 0)
    {
      log_from_threads ();
      return 0;
    }
  g_test_init (&argc, &argv, NULL);
  caught = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  wd_core_log_set_sink_for_test (catch_entry, NULL);
  g_test_add_func ("/core/log/fields", test_fields);
  g_test_add_func ("/core/log/debug", test_debug);
  g_test_add_func ("/core/log/many-fields", test_many_fields);
  g_test_add_func ("/core/log/text", test_text);
  g_test_add_func ("/core/log/bounds", test_bounds);
  g_test_add_func ("/core/log/plain", test_plain);
  g_test_add_func ("/core/log/glib-warning-is-fatal", test_glib_warning_is_fatal);
  g_test_add_func ("/core/log/threads", test_threads);
  g_test_add_func ("/core/log/recursion", test_recursion);
  status = g_test_run ();
  g_hash_table_unref (caught);
  return status;
}
