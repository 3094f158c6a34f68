// SPDX-License-Identifier: EUPL-1.2
// wildduckctl user: the commands that show users.
#include "config.h"

#include "core-limits.h"
#include "core-size.h"
#include "ctl-output.h"
#include "ctl-user.h"

static struct
{
  gboolean json;
} options;

const GOptionEntry wd_ctl_user_list_options[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
  G_OPTION_ENTRY_NULL,
};

const GOptionEntry wd_ctl_user_show_options[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL },
  G_OPTION_ENTRY_NULL,
};

static const char *
get_state (const WdUser *user)
{
  return user->disabled ? "disabled" : user->suspended ? "suspended" : "active";
}

static guint64
get_limit (WdCtl *ctl, const WdUser *user)
{
  return user->quota_bytes != 0 ? user->quota_bytes
                                : wd_core_config_get_size (ctl->config, "store", "default-quota");
}

static char *
format_limit (guint64 bytes)
{
  return bytes != 0 ? wd_core_size_to_string (bytes) : g_strdup ("unlimited");
}

static char *
format_quota (WdCtl *ctl, const WdUser *user)
{
  g_autofree char *used = wd_core_size_to_string (user->used_bytes);
  g_autofree char *limit = format_limit (get_limit (ctl, user));

  return g_strdup_printf ("%s of %s used", used, limit);
}

void
wd_ctl_user_print_quota (WdCtl *ctl, const WdUser *user)
{
  g_autofree char *text = format_quota (ctl, user);

  g_print ("%s: %s\n", user->username, text);
}

// The members that a list and a single user have; lists know no `used`.
static void
add_members (WdCtl *ctl, JsonBuilder *json, const WdUser *user)
{
  g_autofree char *hex = wd_core_id_dup_hex (&user->id);

  wd_ctl_output_add_string (json, "id", hex);
  wd_ctl_output_add_string (json, "username", user->username);
  wd_ctl_output_add_string (json, "name", user->name);
  wd_ctl_output_add_string (json, "address", user->address);
  wd_ctl_output_add_number (json, "quota", get_limit (ctl, user));
  wd_ctl_output_add_boolean (json, "disabled", user->disabled);
  wd_ctl_output_add_boolean (json, "suspended", user->suspended);
}

static void
add_user (WdCtl *ctl, const WdUser *user, WdCtlTable *table, JsonBuilder *json)
{
  g_autofree char *limit = format_limit (get_limit (ctl, user));
  g_autofree char *hex = wd_core_id_dup_hex (&user->id);

  wd_ctl_output_table_add (table, user->username, user->address, limit, get_state (user), hex);
  json_builder_begin_object (json);
  add_members (ctl, json, user);
  json_builder_end_object (json);
}

// Page after page, since the store hands out no more at once.
static gboolean
list_all (WdCtl *ctl, const char *text, WdCtlTable *table, JsonBuilder *json, GError **error)
{
  WdListQuery query = { .query = text, .limit = WD_LIMIT_HTTP_PAGE_RESULTS };
  gboolean has_more = TRUE;
  guint64 total;

  while (has_more)
    {
      g_autoptr (GPtrArray) users
          = wd_store_list_users (ctl->store, &query, &total, &has_more, NULL, error);

      if (users == NULL)
        return FALSE;
      for (guint i = 0; i < users->len; i++)
        add_user (ctl, users->pdata[i], table, json);
      if (users->len == 0)
        return TRUE;
      query.after = ((WdUser *) users->pdata[users->len - 1])->id;
    }
  return TRUE;
}

WdCtlStatus
wd_ctl_user_list (WdCtl *ctl, char **arguments, GError **error)
{
  static const char *const columns[] = { "USERNAME", "ADDRESS", "QUOTA", "STATE", "ID", NULL };
  g_autoptr (WdCtlTable) table = wd_ctl_output_table_new (columns);
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_array (json);
  if (!wd_ctl_context_open_store (ctl, error) || !list_all (ctl, arguments[0], table, json, error))
    return WD_CTL_FAILED;
  json_builder_end_array (json);
  if (options.json)
    wd_ctl_output_print_json (json);
  else
    wd_ctl_output_table_print (table);
  return WD_CTL_OK;
}

static void
print_user (WdCtl *ctl, const WdUser *user, const GPtrArray *addresses)
{
  const char *const heading[] = { "Username", user->username, NULL };
  g_autoptr (WdCtlTable) table = wd_ctl_output_table_new (heading);
  g_autoptr (GDateTime) created = g_date_time_new_from_unix_utc (user->created_ms / 1000);
  g_autofree char *created_text = g_date_time_format (created, "%Y-%m-%d %H:%M:%S UTC");
  g_autofree char *quota = format_quota (ctl, user);
  g_autofree char *hex = wd_core_id_dup_hex (&user->id);

  wd_ctl_output_table_add (table, "Id", hex);
  wd_ctl_output_table_add (table, "Name", user->name);
  wd_ctl_output_table_add (table, "State", get_state (user));
  wd_ctl_output_table_add (table, "Created", created_text);
  wd_ctl_output_table_add (table, "Quota", quota);
  for (guint i = 0; i < addresses->len; i++)
    {
      const WdAddress *address = addresses->pdata[i];

      wd_ctl_output_table_add (table, address->main ? "Main address" : "Address", address->address);
    }
  wd_ctl_output_table_print (table);
}

static void
print_user_json (WdCtl *ctl, const WdUser *user, const GPtrArray *addresses)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  add_members (ctl, json, user);
  wd_ctl_output_add_number (json, "used", user->used_bytes);
  json_builder_set_member_name (json, "addresses");
  json_builder_begin_array (json);
  for (guint i = 0; i < addresses->len; i++)
    json_builder_add_string_value (json, ((const WdAddress *) addresses->pdata[i])->address);
  json_builder_end_array (json);
  json_builder_end_object (json);
  wd_ctl_output_print_json (json);
}

WdCtlStatus
wd_ctl_user_show (WdCtl *ctl, char **arguments, GError **error)
{
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GPtrArray) addresses = NULL;

  if (!wd_ctl_context_open_store (ctl, error))
    return WD_CTL_FAILED;
  user = wd_ctl_context_find_user (ctl, arguments[0], error);
  if (user == NULL)
    return WD_CTL_FAILED;
  addresses = wd_store_list_addresses (ctl->store, &user->id, NULL, error);
  if (addresses == NULL)
    return WD_CTL_FAILED;
  if (options.json)
    print_user_json (ctl, user, addresses);
  else
    print_user (ctl, user, addresses);
  return WD_CTL_OK;
}
