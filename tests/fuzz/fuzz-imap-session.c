// SPDX-License-Identifier: EUPL-1.2
// Whole sessions: what a logged-in client sends, to a service over a scratch store. An octet 1 goes
// on in the other of two sessions of the same user. Both have to come to their ends.
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "imap-fixture.h"

// A user is kept for so many inputs: what one leaves behind is there for the next.
#define INPUTS_PER_USER 16
#define MAX_REPLY_BYTES (64 * 1024 * 1024)
// Far more than the slowest of them takes, with all sanitizers.
#define STALL_SECS 60

static const char *const messages[] = {
  "From: a@example.com\r\nSubject: one\r\n\r\nfirst\r\n",
  "Subject: =?utf-8?q?zw=C3=B6lf?=\r\nMIME-Version: 1.0\r\n"
  "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
  "--b\r\n\r\ntext\r\n"
  "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n"
  "--b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n",
  "Subject: three\r\n\r\n\r\n",
};

static ImapFixture fixture;
static char username[32];

static void
tear_down (void)
{
  imap_fixture_tear_down (&fixture);
}

static void
need_user (void)
{
  static unsigned n_inputs;

  if (n_inputs == 0)
    {
      imap_fixture_set_up (&fixture, NULL, NULL);
      atexit (tear_down);
    }
  if (n_inputs++ % INPUTS_PER_USER != 0)
    return;
  g_snprintf (username, sizeof username, "user%u", n_inputs);
  WdId user = imap_fixture_add_user (&fixture, username);
  for (size_t i = 0; i < G_N_ELEMENTS (messages); i++)
    wd_test_store_append (fixture.scratch, &user, "INBOX", messages[i], -1, 0);
}

static ImapClient *
open_session (void)
{
  ImapClient *client = imap_client_new (fixture.port);
  const struct timeval timeout = { .tv_sec = STALL_SECS };
  int fd = imap_client_get_fd (client);

  if (setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0)
    abort ();
  imap_client_say (client, "login LOGIN %s %s\r\nselect SELECT INBOX", username,
                   IMAP_FIXTURE_PASSWORD);
  return client;
}

// One that ended early takes no more.
static void
send_piece (ImapClient *client, const uint8_t *data, size_t size)
{
  while (size > 0)
    {
      ssize_t n = send (imap_client_get_fd (client), data, size, MSG_NOSIGNAL);

      if (n <= 0)
        return;
      data += n;
      size -= (size_t) n;
    }
}

static void
read_to_end (ImapClient *client)
{
  char reply[65536];
  size_t sum = 0;
  ssize_t n;

  shutdown (imap_client_get_fd (client), SHUT_WR);
  while ((n = recv (imap_client_get_fd (client), reply, sizeof reply, 0)) > 0)
    {
      sum += (size_t) n;
      if (sum > MAX_REPLY_BYTES)
        abort ();
    }
  // It stalls.
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    abort ();
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  ImapClient *clients[2];
  unsigned which = 0;

  need_user ();
  for (size_t i = 0; i < G_N_ELEMENTS (clients); i++)
    clients[i] = open_session ();
  while (size > 0)
    {
      const uint8_t *end = memchr (data, 1, size);
      size_t len = end != NULL ? (size_t) (end - data) : size;

      send_piece (clients[which], data, len);
      which ^= 1;
      size -= MIN (len + 1, size);
      data += len + 1;
    }
  for (size_t i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      read_to_end (clients[i]);
      imap_client_free (clients[i]);
    }
  return 0;
}
