// SPDX-License-Identifier: EUPL-1.2
// The open mail databases, least recently used first to go.
#include "config.h"

#include "sqlite-pool.h"

#include "core-clock.h"
#include "sqlite-schema.h"
#include "sqlite-search-map.h"

// Idle handles kept of one user: one that writes, and others that read while it waits for the disk.
#define MAX_IDLE_HANDLES 3
// Users that wait to be closed. When the background cannot keep up, who opens another closes one.
#define MAX_SURPLUS 32
#define CACHE_KIB 4096
// How long they keep pages in memory after their last use.
#define TRIM_IDLE_US (5 * G_USEC_PER_SEC)

struct _WdSqliteUser
{
  WdId id;
  char *dir;
  WdSqlitePool *pool;
  GMutex writer;    // Held over a write transaction. Taken before the pool's mutex, never within.
  gint n_wal_pages; // In the WAL, when this process last wrote to it,
  gint n_old_pages; // and of them, what was there at its last checkpoint.
  gint is_trim_asked;

  // Guarded by the pool's mutex.
  guint n_leases;
  gboolean is_gone;
  gint64 last_used_us;
  GQueue idle; // (element-type WdSqliteHandle), the last used first.
  GList link;  // In pool->users_by_use.
};

struct _WdSqlitePool
{
  char *state_dir;
  guint max_open;
  WdSqlitePoolHooks hooks;

  GMutex mutex; // Guards what follows. Never held over I/O.
  GHashTable *users;
  GQueue users_by_use; // The last used first.
  GQueue surplus;      // Not in the table any more; to be freed. (element-type WdSqliteUser)
};

static void
handle_free (WdSqliteHandle *handle)
{
  wd_sqlite_search_map_free (handle->search_map);
  wd_sqlite_db_free (handle->db);
  g_free (handle);
}

static void
free_handles (GQueue *handles)
{
  WdSqliteHandle *handle;

  while ((handle = g_queue_pop_head (handles)) != NULL)
    handle_free (handle);
}

static void
user_free (WdSqliteUser *user)
{
  free_handles (&user->idle);
  g_mutex_clear (&user->writer);
  g_free (user->dir);
  g_free (user);
}

WdSqlitePool *
wd_sqlite_pool_new (const char *state_dir, guint max_open, const WdSqlitePoolHooks *hooks)
{
  WdSqlitePool *self = g_new0 (WdSqlitePool, 1);

  self->state_dir = g_strdup (state_dir);
  self->max_open = MAX (max_open, 1);
  self->hooks = *hooks;
  g_mutex_init (&self->mutex);
  self->users = g_hash_table_new (wd_core_id_hash, wd_core_id_equal);
  return self;
}

void
wd_sqlite_pool_free (WdSqlitePool *self)
{
  GList *link;

  if (self == NULL)
    return;
  wd_sqlite_pool_close_surplus (self);
  while ((link = g_queue_pop_head_link (&self->users_by_use)) != NULL)
    user_free (link->data);
  g_hash_table_unref (self->users);
  g_mutex_clear (&self->mutex);
  g_free (self->state_dir);
  g_free (self);
}

const char *
wd_sqlite_pool_get_state_dir (const WdSqlitePool *self)
{
  return self->state_dir;
}

const WdSqlitePoolHooks *
wd_sqlite_pool_get_hooks (const WdSqlitePool *self)
{
  return &self->hooks;
}

// The end of an id counts up, so that its last octet spreads users evenly.
char *
wd_sqlite_pool_dup_user_dir (const WdSqlitePool *self, const WdId *id)
{
  char hex[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (id, hex);
  return g_strdup_printf ("%s/users/%s/%s", self->state_dir, hex + WD_CORE_ID_HEX_LEN - 2, hex);
}

const WdId *
wd_sqlite_pool_get_id (const WdSqliteUser *user)
{
  return &user->id;
}

const char *
wd_sqlite_pool_get_dir (const WdSqliteUser *user)
{
  return user->dir;
}

WdSqlitePool *
wd_sqlite_pool_get_pool (const WdSqliteUser *user)
{
  return user->pool;
}

guint
wd_sqlite_pool_get_wal_growth (WdSqliteUser *user)
{
  gint n = g_atomic_int_get (&user->n_wal_pages) - g_atomic_int_get (&user->n_old_pages);

  return (guint) MAX (n, 0);
}

void
wd_sqlite_pool_mark_checkpoint (WdSqliteUser *user)
{
  g_atomic_int_set (&user->n_old_pages, g_atomic_int_get (&user->n_wal_pages));
}

// A WAL that has become shorter has begun anew.
static int
on_wal_commit (void *data, sqlite3 *db, const char *name, int n_pages)
{
  WdSqliteUser *user = data;

  if (n_pages < g_atomic_int_get (&user->n_old_pages))
    g_atomic_int_set (&user->n_old_pages, 0);
  g_atomic_int_set (&user->n_wal_pages, n_pages);
  return SQLITE_OK;
}

static void
call_row_func (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  WdSqliteHandle *handle = sqlite3_user_data (context);

  if (handle->row_func == NULL)
    {
      sqlite3_result_error (context, "wd_row is not expected here", -1);
      return;
    }
  sqlite3_result_int64 (context, handle->row_func (handle->row_data, values));
}

// Checkpoints are made in the background: the hook takes the place of SQLite's automatic ones.
static WdSqliteHandle *
open_handle (WdSqliteUser *user, GError **error)
{
  g_autofree char *path = g_build_filename (user->dir, "mail.db", NULL);
  WdSqliteOptions options = {
    .path = path,
    .schema = wd_sqlite_schema_get (),
    .must_exist = TRUE,
    .page_size_bytes = WD_SQLITE_SCHEMA_PAGE_BYTES,
    .cache_kib = CACHE_KIB,
  };
  WdSqliteDb *db = wd_sqlite_db_open (&options, error);

  if (db == NULL)
    return NULL;

  WdSqliteHandle *handle = g_new0 (WdSqliteHandle, 1);
  sqlite3 *raw = wd_sqlite_db_get_handle (db);

  handle->db = db;
  sqlite3_wal_hook (raw, on_wal_commit, user);
  sqlite3_create_function (raw, "wd_row", -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, handle,
                           call_row_func, NULL, NULL);
  return handle;
}

static WdSqliteUser *
add_user (WdSqlitePool *self, const WdId *id)
{
  WdSqliteUser *user = g_new0 (WdSqliteUser, 1);

  user->id = *id;
  user->dir = wd_sqlite_pool_dup_user_dir (self, id);
  user->pool = self;
  user->link.data = user;
  g_mutex_init (&user->writer);
  g_hash_table_insert (self->users, &user->id, user);
  g_queue_push_head_link (&self->users_by_use, &user->link);
  return user;
}

// Takes it out of the table; the caller frees it once the mutex is released.
static void
take_out (WdSqliteUser *user)
{
  g_hash_table_remove (user->pool->users, &user->id);
  g_queue_unlink (&user->pool->users_by_use, &user->link);
}

// The user that was used longest ago and is not in use. NULL when there are not too many.
static WdSqliteUser *
find_surplus (WdSqlitePool *self)
{
  if (g_hash_table_size (self->users) <= self->max_open)
    return NULL;
  for (GList *l = self->users_by_use.tail; l != NULL; l = l->prev)
    {
      WdSqliteUser *user = l->data;

      if (user->n_leases == 0)
        return user;
    }
  return NULL;
}

void
wd_sqlite_pool_close_surplus (WdSqlitePool *self)
{
  GList *link;

  do
    {
      g_mutex_lock (&self->mutex);
      link = g_queue_pop_head_link (&self->surplus);
      g_mutex_unlock (&self->mutex);
      if (link != NULL)
        user_free (link->data);
    }
  while (link != NULL);
}

// Puts it aside. Returns it when there are too many of them already. With the mutex held.
static WdSqliteUser *
put_aside (WdSqlitePool *self, WdSqliteUser *user)
{
  take_out (user);
  if (self->surplus.length >= MAX_SURPLUS)
    return user;
  g_queue_push_tail_link (&self->surplus, &user->link);
  return NULL;
}

gboolean
wd_sqlite_pool_take (WdSqlitePool *self,
                     const WdId *id,
                     WdSqliteUser **out_user,
                     WdSqliteHandle **out_handle,
                     GError **error)
{
  g_mutex_lock (&self->mutex);

  WdSqliteUser *user = g_hash_table_lookup (self->users, id);

  if (user == NULL)
    user = add_user (self, id);
  else if (self->users_by_use.head != &user->link)
    {
      g_queue_unlink (&self->users_by_use, &user->link);
      g_queue_push_head_link (&self->users_by_use, &user->link);
    }
  user->n_leases++;

  WdSqliteHandle *handle = g_queue_pop_head (&user->idle);
  WdSqliteUser *surplus = find_surplus (self);
  gboolean has_surplus = surplus != NULL;
  WdId surplus_id = has_surplus ? surplus->id : (WdId){ 0 };

  if (has_surplus)
    surplus = put_aside (self, surplus);
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&surplus, user_free);
  if (has_surplus)
    self->hooks.poke (self->hooks.data, &surplus_id, WD_SQLITE_CHORE_CLOSE);
  if (handle == NULL)
    handle = open_handle (user, error);
  if (handle == NULL)
    {
      wd_sqlite_pool_give (user, NULL, FALSE);
      return FALSE;
    }
  *out_user = user;
  *out_handle = handle;
  return TRUE;
}

void
wd_sqlite_pool_give (WdSqliteUser *user, WdSqliteHandle *handle, gboolean is_sound)
{
  WdSqlitePool *self = user->pool;

  g_mutex_lock (&self->mutex);
  user->n_leases--;
  user->last_used_us = wd_core_clock_monotonic_us ();
  if (handle != NULL && is_sound && !user->is_gone && user->idle.length < MAX_IDLE_HANDLES)
    g_queue_push_head (&user->idle, g_steal_pointer (&handle));

  // What has no handle is not worth remembering.
  gboolean is_unused = user->n_leases == 0 && user->idle.length == 0;

  if (is_unused)
    take_out (user);
  g_mutex_unlock (&self->mutex);

  g_clear_pointer (&handle, handle_free);
  if (is_unused)
    user_free (user);
}

void
wd_sqlite_pool_lock_writer (WdSqliteUser *user)
{
  g_mutex_lock (&user->writer);
}

void
wd_sqlite_pool_unlock_writer (WdSqliteUser *user)
{
  g_mutex_unlock (&user->writer);
}

void
wd_sqlite_pool_forget (WdSqlitePool *self, const WdId *id)
{
  GQueue handles = G_QUEUE_INIT;

  g_mutex_lock (&self->mutex);

  WdSqliteUser *user = g_hash_table_lookup (self->users, id);

  if (user != NULL)
    {
      user->is_gone = TRUE;
      handles = user->idle;
      g_queue_init (&user->idle);
      if (user->n_leases == 0)
        take_out (user);
      else
        user = NULL;
    }
  g_mutex_unlock (&self->mutex);

  free_handles (&handles);
  g_clear_pointer (&user, user_free);
}

gboolean
wd_sqlite_pool_mark_trim (WdSqliteUser *user)
{
  return g_atomic_int_get (&user->is_trim_asked) == 0
         && g_atomic_int_compare_and_exchange (&user->is_trim_asked, 0, 1);
}

gboolean
wd_sqlite_pool_trim (WdSqlitePool *self, const WdId *id)
{
  GQueue handles = G_QUEUE_INIT;
  gboolean is_done = TRUE;

  g_mutex_lock (&self->mutex);

  WdSqliteUser *user = g_hash_table_lookup (self->users, id);

  if (user != NULL && wd_core_clock_monotonic_us () - user->last_used_us < TRIM_IDLE_US)
    is_done = FALSE;
  else if (user != NULL)
    {
      g_atomic_int_set (&user->is_trim_asked, 0);
      handles = user->idle;
      g_queue_init (&user->idle);
      user->n_leases += handles.length;
    }
  g_mutex_unlock (&self->mutex);

  for (WdSqliteHandle *handle; (handle = g_queue_pop_head (&handles)) != NULL;)
    {
      g_clear_pointer (&handle->search_map, wd_sqlite_search_map_free);
      sqlite3_db_release_memory (wd_sqlite_db_get_handle (handle->db));
      wd_sqlite_pool_give (user, handle, TRUE);
    }
  return is_done;
}

void
wd_sqlite_pool_close_idle (WdSqlitePool *self)
{
  g_autoptr (GPtrArray) unused = g_ptr_array_new_with_free_func ((GDestroyNotify) user_free);

  wd_sqlite_pool_close_surplus (self);
  g_mutex_lock (&self->mutex);
  for (GList *l = self->users_by_use.head, *next; l != NULL; l = next)
    {
      WdSqliteUser *user = l->data;

      next = l->next;
      if (user->n_leases > 0)
        continue;
      take_out (user);
      g_ptr_array_add (unused, user);
    }
  g_mutex_unlock (&self->mutex);
}

guint
wd_sqlite_pool_get_n_open (WdSqlitePool *self)
{
  g_mutex_lock (&self->mutex);

  guint n = g_hash_table_size (self->users);

  g_mutex_unlock (&self->mutex);
  return n;
}
