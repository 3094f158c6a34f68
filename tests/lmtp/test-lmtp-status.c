// SPDX-License-Identifier: EUPL-1.2
// Replies for every outcome of the store.
#include "config.h"

#include "lmtp-status.h"

#include <gio/gio.h>

static const struct
{
  WdStoreError code;
  const char *reply;
} cases[] = {
  { WD_STORE_ERROR_NOT_FOUND, "550 5.1.1 " }, { WD_STORE_ERROR_EXISTS, "451 4.3.0 " },
  { WD_STORE_ERROR_FORBIDDEN, "550 5.7.1 " }, { WD_STORE_ERROR_OVER_QUOTA, "452 4.2.2 " },
  { WD_STORE_ERROR_TOO_LARGE, "552 5.3.4 " }, { WD_STORE_ERROR_EXPUNGED, "451 4.3.0 " },
  { WD_STORE_ERROR_CONFLICT, "451 4.3.0 " },  { WD_STORE_ERROR_LIMIT, "452 4.2.0 " },
  { WD_STORE_ERROR_BUSY, "451 4.2.0 " },      { WD_STORE_ERROR_UNAVAILABLE, "451 4.3.0 " },
  { WD_STORE_ERROR_CORRUPT, "451 4.2.0 " },   { WD_STORE_ERROR_INVALID, "550 5.1.3 " },
  { WD_STORE_ERROR_CANCELLED, "451 4.3.2 " },
};

static void
test_codes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *reply = wd_lmtp_status_from_code (cases[i].code, FALSE);

      // One for each code, in order, and the two classes agree (RFC 2034 4).
      g_assert_cmpint (cases[i].code, ==, i);
      g_assert_true (g_str_has_prefix (reply, cases[i].reply));
      g_assert_cmpint (reply[0], ==, reply[4]);
    }
  g_assert_cmpint (G_N_ELEMENTS (cases), ==, WD_STORE_ERROR_CANCELLED + 1);
  g_assert_true (
      g_str_has_prefix (wd_lmtp_status_from_code (WD_STORE_ERROR_OVER_QUOTA, TRUE), "552 5.2.2 "));
}

static void
test_errors (void)
{
  g_autoptr (GError) ours = g_error_new (WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE, "x");
  g_autoptr (GError) foreign = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "x");

  g_assert_true (g_str_has_prefix (wd_lmtp_status_from_error (ours, FALSE), "552 5.3.4 "));
  g_assert_true (g_str_has_prefix (wd_lmtp_status_from_error (foreign, FALSE), "451 4.3.0 "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lmtp/status/codes", test_codes);
  g_test_add_func ("/lmtp/status/errors", test_errors);
  return g_test_run ();
}
