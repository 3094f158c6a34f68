// SPDX-License-Identifier: EUPL-1.2
// Creating a user, with all that the user row does not hold.
#include "config.h"

#include "http-user-create.h"

#include <string.h>
#include <unistd.h>

#include "http-error.h"
#include "http-show.h"
#include "http-user-password.h"

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

WdHttpReply *
wd_http_user_create (const WdHttpRequest *request)
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

WdHttpReply *
wd_http_user_create_named (const WdHttpRequest *request)
{
  WdHttpReply *reply = wd_http_user_create (request);

  if (reply->status == 200)
    wd_http_show_text (reply->body, "username", wd_http_request_get_text (request, "username"));
  return reply;
}
