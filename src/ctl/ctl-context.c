// SPDX-License-Identifier: EUPL-1.2
// Configuration, store and users for the commands.
#include "config.h"

#include "ctl-context.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK (wd - ctl - context - error - quark, wd_ctl_context_error)

void
wd_ctl_context_clear (WdCtl *self)
{
  g_clear_object (&self->store);
  g_clear_pointer (&self->config, wd_core_config_unref);
  g_clear_pointer (&self->overrides, g_strfreev);
  g_clear_pointer (&self->config_file, g_free);
}

gboolean
wd_ctl_context_load_config (WdCtl *self, GError **error)
{
  if (self->config == NULL)
    self->config
        = wd_core_config_load (self->config_file, (const char *const *) self->overrides, error);
  return self->config != NULL;
}

// Where the uri names a directory that another user owns, root goes on as that user.
static gboolean
become_owner (const char *uri, GError **error)
{
  const char *colon = strchr (uri, ':');
  struct stat about;

  if (geteuid () != 0 || colon == NULL || stat (colon + 1, &about) < 0 || about.st_uid == 0)
    return TRUE;
  if (setgroups (0, NULL) < 0 || setresgid (about.st_gid, about.st_gid, about.st_gid) < 0
      || setresuid (about.st_uid, about.st_uid, about.st_uid) < 0)
    {
      g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "cannot become the owner of %s: %s",
                   colon + 1, g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static gboolean
open_store (WdCtl *self, gboolean is_unprepared, GError **error)
{
  WdStoreOptions options;

  if (!wd_ctl_context_load_config (self, error))
    return FALSE;
  wd_store_options_init (&options, self->config);
  options.is_unprepared = is_unprepared;
  umask (0077);
  if (!become_owner (options.uri, error))
    return FALSE;
  self->store = wd_store_open (&options, error);
  return self->store != NULL;
}

gboolean
wd_ctl_context_open_store (WdCtl *self, GError **error)
{
  return open_store (self, FALSE, error);
}

gboolean
wd_ctl_context_prepare_store (WdCtl *self, WdStorePrepared *out_prepared, GError **error)
{
  return open_store (self, TRUE, error)
         && wd_store_prepare (self->store, out_prepared, NULL, error);
}

WdStore *
wd_ctl_context_open_uri (
    WdCtl *self, const char *uri, const char *owner_uri, gboolean must_exist, GError **error)
{
  WdStoreOptions options;

  if (!wd_ctl_context_load_config (self, error))
    return NULL;
  wd_store_options_init (&options, self->config);
  options.uri = uri;
  options.must_exist = must_exist;
  umask (0077);
  if (!become_owner (owner_uri, error))
    return NULL;
  return wd_store_open (&options, error);
}

WdUser *
wd_ctl_context_find_user (WdCtl *self, const char *name, GError **error)
{
  g_autoptr (WdUser) user = NULL;
  WdId id;

  if (wd_core_id_from_hex (name, &id))
    return wd_store_get_user (self->store, &id, NULL, error);
  if (!wd_store_find_user (self->store, name, &user, NULL, error))
    return NULL;
  if (user == NULL)
    {
      g_set_error (error, WD_CTL_ERROR, WD_CTL_ERROR_FAILED, "there is no user %s", name);
      return NULL;
    }
  // A look-up by name leaves the counters out.
  return wd_store_get_user (self->store, &user->id, NULL, error);
}
