// SPDX-License-Identifier: EUPL-1.2
// The text behind DATA: in pieces it comes out as it does whole, as a slow reading of RFC
// 5321 4.5.2 says, and it ends at the first CRLF.CRLF and nowhere else.
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "lmtp-data.h"

static void
collect (const char *data, gsize len, gpointer user_data)
{
  g_string_append_len (user_data, data, (gssize) len);
}

// Returns where the input behind the end begins, or -1.
static gssize
read_in_pieces (const char *input, gsize len, gsize step, GString *message)
{
  WdLmtpData state = { 0 };
  gsize start = 0;
  gsize end = 0;

  for (;;)
    {
      gboolean is_end;
      g_autofree char *exact = g_memdup2 (input + start, end - start);

      start += wd_lmtp_data_feed (&state, exact, end - start, collect, message, &is_end);
      g_assert_cmpuint (start, <=, end);
      if (is_end)
        return (gssize) start;
      g_assert_cmpuint (end - start, <=, 2);
      if (end == len)
        return -1;
      end = MIN (end + step, len);
    }
}

// The same, an octet at a time.
static gssize
read_slowly (const char *input, gsize len, GString *message)
{
  for (gsize i = 0; i < len; i++)
    {
      gboolean is_start = i == 0 || (i >= 2 && input[i - 2] == '\r' && input[i - 1] == '\n');

      if (is_start && len - i >= 3 && memcmp (input + i, ".\r\n", 3) == 0)
        return (gssize) i + 3;
      if (!is_start || input[i] != '.')
        g_string_append_c (message, input[i]);
    }
  return -1;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *input = (const char *) data;
  g_autoptr (GString) expected = g_string_new (NULL);
  gssize end = read_slowly (input, size, expected);
  const gsize steps[] = { 1, 2, 3, 1 + (size > 0 ? data[0] % 61 : 0), MAX (size, 1) };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (GString) message = g_string_new (NULL);

      g_assert_cmpint (read_in_pieces (input, size, steps[i], message), ==, end);
      // Without an end, up to two octets are still held back.
      g_assert_cmpuint (message->len, <=, expected->len);
      g_assert_cmpuint (expected->len - message->len, <=, end < 0 ? 2 : 0);
      g_assert_true (memcmp (message->str, expected->str, message->len) == 0);
    }
  return 0;
}
