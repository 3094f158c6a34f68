// SPDX-License-Identifier: EUPL-1.2
// The one mapping of errors to replies.
#include "config.h"

#include "http-error.h"

#include "auth.h"
#include "store.h"

static const struct
{
  const char *missing_code;
  const char *missing_text;
  const char *exists_code;
  const char *exists_text;
  const char *forbidden_code;
  const char *forbidden_text;
} subjects[] = {
  [WD_HTTP_SUBJECT_SERVICE]
  = { "ResourceNotFound", "There is no such resource", "ResourceExistsError",
      "This resource already exists", "NotPermitted", "This is not permitted" },
  [WD_HTTP_SUBJECT_USER]
  = { "UserNotFound", "This user does not exist", "UserExistsError", "This username already exists",
      "NotPermitted", "This is not permitted" },
  [WD_HTTP_SUBJECT_ADDRESS]
  = { "AddressNotFound", "This address does not exist", "AddressExistsError",
      "This email address already exists", "NotPermitted",
      "The main address can not be removed; make another one main first" },
  [WD_HTTP_SUBJECT_MAILBOX]
  = { "NoSuchMailbox", "This mailbox does not exist", "MailboxExistsError",
      "A mailbox of this path already exists", "DisallowedMailboxMethod",
      "This mailbox can not be changed or removed this way" },
};

WdHttpReply *
wd_http_error_new_missing (WdHttpSubject subject)
{
  return wd_http_reply_new_error (404, subjects[subject].missing_code,
                                  subjects[subject].missing_text);
}

WdHttpReply *
wd_http_error_new_invalid_fields (JsonObject *details)
{
  g_autoptr (GList) names = json_object_get_members (details);
  g_autofree char *text = NULL;
  WdHttpReply *reply;

  text = names == NULL ? g_strdup ("The request is not valid")
                       : g_strdup_printf ("%s %s", (const char *) names->data,
                                          json_object_get_string_member (details, names->data));
  reply = wd_http_reply_new_error (400, "InputValidationError", text);
  json_object_set_object_member (reply->body, "details", json_object_ref (details));
  return reply;
}

WdHttpReply *
wd_http_error_new_invalid (const char *field, const char *complaint)
{
  g_autoptr (JsonObject) details = json_object_new ();

  json_object_set_string_member (details, field, complaint);
  return wd_http_error_new_invalid_fields (details);
}

WdHttpReply *
wd_http_error_new_no_updates (void)
{
  return wd_http_reply_new_error (400, "NoUpdates", "Nothing was changed");
}

static WdHttpReply *
new_retry (const char *code, const char *text, guint secs)
{
  WdHttpReply *reply = wd_http_reply_new_error (503, code, text);

  reply->retry_after_secs = secs;
  return reply;
}

static WdHttpReply *
new_from_store (WdStoreError code, WdHttpSubject subject)
{
  switch (code)
    {
    case WD_STORE_ERROR_NOT_FOUND:
    case WD_STORE_ERROR_EXPUNGED:
      return wd_http_error_new_missing (subject);
    case WD_STORE_ERROR_EXISTS:
      return wd_http_reply_new_error (400, subjects[subject].exists_code,
                                      subjects[subject].exists_text);
    case WD_STORE_ERROR_FORBIDDEN:
      return wd_http_reply_new_error (403, subjects[subject].forbidden_code,
                                      subjects[subject].forbidden_text);
    case WD_STORE_ERROR_OVER_QUOTA:
      return wd_http_reply_new_error (403, "OverQuotaError", "The user is over quota");
    case WD_STORE_ERROR_TOO_LARGE:
      return wd_http_reply_new_error (413, "MessageTooLarge", "The message is too large");
    case WD_STORE_ERROR_CONFLICT:
      return wd_http_reply_new_error (409, "Conflict", "Somebody else changed it; try again");
    case WD_STORE_ERROR_LIMIT:
      return wd_http_reply_new_error (403, "TooMany", "There are too many of these already");
    case WD_STORE_ERROR_BUSY:
      return new_retry ("TemporarilyUnavailable", "The store is busy; try again", 1);
    case WD_STORE_ERROR_UNAVAILABLE:
      return new_retry ("InternalDatabaseError", "The store is not available", 10);
    case WD_STORE_ERROR_CANCELLED:
      return new_retry ("TemporarilyUnavailable", "The service is about to stop", 1);
    case WD_STORE_ERROR_CORRUPT:
      return wd_http_reply_new_error (500, "InternalDatabaseError", "The user's data is damaged");
    case WD_STORE_ERROR_INVALID:
      return wd_http_reply_new_error (400, "InputValidationError", "A value is not valid");
    }
  return NULL;
}

static WdHttpReply *
new_from_auth (WdAuthError code)
{
  switch (code)
    {
    case WD_AUTH_ERROR_FAILED:
      return wd_http_reply_new_error (403, "AuthFailed", "Authentication failed");
    case WD_AUTH_ERROR_RATE_LIMITED:
      return wd_http_reply_new_error (403, "RateLimitedError", "Too many failures; try later");
    case WD_AUTH_ERROR_UNAVAILABLE:
      return new_retry ("InternalDatabaseError", "The store is not available", 10);
    case WD_AUTH_ERROR_INVALID:
      return wd_http_error_new_invalid ("password", "can not be used");
    case WD_AUTH_ERROR_FORBIDDEN:
      return wd_http_reply_new_error (403, "NotPermitted", "This is not permitted");
    }
  return NULL;
}

WdHttpReply *
wd_http_error_new (const GError *error, WdHttpSubject subject)
{
  WdHttpReply *reply = NULL;

  if (error->domain == WD_STORE_ERROR)
    reply = new_from_store ((WdStoreError) error->code, subject);
  else if (error->domain == WD_AUTH_ERROR)
    reply = new_from_auth ((WdAuthError) error->code);
  if (reply == NULL)
    reply = wd_http_reply_new_error (500, "InternalError", "Something went wrong");
  reply->cause = g_strdup (error->message);
  return reply;
}
