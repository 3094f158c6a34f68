// SPDX-License-Identifier: EUPL-1.2
// Upkeep, and the checker's walk over all users.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "mongo-blob.h"
#include "mongo-check-private.h"

// A blob that nobody refers to stays so long, for those who have opened it; and so do the documents
// that keep ids from being used.
#define KEPT_MS ((gint64) 24 * 60 * 60 * 1000)
#define WAIT_US (300 * 1000)

void
wd_mongo_check_add (
    WdMongoCheck *self, const char *what, gboolean is_repaired, const char *format, ...)
{
  WdStoreFinding finding = { .user = self->user, .what = what, .is_repaired = is_repaired };
  g_autofree char *detail = NULL;
  va_list args;

  va_start (args, format);
  detail = g_strdup_vprintf (format, args);
  va_end (args);
  finding.detail = detail;
  if (self->func != NULL)
    self->func (&finding, self->user_data);
}

void
wd_mongo_check_wait (void)
{
  g_usleep (WAIT_US);
}

// Documents that only keep an id from being used, after those who might have used it are gone.
static gboolean
remove_void (WdMongoCall *call, GError **error)
{
  guint32 before = GUINT32_TO_BE ((guint32) ((wd_core_clock_now_us () / 1000 - KEPT_MS) / 1000));
  g_autoptr (bson_t) filter = NULL;
  WdId id = { 0 };

  memcpy (id.bytes, &before, sizeof before);
  filter = BCON_NEW ("mailbox", BCON_NULL, "wd.void", BCON_BOOL (TRUE), "_id", "{", "$lt",
                     BCON_OID (wd_mongo_bson_oid (&id)), "}");
  return wd_mongo_call_delete (call, WD_MONGO_MESSAGES, filter, WD_MONGO_MANY, NULL, error);
}

gboolean
wd_mongo_check_maintain (WdStore *store, GCancellable *cancellable, GError **error)
{
  g_auto (WdMongoCall) call = { 0 };

  return wd_mongo_store_begin (store, &call, cancellable, error)
         && wd_mongo_blob_collect (&call, KEPT_MS, error) && remove_void (&call, error);
}

static gboolean
note_id (const bson_t *doc, gpointer user_data, GError **error)
{
  WdId id = wd_mongo_bson_get_id (doc, "_id");

  g_array_append_val ((GArray *) user_data, id);
  return TRUE;
}

static GArray *
list_users (WdMongoCall *call, const WdId *user, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (WdId));
  g_autoptr (bson_t) filter = bson_new ();
  g_autoptr (bson_t) options = BCON_NEW ("projection", "{", "_id", BCON_INT32 (1), "}");

  if (user != NULL)
    wd_mongo_bson_add_id (filter, "_id", user);
  if (!wd_mongo_call_find (call, WD_MONGO_USERS, filter, options, note_id, ids, error))
    return NULL;
  if (user != NULL && ids->len == 0)
    {
      wd_mongo_store_fail (WD_STORE_ERROR_NOT_FOUND, "no such user", error);
      return NULL;
    }
  return g_steal_pointer (&ids);
}

gboolean
wd_mongo_check_store (WdStore *store,
                      const WdId *user,
                      gboolean repair,
                      WdStoreFindingFunc finding_func,
                      WdStoreProgressFunc progress_func,
                      gpointer user_data,
                      GCancellable *cancellable,
                      GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_autoptr (GArray) ids = NULL;
  WdMongoCheck check = {
    .store = store,
    .call = &call,
    .repair = repair,
    .func = finding_func,
    .user_data = user_data,
  };

  if (!wd_mongo_store_begin (store, &call, cancellable, error)
      || (ids = list_users (&call, user, error)) == NULL)
    return FALSE;
  for (guint i = 0; i < ids->len; i++)
    {
      check.user = g_array_index (ids, WdId, i);
      if (!wd_mongo_check_user (&check, error))
        return FALSE;
      if (progress_func != NULL)
        progress_func (i + 1, ids->len, user_data);
    }
  memset (&check.user, 0, sizeof check.user);
  return user != NULL
         || (wd_mongo_check_orphans (&check, error) && wd_mongo_check_blobs (&check, error));
}
