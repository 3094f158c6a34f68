// SPDX-License-Identifier: EUPL-1.2
// wildduckctl user: the commands that change a user.
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "auth.h"
#include "core-size.h"
#include "ctl-command.h"
#include "ctl-password.h"
#include "ctl-user.h"

static struct
{
  char *address;
  char *quota;
  char *password_file;
  gboolean yes;
} options;

static const GOptionEntry create_options[] = {
  { "address", 0, 0, G_OPTION_ARG_STRING, &options.address,
    "The user's address; without it NAME, at [http] email-domain when it has no @", "ADDRESS" },
  { "quota", 0, 0, G_OPTION_ARG_STRING, &options.quota,
    "Space for mail, such as 2G; 0 takes [store] default-quota", "SIZE" },
  { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
    "Read the password from FILE's first line; - is standard input", "FILE" },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry password_options[] = {
  { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
    "Read the password from FILE's first line; - is standard input", "FILE" },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry delete_options[] = {
  { "yes", 'y', 0, G_OPTION_ARG_NONE, &options.yes, "Do not ask", NULL },
  G_OPTION_ENTRY_NULL,
};

static gboolean
parse_quota (const char *text, guint64 *out_bytes, GError **error)
{
  if (wd_core_size_from_string (text, out_bytes))
    return TRUE;
  g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_USAGE,
               "\"%s\" is not a size such as 1000, 64K, 10M, 2G or 1T", text);
  return FALSE;
}

// Asks for the password and hashes it. The store is open.
static gboolean
make_credentials (WdCtl *ctl, WdUser *user, GError **error)
{
  g_autoptr (WdSecret) password = wd_ctl_password_read (options.password_file, error);
  g_autoptr (WdAuth) auth = NULL;

  if (password == NULL)
    return FALSE;
  auth = wd_auth_new (ctl->store, ctl->config);
  return wd_auth_make_credentials (auth, password, &user->password_hash, &user->scram, error);
}

// Returns (transfer full): the address of a user that is made without one, as the HTTP API has it.
static char *
make_address (WdCtl *ctl, const char *name)
{
  const char *domain = wd_core_config_get_string (ctl->config, "http", "email-domain");

  if (strchr (name, '@') != NULL)
    return g_strdup (name);
  return g_strdup_printf ("%s@%s", name, domain[0] != '\0' ? domain : g_get_host_name ());
}

static WdCtlStatus
create_user (WdCtl *ctl, char **arguments, GError **error)
{
  g_autoptr (WdUser) user = g_new0 (WdUser, 1);
  g_autofree char *hex = NULL;
  WdId id;

  if (options.quota != NULL && !parse_quota (options.quota, &user->quota_bytes, error))
    return WD_CTL_USAGE;
  if (!wd_ctl_context_open_store (ctl, error))
    return WD_CTL_FAILED;
  user->username = g_strdup (arguments[0]);
  user->address
      = options.address != NULL ? g_strdup (options.address) : make_address (ctl, arguments[0]);
  if (!make_credentials (ctl, user, error)
      || !wd_store_create_user (ctl->store, user, &id, NULL, error))
    return WD_CTL_FAILED;
  hex = wd_core_id_dup_hex (&id);
  g_print ("Created %s with the address %s (%s).\n", user->username, user->address, hex);
  return WD_CTL_OK;
}

static WdCtlStatus
set_password (WdCtl *ctl, char **arguments, GError **error)
{
  g_autoptr (WdUser) changes = g_new0 (WdUser, 1);
  g_autoptr (WdUser) user = NULL;

  if (!wd_ctl_context_open_store (ctl, error))
    return WD_CTL_FAILED;
  user = wd_ctl_context_find_user (ctl, arguments[0], error);
  if (user == NULL || !make_credentials (ctl, changes, error)
      || !wd_store_update_user (ctl->store, &user->id, changes,
                                WD_USER_FIELD_PASSWORD | WD_USER_FIELD_SESSIONS, NULL, error))
    return WD_CTL_FAILED;
  g_print ("The password of %s is changed.\n", user->username);
  return WD_CTL_OK;
}

static WdCtlStatus
show_or_set_quota (WdCtl *ctl, char **arguments, GError **error)
{
  g_autoptr (WdUser) changes = g_new0 (WdUser, 1);
  g_autoptr (WdUser) user = NULL;

  if (arguments[1] != NULL && !parse_quota (arguments[1], &changes->quota_bytes, error))
    return WD_CTL_USAGE;
  if (!wd_ctl_context_open_store (ctl, error))
    return WD_CTL_FAILED;
  user = wd_ctl_context_find_user (ctl, arguments[0], error);
  if (user == NULL)
    return WD_CTL_FAILED;
  if (arguments[1] != NULL)
    {
      if (!wd_store_update_user (ctl->store, &user->id, changes, WD_USER_FIELD_QUOTA, NULL, error))
        return WD_CTL_FAILED;
      user->quota_bytes = changes->quota_bytes;
    }
  wd_ctl_user_print_quota (ctl, user);
  return WD_CTL_OK;
}

static gboolean
confirm_deletion (const WdUser *user, GError **error)
{
  char answer[8] = "";

  if (options.yes)
    return TRUE;
  if (!isatty (STDIN_FILENO))
    {
      g_set_error_literal (error, WD_CTL_ERROR, WD_CTL_ERROR_USAGE,
                           "all mail would be deleted: say --yes");
      return FALSE;
    }
  g_printerr ("Delete %s and all mail of this user? [y/N] ", user->username);
  if (read (STDIN_FILENO, answer, sizeof answer - 1) > 0 && g_ascii_tolower (answer[0]) == 'y')
    return TRUE;
  g_set_error_literal (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "nothing was deleted");
  return FALSE;
}

static WdCtlStatus
delete_user (WdCtl *ctl, char **arguments, GError **error)
{
  g_autoptr (WdUser) user = NULL;
  guint n_addresses = 0;

  if (!wd_ctl_context_open_store (ctl, error))
    return WD_CTL_FAILED;
  user = wd_ctl_context_find_user (ctl, arguments[0], error);
  if (user == NULL || !confirm_deletion (user, error)
      || !wd_store_delete_user (ctl->store, &user->id, &n_addresses, NULL, error))
    return WD_CTL_FAILED;
  g_print ("Deleted %s.\n", user->username);
  return WD_CTL_OK;
}

static WdCtlStatus
set_disabled (WdCtl *ctl, const char *name, gboolean disabled, GError **error)
{
  WdUser changes = { .disabled = disabled };
  g_autoptr (WdUser) user = NULL;

  if (!wd_ctl_context_open_store (ctl, error))
    return WD_CTL_FAILED;
  user = wd_ctl_context_find_user (ctl, name, error);
  if (user == NULL
      || !wd_store_update_user (ctl->store, &user->id, &changes, WD_USER_FIELD_DISABLED, NULL,
                                error))
    return WD_CTL_FAILED;
  g_print ("%s is %s.\n", user->username, disabled ? "disabled" : "enabled");
  return WD_CTL_OK;
}

static WdCtlStatus
disable_user (WdCtl *ctl, char **arguments, GError **error)
{
  return set_disabled (ctl, arguments[0], TRUE, error);
}

static WdCtlStatus
enable_user (WdCtl *ctl, char **arguments, GError **error)
{
  return set_disabled (ctl, arguments[0], FALSE, error);
}

const WdCtlCommand wd_ctl_user_commands[] = {
  { "user create", "NAME", 1, 1, create_options,
    "Create a user; the password is asked for, or is the first line of standard input.",
    create_user },
  { "user list", "[TEXT]", 0, 1, wd_ctl_user_list_options,
    "List the users, or those with TEXT in a name or address.", wd_ctl_user_list },
  { "user show", "USER", 1, 1, wd_ctl_user_show_options,
    "Show a user, found by name, address or id.", wd_ctl_user_show },
  { "user passwd", "USER", 1, 1, password_options, "Set a new password.", set_password },
  { "user quota", "USER [SIZE]", 1, 2, NULL, "Show or set how much mail the user may keep.",
    show_or_set_quota },
  { "user disable", "USER", 1, 1, NULL, "Refuse the user's logins and mail.", disable_user },
  { "user enable", "USER", 1, 1, NULL, "Take the user's logins and mail again.", enable_user },
  { "user delete", "USER", 1, 1, delete_options, "Delete a user with all mail.", delete_user },
  { 0 },
};
