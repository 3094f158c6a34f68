// SPDX-License-Identifier: EUPL-1.2
// Passwords from the terminal, a file or stdin.
#include "config.h"

#include "ctl-password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core-limits.h"
#include "ctl-context.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

static volatile sig_atomic_t caught_signal;

static void
catch_signal (int number)
{
  caught_signal = number;
}

// One octet; -1 with errno, and 0 at the end. With `mask` (nullable) signals come in while it
// waits, and only then: none can slip in between a look at them and the wait.
static ssize_t
read_octet (int fd, const sigset_t *mask, char *out_octet)
{
  struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

  if (mask != NULL && ppoll (&poll_fd, 1, NULL, mask) < 0)
    return -1;
  return read (fd, out_octet, 1);
}

// Reads up to the first line end. An octet at a time: what follows is not ours.
static WdSecret *
read_line (int fd, const sigset_t *mask, GError **error)
{
  char line[WD_LIMIT_PASSWORD_BYTES + 1];
  gsize len = 0;
  ssize_t n = 0;
  WdSecret *secret = NULL;

  while (len < sizeof line && (n = read_octet (fd, mask, line + len)) == 1 && line[len] != '\n')
    len++;
  if (n < 0)
    g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "cannot read the password: %s",
                 g_strerror (errno));
  else if (len > WD_LIMIT_PASSWORD_BYTES)
    g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "the password is longer than %d octets",
                 WD_LIMIT_PASSWORD_BYTES);
  else
    {
      // Lines of a file from another system end with CRLF.
      if (len > 0 && line[len - 1] == '\r')
        len--;
      secret = wd_core_secret_new (line, len);
    }
  explicit_bzero (line, sizeof line);
  return secret;
}

// Asks without echo. A signal gives the terminal its echo back before it does its work.
static WdSecret *
ask (int tty, const char *prompt, GError **error)
{
  struct sigaction action = { .sa_handler = catch_signal };
  struct sigaction before[G_N_ELEMENTS (signals)];
  sigset_t blocked, mask;
  struct termios old, quiet;
  WdSecret *secret;

  caught_signal = 0;
  sigemptyset (&blocked);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    {
      sigaddset (&blocked, signals[i]);
      sigaction (signals[i], &action, &before[i]);
    }
  sigprocmask (SIG_BLOCK, &blocked, &mask);
  (void) tcgetattr (tty, &old);
  quiet = old;
  quiet.c_lflag &= ~(tcflag_t) ECHO;
  (void) tcsetattr (tty, TCSAFLUSH, &quiet);

  g_printerr ("%s", prompt);
  secret = read_line (tty, &mask, error);
  g_printerr ("\n");

  (void) tcsetattr (tty, TCSAFLUSH, &old);
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    sigaction (signals[i], &before[i], NULL);
  sigprocmask (SIG_SETMASK, &mask, NULL);
  if (caught_signal != 0)
    raise (caught_signal);
  return secret;
}

static WdSecret *
ask_twice (int tty, GError **error)
{
  g_autoptr (WdSecret) first = ask (tty, "Password: ", error);
  g_autoptr (WdSecret) second = first != NULL ? ask (tty, "The same again: ", error) : NULL;

  if (second == NULL)
    return NULL;
  if (!wd_core_secret_is_equal (first, second))
    {
      g_set_error_literal (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED,
                           "the two passwords are not the same");
      return NULL;
    }
  return g_steal_pointer (&first);
}

static WdSecret *
read_file (const char *file, GError **error)
{
  int fd = open (file, O_RDONLY | O_CLOEXEC);
  WdSecret *secret;

  if (fd < 0)
    {
      g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "cannot open %s: %s", file,
                   g_strerror (errno));
      return NULL;
    }
  secret = read_line (fd, NULL, error);
  close (fd);
  return secret;
}

WdSecret *
wd_ctl_password_read (const char *file, GError **error)
{
  g_autoptr (WdSecret) secret = NULL;

  if (file != NULL && strcmp (file, "-") != 0)
    secret = read_file (file, error);
  else if (file == NULL && isatty (STDIN_FILENO))
    secret = ask_twice (STDIN_FILENO, error);
  else
    secret = read_line (STDIN_FILENO, NULL, error);

  if (secret != NULL && wd_core_secret_get_len (secret) == 0)
    {
      g_set_error_literal (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "the password is empty");
      return NULL;
    }
  return g_steal_pointer (&secret);
}
