// SPDX-License-Identifier: EUPL-1.2
// Accounts in memory.
#include "config.h"

#include "fake-store.h"

#include "store-backend.h"

static void fake_store_iface_init (WdStoreInterface *iface);

G_DEFINE_TYPE_WITH_CODE (FakeStore,
                         fake_store,
                         G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (WD_TYPE_STORE, fake_store_iface_init))

static gboolean
check (FakeStore *self, GError **error)
{
  if (self->fail_with < 0)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, self->fail_with, "told to fail");
  return FALSE;
}

static WdUser *
copy_user (const WdUser *user)
{
  WdUser *copy = g_new0 (WdUser, 1);

  copy->id = user->id;
  copy->username = g_strdup (user->username);
  copy->address = g_strdup (user->address);
  copy->password_hash = g_strdup (user->password_hash);
  copy->scram = g_strdup (user->scram);
  copy->disabled_scopes = g_strdupv (user->disabled_scopes);
  copy->disabled = user->disabled;
  copy->suspended = user->suspended;
  return copy;
}

static WdUser *
get_user (WdStore *store, const WdId *id, GCancellable *cancellable, GError **error)
{
  FakeStore *self = FAKE_STORE (store);

  if (!check (self, error))
    return NULL;
  for (guint i = 0; i < self->users->len; i++)
    {
      WdUser *user = g_ptr_array_index (self->users, i);

      if (wd_core_id_is_equal (&user->id, id))
        return copy_user (user);
    }
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND, "no such user");
  return NULL;
}

static gboolean
find_user (
    WdStore *store, const char *login, WdUser **out_user, GCancellable *cancellable, GError **error)
{
  FakeStore *self = FAKE_STORE (store);

  g_atomic_int_inc (&self->n_finds);
  if (!check (self, error))
    return FALSE;
  *out_user = NULL;
  for (guint i = 0; i < self->users->len; i++)
    {
      WdUser *user = g_ptr_array_index (self->users, i);

      if (g_ascii_strcasecmp (user->username, login) == 0 || g_strcmp0 (user->address, login) == 0)
        *out_user = copy_user (user);
    }
  return TRUE;
}

static gboolean
update_user (WdStore *store,
             const WdId *id,
             const WdUser *changes,
             WdUserFields fields,
             GCancellable *cancellable,
             GError **error)
{
  FakeStore *self = FAKE_STORE (store);

  if (!check (self, error))
    return FALSE;
  g_assert_cmpint (fields, ==, WD_USER_FIELD_PASSWORD);
  for (guint i = 0; i < self->users->len; i++)
    {
      WdUser *user = g_ptr_array_index (self->users, i);

      if (!wd_core_id_is_equal (&user->id, id))
        continue;
      if (self->hash_before_update != NULL)
        {
          g_free (user->password_hash);
          user->password_hash = g_strdup (self->hash_before_update);
        }
      if (changes->if_password_hash != NULL
          && g_strcmp0 (changes->if_password_hash, user->password_hash) != 0)
        {
          g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CONFLICT, "changed");
          return FALSE;
        }
      g_free (user->password_hash);
      user->password_hash = g_strdup (changes->password_hash);
      g_free (user->scram);
      user->scram = g_strdup (changes->scram);
      self->n_updates++;
    }
  return TRUE;
}

static GPtrArray *
list_app_passwords (WdStore *store, const WdId *user, GCancellable *cancellable, GError **error)
{
  FakeStore *self = FAKE_STORE (store);
  g_autoptr (GPtrArray) passwords
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_store_free_app_password);

  self->n_app_lists++;
  if (!check (self, error))
    return NULL;
  if (self->app_hash != NULL)
    {
      WdAppPassword *password = g_new0 (WdAppPassword, 1);

      password->hash = g_strdup (self->app_hash);
      password->selector = g_strdup (self->app_selector);
      password->scopes = g_strdupv ((GStrv) self->app_scopes);
      g_ptr_array_add (passwords, password);
    }
  return g_steal_pointer (&passwords);
}

static gboolean
use_app_password (WdStore *store,
                  const WdAppPassword *password,
                  const char *remote,
                  GCancellable *cancellable,
                  GError **error)
{
  FAKE_STORE (store)->n_app_uses++;
  return TRUE;
}

static gboolean
set_setting (
    WdStore *store, const char *key, const char *value, GCancellable *cancellable, GError **error)
{
  FakeStore *self = FAKE_STORE (store);

  if (!check (self, error))
    return FALSE;
  g_hash_table_insert (self->settings, g_strdup (key), g_strdup (value));
  return TRUE;
}

static gboolean
get_setting (
    WdStore *store, const char *key, char **out_value, GCancellable *cancellable, GError **error)
{
  FakeStore *self = FAKE_STORE (store);

  if (!check (self, error))
    return FALSE;
  *out_value = g_strdup (g_hash_table_lookup (self->settings, key));
  return TRUE;
}

static void
fake_store_iface_init (WdStoreInterface *iface)
{
  iface->get_user = get_user;
  iface->find_user = find_user;
  iface->update_user = update_user;
  iface->list_app_passwords = list_app_passwords;
  iface->use_app_password = use_app_password;
  iface->set_setting = set_setting;
  iface->get_setting = get_setting;
}

static void
fake_store_finalize (GObject *object)
{
  FakeStore *self = FAKE_STORE (object);

  g_ptr_array_unref (self->users);
  g_hash_table_unref (self->settings);
  G_OBJECT_CLASS (fake_store_parent_class)->finalize (object);
}

static void
fake_store_class_init (FakeStoreClass *class)
{
  G_OBJECT_CLASS (class)->finalize = fake_store_finalize;
}

static void
fake_store_init (FakeStore *self)
{
  self->users = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_user_free);
  self->settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->fail_with = -1;
}

FakeStore *
fake_store_new (void)
{
  return g_object_new (FAKE_TYPE_STORE, NULL);
}

WdUser *
fake_store_add (FakeStore *self, const char *username, const char *hash, const char *scram)
{
  WdUser *user = g_new0 (WdUser, 1);

  wd_core_id_new (&user->id);
  user->username = g_strdup (username);
  user->address = g_strconcat (username, "@example.com", NULL);
  user->password_hash = g_strdup (hash);
  user->scram = g_strdup (scram);
  g_ptr_array_add (self->users, user);
  return user;
}
