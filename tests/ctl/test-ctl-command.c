// SPDX-License-Identifier: EUPL-1.2
// wildduckctl as a person runs it: each command on a store of its own, and what it says and
// returns.
#include "config.h"

#include <glib/gstdio.h>
#include <gio/gio.h>
#include <string.h>

#include "core-limits.h"

typedef struct
{
  char *directory;
  char *program;
  char *uri;
  char *runtime;
} Fixture;

typedef struct
{
  const char *command; // Words separated by spaces.
  const char *input;   // Standard input (nullable).
  int status;
  const char *output; // A part of standard output (nullable: there is none).
  const char *error;  // A part of standard error (nullable: there is none).
} Step;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("wd-ctl-XXXXXX", NULL);
  f->program = g_test_build_filename (G_TEST_BUILT, "..", "src", "ctl", "wildduckctl", NULL);
  f->uri = g_strdup_printf ("--set=store.uri=sqlite:%s/store", f->directory);
  f->runtime = g_strdup_printf ("--set=store.runtime-dir=%s/run", f->directory);
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
  g_free (f->program);
  g_free (f->uri);
  g_free (f->runtime);
}

// Runs the command; returns (transfer full) what it printed.
static char *
run (Fixture *f, const Step *step)
{
  g_auto (GStrv) words = g_strsplit (step->command, " ", -1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *complaint = NULL;
  char *output = NULL;

  g_ptr_array_add (argv, f->program);
  g_ptr_array_add (argv, f->uri);
  g_ptr_array_add (argv, f->runtime);
  for (char **word = words; *word != NULL; word++)
    if (**word != '\0')
      g_ptr_array_add (argv, *word);
  g_ptr_array_add (argv, NULL);
  process = g_subprocess_newv ((const char *const *) argv->pdata,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, step->input, NULL, &output, &complaint, &error);
  g_assert_no_error (error);

  g_test_message ("%s\n%s%s", step->command, output, complaint);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, step->status);
  if (step->output == NULL)
    g_assert_cmpstr (output, ==, "");
  else
    g_assert_nonnull (strstr (output, step->output));
  if (step->error == NULL)
    g_assert_cmpstr (complaint, ==, "");
  else
    g_assert_nonnull (strstr (complaint, step->error));
  return output;
}

static void
run_all (Fixture *f, const Step *steps, gsize n_steps)
{
  for (gsize i = 0; i < n_steps; i++)
    g_free (run (f, &steps[i]));
}

static void
test_usage (Fixture *f, gconstpointer data)
{
  static const Step steps[] = {
    { "", NULL, 2, NULL, "user create NAME" },
    { "--help", NULL, 0, "user create NAME", NULL },
    { "--version", NULL, 0, "wildduckctl " WD_VERSION "\n", NULL },
    { "user", NULL, 2, NULL, "user create NAME" },
    { "user --help", NULL, 0, "user passwd USER", NULL },
    { "user create --help", NULL, 0, "--password-file=FILE", NULL },
    { "config --help", NULL, 0, "wildduckctl config [OPTION", NULL },
    { "user make anna", NULL, 2, NULL, "there is no command \"user make\"" },
    { "users", NULL, 2, NULL, "there is no command \"users\"" },
    { "user create", NULL, 2, NULL, "missing arguments" },
    { "user create a b", NULL, 2, NULL, "too many arguments" },
    { "token new --bad", NULL, 2, NULL, "--bad" },
    { "--bad token new", NULL, 2, NULL, "--bad" },
  };

  run_all (f, steps, G_N_ELEMENTS (steps));
}

static void
test_config (Fixture *f, gconstpointer data)
{
  static const Step steps[] = {
    { "config", NULL, 0, "imap.workers                      0", NULL },
    { "config --set imap.workers=7", NULL, 0, "imap.workers                      7", NULL },
    { "--set imap.workers=7 config --json", NULL, 0, "\"value\" : \"7\"", NULL },
    { "config check", NULL, 0, "is valid", NULL },
    { "config check --set imap.workers=x", NULL, 1, NULL, "\"x\" is not a whole number" },
    { "--config /nonexistent/x.conf config check", NULL, 1, NULL, "/nonexistent/x.conf" },
  };

  run_all (f, steps, G_N_ELEMENTS (steps));
}

static void
test_users (Fixture *f, gconstpointer data)
{
  static const Step steps[] = {
    { "user list", NULL, 0, "USERNAME", NULL },
    { "user list --json", NULL, 0, "[]", NULL },
    { "user create anna@example.com", "secretpass\n", 0,
      "Created anna@example.com with the address anna@example.com", NULL },
    { "user create anna@example.com", "secretpass\n", 1, NULL, "username" },
    { "user create ANNA@EXAMPLE.com", "secretpass\n", 1, NULL, "username" },
    { "user create bert --address b@example.org --quota 2G", "x", 0,
      "Created bert with the address b@example.org", NULL },
    { "user create carl --set http.email-domain=example.net", "x", 0, "carl@example.net", NULL },
    { "user create dora --quota 2X", "x", 2, NULL, "\"2X\" is not a size" },
    { "user create dora", "", 1, NULL, "the password is empty" },
    { "user create dora", "\n", 1, NULL, "the password is empty" },
    { "user create dora --password-file /nonexistent/x", NULL, 1, NULL, "/nonexistent/x" },
    { "user create do@ra@", "x", 1, NULL, "" },
    { "user list", NULL, 0, "bert              b@example.org     2G         active", NULL },
    { "user list bert --json", NULL, 0, "\"username\" : \"bert\"", NULL },
    { "user show b@example.org", NULL, 0, "0 of 2G used", NULL },
    { "user show anna@example.com --json", NULL, 0, "\"used\" : 0", NULL },
    { "user show nobody", NULL, 1, NULL, "there is no user nobody" },
    { "user show 0123456789abcdef01234567", NULL, 1, NULL, "" },
    { "user quota bert", NULL, 0, "bert: 0 of 2G used", NULL },
    { "user quota bert 64M", NULL, 0, "bert: 0 of 64M used", NULL },
    { "user quota bert 0", NULL, 0, "bert: 0 of unlimited used", NULL },
    { "user quota bert much", NULL, 2, NULL, "is not a size" },
    { "user passwd bert", "new\n", 0, "is changed", NULL },
    { "user passwd nobody", "new\n", 1, NULL, "there is no user nobody" },
    { "user disable bert", NULL, 0, "bert is disabled", NULL },
    { "user show bert", NULL, 0, "disabled", NULL },
    { "user enable bert", NULL, 0, "bert is enabled", NULL },
    { "user delete bert", "y\n", 2, NULL, "--yes" },
    { "user delete bert --yes", NULL, 0, "Deleted bert", NULL },
    { "user delete bert --yes", NULL, 1, NULL, "there is no user bert" },
  };

  run_all (f, steps, G_N_ELEMENTS (steps));
}

// The longest password, and one octet more.
static void
test_password_length (Fixture *f, gconstpointer data)
{
  static const struct
  {
    gsize len;
    int status;
  } rows[] = { { WD_LIMIT_PASSWORD_BYTES - 1, 0 },
               { WD_LIMIT_PASSWORD_BYTES, 0 },
               { WD_LIMIT_PASSWORD_BYTES + 1, 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *password = g_strnfill (rows[i].len, 'p');
      g_autofree char *command = g_strdup_printf ("user create u%zu", i);
      Step step = { command, password, rows[i].status, rows[i].status == 0 ? "Created" : NULL,
                    rows[i].status == 0 ? NULL : "longer than 256 octets" };

      g_free (run (f, &step));
    }
}

static void
test_password_file (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->directory, "password", NULL);
  g_autofree char *command = g_strdup_printf ("user create anna --password-file %s", path);
  Step step = { command, NULL, 0, "Created anna", NULL };

  g_assert_true (g_file_set_contents (path, "from a file\r\nnot this\n", -1, NULL));
  g_free (run (f, &step));
}

// The token is told once; its hash is what is kept, and a new one takes its place.
static void
test_token (Fixture *f, gconstpointer data)
{
  static const Step none = { "token show", NULL, 0, "No access token", NULL };
  static const Step make = { "token new", NULL, 0, "\n", NULL };

  g_free (run (f, &none));
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *token = g_strchomp (run (f, &make));
      g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
      Step show = { "token show", NULL, 0, hash, NULL };
      g_autofree char *shown = NULL;

      g_assert_cmpuint (strlen (token), ==, 40);
      g_assert_cmpuint (strspn (token, "0123456789abcdef"), ==, 40);
      shown = run (f, &show);
      g_assert_null (strstr (shown, token));
    }
}

static void
test_store_check (Fixture *f, gconstpointer data)
{
  static const Step steps[] = {
    { "user create anna", "x", 0, "Created", NULL },
    { "store check", NULL, 0, "No problems found.", NULL },
    { "store check --json --user anna", NULL, 0, "[]", NULL },
    { "store check --repair", NULL, 0, "No problems found.", NULL },
    { "store init", NULL, 0, "The store is ready.", NULL },
    { "store init --json", NULL, 0, "\"made\" : 0", NULL },
    { "store check --user nobody", NULL, 1, NULL, "there is no user nobody" },
    { "store check --set store.uri=nosuch:/x", NULL, 1, NULL, "nosuch" },
  };

  run_all (f, steps, G_N_ELEMENTS (steps));
}

// Overwrites each file of the name below `path`.
static guint
damage_files (const char *path, const char *name)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *entry;
  guint n = 0;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, entry, NULL);

      if (strcmp (entry, name) == 0)
        n += g_file_set_contents (child, "this is no database", -1, NULL);
      n += damage_files (child, name);
    }
  return n;
}

// What cannot be repaired is told, and is an exit status of its own; other users are fine.
static void
test_store_damaged (Fixture *f, gconstpointer data)
{
  static const Step before = { "user create anna", "x", 0, "Created", NULL };
  static const Step after[] = {
    { "user create bert", "x", 0, "Created", NULL },
    { "store check", NULL, 3, "damaged", NULL },
    { "store check --json", NULL, 3, "\"repaired\" : false", NULL },
    { "store check --user bert", NULL, 0, "No problems found.", NULL },
  };

  g_free (run (f, &before));
  g_assert_cmpuint (damage_files (f->directory, "mail.db"), ==, 1);
  run_all (f, after, G_N_ELEMENTS (after));
}

#define ADD(name, func) g_test_add ("/ctl/command/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  // The variables of this process are those of the program under test.
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  ADD ("usage", test_usage);
  ADD ("config", test_config);
  ADD ("users", test_users);
  ADD ("password-length", test_password_length);
  ADD ("password-file", test_password_file);
  ADD ("token", test_token);
  ADD ("store-check", test_store_check);
  ADD ("store-damaged", test_store_damaged);
  return g_test_run ();
}
