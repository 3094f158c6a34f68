// SPDX-License-Identifier: EUPL-1.2
// Flags and modseqs of a mailbox's messages, by chunks of UIDs.
#include "config.h"

#include "sqlite-flag-runs.h"

#include <string.h>

#define CHUNK WD_SQLITE_SCHEMA_CHUNK_UIDS

void
wd_sqlite_flag_runs_init (WdSqliteFlagRuns *self,
                          WdSqliteLease *lease,
                          const WdSqliteMailbox *mailbox)
{
  self->lease = lease;
  self->mailbox = mailbox->row;
  self->chunk = -1;
  self->is_stored = FALSE;
  self->is_dirty = FALSE;
  self->is_damaged = FALSE;
  self->ignores_damage = FALSE;
  self->n_ranges = 0;
  self->next = 1;
  self->last = 0;
}

static gboolean
write_runs (WdSqliteFlagRuns *self, const void *runs, gsize len, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (self->lease->db,
                              len == 0 ? "DELETE FROM flags WHERE id = ?1"
                                       : "INSERT OR REPLACE INTO flags (id, runs) VALUES (?1, ?2)",
                              error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, WD_SQLITE_SCHEMA_CHUNK_ID (self->mailbox, self->chunk));
  if (len > 0)
    sqlite3_bind_blob64 (stmt, 2, runs, len, SQLITE_STATIC);
  return wd_sqlite_db_run (self->lease->db, stmt, error);
}

gboolean
wd_sqlite_flag_runs_flush (WdSqliteFlagRuns *self, GError **error)
{
  guint8 runs[WD_SQLITE_FLAG_CODING_MAX_BYTES (CHUNK)];

  if (!self->is_dirty)
    return TRUE;

  gsize len = wd_sqlite_flag_coding_encode (self->entries, CHUNK, runs);

  self->is_dirty = FALSE;
  if (len == 0 && !self->is_stored)
    return TRUE;
  self->is_stored = len > 0;
  return write_runs (self, runs, len, error);
}

static gboolean
take_runs (WdSqliteFlagRuns *self, const guint8 *runs, int len, GError **error)
{
  if (wd_sqlite_flag_coding_decode (runs, (gsize) len, self->entries, CHUNK))
    return TRUE;
  self->is_damaged = TRUE;
  memset (self->entries, 0, sizeof self->entries);
  return self->ignores_damage || wd_sqlite_lease_set_corrupt (self->lease, "damaged flags", error);
}

static gboolean
load (WdSqliteFlagRuns *self, gint64 chunk, GError **error)
{
  if (chunk == self->chunk)
    return TRUE;
  if (!wd_sqlite_flag_runs_flush (self, error))
    return FALSE;

  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (self->lease->db, "SELECT runs FROM flags WHERE id = ?1", error);

  if (stmt == NULL)
    return FALSE;
  memset (self->entries, 0, sizeof self->entries);
  self->chunk = -1;
  self->is_damaged = FALSE;
  sqlite3_bind_int64 (stmt, 1, WD_SQLITE_SCHEMA_CHUNK_ID (self->mailbox, chunk));
  if (!wd_sqlite_db_step (self->lease->db, stmt, &self->is_stored, error))
    return FALSE;
  if (self->is_stored
      && !take_runs (self, sqlite3_column_blob (stmt, 0), sqlite3_column_bytes (stmt, 0), error))
    return FALSE;
  self->chunk = chunk;
  return TRUE;
}

gboolean
wd_sqlite_flag_runs_find (
    WdSqliteFlagRuns *self, WdUid uid, WdFlags *inout_flags, gint64 *inout_modseq, GError **error)
{
  if (!load (self, uid / CHUNK, error))
    return FALSE;

  const WdSqliteFlagEntry *entry = &self->entries[uid % CHUNK];

  if (entry->state == WD_SQLITE_FLAG_CHANGED)
    {
      *inout_flags = entry->flags;
      *inout_modseq = entry->modseq;
    }
  return TRUE;
}

void
wd_sqlite_flag_runs_walk (WdSqliteFlagRuns *self, const WdUidRange *ranges, guint n_ranges)
{
  self->ranges = ranges;
  self->n_ranges = n_ranges;
  self->next = 1;
  self->last = 0;
}

// Reads the rows from `first` to `last`, within the chunk, of those that were not changed.
static gboolean
read_rows (WdSqliteFlagRuns *self, gint64 first, gint64 last, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (self->lease->db,
                              "SELECT uid, flags, created FROM message WHERE mailbox = ?1"
                              " AND uid BETWEEN ?2 AND ?3 ORDER BY uid",
                              error);
  gboolean has_row;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, self->mailbox);
  sqlite3_bind_int64 (stmt, 2, first);
  sqlite3_bind_int64 (stmt, 3, last);
  for (;;)
    {
      if (!wd_sqlite_db_step (self->lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;

      WdSqliteFlagEntry *entry = &self->entries[sqlite3_column_int64 (stmt, 0) % CHUNK];

      if (entry->state == WD_SQLITE_FLAG_CHANGED)
        continue;
      entry->flags = (WdFlags) sqlite3_column_int64 (stmt, 1);
      entry->modseq = sqlite3_column_int64 (stmt, 2);
      entry->state = WD_SQLITE_FLAG_ARRIVED;
    }
}

static gboolean
fill (WdSqliteFlagRuns *self, gint64 first, gint64 last, GError **error)
{
  gint64 from = first, to = last;

  while (from <= to && self->entries[from % CHUNK].state != WD_SQLITE_FLAG_NONE)
    from++;
  while (from <= to && self->entries[to % CHUNK].state != WD_SQLITE_FLAG_NONE)
    to--;
  return from > to || read_rows (self, from, to, error);
}

static gboolean
has_any (const WdSqliteFlagRuns *self, gint64 first, gint64 last)
{
  for (gint64 uid = first; uid <= last; uid++)
    if (self->entries[uid % CHUNK].state != WD_SQLITE_FLAG_NONE)
      return TRUE;
  return FALSE;
}

// Goes to where the walk goes on, not below `from`. FALSE at the end.
static gboolean
advance (WdSqliteFlagRuns *self, gint64 from)
{
  self->next = MAX (self->next, from);
  while (self->next > self->last && self->n_ranges > 0)
    {
      self->next = MAX (self->ranges->first, from);
      self->last = self->ranges->last;
      self->ranges++;
      self->n_ranges--;
    }
  return self->next <= self->last;
}

gboolean
wd_sqlite_flag_runs_next (WdSqliteFlagRuns *self, WdUid *out_first, WdUid *out_last, GError **error)
{
  gint64 from = 0;

  *out_first = *out_last = 0;
  while (advance (self, from))
    {
      gint64 first = self->next;
      gint64 last = MIN (self->last, (first / CHUNK + 1) * CHUNK - 1);

      if (!load (self, first / CHUNK, error) || !fill (self, first, last, error))
        return FALSE;
      self->next = last + 1;
      if (has_any (self, first, last))
        {
          *out_first = (WdUid) first;
          *out_last = (WdUid) last;
          return TRUE;
        }
      if (!wd_sqlite_mailbox_seek (self->lease, self->mailbox, self->next, &from, error))
        return FALSE;
      if (from == 0)
        return TRUE;
    }
  return TRUE;
}

const WdSqliteFlagEntry *
wd_sqlite_flag_runs_get (const WdSqliteFlagRuns *self, WdUid uid)
{
  return &self->entries[uid % CHUNK];
}

void
wd_sqlite_flag_runs_set (WdSqliteFlagRuns *self, WdUid uid, WdFlags flags, gint64 modseq)
{
  self->entries[uid % CHUNK] = (WdSqliteFlagEntry){
    .flags = flags,
    .modseq = modseq,
    .state = WD_SQLITE_FLAG_CHANGED,
  };
  self->is_dirty = TRUE;
}

static gboolean
drop_range (WdSqliteFlagRuns *self, gint64 first, gint64 last, GError **error)
{
  for (gint64 from = first, to; from <= last; from = to + 1)
    {
      to = MIN (last, (from / CHUNK + 1) * CHUNK - 1);
      if (!load (self, from / CHUNK, error))
        return FALSE;
      memset (&self->entries[from % CHUNK], 0, (gsize) (to - from + 1) * sizeof self->entries[0]);
      self->is_dirty = self->is_dirty || self->is_stored;
    }
  return TRUE;
}

gboolean
wd_sqlite_flag_runs_drop (WdSqliteFlagRuns *self, const WdUidSet *uids, GError **error)
{
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);

  for (guint i = 0; i < n_ranges; i++)
    if (!drop_range (self, ranges[i].first, ranges[i].last, error))
      return FALSE;
  if (!wd_sqlite_flag_runs_flush (self, error))
    return FALSE;
  self->chunk = -1;
  return TRUE;
}

gboolean
wd_sqlite_flag_runs_check (WdSqliteFlagRuns *self,
                           gint64 chunk,
                           const WdUidSet *uids,
                           gboolean repair,
                           gboolean *out_is_sound,
                           GError **error)
{
  if (!load (self, chunk, error))
    return FALSE;
  *out_is_sound = !self->is_damaged;
  for (guint i = 0; i < CHUNK; i++)
    if (self->entries[i].state == WD_SQLITE_FLAG_CHANGED
        && !wd_uidset_has (uids, (WdUid) (chunk * CHUNK + i)))
      {
        self->entries[i].state = WD_SQLITE_FLAG_NONE;
        *out_is_sound = FALSE;
      }
  self->is_dirty = repair && !*out_is_sound;
  return wd_sqlite_flag_runs_flush (self, error);
}
