// SPDX-License-Identifier: EUPL-1.2
// Replies for the store's outcomes.
#include "config.h"

#include "lmtp-status.h"

static const char local_error[] = "451 4.3.0 Local error, try again later";

const char *
wd_lmtp_status_from_code (WdStoreError code, gboolean permanent_quota)
{
  switch (code)
    {
    case WD_STORE_ERROR_NOT_FOUND:
      return "550 5.1.1 No such user here";
    case WD_STORE_ERROR_FORBIDDEN:
      return "550 5.7.1 Not permitted";
    case WD_STORE_ERROR_OVER_QUOTA:
      return permanent_quota ? "552 5.2.2 Mailbox full" : "452 4.2.2 Mailbox full";
    case WD_STORE_ERROR_TOO_LARGE:
      return "552 5.3.4 Message size exceeds the limit";
    case WD_STORE_ERROR_LIMIT:
      return "452 4.2.0 The mailbox has reached a limit";
    case WD_STORE_ERROR_BUSY:
      return "451 4.2.0 Mailbox busy, try again later";
    case WD_STORE_ERROR_CORRUPT:
      return "451 4.2.0 Mailbox not available, try again later";
    case WD_STORE_ERROR_CANCELLED:
      return "451 4.3.2 The service stops, try again later";
    case WD_STORE_ERROR_INVALID:
      return "550 5.1.3 Not a valid address";
    case WD_STORE_ERROR_UNAVAILABLE:
    case WD_STORE_ERROR_EXISTS:
    case WD_STORE_ERROR_EXPUNGED:
    case WD_STORE_ERROR_CONFLICT:
      return local_error;
    }
  return local_error;
}

const char *
wd_lmtp_status_from_error (const GError *error, gboolean permanent_quota)
{
  if (error->domain != WD_STORE_ERROR)
    return local_error;
  return wd_lmtp_status_from_code ((WdStoreError) error->code, permanent_quota);
}
