// SPDX-License-Identifier: EUPL-1.2
// Outcomes of the store and of auth/ as replies.
#include "config.h"

#include "http-error.h"

#include "auth.h"
#include "store.h"

typedef struct
{
  int error;
  guint status;
  const char *code;
  gboolean is_retry;
} Row;

static const Row store_rows[] = {
  { WD_STORE_ERROR_NOT_FOUND, 404, "NoSuchMailbox", FALSE },
  { WD_STORE_ERROR_EXISTS, 400, "MailboxExistsError", FALSE },
  { WD_STORE_ERROR_FORBIDDEN, 403, "DisallowedMailboxMethod", FALSE },
  { WD_STORE_ERROR_OVER_QUOTA, 403, "OverQuotaError", FALSE },
  { WD_STORE_ERROR_TOO_LARGE, 413, "MessageTooLarge", FALSE },
  { WD_STORE_ERROR_EXPUNGED, 404, "NoSuchMailbox", FALSE },
  { WD_STORE_ERROR_CONFLICT, 409, "Conflict", FALSE },
  { WD_STORE_ERROR_LIMIT, 403, "TooMany", FALSE },
  { WD_STORE_ERROR_BUSY, 503, "TemporarilyUnavailable", TRUE },
  { WD_STORE_ERROR_UNAVAILABLE, 503, "InternalDatabaseError", TRUE },
  { WD_STORE_ERROR_CORRUPT, 500, "InternalDatabaseError", FALSE },
  { WD_STORE_ERROR_INVALID, 400, "InputValidationError", FALSE },
  { WD_STORE_ERROR_CANCELLED, 503, "TemporarilyUnavailable", TRUE },
};

static const Row auth_rows[] = {
  { WD_AUTH_ERROR_FAILED, 403, "AuthFailed", FALSE },
  { WD_AUTH_ERROR_RATE_LIMITED, 403, "RateLimitedError", FALSE },
  { WD_AUTH_ERROR_UNAVAILABLE, 503, "InternalDatabaseError", TRUE },
  { WD_AUTH_ERROR_INVALID, 400, "InputValidationError", FALSE },
  { WD_AUTH_ERROR_FORBIDDEN, 403, "NotPermitted", FALSE },
};

static void
check_row (GQuark domain, const Row *row)
{
  g_autoptr (GError) error = g_error_new_literal (domain, row->error, "secret of the house");
  g_autoptr (WdHttpReply) reply = wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);

  g_assert_cmpuint (reply->status, ==, row->status);
  g_assert_cmpstr (json_object_get_string_member (reply->body, "code"), ==, row->code);
  g_assert_cmpint (reply->retry_after_secs > 0, ==, row->is_retry);
  // The text of the error is for the log.
  g_assert_cmpstr (reply->cause, ==, error->message);
  g_assert_cmpstr (json_object_get_string_member (reply->body, "error"), !=, error->message);
}

static void
test_store (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (store_rows); i++)
    check_row (WD_STORE_ERROR, &store_rows[i]);
}

static void
test_auth (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (auth_rows); i++)
    check_row (WD_AUTH_ERROR, &auth_rows[i]);
}

static void
test_others (void)
{
  static const Row row = { G_FILE_ERROR_IO, 500, "InternalError", FALSE };
  static const Row unknown = { 99, 500, "InternalError", FALSE };

  check_row (G_FILE_ERROR, &row);
  check_row (WD_STORE_ERROR, &unknown);
}

static void
test_invalid (void)
{
  g_autoptr (JsonObject) details = json_object_new ();
  g_autoptr (WdHttpReply) none = wd_http_error_new_invalid_fields (details);
  g_autoptr (WdHttpReply) one = wd_http_error_new_invalid ("name", "is required");

  g_assert_cmpuint (none->status, ==, 400);
  g_assert_cmpstr (json_object_get_string_member (one->body, "error"), ==, "name is required");
  g_assert_cmpstr (
      json_object_get_string_member (json_object_get_object_member (one->body, "details"), "name"),
      ==, "is required");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/error/store", test_store);
  g_test_add_func ("/http/error/auth", test_auth);
  g_test_add_func ("/http/error/others", test_others);
  g_test_add_func ("/http/error/invalid", test_invalid);
  return g_test_run ();
}
