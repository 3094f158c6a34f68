// SPDX-License-Identifier: EUPL-1.2
// Client of the benchmarks.
#include "bench-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (1024 * 1024)
#define KEEP_BYTES (64 * 1024)

struct _WdBenchClient
{
  int fd;
  guint tag;
  char *buffer; // Made at the first read, so that thousands of idle clients stay small.
  gsize start;
  gsize end;
  GString *kept;
};

static void G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN die (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  exit (1);
}

WdBenchClient *
bench_client_connect (const char *address)
{
  WdBenchClient *self = g_new0 (WdBenchClient, 1);
  struct sockaddr_in peer = { .sin_family = AF_INET };
  g_auto (GStrv) parts = g_strsplit (address, ":", 2);
  int one = 1;

  if (parts[0] == NULL || parts[1] == NULL || inet_pton (AF_INET, parts[0], &peer.sin_addr) != 1)
    die ("not HOST:PORT: %s", address);
  peer.sin_port = htons ((guint16) g_ascii_strtoull (parts[1], NULL, 10));
  self->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (self->fd < 0 || connect (self->fd, (struct sockaddr *) &peer, sizeof peer) != 0)
    die ("%s: %s", address, g_strerror (errno));
  setsockopt (self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return self;
}

void
bench_client_close (WdBenchClient *self)
{
  close (self->fd);
  if (self->kept != NULL)
    g_string_free (self->kept, TRUE);
  g_free (self->buffer);
  g_free (self);
}

void
bench_client_send (WdBenchClient *self, const char *data, gsize len)
{
  while (len > 0)
    {
      gssize n = send (self->fd, data, len, MSG_NOSIGNAL);

      if (n <= 0)
        die ("send: %s", g_strerror (errno));
      data += n;
      len -= (gsize) n;
    }
}

static void
fill (WdBenchClient *self)
{
  gssize n;

  if (self->buffer == NULL)
    self->buffer = g_malloc (BUFFER_BYTES);
  if (self->start == self->end)
    self->start = self->end = 0;
  if (self->end == BUFFER_BYTES)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
    }
  n = recv (self->fd, self->buffer + self->end, BUFFER_BYTES - self->end, 0);
  if (n <= 0)
    die ("the server closed the connection");
  self->end += (gsize) n;
}

const char *
bench_client_read_line (WdBenchClient *self)
{
  for (;;)
    {
      char *end = self->end > self->start
                      ? memchr (self->buffer + self->start, '\n', self->end - self->start)
                      : NULL;

      if (end != NULL)
        {
          const char *line = self->buffer + self->start;

          *end = '\0';
          if (end > line && end[-1] == '\r')
            end[-1] = '\0';
          self->start = (gsize) (end - self->buffer) + 1;
          return line;
        }
      fill (self);
    }
}

void
bench_client_smtp (WdBenchClient *self, const char *line, char expect)
{
  const char *reply;

  if (line != NULL)
    bench_client_send (self, line, strlen (line));
  do
    reply = bench_client_read_line (self);
  while (strlen (reply) > 3 && reply[3] == '-');
  if (reply[0] != expect)
    die ("unexpected reply: %s", reply);
}

void
bench_client_deliver (WdBenchClient *self, const char *const *recipients, const GString *message)
{
  g_autoptr (GString) head = g_string_new ("MAIL FROM:<sender@example.net>\r\n");
  guint n = 0;

  for (; recipients[n] != NULL; n++)
    g_string_append_printf (head, "RCPT TO:<%s>\r\n", recipients[n]);
  g_string_append (head, "DATA\r\n");
  bench_client_send (self, head->str, head->len);
  for (guint i = 0; i < n + 1; i++)
    bench_client_smtp (self, NULL, '2');
  bench_client_smtp (self, NULL, '3');
  bench_client_send (self, message->str, message->len);
  bench_client_send (self, ".\r\n", 3);
  for (guint i = 0; i < n; i++)
    bench_client_smtp (self, NULL, '2');
}

static void
keep (WdBenchClient *self, const char *data, gsize len)
{
  if (self->kept == NULL)
    self->kept = g_string_new (NULL);
  if (self->kept->len < KEEP_BYTES)
    g_string_append_len (self->kept, data, (gssize) MIN (len, KEEP_BYTES - self->kept->len));
}

// The end of a response is looked for at the end of what came only: the tag is in no message, and
// nothing follows it until the next command.
guint64
bench_client_imap (WdBenchClient *self, const char *format, ...)
{
  char tag[24];
  guint64 bytes = 0;
  va_list args;
  int tag_len = snprintf (tag, sizeof tag, "zqTAG%u ", ++self->tag);
  g_autoptr (GString) command = g_string_new (tag);

  va_start (args, format);
  g_string_append_vprintf (command, format, args);
  va_end (args);
  g_string_append (command, "\r\n");
  bench_client_send (self, command->str, command->len);
  if (self->kept != NULL)
    g_string_truncate (self->kept, 0);

  self->start = self->end = 0;
  for (;;)
    {
      gsize before = self->end;
      const char *last;

      // The tail may hold the beginning of the tagged line: it stays in the buffer.
      if (before > BUFFER_BYTES / 2)
        {
          gsize tail = MIN (before, (gsize) 1024);

          memmove (self->buffer, self->buffer + before - tail, tail);
          self->end = before = tail;
        }
      fill (self);
      keep (self, self->buffer + before, self->end - before);
      bytes += self->end - before;
      if (self->buffer[self->end - 1] != '\n' || self->end < 3)
        continue;
      last = memrchr (self->buffer, '\n', self->end - 1);
      last = last == NULL ? self->buffer : last + 1;
      if (strncmp (last, tag, (gsize) tag_len) != 0)
        continue;
      if (strncmp (last + tag_len, "OK", 2) != 0)
        die ("%.200s: %.*s", command->str, (int) (self->buffer + self->end - last), last);
      self->start = self->end;
      return bytes;
    }
}

const char *
bench_client_peek (WdBenchClient *self)
{
  return self->kept == NULL ? "" : self->kept->str;
}

WdBenchClient *
bench_client_login (const char *address, const char *user, const char *password)
{
  WdBenchClient *self = bench_client_connect (address);

  (void) bench_client_read_line (self);
  bench_client_imap (self, "LOGIN %s %s", user, password);
  return self;
}
