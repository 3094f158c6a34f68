// SPDX-License-Identifier: EUPL-1.2
// The configuration: defaults, layers, types, and what each bad input is told.
#include "config.h"

#include "core-config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core-config-private.h"
#include "core-limits.h"

typedef struct
{
  char *directory;
  char *vendor;
  char *site;
  char *drop_ins;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("wd-config-XXXXXX", NULL);
  g_assert_nonnull (f->directory);
  f->vendor = g_build_filename (f->directory, "vendor.conf", NULL);
  f->site = g_build_filename (f->directory, "site.conf", NULL);
  f->drop_ins = g_strconcat (f->site, ".d", NULL);
  g_assert_cmpint (g_mkdir (f->drop_ins, 0700), ==, 0);
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  remove_all (f->directory);
  g_free (f->directory);
  g_free (f->vendor);
  g_free (f->site);
  g_free (f->drop_ins);
}

static void
write_file (const char *path, const char *text)
{
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
write_drop_in (Fixture *f, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (f->drop_ins, name, NULL);

  write_file (path, text);
}

static WdConfig *
load (Fixture *f, const char *variable, const char *override, GError **error)
{
  const char *const environment[] = { "PATH=/bin", variable, NULL };
  const char *const overrides[] = { override, NULL };

  return wd_core_config_load_from (f->vendor, f->site, FALSE, environment, overrides, error);
}

static const struct
{
  const char *section;
  const char *key;
  gint64 limit_secs;
} times[] = {
  { "imap", "login-timeout", WD_LIMIT_IMAP_LOGIN_SECS },
  { "imap", "idle-timeout", WD_LIMIT_IMAP_IDLE_SECS },
  { "lmtp", "timeout", WD_LIMIT_SMTP_WAIT_SECS },
  { "http", "timeout", WD_LIMIT_HTTP_WAIT_SECS },
};

static void
test_defaults (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdConfig) config = load (f, NULL, NULL, &error);
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);

  g_assert_no_error (error);
  for (gsize i = 0; i < n_keys; i++)
    {
      g_assert_cmpstr (wd_core_config_get_text (config, keys[i].section, keys[i].key), ==,
                       keys[i].value);
      g_assert_cmpstr (wd_core_config_get_origin (config, keys[i].section, keys[i].key), ==,
                       "default");
      g_assert_true (g_str_has_suffix (keys[i].help, "."));
    }
  g_assert_cmpstr (wd_core_config_get_string (config, "store", "uri"), ==,
                   "sqlite:/var/lib/wildduck");
  g_assert_cmpuint (wd_core_config_get_size (config, "store", "max-message-size"), ==,
                    WD_LIMIT_MESSAGE_BYTES);
  g_assert_cmpint (wd_core_config_get_integer (config, "lmtp", "max-recipients"), ==,
                   WD_LIMIT_RECIPIENTS);
  g_assert_cmpuint (wd_core_config_get_size (config, "http", "max-body-size"), ==,
                    WD_LIMIT_HTTP_BODY_BYTES);
  g_assert_cmpint (wd_core_config_get_integer (config, "imap", "max-connections"), ==,
                   WD_LIMIT_CONNECTIONS);
  g_assert_cmpint (wd_core_config_get_integer (config, "imap", "max-connections-per-address"), ==,
                   WD_LIMIT_CONNECTIONS_PER_ADDRESS);
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    g_assert_cmpint (wd_core_config_get_duration_ms (config, times[i].section, times[i].key), ==,
                     times[i].limit_secs * 1000);
  g_assert_cmpint (wd_core_config_get_duration_ms (config, "auth", "cache-time"), ==, 300000);
  g_assert_false (wd_core_config_get_boolean (config, "log", "debug"));
  g_assert_cmpstr (wd_core_config_get_string (config, "auth", "password-scheme"), ==, "yescrypt");
  g_assert_null (wd_core_config_get_list (config, "lmtp", "xclient-from")[0]);
}

// Each layer wins over those before it.
static void
test_layers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *key, *value, *origin;
  } rows[] = {
    { "login-timeout", "1s", "/vendor.conf:2" },
    { "max-connections", "2", "/site.conf:3" },
    { "max-connections-per-address", "3", "/site.conf.d/10-a.conf:2" },
    { "workers", "4", "/site.conf.d/20-b.conf:3" },
    { "idle-timeout", "5min", "environment" },
    { "idle-exit", "6s", "command line" },
  };

  g_autoptr (GError) error = NULL;
  g_autoptr (WdConfig) config = NULL;

  write_file (f->vendor, "[imap]\nlogin-timeout=1s\nmax-connections=1\n"
                         "max-connections-per-address=1\nworkers=1\nidle-timeout=1s\nidle-exit=1s");
  write_file (f->site, "# comment\n[imap]\n max-connections = 2 \nmax-connections-per-address=2\n"
                       "workers=2\nidle-timeout=2s\nidle-exit=2s\n");
  // Sorted by name, not as the directory has them; what is not *.conf or hidden is not read.
  write_drop_in (f, "20-b.conf", "\n[imap]\nworkers=4\nidle-timeout=4s\nidle-exit=4s\n");
  write_drop_in (f, "10-a.conf", "[imap]\nmax-connections-per-address=3\nworkers=3\n");
  write_drop_in (f, "30-c.conf.bak", "[imap]\nworkers=99\n");
  write_drop_in (f, ".40-d.conf", "[imap]\nworkers=99\n");

  config = load (f, "WILDDUCK_IMAP_IDLE_TIMEOUT=5min", "imap.idle-exit=6s", &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_cmpstr (wd_core_config_get_text (config, "imap", rows[i].key), ==, rows[i].value);
      g_assert_true (g_str_has_suffix (wd_core_config_get_origin (config, "imap", rows[i].key),
                                       rows[i].origin));
    }
}

static void
test_last_assignment_wins (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdConfig) config = NULL;

  write_file (f->site, "[imap]\nworkers=1\n[lmtp]\nworkers=2\n[imap]\nworkers=3\n");
  config = load (f, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (wd_core_config_get_integer (config, "imap", "workers"), ==, 3);
  g_assert_true (g_str_has_suffix (wd_core_config_get_origin (config, "imap", "workers"), ":6"));
}

static void
test_list (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdConfig) config = load (f, NULL, "lmtp.xclient-from= unix, 10.0.0.0/8;;::1 ", &error);
  const char *const *list;

  g_assert_no_error (error);
  list = wd_core_config_get_list (config, "lmtp", "xclient-from");
  g_assert_cmpuint (g_strv_length ((GStrv) list), ==, 3);
  g_assert_cmpstr (list[0], ==, "unix");
  g_assert_cmpstr (list[1], ==, "10.0.0.0/8");
  g_assert_cmpstr (list[2], ==, "::1");
}

// Numbers of each type: at, below and above what is allowed. -1: refused.
static void
test_values (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *section, *key, *text;
    gint64 number;
  } rows[] = {
    { "log", "debug", "yes", 1 },
    { "log", "debug", "true", 1 },
    { "log", "debug", "on", 1 },
    { "log", "debug", "1", 1 },
    { "log", "debug", "off", 0 },
    { "log", "debug", "Yes", -1 },
    { "log", "debug", "", -1 },
    { "imap", "workers", "0", 0 },
    { "imap", "workers", "1024", 1024 },
    { "imap", "workers", "1025", -1 },
    { "imap", "workers", "-1", -1 },
    { "imap", "workers", "1.5", -1 },
    { "imap", "workers", "0x10", -1 },
    { "imap", "workers", "8 ", -1 },
    { "imap", "workers", "", -1 },
    { "imap", "workers", "99999999999999999999", -1 },
    { "http", "max-body-size", "1023", -1 },
    { "http", "max-body-size", "1024", 1024 },
    { "http", "max-body-size", "1K", 1024 },
    { "http", "max-body-size", "1G", 1 << 30 },
    { "http", "max-body-size", "1T", -1 },
    { "http", "max-body-size", "1k", -1 },
    { "http", "max-body-size", "K", -1 },
    { "http", "max-body-size", "9223372036854775807T", -1 },
    { "auth", "failure-window", "999ms", -1 },
    { "auth", "failure-window", "1000ms", 1000 },
    { "auth", "failure-window", "1d", 86400000 },
    { "auth", "failure-window", "25h", -1 },
    { "auth", "failure-window", "90min", 5400000 },
    { "auth", "failure-window", "90", -1 },
    { "auth", "cache-time", "0", 0 },
    { "auth", "cache-time", "s", -1 },
    { "auth", "password-scheme", "bcrypt", 0 },
    { "auth", "password-scheme", "md5", -1 },
    { "auth", "password-scheme", "", -1 },
    { "lmtp", "hostname", "", 0 },
    { "lmtp", "hostname", "a\nb", -1 },
    { "lmtp", "hostname", "a\xff", -1 },
  };

  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize k = 0; k < n_keys; k++)
      {
        WdConfigValue value = { .text = g_strdup ("before"), .number = 77 };
        g_autoptr (GError) error = NULL;

        if (strcmp (keys[k].section, rows[i].section) != 0
            || strcmp (keys[k].key, rows[i].key) != 0)
          {
            wd_core_config_value_clear (&value);
            continue;
          }
        if (wd_core_config_value_parse (&keys[k], rows[i].text, &value, &error))
          {
            g_assert_cmpint (value.number, ==, rows[i].number);
            g_assert_cmpstr (value.text, ==, rows[i].text);
          }
        else
          {
            g_assert_cmpint (rows[i].number, ==, -1);
            g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_BAD_VALUE);
            g_assert_cmpstr (value.text, ==, "before");
            g_assert_cmpint (value.number, ==, 77);
          }
        wd_core_config_value_clear (&value);
      }
}

// What a bad site file is told: DIR stands for the fixture's directory.
static void
test_bad_files (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *text, *message;
    WdConfigError code;
  } rows[] = {
    { "[imap]\nwokers=1\n", "site.conf:2: section [imap] has no key \"wokers\"",
      WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "[imap]\nworkers[de]=1\n", "site.conf:2: section [imap] has no key \"workers[de]\"",
      WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "#\n\n[pop4]\n", "site.conf:3: there is no section [pop4]", WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "[IMAP]\n", "site.conf:1: there is no section [IMAP]", WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "[imap]\n\nworkers=many\n", "site.conf:3: [imap] workers: \"many\" is not a whole number",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "[imap]\nworkers=1025\n", "site.conf:2: [imap] workers: \"1025\" is out of range (0 to 1024)",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "[imap]\nlogin-timeout=10\n",
      "site.conf:2: [imap] login-timeout: \"10\" is not a time such as",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "[auth]\npassword-scheme=md5\n",
      "site.conf:2: [auth] password-scheme: \"md5\" is not one of the choices (yescrypt bcrypt",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "[lmtp]\nhostname=a\\qb\n", "site.conf:2: [lmtp] hostname: the value has a backslash",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "[lmtp]\nhostname=a\\nb\n", "site.conf:2: [lmtp] hostname: \"a\\nb\" has a control",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "workers=1\n", "site.conf:1: ", WD_CONFIG_ERROR_SYNTAX },
    { "[imap]\n# fine\nnonsense\n", "site.conf:3: ", WD_CONFIG_ERROR_SYNTAX },
    { "[imap]\n=1\n", "site.conf:2: ", WD_CONFIG_ERROR_SYNTAX },
    { "[imap\nworkers=1\n", "site.conf:1: ", WD_CONFIG_ERROR_SYNTAX },
    { "[]\n", "site.conf:1: ", WD_CONFIG_ERROR_SYNTAX },
    { "[imap]\n#\n#\xff\n", "site.conf:3: not UTF-8 text", WD_CONFIG_ERROR_SYNTAX },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *start = NULL;

      write_file (f->site, rows[i].text);
      g_assert_null (load (f, NULL, NULL, &error));
      g_assert_error (error, WD_CONFIG_ERROR, (int) rows[i].code);
      start = g_build_filename (f->directory, rows[i].message, NULL);
      if (!g_str_has_prefix (error->message, start))
        g_error ("\"%s\" does not begin with \"%s\"", error->message, start);
    }
}

static void
test_bad_octets (Fixture *f, gconstpointer data)
{
  static const char text[] = "[imap]\nworkers=1\0\n";
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (f->site, text, sizeof text - 1, NULL));
  g_assert_null (load (f, NULL, NULL, &error));
  g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_SYNTAX);
  g_assert_nonnull (strstr (error->message, "site.conf:2: "));
}

static void
test_bad_drop_in (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_drop_in (f, "a.conf", "[imap]\nworkers=no\n");
  g_assert_null (load (f, NULL, NULL, &error));
  g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_BAD_VALUE);
  g_assert_nonnull (strstr (error->message, "/site.conf.d/a.conf:2: "));
}

static void
test_bad_vendor_file (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_file (f->vendor, "[imap]\nx=1\n");
  g_assert_null (load (f, NULL, NULL, &error));
  g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_UNKNOWN_KEY);
  g_assert_nonnull (strstr (error->message, "vendor.conf:2: "));
}

// The environment and the command line, whose errors name the variable or the words.
static void
test_bad_words (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *variable, *override, *message;
    WdConfigError code;
  } rows[] = {
    { "WILDDUCK_IMAP_WOKERS=1", NULL, "environment variable WILDDUCK_IMAP_WOKERS: there is no key",
      WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "WILDDUCK_=1", NULL, "environment variable WILDDUCK_: there is no key",
      WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "WILDDUCK_IMAP_WORKERS=x", NULL,
      "environment variable WILDDUCK_IMAP_WORKERS: [imap] workers: \"x\" is not a whole number",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "A=b", "imap.wokers=1", "command line: section [imap] has no key \"wokers\"",
      WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "A=b", "pop4.workers=1", "command line: there is no section [pop4]",
      WD_CONFIG_ERROR_UNKNOWN_KEY },
    { "A=b", "imap.workers=x", "command line: [imap] workers: \"x\" is not a whole number",
      WD_CONFIG_ERROR_BAD_VALUE },
    { "A=b", "imap.workers", "command line: \"imap.workers\" is not SECTION.KEY=VALUE",
      WD_CONFIG_ERROR_SYNTAX },
    { "A=b", "workers=1.5", "command line: \"workers=1.5\" is not SECTION.KEY=VALUE",
      WD_CONFIG_ERROR_SYNTAX },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load (f, rows[i].variable, rows[i].override, &error));
      g_assert_error (error, WD_CONFIG_ERROR, (int) rows[i].code);
      if (!g_str_has_prefix (error->message, rows[i].message))
        g_error ("\"%s\" does not begin with \"%s\"", error->message, rows[i].message);
    }
}

static void
test_missing_files (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *inside = g_build_filename (f->directory, "none", "x.conf", NULL);

  g_assert_null (wd_core_config_load (inside, NULL, &error));
  g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_IO);
  g_assert_nonnull (strstr (error->message, inside));
  g_clear_error (&error);

  // A directory where the file should be is not the same as no file.
  g_assert_cmpint (g_mkdir (f->site, 0700), ==, 0);
  g_assert_null (load (f, NULL, NULL, &error));
  g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_IO);
}

static void
test_file_size (Fixture *f, gconstpointer data)
{
  static const struct
  {
    gsize len;
    gboolean ok;
  } rows[] = {
    { WD_LIMIT_CONFIG_FILE_BYTES - 1, TRUE },
    { WD_LIMIT_CONFIG_FILE_BYTES, TRUE },
    { WD_LIMIT_CONFIG_FILE_BYTES + 1, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strnfill (rows[i].len, '#');
      g_autoptr (GError) error = NULL;
      g_autoptr (WdConfig) config = NULL;

      write_file (f->site, text);
      config = load (f, NULL, NULL, &error);
      g_assert_cmpint (config != NULL, ==, rows[i].ok);
      if (!rows[i].ok)
        g_assert_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_IO);
    }
}

static void
test_variable_names (void)
{
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < n_keys; i++)
    g_assert_true (g_hash_table_add (seen, wd_core_config_dup_variable (&keys[i])));
  g_assert_true (g_hash_table_contains (seen, "WILDDUCK_IMAP_MAX_CONNECTIONS_PER_ADDRESS"));
}

static void
test_wrong_type (void)
{
  if (g_test_subprocess ())
    {
      g_autoptr (WdConfig) config = wd_core_config_load (NULL, NULL, NULL);

      (void) wd_core_config_get_integer (config, "log", "debug");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*[log] debug is no configuration key of this type*");
}

static void
test_reference (Fixture *f, gconstpointer data)
{
  WdConfig *config = load (f, NULL, NULL, NULL);
  WdConfig *other = wd_core_config_ref (config);

  wd_core_config_unref (config);
  g_assert_cmpint (wd_core_config_get_integer (other, "imap", "workers"), ==, 0);
  wd_core_config_unref (other);
  wd_core_config_unref (NULL);
}

#define ADD(name, func) g_test_add ("/core/config/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("defaults", test_defaults);
  ADD ("layers", test_layers);
  ADD ("last-assignment-wins", test_last_assignment_wins);
  ADD ("list", test_list);
  ADD ("values", test_values);
  ADD ("bad-files", test_bad_files);
  ADD ("bad-octets", test_bad_octets);
  ADD ("bad-drop-in", test_bad_drop_in);
  ADD ("bad-vendor-file", test_bad_vendor_file);
  ADD ("bad-words", test_bad_words);
  ADD ("missing-files", test_missing_files);
  ADD ("file-size", test_file_size);
  ADD ("reference", test_reference);
  g_test_add_func ("/core/config/variable-names", test_variable_names);
  g_test_add_func ("/core/config/wrong-type", test_wrong_type);
  return g_test_run ();
}
