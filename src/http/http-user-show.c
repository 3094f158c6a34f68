// SPDX-License-Identifier: EUPL-1.2
// Users in replies.
#include "config.h"

#include "http-user-show.h"

#include "http-json.h"
#include "http-show.h"
#include "http-user-fields.h"

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
show_common (const WdUser *user, JsonObject *kept, JsonObject *out)
{
  static const char *const names[] = { "targets", "encryptMessages", "encryptForwarded", NULL };

  wd_http_show_id (out, "id", &user->id);
  json_object_set_string_member (out, "username", user->username);
  wd_http_show_text (out, "name", user->name == NULL ? "" : user->name);
  wd_http_show_text (out, "address", user->address);
  wd_http_show_texts (out, "tags", (const char *const *) user->tags);
  wd_http_show_texts (out, "enabled2fa", NULL);
  json_object_set_boolean_member (out, "autoreply", FALSE);
  wd_http_request_show_kept (wd_http_user_create_fields, names, kept, out);
  json_object_set_boolean_member (out, "hasPasswordSet", user->password_hash != NULL);
  json_object_set_boolean_member (out, "activated", TRUE);
  json_object_set_boolean_member (out, "disabled", user->disabled);
  json_object_set_boolean_member (out, "suspended", user->suspended);
}

void
wd_http_user_show_listed (const WdHttpRequest *request, const WdUser *user, JsonArray *out)
{
  static const char *const names[] = { "metaData", "internalData" };
  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (user->extra_json);
  JsonObject *shown = json_object_new ();
  WdQuota quota = { 0 };

  show_common (user, kept, shown);
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

void
wd_http_user_show (const WdHttpRequest *request, const WdUser *user, JsonObject *out)
{
  static const char *const names[]
      = { "retention", "spamLevel",    "fromWhitelist", "disabledScopes",     "language", "pubKey",
          "metaData",  "internalData", "featureFlags",  "uploadSentMessages", NULL };
  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (user->extra_json);

  show_common (user, kept, out);
  wd_http_request_show_kept (wd_http_user_create_fields, names, kept, out);
  show_limits (request, user, kept, out);
}
