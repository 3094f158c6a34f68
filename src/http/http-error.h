// SPDX-License-Identifier: EUPL-1.2
// Outcomes of the store as HTTP statuses and the API's error codes.
#pragma once

#include "http-reply.h"

// What the call that failed was about: it decides the code and the text of NOT_FOUND and the like.
typedef enum
{
  WD_HTTP_SUBJECT_SERVICE,
  WD_HTTP_SUBJECT_USER,
  WD_HTTP_SUBJECT_ADDRESS,
  WD_HTTP_SUBJECT_MAILBOX,
} WdHttpSubject;

// Of a WD_STORE_ERROR or WD_AUTH_ERROR; anything else is 500. Texts are fixed ones: what the error
// says goes to reply->cause only. Returns (transfer full).
WdHttpReply *wd_http_error_new (const GError *error, WdHttpSubject subject)
    G_GNUC_WARN_UNUSED_RESULT;

// 404 for what is not there. Returns (transfer full).
WdHttpReply *wd_http_error_new_missing (WdHttpSubject subject) G_GNUC_WARN_UNUSED_RESULT;

// 400 InputValidationError with details, of one field or of many. Returns (transfer full).
WdHttpReply *wd_http_error_new_invalid (const char *field, const char *complaint)
    G_GNUC_WARN_UNUSED_RESULT;
WdHttpReply *wd_http_error_new_invalid_fields (JsonObject *details) G_GNUC_WARN_UNUSED_RESULT;

// 400 NoUpdates: a change without anything to change. Returns (transfer full).
WdHttpReply *wd_http_error_new_no_updates (void) G_GNUC_WARN_UNUSED_RESULT;
