// SPDX-License-Identifier: EUPL-1.2
// COMPRESS=DEFLATE (RFC 4978), by a client with a zlib of its own.
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "core-limits.h"
#include "imap-fixture.h"

typedef struct
{
  ImapFixture imap;
  ImapClient *client;
  int fd;
  z_stream out;
  z_stream in;
  GString *lines; // Expanded, and not read yet.
  gsize n_received;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  imap_fixture_set_up (&self->imap, NULL, NULL);
  imap_fixture_add_user (&self->imap, "alice");
  self->client = imap_client_new_login (&self->imap, "alice");
  self->lines = g_string_new (NULL);
  g_assert_cmpint (deflateInit2 (&self->out, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint (inflateInit2 (&self->in, -15), ==, Z_OK);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  deflateEnd (&self->out);
  inflateEnd (&self->in);
  g_string_free (self->lines, TRUE);
  imap_client_free (self->client);
  imap_fixture_tear_down (&self->imap);
}

static void
begin (Fixture *self)
{
  imap_client_say (self->client, "z COMPRESS DEFLATE");
  imap_client_expect (self->client, "z OK COMPRESS completed");
  self->fd = imap_client_get_fd (self->client);
}

static void
send_raw (Fixture *self, const void *data, gsize len)
{
  const char *p = data;

  while (len > 0)
    {
      gssize n = send (self->fd, p, len, MSG_NOSIGNAL);

      g_assert_cmpint (n, >, 0);
      p += n;
      len -= (gsize) n;
    }
}

static void
say (Fixture *self, const char *text, int flush)
{
  guint8 data[4096];

  self->out.next_in = (Bytef *) text;
  self->out.avail_in = (uInt) strlen (text);
  do
    {
      self->out.next_out = data;
      self->out.avail_out = sizeof data;
      deflate (&self->out, flush);
      send_raw (self, data, sizeof data - self->out.avail_out);
    }
  while (self->out.avail_out == 0);
}

// FALSE at the end.
static gboolean
receive (Fixture *self)
{
  guint8 raw[4096];
  char data[4096];
  gssize n = recv (self->fd, raw, sizeof raw, 0);

  if (n <= 0)
    return FALSE;
  self->n_received += (gsize) n;
  self->in.next_in = raw;
  self->in.avail_in = (uInt) n;
  do
    {
      int result;

      self->in.next_out = (Bytef *) data;
      self->in.avail_out = sizeof data;
      result = inflate (&self->in, Z_SYNC_FLUSH);
      g_assert_true (result == Z_OK || result == Z_BUF_ERROR);
      g_string_append_len (self->lines, data, (gssize) (sizeof data - self->in.avail_out));
    }
  while (self->in.avail_out == 0);
  return TRUE;
}

// Reads up to a line that begins so.
static void
expect (Fixture *self, const char *prefix)
{
  for (;;)
    {
      char *end = strstr (self->lines->str, "\r\n");
      gboolean is_it;

      if (end == NULL)
        {
          if (!receive (self))
            g_error ("the connection ended before \"%s\"", prefix);
          continue;
        }
      is_it = g_str_has_prefix (self->lines->str, prefix);
      g_string_erase (self->lines, 0, end + 2 - self->lines->str);
      if (is_it)
        return;
    }
}

static void
expect_end (Fixture *self)
{
  while (receive (self))
    ;
}

static void
test_commands (Fixture *self, gconstpointer data)
{
  imap_client_say (self->client, "a COMPRESS");
  imap_client_expect (self->client, "a BAD ");
  imap_client_say (self->client, "b COMPRESS LZW");
  imap_client_expect (self->client, "b BAD ");
  imap_client_say (self->client, "c COMPRESS DEFLATE now");
  imap_client_expect (self->client, "c BAD ");
  begin (self);
  say (self, "d NOOP\r\n", Z_SYNC_FLUSH);
  expect (self, "d OK ");
  say (self, "e COMPRESS DEFLATE\r\n", Z_SYNC_FLUSH);
  expect (self, "e NO [COMPRESSIONACTIVE] ");
  // Octets that do not end with a flush are a command when they are one.
  say (self, "f CAPABILITY\r\ng ", Z_SYNC_FLUSH);
  // COMPRESS=DEFLATE, which stands between these, is offered no more.
  expect (self, "* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE IDLE ");
  expect (self, "f OK ");
  say (self, "SELECT INBOX\r\n", Z_PARTIAL_FLUSH);
  expect (self, "g OK ");
  say (self, "h LOGOUT\r\n", Z_FINISH);
  expect (self, "* BYE ");
  expect (self, "h OK ");
  expect_end (self);
}

static void
test_before_login (Fixture *self, gconstpointer data)
{
  g_autoptr (ImapClient) stranger = imap_client_new (self->imap.port);

  imap_client_expect (stranger, "* OK [CAPABILITY IMAP4rev1");
  imap_client_say (stranger, "a COMPRESS DEFLATE");
  imap_client_expect (stranger, "a BAD ");
}

// Large literals both ways: they are cut anywhere, and shrink.
static void
test_message (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new ("Subject: big\r\n\r\n");
  g_autofree char *command = NULL;

  for (guint i = 0; text->len < 2000000; i++)
    g_string_append_printf (text, "line %u of a long message\r\n", i);
  begin (self);
  command = g_strdup_printf ("a APPEND INBOX {%" G_GSIZE_FORMAT "+}\r\n", text->len);
  say (self, command, Z_NO_FLUSH);
  say (self, text->str, Z_NO_FLUSH);
  say (self, "\r\n", Z_SYNC_FLUSH);
  expect (self, "a OK ");
  say (self, "b SELECT INBOX\r\n", Z_SYNC_FLUSH);
  expect (self, "b OK ");
  self->n_received = 0;
  say (self, "c FETCH 1 BODY.PEEK[]\r\n", Z_SYNC_FLUSH);
  expect (self, "* 1 FETCH (BODY[] {");
  while (self->lines->len < text->len)
    g_assert_true (receive (self));
  g_assert_cmpint (memcmp (self->lines->str, text->str, text->len), ==, 0);
  g_string_erase (self->lines, 0, (gssize) text->len);
  expect (self, "c OK ");
  g_assert_cmpuint (self->n_received, <, text->len / 3);
}

// News in IDLE, after the session was parked and trimmed.
static void
test_idle (Fixture *self, gconstpointer data)
{
  begin (self);
  say (self, "a SELECT INBOX\r\n", Z_SYNC_FLUSH);
  expect (self, "a OK ");
  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (ImapClient) other = imap_client_new_login (&self->imap, "alice");
      g_autofree char *exists = g_strdup_printf ("* %u EXISTS", i + 1);

      say (self, "b IDLE\r\n", Z_SYNC_FLUSH);
      expect (self, "+ idling");
      imap_client_say (other, "a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n");
      imap_client_expect (other, "a OK ");
      expect (self, exists);
      say (self, "DONE\r\n", Z_SYNC_FLUSH);
      expect (self, "b OK ");
    }
}

// What is no DEFLATE ends the connection.
static void
test_garbage (Fixture *self, gconstpointer data)
{
  begin (self);
  send_raw (self, "\x07garbage", 8);
  expect_end (self);
}

// What follows the command in the clear is not run.
static void
test_pipelined (Fixture *self, gconstpointer data)
{
  imap_client_say (self->client, "z COMPRESS DEFLATE\r\ny CREATE sneaky");
  imap_client_expect (self->client, "z OK ");
  self->fd = imap_client_get_fd (self->client);
  expect_end (self);
  g_autoptr (ImapClient) other = imap_client_new_login (&self->imap, "alice");
  imap_client_say (other, "a LIST \"\" sneaky");
  imap_client_expect (other, "a OK ");
}

// A few octets that become a line without an end: BAD, and no more memory than for one in the
// clear.
static void
test_bomb (Fixture *self, gconstpointer data)
{
  g_autofree char *line = g_strnfill (64 * WD_LIMIT_IMAP_LINE_BYTES, 'a');

  begin (self);
  say (self, "a NOOP ", Z_NO_FLUSH);
  say (self, line, Z_NO_FLUSH);
  say (self, "\r\nb NOOP\r\n", Z_SYNC_FLUSH);
  expect (self, "a BAD Command line too long");
  expect (self, "b OK ");
}

// Blocks without any octets in them are no reason to keep a worker, and a command behind them runs.
static void
test_empty_blocks (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) blocks = g_string_new (NULL);

  for (guint i = 0; i < 20 * WD_LIMIT_DEFLATED_INPUT_BYTES / 5; i++)
    g_string_append_len (blocks, "\x00\x00\x00\xff\xff", 5);
  begin (self);
  send_raw (self, blocks->str, blocks->len);
  say (self, "a NOOP\r\n", Z_SYNC_FLUSH);
  expect (self, "a OK ");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *name;
    void (*func) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/imap/compress/commands", test_commands },
    { "/imap/compress/before-login", test_before_login },
    { "/imap/compress/message", test_message },
    { "/imap/compress/idle", test_idle },
    { "/imap/compress/garbage", test_garbage },
    { "/imap/compress/pipelined", test_pipelined },
    { "/imap/compress/bomb", test_bomb },
    { "/imap/compress/empty-blocks", test_empty_blocks },
  };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
