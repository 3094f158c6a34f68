// SPDX-License-Identifier: EUPL-1.2
// Putting messages into a mailbox: one transaction, one sync.
#include "config.h"

#include <string.h>

#include "core-clock.h"
#include "sqlite-import.h"
#include "sqlite-prepare.h"
#include "sqlite-remove.h"
#include "sqlite-store-private.h"
#include "store-path.h"

// One message on its way into the database.
typedef struct
{
  const WdAppend *item;
  const WdSqlitePrepared *prepared;
  const WdMimeTree *tree;
  gint64 content;
  gint64 size_bytes;
  gint64 now_ms;
  WdId id;
} Insertion;

static void
bind_bytes (sqlite3_stmt *stmt, int index, GBytes *bytes)
{
  gsize len;
  const void *data = g_bytes_get_data (bytes, &len);

  // A NULL pointer would bind NULL.
  sqlite3_bind_blob64 (stmt, index, data == NULL ? "" : data, len, SQLITE_STATIC);
}

static gboolean
insert_data (WdSqliteLease *lease, const Insertion *in, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "INSERT INTO data (content, coding, text_len, prefix, parts, text)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                              error);
  const char *prefix = in->item->prefix == NULL ? "" : in->item->prefix;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, in->content);
  sqlite3_bind_int (stmt, 2, (int) in->prepared->coding);
  sqlite3_bind_int64 (stmt, 3, (gint64) in->prepared->text_len);
  sqlite3_bind_blob64 (stmt, 4, prefix, strlen (prefix), SQLITE_STATIC);
  if (in->prepared->coded_parts != NULL)
    bind_bytes (stmt, 5, in->prepared->coded_parts);
  sqlite3_bind_blob64 (stmt, 6, in->prepared->text, in->prepared->text_coded_len, SQLITE_STATIC);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
insert_meta (WdSqliteLease *lease, const Insertion *in, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "INSERT INTO meta (content, envelope, body, structure, sent_day, tree, preview)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      error);
  const char *(*const texts[]) (const WdMimeTree *, gsize *)
      = { wd_mime_tree_get_envelope, wd_mime_tree_get_body, wd_mime_tree_get_body_structure };
  gint32 sent_day;
  gint64 sent_ms;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, in->content);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      gsize len;
      const char *text = texts[i](in->tree, &len);

      sqlite3_bind_blob64 (stmt, (int) i + 2, text, len, SQLITE_STATIC);
    }
  if (wd_mime_tree_get_sent (in->tree, &sent_day, &sent_ms))
    sqlite3_bind_int (stmt, 5, sent_day);
  bind_bytes (stmt, 6, in->prepared->tree);
  wd_sqlite_db_bind_text (stmt, 7, in->prepared->preview);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

// Which contents refer to a part, so that the last one gone is known.
static gboolean
insert_parts (WdSqliteLease *lease, const Insertion *in, GError **error)
{
  GArray *parts = in->prepared->parts;

  if (parts->len == 0)
    return TRUE;

  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db, "INSERT OR IGNORE INTO part (sha, content) VALUES (?1, ?2)", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 2, in->content);
  for (guint i = 0; i < parts->len; i++)
    {
      const WdStorePart *part = &g_array_index (parts, WdStorePart, i);

      sqlite3_bind_blob (stmt, 1, part->sha.bytes, sizeof part->sha.bytes, SQLITE_STATIC);
      if (!wd_sqlite_db_run (lease->db, stmt, error))
        return FALSE;
    }
  return wd_sqlite_prepare_link (in->prepared, wd_sqlite_pool_get_dir (lease->user), error);
}

static gboolean
insert_message (WdSqliteLease *lease,
                const WdSqliteMailbox *mailbox,
                const Insertion *in,
                GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "INSERT INTO message (mailbox, uid, flags, size, date_ms, zone, save_delta_ms, id,"
      " content, created) VALUES (?1, ?2, ?3, ?5, ?6, ?7, ?8, ?9, ?10, ?4)",
      error);
  gint64 date_ms = in->item->internal_date_ms != 0 ? in->item->internal_date_ms : in->now_ms;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, mailbox->row);
  sqlite3_bind_int64 (stmt, 2, mailbox->uidnext);
  wd_sqlite_db_bind_uint64 (stmt, 3, in->item->flags);
  sqlite3_bind_int64 (stmt, 4, mailbox->modseq);
  sqlite3_bind_int64 (stmt, 5, in->size_bytes);
  sqlite3_bind_int64 (stmt, 6, date_ms);
  sqlite3_bind_int (stmt, 7, in->item->zone_minutes);
  sqlite3_bind_int64 (stmt, 8, in->now_ms - date_ms);
  wd_sqlite_db_bind_id (stmt, 9, &in->id);
  sqlite3_bind_int64 (stmt, 10, in->content);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static void
count_message (WdSqliteMailbox *mailbox, WdSqliteMailbox *owner, const Insertion *in)
{
  mailbox->uidnext++;
  mailbox->n_messages++;
  mailbox->n_unseen += (in->item->flags & WD_FLAG_SEEN) == 0;
  mailbox->n_deleted += (in->item->flags & WD_FLAG_DELETED) != 0;
  mailbox->size_bytes += in->size_bytes;
  owner->uidnext++;
  owner->n_messages++;
  owner->size_bytes += in->size_bytes;
}

static gboolean
insert_one (WdSqliteLease *lease,
            WdSqliteMailbox *mailbox,
            WdSqliteMailbox *owner,
            Insertion *in,
            WdAppended *out,
            GError **error)
{
  in->content = owner->uidnext;
  if (wd_core_id_is_none (&in->id))
    wd_core_id_new (&in->id);
  if (!insert_data (lease, in, error) || !insert_meta (lease, in, error)
      || !insert_parts (lease, in, error) || !insert_message (lease, mailbox, in, error))
    return FALSE;
  *out = (WdAppended){ .id = in->id, .uid = (WdUid) mailbox->uidnext };
  count_message (mailbox, owner, in);
  return TRUE;
}

static gboolean
check_room (const WdSqliteMailbox *mailbox,
            const WdSqliteMailbox *owner,
            guint64 limit_bytes,
            guint64 size_bytes,
            guint n_items,
            GError **error)
{
  if (mailbox->uidnext + n_items > G_MAXUINT32 || owner->uidnext + n_items > G_MAXUINT32)
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "no UIDs are left");
      return FALSE;
    }
  if (limit_bytes != 0 && (guint64) owner->size_bytes + size_bytes > limit_bytes)
    {
      g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_OVER_QUOTA,
                   "%" G_GUINT64_FORMAT " octets more than the quota of %" G_GUINT64_FORMAT,
                   (guint64) owner->size_bytes + size_bytes - limit_bytes, limit_bytes);
      return FALSE;
    }
  return TRUE;
}

// The compressing and hashing, before the writer's lock is taken.
static gboolean
prepare_all (WdStore *store, const WdAppend *items, guint n_items, Insertion *ins, GError **error)
{
  gint64 now_ms = wd_core_clock_now_us () / 1000;

  for (guint i = 0; i < n_items; i++)
    {
      const char *prefix = items[i].prefix;

      ins[i].item = &items[i];
      ins[i].now_ms = now_ms;
      ins[i].tree = wd_incoming_get_tree (items[i].incoming);
      ins[i].size_bytes = (gint64) wd_incoming_get_size_bytes (items[i].incoming)
                          + (prefix == NULL ? 0 : (gint64) strlen (prefix));
      ins[i].prepared
          = wd_sqlite_prepare_message (items[i].incoming, wd_sqlite_store_get_dir (store), error);
      if (ins[i].prepared == NULL)
        return FALSE;
    }
  return TRUE;
}

void
wd_sqlite_append_prepare (WdStore *store, WdIncoming *incoming)
{
  (void) !wd_sqlite_prepare_message (incoming, wd_sqlite_store_get_dir (store), NULL);
}

// The names of all parts are durable before the commit that refers to them.
static gboolean
sync_parts (WdSqliteLease *lease, const Insertion *ins, guint n_items, GError **error)
{
  for (guint i = 0; i < n_items; i++)
    if (ins[i].prepared != NULL && ins[i].prepared->parts->len > 0)
      return wd_sqlite_blob_sync_user (wd_sqlite_pool_get_dir (lease->user), error);
  return TRUE;
}

static gboolean
insert_all (WdSqliteLease *lease,
            WdSqliteMailbox *mailbox,
            Insertion *ins,
            guint n_items,
            guint64 limit_bytes,
            WdAppended *outs,
            guint32 *out_uidvalidity,
            GError **error)
{
  WdSqliteMailbox owner;
  guint64 size_bytes = 0;

  for (guint i = 0; i < n_items; i++)
    size_bytes += (guint64) ins[i].size_bytes;
  if (!wd_sqlite_mailbox_load_owner (lease, &owner, error)
      || !check_room (mailbox, &owner, limit_bytes, size_bytes, n_items, error))
    return FALSE;

  mailbox->modseq++;
  for (guint i = 0; i < n_items; i++)
    if (!insert_one (lease, mailbox, &owner, &ins[i], &outs[i], error))
      return FALSE;

  if (!sync_parts (lease, ins, n_items, error))
    return FALSE;
  *out_uidvalidity = (guint32) mailbox->uidvalidity;
  wd_sqlite_lease_notify (lease, WD_BEACON_MAILBOX, &mailbox->oid);
  return wd_sqlite_mailbox_save (lease, mailbox, error)
         && wd_sqlite_mailbox_save (lease, &owner, error);
}

gboolean
wd_sqlite_append_messages (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           const WdAppend *items,
                           guint n_items,
                           WdAppended *outs,
                           guint32 *out_uidvalidity,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autofree Insertion *ins = g_new0 (Insertion, MAX (n_items, 1));
  g_autofree WdAppended *appended = g_new0 (WdAppended, MAX (n_items, 1));
  g_auto (WdSqliteLease) lease = { 0 };
  WdSqliteMailbox row;
  guint64 limit_bytes;
  guint32 uidvalidity;

  if (!prepare_all (store, items, n_items, ins, error)
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error)
      || !wd_sqlite_store_get_limit (store, &lease, &limit_bytes, error)
      || !wd_sqlite_mailbox_load (&lease, mailbox, &row, error)
      || !insert_all (&lease, &row, ins, n_items, limit_bytes, appended, &uidvalidity, error)
      || !wd_sqlite_lease_commit (&lease, error))
    return FALSE;

  memcpy (outs, appended, n_items * sizeof *outs);
  if (out_uidvalidity != NULL)
    *out_uidvalidity = uidvalidity;
  return TRUE;
}

// The mailbox with the path, or INBOX.
static gboolean
choose_mailbox (WdSqliteLease *lease, const char *path, WdSqliteMailbox *out_row, GError **error)
{
  g_autofree char *normal = path == NULL ? NULL : wd_store_path_normalize (path, NULL);
  gboolean is_found = FALSE;

  // What is no path names no mailbox.
  if (normal != NULL && !wd_sqlite_mailbox_load_path (lease, normal, out_row, &is_found, error))
    return FALSE;
  if (!is_found && !wd_sqlite_mailbox_load_path (lease, "INBOX", out_row, &is_found, error))
    return FALSE;
  return is_found || wd_sqlite_lease_set_corrupt (lease, "there is no INBOX", error);
}

gboolean
wd_sqlite_append_delivery (WdStore *store,
                           const WdActor *actor,
                           const char *path,
                           const WdAppend *item,
                           WdId *out_mailbox,
                           WdAppended *out_appended,
                           GCancellable *cancellable,
                           GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  Insertion in = { 0 };
  WdAppended appended;
  WdSqliteMailbox row;
  guint64 limit_bytes;
  guint32 uidvalidity;

  if (!prepare_all (store, item, 1, &in, error)
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error)
      || !wd_sqlite_store_get_limit (store, &lease, &limit_bytes, error)
      || !choose_mailbox (&lease, path, &row, error)
      || !insert_all (&lease, &row, &in, 1, limit_bytes, &appended, &uidvalidity, error)
      || !wd_sqlite_lease_commit (&lease, error))
    return FALSE;

  *out_mailbox = row.oid;
  *out_appended = appended;
  return TRUE;
}

// Takes the old message out, as an expunge does.
static gboolean
remove_one (WdSqliteLease *lease, const WdId *mailbox, WdUid uid, GError **error)
{
  g_auto (WdSqliteRemoval) removal = { 0 };
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (uid, uid);
  WdSqliteMailbox row;

  wd_sqlite_remove_begin (&removal, 0);
  if (!wd_sqlite_mailbox_load (lease, mailbox, &row, error)
      || !wd_sqlite_remove_rows (&removal, lease, &row, uids, error))
    return FALSE;
  if (wd_uidset_is_empty (removal.uids))
    {
      g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_EXPUNGED, "the message is gone");
      return FALSE;
    }
  wd_sqlite_lease_notify (lease, WD_BEACON_MAILBOX, mailbox);
  return wd_sqlite_remove_apply (&removal, lease, &row, error)
         && wd_sqlite_remove_discard (&removal, lease, error);
}

gboolean
wd_sqlite_append_replacement (WdStore *store,
                              const WdActor *actor,
                              const WdId *source,
                              WdUid uid,
                              const WdId *target,
                              const WdAppend *item,
                              WdAppended *out_appended,
                              guint32 *out_uidvalidity,
                              GCancellable *cancellable,
                              GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };
  Insertion in = { 0 };
  WdAppended appended;
  WdSqliteMailbox row;
  guint64 limit_bytes;
  guint32 uidvalidity;

  // The old one goes first, so that its octets count no more.
  if (!prepare_all (store, item, 1, &in, error)
      || !wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                 cancellable, error)
      || !wd_sqlite_store_get_limit (store, &lease, &limit_bytes, error)
      || !remove_one (&lease, source, uid, error)
      || !wd_sqlite_mailbox_load (&lease, target, &row, error)
      || !insert_all (&lease, &row, &in, 1, limit_bytes, &appended, &uidvalidity, error)
      || !wd_sqlite_lease_commit (&lease, error))
    return FALSE;

  *out_appended = appended;
  *out_uidvalidity = uidvalidity;
  return TRUE;
}

// One that is not there yet comes in with its own numbers. Those of the mailbox go on behind them.
static gboolean
import_one (WdSqliteLease *lease,
            WdSqliteMailbox *mailbox,
            WdSqliteMailbox *owner,
            Insertion *in,
            const WdImport *item,
            GError **error)
{
  gint64 uidnext = mailbox->uidnext;
  gint64 modseq = mailbox->modseq;
  WdAppended out;

  in->id = item->id;
  in->now_ms = item->save_date_ms;
  mailbox->uidnext = item->uid;
  mailbox->modseq = (gint64) item->modseq;
  if (!insert_one (lease, mailbox, owner, in, &out, error))
    return FALSE;
  mailbox->uidnext = MAX (mailbox->uidnext, uidnext);
  mailbox->modseq = MAX (mailbox->modseq, modseq);
  return TRUE;
}

// The modseqs of these messages do not ascend with their UIDs: none of them is told of by the
// journal, which begins anew.
static gboolean
import_all (WdSqliteLease *lease,
            const WdId *id,
            Insertion *ins,
            const WdImport *items,
            guint n_items,
            GError **error)
{
  WdSqliteMailbox mailbox, owner;
  g_autoptr (WdUidSet) uids = NULL;

  if (!wd_sqlite_mailbox_load (lease, id, &mailbox, error)
      || !wd_sqlite_mailbox_load_owner (lease, &owner, error)
      || !check_room (&mailbox, &owner, 0, 0, n_items, error)
      || (uids = wd_sqlite_mailbox_load_uids (lease, &mailbox, error)) == NULL)
    return FALSE;
  for (guint i = 0; i < n_items; i++)
    {
      if (items[i].incoming == NULL)
        {
          if (!wd_sqlite_import_flags (lease, &mailbox, &items[i], error))
            return FALSE;
          continue;
        }
      if (wd_uidset_has (uids, items[i].uid))
        continue;
      if (!import_one (lease, &mailbox, &owner, &ins[i], &items[i], error))
        return FALSE;
      wd_uidset_add (uids, items[i].uid);
    }
  mailbox.journal_floor = mailbox.modseq;
  return sync_parts (lease, ins, n_items, error)
         && wd_sqlite_mailbox_save_uids (lease, &mailbox, uids, error)
         && wd_sqlite_mailbox_save (lease, &mailbox, error)
         && wd_sqlite_mailbox_save (lease, &owner, error);
}

gboolean
wd_sqlite_append_imported (WdStore *store,
                           const WdActor *actor,
                           const WdId *mailbox,
                           const WdImport *items,
                           guint n_items,
                           GCancellable *cancellable,
                           GError **error)
{
  g_autofree Insertion *ins = g_new0 (Insertion, MAX (n_items, 1));
  g_autofree WdAppend *appends = g_new0 (WdAppend, MAX (n_items, 1));
  g_auto (WdSqliteLease) lease = { 0 };

  for (guint i = 0; i < n_items; i++)
    {
      appends[i].incoming = items[i].incoming;
      appends[i].flags = items[i].flags;
      appends[i].internal_date_ms = items[i].internal_date_ms;
      appends[i].zone_minutes = items[i].zone_minutes;
      if (items[i].incoming != NULL && !prepare_all (store, &appends[i], 1, &ins[i], error))
        return FALSE;
    }
  return wd_sqlite_lease_begin (wd_sqlite_store_get_pool (store), actor, WD_SQLITE_DURABLE, &lease,
                                cancellable, error)
         && import_all (&lease, mailbox, ins, items, n_items, error)
         && wd_sqlite_lease_commit (&lease, error);
}
