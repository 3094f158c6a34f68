// SPDX-License-Identifier: EUPL-1.2
// DATA: dots, the end, and nothing but the end, however the input is cut.
#include "config.h"

#include "lmtp-data.h"

#include <string.h>

static const struct
{
  const char *input;
  const char *message; // NULL: no end in it.
  gsize n_left;        // Octets behind the end.
} cases[] = {
  { ".\r\n", "", 0 },
  { "a\r\n.\r\n", "a\r\n", 0 },
  { "a\r\n.\r\nQUIT\r\n", "a\r\n", 6 },
  { "\r\n.\r\n", "\r\n", 0 },
  { "..\r\n.\r\n", ".\r\n", 0 },
  { ".a\r\n.\r\n", "a\r\n", 0 },
  { "...\r\n..\r\n.\r\n", "..\r\n.\r\n", 0 },
  { "a.b\r\nc.\r\n.\r\n", "a.b\r\nc.\r\n", 0 },
  // Only CRLF.CRLF ends it: all that others have taken for an end is content.
  { "a\n.\n\r\n.\r\n", "a\n.\n\r\n", 0 },
  { "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", 0 },
  { "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", 0 },
  { "a\r.\rb\r\n.\r\n", "a\r.\rb\r\n", 0 },
  { "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", 0 },
  { "a\r\r\n.\r\n", "a\r\r\n", 0 },
  { "a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 0 },
  { "a\r\n\r.\r\n.\r\n", "a\r\n\r.\r\n", 0 },
  { "\n.\r\n.\r\n", "\n.\r\n", 0 },
  { "a\n\n\nb\r\n.\r\n", "a\n\n\nb\r\n", 0 },
  { "a\r\n", NULL },
  { "a\r\n.", NULL },
  { "a\r\n.\r", NULL },
  { "a\r\n.\n", NULL },
  { "a\n.\n", NULL },
  { "a.\r\n", NULL },
  { "", NULL },
};

static void
collect (const char *data, gsize len, gpointer user_data)
{
  g_assert_cmpuint (len, >, 0);
  g_string_append_len (user_data, data, (gssize) len);
}

// Gives the input in pieces of `step` octets as a connection would: what is not taken comes again.
static gboolean
feed (const char *input, gsize len, gsize step, GString *message, gsize *out_n_left)
{
  WdLmtpData state = { 0 };
  g_autoptr (GString) buffer = g_string_new (NULL);
  gsize at = 0;

  for (;;)
    {
      gboolean is_end;
      // A copy of just that size, so that reading beyond it shows.
      g_autofree char *exact = g_memdup2 (buffer->str, buffer->len);
      gsize n = wd_lmtp_data_feed (&state, exact, buffer->len, collect, message, &is_end);

      g_assert_cmpuint (n, <=, buffer->len);
      g_string_erase (buffer, 0, (gssize) n);
      if (is_end)
        {
          *out_n_left = buffer->len + len - at;
          return TRUE;
        }
      g_assert_cmpuint (buffer->len, <=, 2);
      if (at == len)
        return FALSE;
      n = MIN (step, len - at);
      g_string_append_len (buffer, input + at, (gssize) n);
      at += n;
    }
}

static void
test_cases (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize step = 1; step <= 30; step++)
      {
        g_autoptr (GString) message = g_string_new (NULL);
        gsize n_left = 0;
        gboolean is_end = feed (cases[i].input, strlen (cases[i].input), step, message, &n_left);

        g_assert_cmpint (is_end, ==, cases[i].message != NULL);
        if (!is_end)
          continue;
        g_assert_cmpstr (message->str, ==, cases[i].message);
        g_assert_cmpuint (n_left, ==, cases[i].n_left);
      }
}

// Stuffs as a client does: RFC 5321 4.5.2.
static void
stuff (const char *message, gsize len, GString *out)
{
  gboolean is_line_start = TRUE;

  for (gsize i = 0; i < len; i++)
    {
      if (is_line_start && message[i] == '.')
        g_string_append_c (out, '.');
      g_string_append_c (out, message[i]);
      is_line_start = i > 0 && message[i] == '\n' && message[i - 1] == '\r';
    }
  if (!is_line_start)
    g_string_append (out, "\r\n");
  g_string_append (out, ".\r\n");
}

// Messages of what matters here, at random: they come back octet for octet.
static void
test_round_trip (void)
{
  static const char octets[] = "\r\n.\r\n.a\0";

  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (GString) message = g_string_new (NULL);
      g_autoptr (GString) input = g_string_new (NULL);
      g_autoptr (GString) output = g_string_new (NULL);
      gsize n_left;
      gint len = g_test_rand_int_range (0, 40);

      for (gint j = 0; j < len; j++)
        g_string_append_c (message, octets[g_test_rand_int_range (0, sizeof octets - 1)]);
      g_string_append (message, "\r\n");
      stuff (message->str, message->len, input);
      g_assert_true (
          feed (input->str, input->len, (gsize) g_test_rand_int_range (1, 10), output, &n_left));
      g_assert_true (g_string_equal (output, message));
      g_assert_cmpuint (n_left, ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lmtp/data/cases", test_cases);
  g_test_add_func ("/lmtp/data/round-trip", test_round_trip);
  return g_test_run ();
}
