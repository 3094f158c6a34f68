// SPDX-License-Identifier: EUPL-1.2
// Routes for addresses.
#include "config.h"

#include "http-addresses.h"

#include <string.h>

#include "core-limits.h"
#include "http-error.h"
#include "http-json.h"
#include "http-page.h"
#include "http-show.h"

#define USER_FIELD { "user", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED }
#define ADDRESS_ID_FIELD { "id", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED }
#define META_FIELDS                                                                                \
  { "metaData", WD_HTTP_BODY, WD_HTTP_META, WD_HTTP_KEPT, 0, WD_LIMIT_HTTP_BODY_BYTES },           \
  {                                                                                                \
    "internalData", WD_HTTP_BODY, WD_HTTP_META, WD_HTTP_KEPT, 0, WD_LIMIT_HTTP_BODY_BYTES          \
  }

static const WdHttpField create_fields[] = {
  USER_FIELD,
  { "address", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, WD_LIMIT_ADDRESS_BYTES },
  { "name", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_EMPTY_OK, 0, 128 },
  { "main", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "allowWildcard", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "tags", WD_HTTP_BODY, WD_HTTP_TAGS, 0, 0, 128 },
  META_FIELDS,
  { NULL },
};

// The path's level is named "id": the body has an "address" of its own.
static const WdHttpField update_fields[] = {
  USER_FIELD,
  { "id", WD_HTTP_PATH, WD_HTTP_ID, WD_HTTP_REQUIRED },
  { "address", WD_HTTP_BODY, WD_HTTP_TEXT, 0, 1, WD_LIMIT_ADDRESS_BYTES },
  { "name", WD_HTTP_BODY, WD_HTTP_TEXT, WD_HTTP_EMPTY_OK, 0, 128 },
  { "main", WD_HTTP_BODY, WD_HTTP_BOOLEAN },
  { "tags", WD_HTTP_BODY, WD_HTTP_TAGS, 0, 0, 128 },
  META_FIELDS,
  { NULL },
};

static const WdHttpField list_fields[] = {
  USER_FIELD,
  { "metaData", WD_HTTP_QUERY, WD_HTTP_BOOLEAN },
  { "internalData", WD_HTTP_QUERY, WD_HTTP_BOOLEAN },
  { NULL },
};

static const WdHttpField list_all_fields[] = { WD_HTTP_PAGE_FIELDS, { NULL } };

static const WdHttpField address_fields[] = { USER_FIELD, ADDRESS_ID_FIELD, { NULL } };

static const WdHttpField resolve_fields[] = {
  { "address", WD_HTTP_PATH, WD_HTTP_TEXT, WD_HTTP_REQUIRED, 1, WD_LIMIT_ADDRESS_BYTES },
  { "allowWildcard", WD_HTTP_QUERY, WD_HTTP_BOOLEAN },
  { NULL },
};

// Returns (transfer full) (nullable): what is wrong with it.
static WdHttpReply *
check_address (const char *address)
{
  g_autofree char *normal = NULL;

  if (strchr (address, '*') != NULL)
    return wd_http_reply_new_error (400, "WildcardNotPermitted",
                                    "Wildcard addresses are not "
                                    "permitted");
  normal = wd_store_address_normalize (address, NULL);
  return normal != NULL ? NULL
                        : wd_http_error_new_invalid ("address", "is not a valid email address");
}

// An address without its user may not be the answer for a user that is not there.
static gboolean
check_user (const WdHttpRequest *request, const WdId *user, WdHttpReply **out_reply)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUser) found = wd_store_get_user (request->store, user, request->cancellable, &error);

  if (found == NULL)
    *out_reply = wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
  return found != NULL;
}

// Of the user's addresses the one with that id. Returns (transfer full): NULL with `out_reply`.
static WdAddress *
find_address (const WdHttpRequest *request,
              const WdId *user,
              const WdId *id,
              WdHttpReply **out_reply)
{
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;

  if (!check_user (request, user, out_reply))
    return NULL;
  addresses = wd_store_list_addresses (request->store, user, request->cancellable, &error);
  if (addresses == NULL)
    {
      *out_reply = wd_http_error_new (error, WD_HTTP_SUBJECT_USER);
      return NULL;
    }
  for (guint i = 0; i < addresses->len; i++)
    {
      const WdAddress *address = g_ptr_array_index (addresses, i);

      if (wd_core_id_is_equal (&address->id, id))
        return g_ptr_array_steal_index (addresses, i);
    }
  *out_reply = wd_http_error_new_missing (WD_HTTP_SUBJECT_ADDRESS);
  return NULL;
}

typedef enum
{
  SHOW_META = 1 << 0,
  SHOW_INTERNAL = 1 << 1,
  SHOW_USER = 1 << 2,
} ShowFields;

static void
show_address (const WdAddress *address, ShowFields fields, JsonObject *out)
{
  static const struct
  {
    const char *name;
    ShowFields field;
  } rows[] = { { "metaData", SHOW_META }, { "internalData", SHOW_INTERNAL } };

  g_autoptr (JsonObject) kept = wd_http_json_parse_kept (address->extra_json);

  wd_http_show_id (out, "id", &address->id);
  wd_http_show_text (out, "name", address->name == NULL ? "" : address->name);
  json_object_set_string_member (out, "address", address->address);
  if (fields & SHOW_USER)
    wd_http_show_id (out, "user", &address->user);
  else
    json_object_set_boolean_member (out, "main", address->main);
  wd_http_show_date (out, "created", address->created_ms);
  wd_http_show_texts (out, "tags", (const char *const *) address->tags);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if ((fields & rows[i].field) && json_object_has_member (kept, rows[i].name))
      json_object_set_member (out, rows[i].name, json_object_dup_member (kept, rows[i].name));
}

static ShowFields
get_asked_fields (const WdHttpRequest *request)
{
  return (wd_http_request_get_boolean (request, "metaData") ? SHOW_META : 0)
         | (wd_http_request_get_boolean (request, "internalData") ? SHOW_INTERNAL : 0);
}

static void
fill_spec (const WdHttpRequest *request, WdAddress *spec)
{
  spec->address = g_strdup (wd_http_request_get_text (request, "address"));
  spec->name = g_strdup (wd_http_request_get_text (request, "name"));
  spec->main = wd_http_request_get_boolean (request, "main");
  spec->tags = wd_http_request_dup_texts (request, "tags");
}

static WdHttpReply *
create_address (const WdHttpRequest *request)
{
  g_autoptr (WdAddress) spec = g_new0 (WdAddress, 1);
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = check_address (wd_http_request_get_text (request, "address"));

  if (reply != NULL)
    return reply;
  wd_http_request_get_id (request, "user", &spec->user);
  fill_spec (request, spec);
  spec->extra_json = wd_http_request_dup_kept (request, NULL);
  if (!check_user (request, &spec->user, &reply))
    return reply;
  if (!wd_store_create_address (request->store, spec, &spec->id, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_ADDRESS);

  reply = wd_http_reply_new_success ();
  wd_http_show_id (reply->body, "id", &spec->id);
  return reply;
}

static WdHttpReply *
list_addresses (const WdHttpRequest *request)
{
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;
  ShowFields fields = get_asked_fields (request);
  JsonArray *results;
  WdHttpReply *reply;
  WdId user;

  wd_http_request_get_id (request, "user", &user);
  if (!check_user (request, &user, &reply))
    return reply;
  addresses = wd_store_list_addresses (request->store, &user, request->cancellable, &error);
  if (addresses == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_USER);

  results = json_array_new ();
  for (guint i = 0; i < addresses->len; i++)
    {
      JsonObject *shown = json_object_new ();

      show_address (g_ptr_array_index (addresses, i), fields, shown);
      json_array_add_object_element (results, shown);
    }
  reply = wd_http_reply_new_success ();
  json_object_set_array_member (reply->body, "results", results);
  return reply;
}

static WdHttpReply *
get_address (const WdHttpRequest *request)
{
  g_autoptr (WdAddress) address = NULL;
  WdHttpReply *reply = NULL;
  WdId user, id;

  wd_http_request_get_id (request, "user", &user);
  wd_http_request_get_id (request, "id", &id);
  address = find_address (request, &user, &id, &reply);
  if (address == NULL)
    return reply;

  reply = wd_http_reply_new_success ();
  show_address (address, SHOW_META | SHOW_INTERNAL, reply->body);
  return reply;
}

static WdAddressFields
collect_fields (const WdHttpRequest *request)
{
  static const struct
  {
    const char *name;
    WdAddressFields field;
  } rows[] = {
    { "address", WD_ADDRESS_FIELD_ADDRESS },
    { "name", WD_ADDRESS_FIELD_NAME },
    { "tags", WD_ADDRESS_FIELD_TAGS },
  };

  WdAddressFields fields = wd_http_request_has_kept (request) ? WD_ADDRESS_FIELD_EXTRA : 0;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (wd_http_request_has (request, rows[i].name))
      fields |= rows[i].field;
  // An address stops being main by another one becoming it.
  if (wd_http_request_get_boolean (request, "main"))
    fields |= WD_ADDRESS_FIELD_MAIN;
  return fields;
}

static WdHttpReply *
update_address (const WdHttpRequest *request)
{
  g_autoptr (WdAddress) address = NULL;
  g_autoptr (WdAddress) changes = g_new0 (WdAddress, 1);
  g_autoptr (GError) error = NULL;
  const WdAddressFields fields = collect_fields (request);
  WdHttpReply *reply = NULL;
  WdId user, id;

  wd_http_request_get_id (request, "user", &user);
  wd_http_request_get_id (request, "id", &id);
  fill_spec (request, changes);
  if (changes->address != NULL)
    reply = check_address (changes->address);
  if (reply != NULL)
    return reply;
  if (fields == 0)
    return wd_http_error_new_no_updates ();
  address = find_address (request, &user, &id, &reply);
  if (address == NULL)
    return reply;

  changes->extra_json = wd_http_request_dup_kept (request, address->extra_json);
  if (!wd_store_update_address (request->store, &user, &id, changes, fields, request->cancellable,
                                &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_ADDRESS);
  return wd_http_reply_new_success ();
}

static WdHttpReply *
delete_address (const WdHttpRequest *request)
{
  g_autoptr (WdAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply = NULL;
  WdId user, id;

  wd_http_request_get_id (request, "user", &user);
  wd_http_request_get_id (request, "id", &id);
  address = find_address (request, &user, &id, &reply);
  if (address == NULL)
    return reply;
  if (!wd_store_delete_address (request->store, &user, &id, request->cancellable, &error))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_ADDRESS);
  return wd_http_reply_new_success ();
}

static void
show_listed_address (const WdAddress *address, ShowFields fields, JsonArray *out)
{
  JsonObject *shown = json_object_new ();

  show_address (address, fields | SHOW_USER, shown);
  json_object_set_boolean_member (shown, "forwarded", FALSE);
  json_object_set_boolean_member (shown, "forwardedDisabled", FALSE);
  wd_http_show_texts (shown, "targets", NULL);
  json_array_add_object_element (out, shown);
}

static WdHttpReply *
list_all_addresses (const WdHttpRequest *request)
{
  g_auto (WdHttpPage) page = { 0 };
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;
  ShowFields fields = get_asked_fields (request);
  const WdAddress *first = NULL, *last = NULL;
  guint64 total = 0;
  gboolean has_more = FALSE;
  JsonArray *results;
  WdHttpReply *reply;

  wd_http_page_init (&page, request);
  addresses = wd_store_list_all_addresses (request->store, &page.query, &total, &has_more,
                                           request->cancellable, &error);
  if (addresses == NULL)
    return wd_http_error_new (error, WD_HTTP_SUBJECT_ADDRESS);

  results = json_array_new ();
  for (guint i = 0; i < addresses->len; i++)
    {
      last = g_ptr_array_index (addresses, i);
      first = first == NULL ? last : first;
      show_listed_address (last, fields, results);
    }
  reply = wd_http_reply_new_success ();
  wd_http_page_show (&page, request, total, has_more, first == NULL ? NULL : &first->id,
                     last == NULL ? NULL : &last->id, results, reply->body);
  return reply;
}

static WdHttpReply *
resolve_address (const WdHttpRequest *request)
{
  g_autoptr (WdAddress) address = NULL;
  g_autoptr (GError) error = NULL;
  WdHttpReply *reply;

  if (!wd_store_find_address (request->store, wd_http_request_get_text (request, "address"),
                              &address, request->cancellable, &error)
      && !g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID))
    return wd_http_error_new (error, WD_HTTP_SUBJECT_ADDRESS);
  if (address == NULL)
    return wd_http_error_new_missing (WD_HTTP_SUBJECT_ADDRESS);

  reply = wd_http_reply_new_success ();
  show_address (address, SHOW_META | SHOW_INTERNAL | SHOW_USER, reply->body);
  return reply;
}

const WdHttpRoute wd_http_addresses_routes[] = {
  { "GET", "/addresses", "List the addresses of all users", list_all_fields, list_all_addresses },
  { "GET", "/addresses/resolve/:address", "Find whose an address is", resolve_fields,
    resolve_address },
  { "POST", "/users/:user/addresses", "Give a user another address", create_fields,
    create_address },
  { "GET", "/users/:user/addresses", "List a user's addresses", list_fields, list_addresses },
  { "GET", "/users/:user/addresses/:id", "Show an address", address_fields, get_address },
  { "PUT", "/users/:user/addresses/:id", "Change an address, or make it the main one",
    update_fields, update_address },
  { "DELETE", "/users/:user/addresses/:id", "Take an address away", address_fields,
    delete_address },
  { NULL },
};
