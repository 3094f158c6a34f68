// SPDX-License-Identifier: EUPL-1.2
// Input buffers: lines however they are cut, and the bound.
#include "config.h"

#include <string.h>

#include "net-input.h"

static void
add (WdInput *input, const char *data, gsize len, gsize max_bytes)
{
  while (len > 0)
    {
      gsize room = 0;
      char *to = wd_net_input_reserve (input, max_bytes, &room);

      g_assert_nonnull (to);
      room = MIN (room, len);
      memcpy (to, data, room);
      wd_net_input_commit (input, room);
      data += room;
      len -= room;
    }
}

// The lines of a text do not depend on how it comes in.
static void
test_cuts (void)
{
  const char *text = "one\r\n\ntwo\r\rthree\r\n\r\nfour\n";
  const char *lines[] = { "one", "", "two\r\rthree", "", "four" };

  for (gsize step = 1; step <= strlen (text); step++)
    {
      WdInput input = { 0 };
      guint n = 0;

      for (gsize at = 0; at < strlen (text); at += step)
        {
          const char *line;
          gsize len;
          gsize consume_len;
          gboolean too_long;

          add (&input, text + at, MIN (step, strlen (text) - at), 1000);
          while (wd_net_input_peek_line (&input, 100, &line, &len, &consume_len, &too_long))
            {
              g_autofree char *copy = g_strndup (line, len);

              g_assert_cmpuint (n, <, G_N_ELEMENTS (lines));
              g_assert_cmpstr (copy, ==, lines[n++]);
              wd_net_input_consume (&input, consume_len);
            }
          g_assert_false (too_long);
        }
      g_assert_cmpuint (n, ==, G_N_ELEMENTS (lines));
      g_assert_cmpuint (wd_net_input_get_len (&input), ==, 0);
      wd_net_input_clear (&input);
    }
}

static void
test_line_limit (void)
{
  static const struct
  {
    const char *text;
    gboolean is_line;
    gboolean is_too_long;
  } rows[] = {
    { "abc", FALSE, FALSE },     { "abcd", FALSE, FALSE },    { "abcd\r", FALSE, FALSE },
    { "abcd\r\n", TRUE, FALSE }, { "abcd\n", TRUE, FALSE },   { "abcde", FALSE, TRUE },
    { "abcde\n", FALSE, TRUE },  { "abcd\r\r", FALSE, TRUE }, { "", FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      WdInput input = { 0 };
      const char *line;
      gsize len;
      gsize consume_len;
      gboolean too_long;

      add (&input, rows[i].text, strlen (rows[i].text), 100);
      g_assert_cmpint (wd_net_input_peek_line (&input, 4, &line, &len, &consume_len, &too_long), ==,
                       rows[i].is_line);
      g_assert_cmpint (too_long, ==, rows[i].is_too_long);
      wd_net_input_clear (&input);
    }
}

// It takes exactly as much as it may, wherever the front is.
static void
test_bound (void)
{
  static const gsize bounds[] = { 1, 100, 4096, 5000, 65538, 300000 };

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      WdInput input = { 0 };
      g_autofree char *data = g_strnfill (bounds[i], 'x');
      gsize room;

      add (&input, data, bounds[i], bounds[i]);
      g_assert_null (wd_net_input_reserve (&input, bounds[i], &room));
      wd_net_input_consume (&input, bounds[i] / 2 + 1);
      add (&input, data, bounds[i] / 2 + 1, bounds[i]);
      g_assert_null (wd_net_input_reserve (&input, bounds[i], &room));
      g_assert_cmpuint (input.size, <=, MAX (bounds[i], 4096));
      g_assert_cmpuint (wd_net_input_get_len (&input), ==, bounds[i]);
      g_assert_true (memcmp (input.data + input.start, data, bounds[i]) == 0);
      wd_net_input_clear (&input);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/input/cuts", test_cuts);
  g_test_add_func ("/net/input/line-limit", test_line_limit);
  g_test_add_func ("/net/input/bound", test_bound);
  return g_test_run ();
}
