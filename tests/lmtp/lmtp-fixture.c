// SPDX-License-Identifier: EUPL-1.2
// The service on a scratch store.
#include "config.h"

#include "lmtp-fixture.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lmtp-private.h"
#include "lmtp-session.h"
#include "net-fixture.h"

static WdServiceSpec service_spec; // Written once: services keep the pointer.
// What the service's start takes over.
static WdStore *next_store;

static gboolean
start (WdService *service, gpointer *out_data, GError **error)
{
  WdLmtpServer *server = g_new0 (WdLmtpServer, 1);

  server->store = g_object_ref (next_store);
  server->hostname = g_strdup ("store.example.com");
  *out_data = server;
  return TRUE;
}

static void
add_user (LmtpFixture *self, const char *username, const char *address)
{
  const WdUser spec = { .username = (char *) username, .address = (char *) address };
  g_autoptr (GError) error = NULL;
  WdId id;

  g_assert_true (wd_store_create_user (self->store, &spec, &id, NULL, &error));
  g_assert_no_error (error);
}

static void
open_store (LmtpFixture *self, const WdConfig *config)
{
  g_autofree char *uri = g_strdup_printf ("sqlite:%s/store", self->dir);
  g_autoptr (GError) error = NULL;
  WdStoreOptions options;

  wd_store_options_init (&options, config);
  options.uri = uri;
  options.runtime_dir = self->dir;
  self->store = wd_store_open (&options, &error);
  g_assert_no_error (error);
  add_user (self, "anna", "anna@example.com");
  add_user (self, "bert", "bert@example.com");
  add_user (self, "carl", "mary-ann@example.com");
  add_user (self, "андрис", "андрис@уайлддак.орг");

  self->failing = wd_test_fail_new (self->store);
  next_store = WD_STORE (self->failing);
}

// In memory where that is possible: nothing here is about the disk.
static char *
make_dir (void)
{
  g_autofree char *dir = g_strdup ("/dev/shm/wd-lmtp-XXXXXX");
  g_autoptr (GError) error = NULL;

  if (g_mkdtemp (dir) != NULL)
    return g_steal_pointer (&dir);
  g_free (dir);
  dir = g_dir_make_tmp ("wd-lmtp-XXXXXX", &error);
  g_assert_no_error (error);
  return g_steal_pointer (&dir);
}

void
lmtp_fixture_set_up (LmtpFixture *self, gconstpointer settings)
{
  g_auto (GStrv) set = g_strsplit (settings != NULL ? settings : "", " ", -1);
  g_autoptr (GPtrArray) args = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (WdConfig) config = NULL;

  self->dir = make_dir ();
  if (settings == NULL)
    g_clear_pointer (&set[0], g_free);
  config = wd_core_config_load ("/dev/null", (const char *const *) set, &error);
  g_assert_no_error (error);
  open_store (self, config);

  self->unix_path = g_build_filename (self->dir, "lmtp.sock", NULL);
  g_ptr_array_add (args, g_strdup ("--config=/dev/null"));
  g_ptr_array_add (args, g_strdup ("--listen=lmtp=127.0.0.1:0"));
  g_ptr_array_add (args, g_strdup ("--listen=smtp=127.0.0.1:0"));
  g_ptr_array_add (args, g_strdup_printf ("--listen=lmtp-unix=unix:%s", self->unix_path));
  for (gsize i = 0; set[i] != NULL; i++)
    g_ptr_array_add (args, g_strdup_printf ("--set=%s", set[i]));
  g_ptr_array_add (args, NULL);

  if (service_spec.start == NULL)
    {
      service_spec = wd_lmtp_session_spec;
      service_spec.start = start;
    }
  self->service
      = wd_net_service_start_for_test (&service_spec, (const char *const *) args->pdata, &error);
  g_assert_no_error (error);
  g_object_unref (next_store);
  self->lmtp_port = wd_net_service_get_port_for_test (self->service, "lmtp");
  self->smtp_port = wd_net_service_get_port_for_test (self->service, "smtp");
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

void
lmtp_fixture_tear_down (LmtpFixture *self, gconstpointer settings)
{
  g_assert_cmpint (wd_net_service_stop_for_test (self->service), ==, 0);
  g_object_unref (self->store);
  remove_tree (self->dir);
  g_free (self->dir);
  g_free (self->unix_path);
}

// \r, \n, \0 and \\ as octets.
static GString *
unescape (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text++)
    {
      static const char names[] = "rn0\\";
      static const char octets[] = "\r\n\0\\";
      const char *name = *text == '\\' && text[1] != '\0' ? strchr (names, text[1]) : NULL;

      g_string_append_c (out, name != NULL ? octets[name - names] : *text);
      if (name != NULL)
        text++;
    }
  return out;
}

static void
send_octets (int fd, const char *data, gsize len, LmtpScriptMode mode)
{
  gsize step = mode == LMTP_SCRIPT_OCTETS ? 1 : len;

  for (gsize at = 0; at < len;)
    {
      gssize n = send (fd, data + at, MIN (step, len - at), MSG_NOSIGNAL);

      // A peer that closed may reset: what it said before is still to be read.
      if (n < 0)
        return;
      at += (gsize) n;
    }
}

// Returns (transfer full) (nullable): one line without its CRLF, NULL at the end.
static char *
read_reply (int fd)
{
  GString *line = g_string_new (NULL);
  char c;

  while (recv (fd, &c, 1, 0) == 1)
    {
      if (c == '\n')
        {
          g_assert_true (line->len > 0 && line->str[line->len - 1] == '\r');
          g_string_truncate (line, line->len - 1);
          return g_string_free (line, FALSE);
        }
      g_string_append_c (line, c);
    }
  g_assert_cmpuint (line->len, ==, 0);
  g_string_free (line, TRUE);
  return NULL;
}

static void
expect_reply (int fd, const char *expected)
{
  g_autofree char *reply = read_reply (fd);

  if (reply == NULL || !g_str_has_prefix (reply, expected))
    g_test_message ("expected \"%s\", got \"%s\"", expected, reply != NULL ? reply : "(end)");
  g_assert_nonnull (reply);
  g_assert_true (g_str_has_prefix (reply, expected));
}

static void
run_line (int fd, LmtpScriptMode mode, const char *line, gboolean is_sending, gboolean is_reading)
{
  g_autoptr (GString) octets = NULL;

  if (g_str_has_prefix (line, "C: "))
    {
      octets = g_string_new (line + 3);
      g_string_append (octets, "\r\n");
    }
  else if (g_str_has_prefix (line, "R: "))
    octets = unescape (line + 3);
  else if (g_str_has_prefix (line, "S: "))
    {
      if (is_reading)
        expect_reply (fd, line + 3);
    }
  else if (strcmp (line, "E") == 0)
    {
      if (is_reading)
        g_assert_null (read_reply (fd));
    }
  else
    g_assert_cmpstr (line, ==, "");

  if (octets != NULL && is_sending)
    send_octets (fd, octets->str, octets->len, mode);
}

void
lmtp_fixture_talk (int fd, LmtpScriptMode mode, const char *script)
{
  g_auto (GStrv) lines = g_strsplit (script, "\n", -1);
  int on = 1;

  (void) setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (mode == LMTP_SCRIPT_AT_ONCE)
    for (gsize i = 0; lines[i] != NULL; i++)
      run_line (fd, mode, lines[i], TRUE, FALSE);
  for (gsize i = 0; lines[i] != NULL; i++)
    run_line (fd, mode, lines[i], mode != LMTP_SCRIPT_AT_ONCE, TRUE);
}

void
lmtp_fixture_run (guint port, LmtpScriptMode mode, const char *script)
{
  int fd = net_client_connect (port);

  lmtp_fixture_talk (fd, mode, script);
  close (fd);
}

void
lmtp_fixture_run_all (guint port, const char *script)
{
  for (int mode = 0; mode < LMTP_SCRIPT_N_MODES; mode++)
    lmtp_fixture_run (port, (LmtpScriptMode) mode, script);
}

WdId
lmtp_fixture_get_user (LmtpFixture *self, const char *login)
{
  g_autoptr (WdUser) user = NULL;

  g_assert_true (wd_store_find_user (self->store, login, &user, NULL, NULL));
  g_assert_nonnull (user);
  return user->id;
}

static WdMailboxInfo *
get_mailbox (LmtpFixture *self, const char *login, const char *path, WdActor *out_actor)
{
  WdMailboxInfo *info = NULL;
  WdId id = lmtp_fixture_get_user (self, login);

  *out_actor = WD_ACTOR_SELF (id);
  g_assert_true (wd_store_find_mailbox (self->store, out_actor, path, &info, NULL, NULL));
  g_assert_nonnull (info);
  return info;
}

guint
lmtp_fixture_count (LmtpFixture *self, const char *login, const char *path)
{
  WdActor actor;
  g_autoptr (WdMailboxInfo) info = get_mailbox (self, login, path, &actor);

  return info->n_messages;
}

static gboolean
take_content (WdMessageRow *row, gpointer user_data)
{
  WdContent **content = user_data;

  *content = g_steal_pointer (&row->content);
  return FALSE;
}

GString *
lmtp_fixture_read (LmtpFixture *self, const char *login, const char *path)
{
  WdActor actor;
  g_autoptr (WdMailboxInfo) info = get_mailbox (self, login, path, &actor);
  g_autoptr (WdUidSet) newest = wd_uidset_new_range (info->uidnext - 1, info->uidnext - 1);
  g_autoptr (WdContent) content = NULL;
  g_autoptr (GError) error = NULL;
  GString *octets = g_string_new (NULL);

  g_assert_true (wd_store_fetch (self->store, &actor, &info->id, newest, WD_FETCH_CONTENT, 0,
                                 take_content, &content, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (content);
  g_assert_true (wd_content_read (content, 0, wd_content_get_size_bytes (content), octets, &error));
  g_assert_no_error (error);
  return octets;
}

GString *
lmtp_fixture_read_body (LmtpFixture *self, const char *login, const char *path)
{
  GString *octets = lmtp_fixture_read (self, login, path);
  const char *received = strstr (octets->str, "\r\nReceived: from ");
  const char *end = received != NULL ? received + 2 : NULL;

  g_assert_true (g_str_has_prefix (octets->str, "Return-Path: <"));
  g_assert_nonnull (strstr (octets->str, "\r\nDelivered-To: "));
  g_assert_nonnull (end);
  // Received goes on as long as lines begin with a tab.
  do
    end = strstr (end, "\r\n") + 2;
  while (*end == '\t');
  g_string_erase (octets, 0, end - octets->str);
  return octets;
}

void
lmtp_fixture_create_mailbox (LmtpFixture *self, const char *login, const char *path)
{
  WdId user = lmtp_fixture_get_user (self, login);
  const WdActor actor = WD_ACTOR_SELF (user);
  g_autoptr (GError) error = NULL;
  WdId id;

  g_assert_true (wd_store_create_mailbox (self->store, &actor, path, WD_SPECIAL_USE_NONE, NULL, &id,
                                          NULL, &error));
  g_assert_no_error (error);
}

void
lmtp_fixture_update (LmtpFixture *self,
                     const char *login,
                     const WdUser *changes,
                     WdUserFields fields)
{
  WdId user = lmtp_fixture_get_user (self, login);
  g_autoptr (GError) error = NULL;

  g_assert_true (wd_store_update_user (self->store, &user, changes, fields, NULL, &error));
  g_assert_no_error (error);
}
