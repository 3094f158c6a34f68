// SPDX-License-Identifier: EUPL-1.2
// Asking the text index.
#include "config.h"

#include "sqlite-index.h"

#include <string.h>

// Trigrams asked for at most; the text decides anyway. Each list is read to its end, and a frequent
// one names nearly every message: a few rare ones narrow as well as all of them.
#define TRIGRAMS_MAX 4

void
wd_sqlite_index_clear_state (WdSqliteIndexState *self)
{
  g_clear_pointer (&self->unindexed, wd_uidset_free);
}

static gboolean
read_contents (WdSqliteLease *lease, sqlite3_stmt *stmt, WdUidSet *contents, GError **error)
{
  gboolean has_row;

  for (;;)
    {
      if (!wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        return TRUE;
      wd_uidset_add (contents, (WdUid) sqlite3_column_int64 (stmt, 0));
    }
}

gboolean
wd_sqlite_index_get_state (WdSqliteLease *lease, WdSqliteIndexState *out_state, GError **error)
{
  g_auto (WdSqliteStmt) owner
      = wd_sqlite_db_prepare (lease->db, "SELECT indexed_upto, is_searched FROM owner", error);
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT content FROM unindexed ORDER BY content", error);
  g_autoptr (WdUidSet) unindexed = wd_uidset_new ();
  gboolean has_row;

  if (owner == NULL || stmt == NULL || !wd_sqlite_db_step (lease->db, owner, &has_row, error)
      || !read_contents (lease, stmt, unindexed, error))
    return FALSE;
  if (!has_row)
    return wd_sqlite_lease_set_corrupt (lease, "the owner's settings are missing", error);
  *out_state = (WdSqliteIndexState){
    .upto = sqlite3_column_int64 (owner, 0),
    .is_searched = sqlite3_column_int (owner, 1) != 0,
    .unindexed = g_steal_pointer (&unindexed),
  };
  return TRUE;
}

// Appends "abc" with its quotation marks doubled.
static void
append_quoted (GString *out, const char *start, const char *end)
{
  g_string_append_c (out, '"');
  for (const char *p = start; p < end; p++)
    {
      if (*p == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

// How rare a character is in mail, roughly: Latin letters by their frequency, all else but the
// space as rare as the rarest.
static guint
get_rarity (gunichar c)
{
  static const char frequent_first[] = " etaoinsrhldcumfpgwybvkxjzq";
  const char *at = c < 0x80 && c != 0 ? strchr (frequent_first, (int) c) : NULL;

  return at != NULL ? (guint) (at - frequent_first) : sizeof frequent_first;
}

// The start of the rarest trigram of `text` whose rarity is less than *inout_rarity, or as rare and
// behind `after`: called again it goes on to the next. NULL at the end.
static const char *
find_next_rarest (const char *text, guint *inout_rarity, const char *after)
{
  const char *best = NULL;
  guint best_rarity = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      const char *second = g_utf8_next_char (p);
      const char *third = *second != '\0' ? g_utf8_next_char (second) : second;
      guint rarity;

      if (*third == '\0')
        break;
      rarity = get_rarity (g_utf8_get_char (p)) + get_rarity (g_utf8_get_char (second))
               + get_rarity (g_utf8_get_char (third));
      if ((rarity < *inout_rarity || (rarity == *inout_rarity && p > after))
          && (best == NULL || rarity > best_rarity))
        {
          best = p;
          best_rarity = rarity;
        }
    }
  *inout_rarity = best_rarity;
  return best;
}

// The rarest trigrams of `text` as an AND. Without positions (detail=none) there is no phrase to
// ask for. Returns (transfer full) (nullable): NULL when there are none.
static char *
dup_query (const char *text)
{
  g_autoptr (GString) query = g_string_new (NULL);
  guint rarity = G_MAXUINT;
  const char *at = text;

  for (guint i = 0; i < TRIGRAMS_MAX && (at = find_next_rarest (text, &rarity, at)) != NULL; i++)
    {
      if (i > 0)
        g_string_append (query, " AND ");
      append_quoted (query, at, g_utf8_offset_to_pointer (at, 3));
    }
  return query->len > 0 ? g_string_free (g_steal_pointer (&query), FALSE) : NULL;
}

gboolean
wd_sqlite_index_find (WdSqliteLease *lease,
                      const WdSqliteIndexState *state,
                      WdSqliteIndexKind kind,
                      const char *text,
                      WdUidSet **out_contents,
                      GError **error)
{
  static const char *const sql[] = {
    [WD_SQLITE_INDEX_HEADER] = "SELECT rowid FROM index_header WHERE index_header MATCH ?1",
    [WD_SQLITE_INDEX_BODY] = "SELECT rowid FROM index_body WHERE index_body MATCH ?1",
  };
  g_autoptr (WdUidSet) contents = wd_uidset_new ();
  g_autofree char *query = dup_query (text);

  *out_contents = NULL;
  if (query == NULL)
    return TRUE;
  // The tables are made with the first content that is indexed.
  if (state->upto > 0)
    {
      g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql[kind], error);

      if (stmt == NULL)
        return FALSE;
      wd_sqlite_db_bind_text (stmt, 1, query);
      if (!read_contents (lease, stmt, contents, error))
        return FALSE;
    }
  *out_contents = g_steal_pointer (&contents);
  return TRUE;
}

gboolean
wd_sqlite_index_set_searched (WdSqlitePool *pool, const WdId *user, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };

  if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_WRITE, &lease, NULL, error))
    return FALSE;
  return wd_sqlite_db_exec (lease.db, "UPDATE owner SET is_searched = 1", error)
         && wd_sqlite_lease_commit (&lease, error);
}
