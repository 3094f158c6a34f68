// SPDX-License-Identifier: EUPL-1.2
// Routes for users.
#include "config.h"

#include "http-users.h"

#include <string.h>
#include <unistd.h>

#include "auth-password.h"
#include "core-limits.h"
#include "http-error.h"
#include "http-json.h"
#include "http-page.h"
#include "http-show.h"
#include "http-user-password.h"

// Fields that POST and PUT share; those of KEPT are stored and shown, and nothing more for now.
#define SHARED_FIELDS                                                                              \
  { "hashedPassword", WD_HTTP_BODY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },                           \
      { "allowUnsafe", WD_HTTP_BODY, WD_HTTP_BOOLEAN, 0, 0, 0, "true" },                           \
      { "name", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_EMPTY_OK, 0, 256 },                            \
      { "quota", WD_HTTP_BODY, WD_HTTP_INTEGER, 0, 0, G_MAXINT64 },                                \
      { "tags", WD_HTTP_BODY, WD_HTTP_TEXTS, 0, 0, 128 },                                          \
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
      { "metaData", WD_HTTP_BODY, WD_HTTP_META, WD_HTTP_KEPT, 0, 1024 * 1024 },                    \
      { "internalData", WD_HTTP_BODY, WD_HTTP_META, WD_HTTP_KEPT, 0, 1024 * 1024 },                \
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

static const WdHttpField create_fields[] = {
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

static const WdHttpField update_fields[] = {
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

static const WdHttpField list_fields[] = { WD_HTTP_PAGE_FIELDS, { NULL } };

static const WdHttpField user_fields[] = {
  { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED },
  { NULL },
};

static const WdHttpField delete_fields[] = {
  { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED },
  { "deleteAfter", WD_HTTP_QUERY, WD_HTTP_TEXT, 0, 0, 64 },
  { NULL },
};

static const WdHttpField resolve_fields[] = {
  { "username", WD_HTTP_PATH, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, 255 },
  { NULL },
};

static char *
dup_email_domain (const WdConfig *config)
{
  const char *domain = wd_core_config_get_string (config, "http", "email-domain");
  char name[256] = "";

  if (*domain != '\0')
    return g_strdup (domain);
  if (gethostname (name, sizeof name - 1) != 0 || *name == '\0')
    return g_strdup ("localhost");
  return g_strdup (name);
}

// The main address: the one that is asked for, the user name where it is one, or the user name at
// the site's domain. Returns (transfer full) (nullable).
static char *
dup_main_address (const WdHttpRequest *request)
{
  const char *username = wd_http_request_get_text (request, "username");
  const char *address = wd_http_request_get_text (request, "address");
  g_autofree char *domain = NULL;

  if (address != NULL)
    return g_strdup (address);
  if (wd_http_request_get_boolean (request, "emptyAddress"))
    return NULL;
  if (strchr (username, '@') != NULL)
    return g_strdup (username);
  domain = dup_email_domain (request->config);
  return g_strdup_printf ("%s@%s", username, domain);
}

static WdHttpReply *
check_names (const char *username, const char *address)
{
  g_autofree char *normal_username = wd_store_username_normalize (username, NULL);
  g_autofree char *normal_address
      = address == NULL ? NULL : wd_store_address_normalize (address, NULL);

  if (normal_username == NULL)
    return wd_http_error_new_invalid ("username", "is not a valid user name");
  if (address != NULL && normal_address == NULL)
    return wd_http_error_new_invalid ("address", "is not a valid email address");
  return NULL;
}

// Renames the special mailboxes of a new user, as "mailboxes" asks.
static gboolean
name_mailboxes (const WdHttpRequest *request, const WdId *user, GError **error)
{
  static const struct
  {
    const char *name;
    WdSpecialUse use;
  } uses[] = {
    { "sent", WD_SPECIAL_USE_SENT },
    { "trash", WD_SPECIAL_USE_TRASH },
    { "junk", WD_SPECIAL_USE_JUNK },
    { "drafts", WD_SPECIAL_USE_DRAFTS },
  };

  JsonObject *names = wd_http_request_get_object (request, "mailboxes");
  g_autoptr (GPtrArray) mailboxes = NULL;

  if (names == NULL || json_object_get_size (names) == 0)
    return TRUE;
  mailboxes = wd_store_list_mailboxes (request->store, &WD_ACTOR_SELF (*user), request->cancellable,
                                       error);
  if (mailboxes == NULL)
    return FALSE;
  for (guint i = 0; i < mailboxes->len; i++)
    {
      const WdMailboxInfo *info = g_ptr_array_index (mailboxes, i);
      const char *name = NULL;

      for (gsize j = 0; j < G_N_ELEMENTS (uses); j++)
        if (uses[j].use == info->special_use)
          name = json_object_get_string_member_with_default (names, uses[j].name, NULL);
      if (name != NULL && strcmp (name, info->path) != 0
          && !wd_store_rename_mailbox (request->store, &WD_ACTOR_SELF (*user), &info->id, name,
                                       request->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
tag_main_address (const WdHttpRequest *request, const WdId *user, GStrv tags, GError **error)
{
  g_autoptr (GPtrArray) addresses = NULL;

  if (!wd_http_request_get_boolean (request, "addTagsToAddress") || tags == NULL)
    return TRUE;
  addresses = wd_store_list_addresses (request->store, user, request->cancellable, error);
  if (addresses == NULL)
    return FALSE;
  for (guint i = 0; i < addresses->len; i++)
    {
      const WdAddress *address = g_ptr_array_index (addresses, i);
      const WdAddress changes = { .tags = tags };

      if (!wd_store_update_address (request->store, user, &address->id, &changes,
                                    WD_ADDRESS_FIELD_TAGS, request->cancellable, error))
        return FALSE;
    }
  return TRUE;
}

// What the user row does not hold. A user that cannot be finished is taken away again.
static gboolean
finish_user (const WdHttpRequest *request, const WdUser *user, GError **error)
{
  guint n_addresses;

  if (name_mailboxes (request, &user->id, error)
      && tag_main_address (request, &user->id, user->tags, error))
    return TRUE;
  (void) !wd_store_delete_user (request->store, &user->id, &n_addresses, NULL, NULL);
  return FALSE;
}

static WdHttpReply *
new_create_error (const GError *error)
{
  gboolean is_address = g_str_has_prefix (error->message, "address");

  return wd_http_error_new (error, is_address ? WD_HTTP_SUBJECT_ADDRESS : WD_HTTP_SUBJECT_USER);
}

static WdHttpReply *
create_user (const WdHttpRequest *request)
{
  g_autoptr (WdUser) user = g_new0 (WdUser, 1);
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply;

  user->username = g_strdup (wd_http_request_get_text (request, "username"));
  user->name = g_strdup (wd_http_request_get_text (request, "name"));
  user->address = dup_main_address (request);
  user->quota_bytes = (guint64) wd_http_request_get_integer (request, "quota");
  user->tags = wd_http_request_dup_texts (request, "tags");
  user->extra_json = wd_http_request_dup_kept (request, NULL);
  reply = check_names (user->username, user->address);
  if (reply == NULL)
    reply = wd_http_user_password_set (request, user);
  if (reply != NULL)
    return reply;

  if (!wd_store_create_user (request->store, user, &user->id, request->cancellable, &error))
    return new_create_error (error);
  if (!finish_user (request, user, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);

  reply = wd_http_reply_new_success ();
  wd_http_show_id (reply->body, "id", &user->id);
  return reply;
}

// The original's own route, whose reply also has the name.
static WdHttpReply *
create_user_short (const WdHttpRequest *request)
{
  WdHttpReply *reply = create_user (request);

  if (reply->status == 200)
    wd_http_show_text (reply->body, "username", wd_http_request_get_text (request, "username"));
  return reply;
}

static void
show_quota (const WdHttpRequest *request, const WdUser *user, guint64 used, JsonObject *out)
{
  JsonObject *quota = json_object_new ();
  guint64 allowed = user->quota_bytes > 0
                        ? user->quota_bytes
                        : wd_store_get_options (request->store)->default_quota_bytes;

  json_object_set_int_member (quota, "allowed", (gint64) allowed);
  json_object_set_int_member (quota, "used", (gint64) used);
  json_object_set_object_member (out, "quota", quota);
}

// What a list and a single user both show.
static void
show_user (const WdUser *user, JsonObject *kept, JsonObject *out)
{
  static const char *const names[] = { "targets", "encryptMessages", "encryptForwarded", NULL };

  wd_http_show_id (out, "id", &user->id);
  json_object_set_string_member (out, "username", user->username);
  wd_http_show_text (out, "name", user->name == NULL ? "" : user->name);
  wd_http_show_text (out, "address", user->address);
  wd_http_show_texts (out, "tags", (const char *const *) user->tags);
  wd_http_show_texts (out, "enabled2fa", NULL);
  json_object_set_boolean_member (out, "autoreply", FALSE);
  wd_http_request_show_kept (create_fields, names, kept, out);
  json_object_set_boolean_member (out, "hasPasswordSet", user->password_hash != NULL);
  json_object_set_boolean_member (out, "activated", TRUE);
  json_object_set_boolean_member (out, "disabled", user->disabled);
  json_object_set_boolean_member (out, "suspended", user->suspended);
}

static void
show_listed_user (const WdHttpRequest *request, const WdUser *user, JsonArray *out)
{
  static const char *const names[] = { "metaData", "internalData" };
  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (user->extra_json);
  JsonObject *shown = json_object_new ();
  WdQuota quota = { 0 };

  show_user (user, kept, shown);
  // A list does not fail for one user whose mail is damaged.
  if (!wd_store_get_quota (request->store, &WD_ACTOR_SELF (user->id), &quota, request->cancellable,
                           NULL))
    quota.used_bytes = 0;
  show_quota (request, user, quota.used_bytes, shown);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (wd_http_request_get_boolean (request, names[i]) && json_object_has_member (kept, names[i]))
      json_object_set_member (shown, names[i], json_object_dup_member (kept, names[i]));
  json_array_add_object_element (out, shown);
}

static WdHttpReply *
list_users (const WdHttpRequest *request)
{
  g_auto (WdHttpPage) page = { 0 };
  g_autoptr (GPtrArray) users = NULL;
  g_autoptr (GError) error = NULL;
  guint64 total = 0;
  gboolean has_more = FALSE;
  JsonArray *results;
  WdHttpReply *reply;

  wd_http_page_init (&page, request);
  users = wd_store_list_users (request->store, &page.query, &total, &has_more, request->cancellable,
                               &error);
  if (users == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  results = json_array_new ();
  for (guint i = 0; i < users->len; i++)
    show_listed_user (request, g_ptr_array_index (users, i), results);
  reply = wd_http_reply_new_success ();
  const WdUser *first = users->len == 0 ? NULL : g_ptr_array_index (users, 0);
  const WdUser *last = users->len == 0 ? NULL : g_ptr_array_index (users, users->len - 1);
  wd_http_page_show (&page, request, total, has_more, first == NULL ? NULL : &first->id,
                     last == NULL ? NULL : &last->id, results, reply->body);
  return reply;
}

static WdHttpReply *
resolve_user (const WdHttpRequest *request)
{
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply;

  if (!wd_store_find_user (request->store, wd_http_request_get_text (request, "username"), &user,
                           request->cancellable, &error)
      && !g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
  if (user == NULL)
    return wd_http_error_new_missing (WD_HTTP_SUBJECT_USER);

  reply = wd_http_reply_new_success ();
  wd_http_show_id (reply->body, "id", &user->id);
  return reply;
}

// The limits of the API: what is allowed stands in a kept field; of what is not counted yet nothing
// was used.
static void
show_limits (const WdHttpRequest *request, const WdUser *user, JsonObject *kept, JsonObject *out)
{
  static const struct
  {
    const char *name;
    const char *field;
    gboolean has_ttl;
  } rows[] = {
    { "recipients", "recipients", TRUE },
    { "filters", "filters", FALSE },
    { "forwards", "forwards", TRUE },
    { "received", "receivedMax", TRUE },
    { "imapUpload", "imapMaxUpload", TRUE },
    { "imapDownload", "imapMaxDownload", TRUE },
    { "pop3Download", "pop3MaxDownload", TRUE },
    { "imapMaxConnections", "imapMaxConnections", FALSE },
  };

  JsonObject *limits = json_object_new ();

  show_quota (request, user, user->used_bytes, limits);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      JsonObject *row = json_object_new ();

      json_object_set_int_member (row, "allowed",
                                  json_object_get_int_member_with_default (kept, rows[i].field, 0));
      json_object_set_int_member (row, "used", 0);
      if (rows[i].has_ttl)
        json_object_set_boolean_member (row, "ttl", FALSE);
      json_object_set_object_member (limits, rows[i].name, row);
    }
  json_object_set_object_member (out, "limits", limits);
}

static WdHttpReply *
get_user (const WdHttpRequest *request)
{
  static const char *const names[]
      = { "retention", "spamLevel",    "fromWhitelist", "disabledScopes",     "language", "pubKey",
          "metaData",  "internalData", "featureFlags",  "uploadSentMessages", NULL };
  g_autoptr (WdUser) user = NULL;
  g_autoptr (JsonObject) kept = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply;
  WdId id;

  wd_http_request_get_id (request, "user", &id);
  user = wd_store_get_user (request->store, &id, request->cancellable, &error);
  if (user == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  reply = wd_http_reply_new_success ();
  kept = wd_http_json_parse_kept (user->extra_json);
  show_user (user, kept, reply->body);
  wd_http_request_show_kept (create_fields, names, kept, reply->body);
  show_limits (request, user, kept, reply->body);
  return reply;
}

// Fills `changes` with what the request has, and returns which fields those are.
static WdUserFields
collect_changes (const WdHttpRequest *request, const WdUser *user, WdUser *changes)
{
  static const struct
  {
    const char *name;
    WdUserFields field;
  } rows[] = {
    { "name", WD_USER_FIELD_NAME },         { "quota", WD_USER_FIELD_QUOTA },
    { "disabled", WD_USER_FIELD_DISABLED }, { "suspended", WD_USER_FIELD_SUSPENDED },
    { "tags", WD_USER_FIELD_TAGS },         { "password", WD_USER_FIELD_PASSWORD },
  };

  WdUserFields fields = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (wd_http_request_has (request, rows[i].name))
      fields |= rows[i].field;
  changes->name = g_strdup (wd_http_request_get_text (request, "name"));
  changes->quota_bytes = (guint64) wd_http_request_get_integer (request, "quota");
  changes->disabled = wd_http_request_get_boolean (request, "disabled");
  changes->suspended = wd_http_request_get_boolean (request, "suspended");
  changes->tags = wd_http_request_dup_texts (request, "tags");
  if (wd_http_request_has_kept (request))
    {
      fields |= WD_USER_FIELD_EXTRA;
      changes->extra_json = wd_http_request_dup_kept (request, user->extra_json);
    }
  return fields;
}

static WdHttpReply *
update_user (const WdHttpRequest *request)
{
  g_autoptr (WdUser) user = NULL;
  g_autoptr (WdUser) changes = g_new0 (WdUser, 1);
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply;
  WdUserFields fields;
  WdId id;

  wd_http_request_get_id (request, "user", &id);
  user = wd_store_get_user (request->store, &id, request->cancellable, &error);
  if (user == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  reply = wd_http_user_password_check_existing (request, user);
  if (reply != NULL)
    return reply;
  fields = collect_changes (request, user, changes);
  if (fields == 0 && !wd_http_request_has (request, "disable2fa"))
    return wd_http_error_new_no_updates ();
  reply = wd_http_user_password_set (request, changes);
  if (reply != NULL)
    return reply;

  if (fields != 0
      && !wd_store_update_user (request->store, &id, changes, fields, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
  return wd_http_reply_new_success ();
}

static WdHttpReply *
delete_user (const WdHttpRequest *request)
{
  const char *delete_after = wd_http_request_get_text (request, "deleteAfter");
  g_autoptr (GError) error = NULL;
  guint n_addresses = 0;
  JsonObject *addresses;
  WdHttpReply *reply;
  WdId id;

  // The mail goes at once: to keep it for a while is a promise that could not be held.
  if (delete_after != NULL && g_ascii_strcasecmp (delete_after, "false") != 0)
    return wd_http_error_new_invalid ("deleteAfter", "can only be false: mail is removed at once");

  wd_http_request_get_id (request, "user", &id);
  if (!wd_store_delete_user (request->store, &id, &n_addresses, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  reply = wd_http_reply_new_success ();
  wd_http_show_id (reply->body, "user", &id);
  addresses = json_object_new ();
  json_object_set_int_member (addresses, "deleted", n_addresses);
  json_object_set_object_member (reply->body, "addresses", addresses);
  return reply;
}

const WdHttpRoute wd_http_users_routes[] = {
  { "POST", "/user/create", "Create a user; the reply has the name, too", create_fields,
    create_user_short },
  { "GET", "/users", "List users", list_fields, list_users },
  { "POST", "/users", "Create a user", create_fields, create_user },
  { "GET", "/users/resolve/:username", "Find a user's id by name or address", resolve_fields,
    resolve_user },
  { "GET", "/users/:user", "Show a user", user_fields, get_user },
  { "PUT", "/users/:user", "Change a user", update_fields, update_user },
  { "DELETE", "/users/:user", "Remove a user with all addresses and mail", delete_fields,
    delete_user },
  { NULL },
};
