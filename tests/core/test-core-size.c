// SPDX-License-Identifier: EUPL-1.2
// Sizes: reading and writing them.
#include "config.h"

#include "core-size.h"

static void
test_from_string (void)
{
  static const struct
  {
    const char *text;
    gboolean ok;
    guint64 bytes;
  } rows[] = {
    { "0", TRUE, 0 },
    { "1000", TRUE, 1000 },
    { "1K", TRUE, 1024 },
    { "64M", TRUE, 64 << 20 },
    { "2G", TRUE, G_GUINT64_CONSTANT (2) << 30 },
    { "1T", TRUE, G_GUINT64_CONSTANT (1) << 40 },
    { "9223372036854775807", TRUE, G_MAXINT64 },
    { "9223372036854775808", FALSE, 0 },
    { "8388607T", TRUE, G_GUINT64_CONSTANT (8388607) << 40 },
    { "8388608T", FALSE, 0 },
    { "", FALSE, 0 },
    { "K", FALSE, 0 },
    { "1k", FALSE, 0 },
    { "1KB", FALSE, 0 },
    { "1 K", FALSE, 0 },
    { "1.5M", FALSE, 0 },
    { "-1", FALSE, 0 },
    { "+1", FALSE, 0 },
    { " 1", FALSE, 0 },
    { "1 ", FALSE, 0 },
    { "0x10", FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint64 bytes = 77;

      g_test_message ("\"%s\"", rows[i].text);
      g_assert_cmpint (wd_core_size_from_string (rows[i].text, &bytes), ==, rows[i].ok);
      g_assert_cmpuint (bytes, ==, rows[i].ok ? rows[i].bytes : 77);
    }
}

static void
test_to_string (void)
{
  static const struct
  {
    guint64 bytes;
    const char *text;
  } rows[] = {
    { 0, "0" },
    { 1023, "1023" },
    { 1024, "1K" },
    { 1536, "1.5K" },
    { 1 << 20, "1M" },
    { (1 << 20) + 1, "1.0M" },
    { G_GUINT64_CONSTANT (5) << 30, "5G" },
    { G_GUINT64_CONSTANT (1024) << 40, "1024T" },
    { G_MAXUINT64, "16777216.0T" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = wd_core_size_to_string (rows[i].bytes);

      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/size/from-string", test_from_string);
  g_test_add_func ("/core/size/to-string", test_to_string);
  return g_test_run ();
}
