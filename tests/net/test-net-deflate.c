// SPDX-License-Identifier: EUPL-1.2
// DEFLATE in both directions: any cut, any trimming in between, and what is no DEFLATE.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "net-deflate.h"

static void
take (WdOutput *wire, WdInput *raw)
{
  const char *data;
  gsize len;

  while (wd_net_output_peek (wire, &data, &len))
    {
      gsize room = 0;
      char *to = wd_net_input_reserve (raw, WD_LIMIT_DEFLATED_INPUT_BYTES, &room);

      if (to == NULL)
        return;
      len = MIN (len, room);
      memcpy (to, data, len);
      wd_net_input_commit (raw, len);
      wd_net_output_skip (wire, len);
    }
}

// Expands all that `wire` has, `step` octets at a time.
static void
expand_all (WdDeflate *deflate, WdOutput *wire, WdInput *raw, gsize step, GString *out)
{
  char data[8192];
  gsize n;

  for (;;)
    {
      take (wire, raw);
      if (!wd_net_deflate_has_pending (deflate, raw))
        return;
      g_assert_cmpint (wd_net_deflate_expand (deflate, raw, data, MIN (step, sizeof data), &n), ==,
                       WD_NET_DEFLATE_OK);
      g_string_append_len (out, data, (gssize) n);
    }
}

static char *
make_text (GRand *rand, gsize len)
{
  char *text = g_malloc (len + 1);

  for (gsize i = 0; i < len; i++)
    text[i] = (char) g_rand_int_range (rand, 'a', i % 1000 < 500 ? 'c' : 'z');
  text[len] = '\0';
  return text;
}

// Two peers that talk, one of which is trimmed after every piece.
static void
test_round_trips (void)
{
  static const gsize steps[] = { 1, 7, 100, 8192 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (gsize i = 0; i < G_N_ELEMENTS (steps) * 4; i++)
    {
      WdDeflate *left = wd_net_deflate_new ();
      WdDeflate *right = wd_net_deflate_new ();
      WdOutput plain = { 0 };
      WdOutput wire = { 0 };
      WdInput raw = { 0 };

      for (guint round = 0; round < 20; round++)
        {
          g_autofree char *text
              = make_text (rand, (gsize) g_rand_int_range (rand, 1, round % 5 == 0 ? 60000 : 300));
          g_autoptr (GString) got = g_string_new (NULL);

          g_string_append (wd_net_output_get_text (&plain), "<");
          wd_net_output_take (&plain, g_bytes_new (text, strlen (text)));
          g_string_append (wd_net_output_get_text (&plain), ">");
          g_assert_true (wd_net_deflate_compress (left, &plain, &wire));
          g_assert_cmpuint (wd_net_output_get_len (&plain), ==, 0);
          expand_all (right, &wire, &raw, steps[i % G_N_ELEMENTS (steps)], got);
          g_assert_cmpuint (got->len, ==, strlen (text) + 2);
          g_assert_cmpint (memcmp (got->str + 1, text, strlen (text)), ==, 0);
          if (i & 4)
            wd_net_deflate_trim (left);
          if (i & 8)
            wd_net_deflate_trim (right);
        }
      wd_net_output_clear (&plain);
      wd_net_output_clear (&wire);
      wd_net_input_clear (&raw);
      wd_net_deflate_free (left);
      wd_net_deflate_free (right);
    }
}

// Trimmed in the middle of a block there is nothing that can be left out.
static void
test_trim_in_block (void)
{
  WdDeflate *left = wd_net_deflate_new ();
  WdDeflate *right = wd_net_deflate_new ();
  WdOutput plain = { 0 };
  WdOutput wire = { 0 };
  WdInput raw = { 0 };
  g_autoptr (GString) got = g_string_new (NULL);
  const char *data;
  gsize len;
  char out[100];
  gsize n;

  g_string_append (wd_net_output_get_text (&plain), "a NOOP\r\nb NOOP\r\nc LOGOUT\r\n");
  g_assert_true (wd_net_deflate_compress (left, &plain, &wire));
  while (wd_net_output_peek (&wire, &data, &len))
    {
      gsize room;

      *wd_net_input_reserve (&raw, 100, &room) = data[0];
      wd_net_input_commit (&raw, 1);
      wd_net_output_skip (&wire, 1);
      g_assert_cmpint (wd_net_deflate_expand (right, &raw, out, sizeof out, &n), ==,
                       WD_NET_DEFLATE_OK);
      g_string_append_len (got, out, (gssize) n);
      wd_net_deflate_trim (right);
    }
  g_assert_cmpstr (got->str, ==, "a NOOP\r\nb NOOP\r\nc LOGOUT\r\n");
  wd_net_output_clear (&plain);
  wd_net_output_clear (&wire);
  wd_net_input_clear (&raw);
  wd_net_deflate_free (left);
  wd_net_deflate_free (right);
}

// An idle connection keeps no more than what its peer said.
static void
test_size (void)
{
  WdDeflate *deflate = wd_net_deflate_new ();
  WdOutput plain = { 0 };
  WdOutput wire = { 0 };
  WdInput raw = { 0 };
  g_autoptr (GString) got = g_string_new (NULL);

  g_string_append (wd_net_output_get_text (&plain), "a NOOP\r\n");
  g_assert_true (wd_net_deflate_compress (deflate, &plain, &wire));
  expand_all (deflate, &wire, &raw, 100, got);
  g_assert_cmpstr (got->str, ==, "a NOOP\r\n");
  g_assert_cmpuint (wd_net_deflate_get_size_bytes (deflate), <, 128 * 1024);
  wd_net_deflate_trim (deflate);
  g_assert_cmpuint (wd_net_deflate_get_size_bytes (deflate), <, 512);
  wd_net_output_clear (&plain);
  wd_net_output_clear (&wire);
  wd_net_input_clear (&raw);
  wd_net_deflate_free (deflate);
}

static void
test_bad (void)
{
  static const struct
  {
    const char *data;
    gsize len;
    WdDeflateResult result;
  } cases[] = {
    { "\x07", 1, WD_NET_DEFLATE_BROKEN },                 // No such kind of block.
    { "\x00\x01\x00\x01\x00", 5, WD_NET_DEFLATE_BROKEN }, // Its length does not agree.
    { "a NOOP\r\n", 8, WD_NET_DEFLATE_BROKEN },           // Not compressed.
    { "\x01\x00\x00\xff\xff", 5, WD_NET_DEFLATE_END },    // The last block.
    { "\x00\x00\x00\xff\xff", 5, WD_NET_DEFLATE_OK },     // An empty one.
    { "\x00\x05\x00\xfa\xff"
      "ab",
      7, WD_NET_DEFLATE_OK }, // Half of one.
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      WdDeflate *deflate = wd_net_deflate_new ();
      WdInput raw = { 0 };
      char out[100];
      gsize room;
      gsize n;

      memcpy (wd_net_input_reserve (&raw, 100, &room), cases[i].data, cases[i].len);
      wd_net_input_commit (&raw, cases[i].len);
      g_assert_cmpint (wd_net_deflate_expand (deflate, &raw, out, sizeof out, &n), ==,
                       cases[i].result);
      wd_net_input_clear (&raw);
      wd_net_deflate_free (deflate);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/net/deflate/round-trips", test_round_trips);
  g_test_add_func ("/net/deflate/trim-in-block", test_trim_in_block);
  g_test_add_func ("/net/deflate/size", test_size);
  g_test_add_func ("/net/deflate/bad", test_bad);
  return g_test_run ();
}
