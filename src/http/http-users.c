// SPDX-License-Identifier: EUPL-1.2
// Routes for users.
#include "config.h"

#include "http-users.h"

#include "core-limits.h"
#include "http-error.h"
#include "http-page.h"
#include "http-show.h"
#include "http-user-create.h"
#include "http-user-fields.h"
#include "http-user-password.h"
#include "http-user-show.h"

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

static const WdHttpField logout_fields[] = {
  { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED },
  { "reason", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_EMPTY_OK, 0, 128 },
  { NULL },
};

static const WdHttpField resolve_fields[] = {
  { "username", WD_HTTP_PATH, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, 255 },
  { NULL },
};

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
    wd_http_user_show_listed (request, g_ptr_array_index (users, i), results);
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

static WdHttpReply *
get_user (const WdHttpRequest *request)
{
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply;
  WdId id;

  wd_http_request_get_id (request, "user", &id);
  user = wd_store_get_user (request->store, &id, request->cancellable, &error);
  if (user == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  reply = wd_http_reply_new_success ();
  wd_http_user_show (request, user, reply->body);
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
    { "name", WD_USER_FIELD_NAME },
    { "quota", WD_USER_FIELD_QUOTA },
    { "disabled", WD_USER_FIELD_DISABLED },
    { "suspended", WD_USER_FIELD_SUSPENDED },
    { "tags", WD_USER_FIELD_TAGS },
    { "password", WD_USER_FIELD_PASSWORD | WD_USER_FIELD_SESSIONS },
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

// The reason is for whoever asks: sessions only learn that they are over.
static WdHttpReply *
logout_user (const WdHttpRequest *request)
{
  const WdUser nothing = { 0 };
  g_autoptr (GError) error = NULL;
  WdId id;

  wd_http_request_get_id (request, "user", &id);
  if (!wd_store_update_user (request->store, &id, &nothing, WD_USER_FIELD_SESSIONS,
                             request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
  return wd_http_reply_new_success ();
}

const WdHttpRoute wd_http_users_routes[] = {
  { "POST", "/user/create", "Create a user; the reply has the name, too",
    wd_http_user_create_fields, wd_http_user_create_named },
  { "GET", "/users", "List users", list_fields, list_users },
  { "POST", "/users", "Create a user", wd_http_user_create_fields, wd_http_user_create },
  { "GET", "/users/resolve/:username", "Find a user's id by name or address", resolve_fields,
    resolve_user },
  { "GET", "/users/:user", "Show a user", user_fields, get_user },
  { "PUT", "/users/:user", "Change a user", wd_http_user_update_fields, update_user },
  { "PUT", "/users/:user/logout", "End all sessions of a user", logout_fields, logout_user },
  { "DELETE", "/users/:user", "Remove a user with all addresses and mail", delete_fields,
    delete_user },
  { NULL },
};
