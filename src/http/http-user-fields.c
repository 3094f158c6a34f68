// SPDX-License-Identifier: EUPL-1.2
// Fields of users.
#include "config.h"

#include "http-user-fields.h"

#include "core-limits.h"

// Fields that POST and PUT share; those of KEPT are stored and shown, and nothing more for now.
#define SHARED_FIELDS                                                                              \
  { "hashedPassword", WD_HTTP_BODY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },                           \
      { "allowUnsafe", WD_HTTP_BODY, WD_HTTP_BOOLEAN, 0, 0, 0, "true" },                           \
      { "name", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_EMPTY_OK, 0, 256 },                            \
      { "quota", WD_HTTP_BODY, WD_HTTP_INTEGER, 0, 0, G_MAXINT64 },                                \
      { "tags", WD_HTTP_BODY, WD_HTTP_TAGS, 0, 0, 128 },                                           \
      { "language", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_KEPT, 0, 20 },                             \
      { "retention", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                                \
      { "targets", WD_HTTP_BODY, WD_HTTP_TEXTS, WD_HTTP_KEPT, 0, 2048 },                           \
      { "recipients", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                               \
      { "forwards", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                                 \
      { "filters", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                                  \
      { "imapMaxUpload", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                            \
      { "imapMaxDownload", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                          \
      { "pop3MaxDownload", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                          \
      { "pop3MaxMessages", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                          \
      { "imapMaxConnections", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                       \
      { "receivedMax", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                              \
      { "fromWhitelist", WD_HTTP_BODY, WD_HTTP_TEXTS, WD_HTTP_KEPT, 0, 320 },                      \
      { "disabledScopes", WD_HTTP_BODY, WD_HTTP_TEXTS, WD_HTTP_KEPT, 0, 32 },                      \
      { "metaData", WD_HTTP_BODY, WD_HTTP_META, WD_HTTP_KEPT, 0, WD_LIMIT_HTTP_BODY_BYTES },       \
      { "internalData", WD_HTTP_BODY, WD_HTTP_META, WD_HTTP_KEPT, 0, WD_LIMIT_HTTP_BODY_BYTES },   \
      { "pubKey", WD_HTTP_BODY, WD_HTTP_TEXT,                                                      \
        WD_HTTP_KEPT | WD_HTTP_EMPTY_OK | WD_HTTP_MULTILINE },                                     \
      { "encryptMessages", WD_HTTP_BODY, WD_HTTP_BOOLEAN, WD_HTTP_KEPT },                          \
      { "encryptForwarded", WD_HTTP_BODY, WD_HTTP_BOOLEAN, WD_HTTP_KEPT },                         \
      { "uploadSentMessages", WD_HTTP_BODY, WD_HTTP_BOOLEAN, WD_HTTP_KEPT },                       \
  {                                                                                                \
    "featureFlags", WD_HTTP_BODY, WD_HTTP_OBJECT, WD_HTTP_KEPT, 0, 0, NULL, feature_fields         \
  }

static const WdHttpField feature_fields[] = {
  { "indexing", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { NULL },
};

static const WdHttpField mailbox_name_fields[] = {
  { "sent", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, 255 },
  { "trash", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, 255 },
  { "junk", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, 255 },
  { "drafts", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, 255 },
  { NULL },
};

const WdHttpField wd_http_user_create_fields[] = {
  { "username", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, 128 },
  { "password", WD_HTTP_BODY, WD_HTTP_PASSWORD, WD_HTTP_REQUIRED, 0, WD_LIMIT_PASSWORD_BYTES },
  { "address", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 0, WD_LIMIT_ADDRESS_BYTES },
  { "emptyAddress", WD_HTTP_BODY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },
  { "addTagsToAddress", WD_HTTP_BODY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },
  { "mailboxes", WD_HTTP_BODY, WD_HTTP_OBJECT, 0, 0, 0, NULL, mailbox_name_fields },
  { "spamLevel", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT, 0, 100, "50" },
  { "requirePasswordChange", WD_HTTP_BODY, WD_HTTP_BOOLEAN, WD_HTTP_KEPT },
  SHARED_FIELDS,
  { NULL },
};

const WdHttpField wd_http_user_update_fields[] = {
  { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED },
  { "existingPassword", WD_HTTP_BODY, WD_HTTP_PASSWORD, 0, 1, WD_LIMIT_PASSWORD_BYTES },
  { "password", WD_HTTP_BODY, WD_HTTP_PASSWORD, 0, 0, WD_LIMIT_PASSWORD_BYTES },
  { "disabled", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "suspended", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "disable2fa", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "spamLevel", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT, 0, 100 },
  SHARED_FIELDS,
  { NULL },
};
