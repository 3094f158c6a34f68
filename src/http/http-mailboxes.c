// SPDX-License-Identifier: EUPL-1.2
// Routes for mailboxes.
#include "config.h"

#include "http-mailboxes.h"

#include <string.h>

#include "core-limits.h"
#include "http-error.h"
#include "http-json.h"
#include "http-show.h"

#define USER_FIELD { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED }
#define MAILBOX_FIELD { "mailbox", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED }
#define PATH_CHARACTERS 65663 // As the peers' clients know it; the store's own limit is lower.
#define KEPT_FIELDS                                                                                \
  { "hidden", WD_HTTP_BODY, WD_HTTP_BOOLEAN, WD_HTTP_KEPT },                                       \
      { "retention", WD_HTTP_BODY, WD_HTTP_INTEGER, WD_HTTP_KEPT },                                \
  {                                                                                                \
    "encryptMessages", WD_HTTP_BODY, WD_HTTP_BOOLEAN, WD_HTTP_KEPT                                 \
  }

static const WdHttpField list_fields[] = {
  USER_FIELD,
  { "specialUse", WD_HTTP_QUERY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },
  { "showHidden", WD_HTTP_QUERY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },
  { "counters", WD_HTTP_QUERY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },
  { "sizes", WD_HTTP_QUERY, WD_HTTP_BOOLEAN, 0, 0, 0, "false" },
  { NULL },
};

static const WdHttpField create_fields[] = {
  USER_FIELD,
  { "path", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, PATH_CHARACTERS },
  KEPT_FIELDS,
  { NULL },
};

static const WdHttpField update_fields[] = {
  USER_FIELD,
  MAILBOX_FIELD,
  { "path", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, PATH_CHARACTERS },
  { "subscribed", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  KEPT_FIELDS,
  { NULL },
};

static const WdHttpField mailbox_fields[] = { USER_FIELD, MAILBOX_FIELD, { NULL } };

static const WdHttpField resolve_fields[] = {
  USER_FIELD,
  { "path", WD_HTTP_QUERY, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, PATH_CHARACTERS },
  { NULL },
};

// Who the path names, as the one who acts. FALSE, with `out_reply`, when there is no such user.
static gboolean
find_actor (const WdHttpRequest *request, WdActor *out_actor, WdHttpReply **out_reply)
{
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GError) error = NULL;
  WdId id;

  wd_http_request_get_id (request, "user", &id);
  user = wd_store_get_user (request->store, &id, request->cancellable, &error);
  if (user == NULL)
    {
      *out_reply = wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
      return FALSE;
    }
  *out_actor = WD_ACTOR_SELF (id);
  return TRUE;
}

typedef enum
{
  SHOW_COUNTERS = 1 << 0,
  SHOW_SIZE = 1 << 1,
} ShowFields;

static void
show_mailbox (const WdMailboxInfo *info, ShowFields fields, JsonObject *out)
{
  static const char *const names[] = { "hidden", "encryptMessages", NULL };
  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (info->extra_json);
  const char *slash = strrchr (info->path, '/');
  const char *use = wd_store_special_use_to_string (info->special_use);

  wd_http_show_id (out, "id", &info->id);
  json_object_set_string_member (out, "name", slash == NULL ? info->path : slash + 1);
  json_object_set_string_member (out, "path", info->path);
  if (use == NULL)
    json_object_set_null_member (out, "specialUse");
  else
    json_object_set_string_member (out, "specialUse", use);
  json_object_set_int_member (out, "modifyIndex", (gint64) info->highest_modseq);
  json_object_set_boolean_member (out, "subscribed", info->subscribed);
  wd_http_request_show_kept (create_fields, names, kept, out);
  if (json_object_has_member (kept, "retention"))
    json_object_set_member (out, "retention", json_object_dup_member (kept, "retention"));
  if (fields & SHOW_COUNTERS)
    {
      json_object_set_int_member (out, "total", info->n_messages);
      json_object_set_int_member (out, "unseen", info->n_unseen);
    }
  if (fields & SHOW_SIZE)
    json_object_set_int_member (out, "size", (gint64) info->size_bytes);
}

static gboolean
is_hidden (const WdMailboxInfo *info)
{
  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (info->extra_json);

  return json_object_get_boolean_member_with_default (kept, "hidden", FALSE);
}

static gboolean
is_listed (const WdHttpRequest *request, const WdMailboxInfo *info)
{
  if (wd_http_request_get_boolean (request, "specialUse")
      && wd_store_special_use_to_string (info->special_use) == NULL)
    return FALSE;
  return wd_http_request_get_boolean (request, "showHidden") || !is_hidden (info);
}

static WdHttpReply *
list_mailboxes (const WdHttpRequest *request)
{
  const ShowFields fields = (wd_http_request_get_boolean (request, "counters") ? SHOW_COUNTERS : 0)
                            | (wd_http_request_get_boolean (request, "sizes") ? SHOW_SIZE : 0);
  g_autoptr (GPtrArray) mailboxes = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  JsonArray *results;
  WdActor actor;

  if (!find_actor (request, &actor, &reply))
    return reply;
  mailboxes = wd_store_list_mailboxes (request->store, &actor, request->cancellable, &error);
  if (mailboxes == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  results = json_array_new ();
  for (guint i = 0; i < mailboxes->len; i++)
    if (is_listed (request, g_ptr_array_index (mailboxes, i)))
      {
        JsonObject *shown = json_object_new ();

        show_mailbox (g_ptr_array_index (mailboxes, i), fields, shown);
        json_array_add_object_element (results, shown);
      }
  reply = wd_http_reply_new_success ();
  json_object_set_array_member (reply->body, "results", results);
  return reply;
}

static WdHttpReply *
new_path_error (const GError *error)
{
  if (g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID))
    return wd_http_error_new_invalid ("path", "is not a valid mailbox path");
  return wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);
}

// A mailbox made by the API is subscribed, so that mail programs show it.
static WdHttpReply *
create_mailbox (const WdHttpRequest *request)
{
  const char *path = wd_http_request_get_text (request, "path");
  g_autofree char *kept = wd_http_request_dup_kept (request, NULL);
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  WdActor actor;
  WdId id;

  if (!find_actor (request, &actor, &reply))
    return reply;
  if (!wd_store_create_mailbox (request->store, &actor, path, WD_SPECIAL_USE_NONE, kept, &id,
                                request->cancellable, &error))
    return new_path_error (error);
  if (!wd_store_set_subscribed (request->store, &actor, path, TRUE, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);

  reply = wd_http_reply_new_success ();
  wd_http_show_id (reply->body, "id", &id);
  return reply;
}

// The mailbox that the path names. Returns (transfer full): NULL with `out_reply`.
static WdMailboxInfo *
find_mailbox (const WdHttpRequest *request, WdActor *out_actor, WdHttpReply **out_reply)
{
  g_autoptr (GError) error = NULL;
  WdMailboxInfo *info;
  WdId id;

  if (!find_actor (request, out_actor, out_reply))
    return NULL;
  wd_http_request_get_id (request, "mailbox", &id);
  info = wd_store_get_mailbox (request->store, out_actor, &id, request->cancellable, &error);
  if (info == NULL)
    *out_reply = wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);
  return info;
}

static WdHttpReply *
get_mailbox (const WdHttpRequest *request)
{
  WdHttpReply *reply = NULL;
  WdActor actor;
  g_autoptr (WdMailboxInfo) info = find_mailbox (request, &actor, &reply);

  if (info == NULL)
    return reply;
  reply = wd_http_reply_new_success ();
  show_mailbox (info, SHOW_COUNTERS | SHOW_SIZE, reply->body);
  return reply;
}

static WdHttpReply *
resolve_mailbox (const WdHttpRequest *request)
{
  g_autoptr (WdMailboxInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  WdActor actor;

  if (!find_actor (request, &actor, &reply))
    return reply;
  if (!wd_store_find_mailbox (request->store, &actor, wd_http_request_get_text (request, "path"),
                              &info, request->cancellable, &error))
    return new_path_error (error);
  if (info == NULL)
    return wd_http_error_new_missing (WD_HTTP_SUBJECT_MAILBOX);

  reply = wd_http_reply_new_success ();
  show_mailbox (info, SHOW_COUNTERS | SHOW_SIZE, reply->body);
  return reply;
}

static gboolean
rename_mailbox (const WdHttpRequest *request,
                const WdActor *actor,
                const WdMailboxInfo *info,
                GError **error)
{
  const char *path = wd_http_request_get_text (request, "path");

  if (path == NULL || strcmp (path, info->path) == 0)
    return TRUE;
  return wd_store_rename_mailbox (request->store, actor, &info->id, path, request->cancellable,
                                  error);
}

static gboolean
keep_fields (const WdHttpRequest *request,
             const WdActor *actor,
             const WdMailboxInfo *info,
             GError **error)
{
  g_autofree char *kept = NULL;

  if (!wd_http_request_has_kept (request))
    return TRUE;
  kept = wd_http_request_dup_kept (request, info->extra_json);
  return wd_store_set_mailbox_extra (request->store, actor, &info->id, kept, request->cancellable,
                                     error);
}

// Subscriptions are by path, and the rename came first: asks for the path as it is now.
static gboolean
subscribe (const WdHttpRequest *request, const WdActor *actor, const WdId *id, GError **error)
{
  g_autoptr (WdMailboxInfo) info = NULL;

  if (!wd_http_request_has (request, "subscribed"))
    return TRUE;
  info = wd_store_get_mailbox (request->store, actor, id, request->cancellable, error);
  return info != NULL
         && wd_store_set_subscribed (request->store, actor, info->path,
                                     wd_http_request_get_boolean (request, "subscribed"),
                                     request->cancellable, error);
}

static WdHttpReply *
new_disallowed (const char *text)
{
  return wd_http_reply_new_error (403, "DisallowedMailboxMethod", text);
}

static WdHttpReply *
update_mailbox (const WdHttpRequest *request)
{
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  WdActor actor;
  g_autoptr (WdMailboxInfo) info = find_mailbox (request, &actor, &reply);

  if (info == NULL)
    return reply;
  if (!wd_http_request_has (request, "path") && !wd_http_request_has (request, "subscribed")
      && !wd_http_request_has_kept (request))
    return wd_http_error_new_no_updates ();
  // The store would take it as IMAP means it: all messages of INBOX go to the new mailbox.
  if (info->special_use == WD_SPECIAL_USE_INBOX && wd_http_request_has (request, "path"))
    return new_disallowed ("INBOX can not be renamed");

  if (!rename_mailbox (request, &actor, info, &error))
    return new_path_error (error);
  if (!keep_fields (request, &actor, info, &error)
      || !subscribe (request, &actor, &info->id, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);
  return wd_http_reply_new_success ();
}

static WdHttpReply *
delete_mailbox (const WdHttpRequest *request)
{
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  WdActor actor;
  g_autoptr (WdMailboxInfo) info = find_mailbox (request, &actor, &reply);

  if (info == NULL)
    return reply;
  if (info->special_use != WD_SPECIAL_USE_NONE)
    return new_disallowed ("INBOX and special mailboxes can not be removed");
  if (!wd_store_delete_mailbox (request->store, &actor, &info->id, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_MAILBOX);
  return wd_http_reply_new_success ();
}

const WdHttpRoute wd_http_mailboxes_routes[] = {
  { "GET", "/users/:user/mailboxes", "List a user's mailboxes", list_fields, list_mailboxes },
  { "POST", "/users/:user/mailboxes", "Create a mailbox", create_fields, create_mailbox },
  { "GET", "/users/:user/mailboxes/resolve", "Find a mailbox by its path", resolve_fields,
    resolve_mailbox },
  { "GET", "/users/:user/mailboxes/:mailbox", "Show a mailbox", mailbox_fields, get_mailbox },
  { "PUT", "/users/:user/mailboxes/:mailbox", "Rename, subscribe or hide a mailbox", update_fields,
    update_mailbox },
  { "DELETE", "/users/:user/mailboxes/:mailbox", "Remove a mailbox and its messages",
    mailbox_fields, delete_mailbox },
  { NULL },
};
