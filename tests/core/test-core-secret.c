// SPDX-License-Identifier: EUPL-1.2
// Secrets: keeping, comparing, and reading those that systemd passes.
#include "config.h"

#include "core-secret.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void
test_keeps_octets (void)
{
  static const char octets[] = { 'a', 0, '\xff', 'b' };
  g_autoptr (WdSecret) secret = wd_core_secret_new (octets, sizeof octets);
  g_autoptr (WdSecret) empty = wd_core_secret_new (NULL, 0);

  g_assert_cmpuint (wd_core_secret_get_len (secret), ==, sizeof octets);
  g_assert_cmpmem (wd_core_secret_get (secret), sizeof octets, octets, sizeof octets);
  g_assert_cmpint (wd_core_secret_get (secret)[sizeof octets], ==, 0);
  g_assert_cmpuint (wd_core_secret_get_len (empty), ==, 0);
  g_assert_cmpstr (wd_core_secret_get (empty), ==, "");
  wd_core_secret_free (NULL);
}

static void
test_is_equal (void)
{
  static const struct
  {
    const char *a, *b;
  } rows[] = {
    { "", "" },         { "same", "same" }, { "same", "samf" },
    { "same", "Same" }, { "same", "sam" },  { "", "x" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WdSecret) a = wd_core_secret_new (rows[i].a, strlen (rows[i].a));
      g_autoptr (WdSecret) b = wd_core_secret_new (rows[i].b, strlen (rows[i].b));

      g_assert_cmpint (wd_core_secret_is_equal (a, b), ==, strcmp (rows[i].a, rows[i].b) == 0);
      g_assert_cmpint (wd_core_secret_is_equal (b, a), ==, strcmp (rows[i].a, rows[i].b) == 0);
    }
}

static void
test_credentials (void)
{
  static const struct
  {
    const char *contents, *secret;
  } rows[] = {
    { "x", "x" }, { "x\n", "x" }, { "x\n\n", "x\n" }, { "", "" }, { "\n", "" }, { " x ", " x " },
  };

  g_autofree char *directory = g_dir_make_tmp ("wd-secret-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "key", NULL);
  g_autoptr (GError) error = NULL;

  g_unsetenv ("CREDENTIALS_DIRECTORY");
  g_assert_null (wd_core_secret_load_credential ("key", &error));
  g_assert_no_error (error);
  g_setenv ("CREDENTIALS_DIRECTORY", directory, TRUE);
  g_assert_null (wd_core_secret_load_credential ("key", &error));
  g_assert_no_error (error);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (WdSecret) secret = NULL;

      g_assert_true (g_file_set_contents (path, rows[i].contents, -1, NULL));
      secret = wd_core_secret_load_credential ("key", &error);
      g_assert_no_error (error);
      g_assert_cmpstr (wd_core_secret_get (secret), ==, rows[i].secret);
    }
  g_remove (path);

  // Something that is there but cannot be read is an error.
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_null (wd_core_secret_load_credential ("key", &error));
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "credential key: "));
  g_rmdir (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/secret/keeps-octets", test_keeps_octets);
  g_test_add_func ("/core/secret/is-equal", test_is_equal);
  g_test_add_func ("/core/secret/credentials", test_credentials);
  return g_test_run ();
}
