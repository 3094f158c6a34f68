// SPDX-License-Identifier: EUPL-1.2
// Making the text index, in batches that hold the writer's lock for a short time each.
#include "config.h"

#include <string.h>

#include "sqlite-content.h"
#include "sqlite-index.h"
#include "store-search-text.h"

// Of one transaction.
#define BATCH_CONTENTS 64
#define BATCH_BYTES (128 * 1024)
// A longer body stays out of the index, and is looked into each time.
#define BODY_BYTES_MAX (1024 * 1024)
// The index is made anew when most of what it names is gone.
#define STALE_MIN 1000

#define INDEX_OPTIONS                                                                              \
  " USING fts5 (text, content = '', columnsize = 0, detail = none,"                                \
  " tokenize = 'trigram case_sensitive 1');"

static const char make_sql[] = "CREATE VIRTUAL TABLE IF NOT EXISTS index_header" INDEX_OPTIONS
                               "CREATE VIRTUAL TABLE IF NOT EXISTS index_body" INDEX_OPTIONS;
static const char drop_sql[] = "DROP TABLE IF EXISTS index_header;"
                               "DROP TABLE IF EXISTS index_body;"
                               "DELETE FROM header_text; DELETE FROM unindexed;"
                               "UPDATE owner SET indexed_upto = 0, n_index_stale = 0;";

static const char *const fields[] = { "From", "To", "Cc", "Bcc", "Subject" };

typedef struct
{
  gint64 content;
  char *header;
  char *body; // NULL: too long.
  char *fields[G_N_ELEMENTS (fields)];
} Texts;

typedef struct
{
  gint64 upto; // Where it begins.
  GArray *texts;
  gsize n_bytes;
  gint64 last; // The last content looked at.
  gboolean is_end;
} Batch;

static void
texts_clear (gpointer data)
{
  Texts *self = data;

  g_free (self->header);
  g_free (self->body);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    g_free (self->fields[i]);
}

static void
batch_clear (Batch *self)
{
  g_clear_pointer (&self->texts, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

static gboolean
make_texts (WdContent *content, Texts *out_texts, GError **error)
{
  g_autoptr (GString) header = wd_search_text_read_header (content, error);

  if (header == NULL)
    return FALSE;
  out_texts->body = wd_search_text_dup_body (content, error);
  if (out_texts->body == NULL)
    return FALSE;
  out_texts->header = wd_search_text_dup_header (header);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    out_texts->fields[i] = wd_search_text_dup_field (header, fields[i]);
  if (strlen (out_texts->body) > BODY_BYTES_MAX)
    g_clear_pointer (&out_texts->body, g_free);
  return TRUE;
}

// One that cannot be read stays out of the index, like one that is too long.
static void
add_row (WdSqliteLease *lease, sqlite3_stmt *stmt, Batch *batch)
{
  Texts texts = { .content = sqlite3_column_int64 (stmt, 0) };
  g_autoptr (WdContent) content
      = wd_sqlite_content_open (lease, stmt, 1, WD_SQLITE_CONTENT_ANY_SIZE, NULL);

  if (content == NULL || !make_texts (content, &texts, NULL))
    {
      texts_clear (&texts);
      texts = (Texts){ .content = texts.content };
    }
  batch->last = texts.content;
  batch->n_bytes += (texts.header == NULL ? 0 : strlen (texts.header))
                    + (texts.body == NULL ? 0 : strlen (texts.body));
  g_array_append_val (batch->texts, texts);
}

static gboolean
get_upto (WdSqliteLease *lease, gint64 *out_upto, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "SELECT indexed_upto FROM owner", error);
  gboolean has_row;

  if (stmt == NULL || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
    return FALSE;
  *out_upto = has_row ? sqlite3_column_int64 (stmt, 0) : 0;
  return TRUE;
}

// Contents that no message refers to any more are not told apart: they are few.
static gboolean
read_batch (WdSqliteLease *lease, Batch *batch, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (
      lease->db,
      "SELECT d.content, i.tree, d.prefix, d.coding, d.text_len, d.parts, d.text FROM data d"
      " JOIN meta i ON i.content = d.content WHERE d.content > ?1 ORDER BY d.content",
      error);
  gboolean has_row;

  if (stmt == NULL || !get_upto (lease, &batch->upto, error))
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, batch->upto);
  while (batch->texts->len < BATCH_CONTENTS && batch->n_bytes < BATCH_BYTES)
    {
      if (!wd_sqlite_lease_check_cancelled (cancellable, error)
          || !wd_sqlite_db_step (lease->db, stmt, &has_row, error))
        return FALSE;
      if (!has_row)
        {
          batch->is_end = TRUE;
          break;
        }
      add_row (lease, stmt, batch);
    }
  return TRUE;
}

static gboolean
insert_text (
    WdSqliteLease *lease, const char *sql, gint64 content, const char *text, GError **error)
{
  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (lease->db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, content);
  if (text != NULL)
    wd_sqlite_db_bind_text (stmt, 2, text);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
insert_fields (WdSqliteLease *lease, const Texts *texts, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db,
                              "INSERT OR REPLACE INTO header_text"
                              " (content, h_from, h_to, h_cc, h_bcc, h_subject)"
                              " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                              error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, texts->content);
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    wd_sqlite_db_bind_text (stmt, (int) i + 2, texts->fields[i]);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

static gboolean
insert_texts (WdSqliteLease *lease, const Texts *texts, GError **error)
{
  if (texts->body == NULL)
    return insert_text (lease, "INSERT OR IGNORE INTO unindexed (content) VALUES (?1)",
                        texts->content, NULL, error);
  return insert_text (lease, "INSERT INTO index_header (rowid, text) VALUES (?1, ?2)",
                      texts->content, texts->header, error)
         && insert_text (lease, "INSERT INTO index_body (rowid, text) VALUES (?1, ?2)",
                         texts->content, texts->body, error)
         && insert_fields (lease, texts, error);
}

static gboolean
set_upto (WdSqliteLease *lease, gint64 upto, GError **error)
{
  g_auto (WdSqliteStmt) stmt
      = wd_sqlite_db_prepare (lease->db, "UPDATE owner SET indexed_upto = ?1", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, upto);
  return wd_sqlite_db_run (lease->db, stmt, error);
}

// Another process may have been at the same batch: then this one is for nothing.
static gboolean
write_batch (WdSqliteLease *lease, const Batch *batch, GError **error)
{
  gint64 upto;

  if (!get_upto (lease, &upto, error))
    return FALSE;
  if (upto != batch->upto)
    return TRUE;
  if (upto == 0 && !wd_sqlite_db_exec (lease->db, make_sql, error))
    return FALSE;
  for (guint i = 0; i < batch->texts->len; i++)
    if (!insert_texts (lease, &g_array_index (batch->texts, Texts, i), error))
      return FALSE;
  return set_upto (lease, batch->last, error) && wd_sqlite_lease_commit (lease, error);
}

static gboolean
index_batch (WdSqlitePool *pool,
             const WdId *user,
             gboolean *out_is_end,
             GCancellable *cancellable,
             GError **error)
{
  g_auto (Batch) batch = { .texts = g_array_new (FALSE, FALSE, sizeof (Texts)) };

  g_array_set_clear_func (batch.texts, texts_clear);
  {
    g_auto (WdSqliteLease) lease = { 0 };

    if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_READ, &lease, cancellable, error)
        || !read_batch (&lease, &batch, cancellable, error))
      return FALSE;
  }
  *out_is_end = batch.is_end;
  if (batch.texts->len == 0)
    return TRUE;

  g_auto (WdSqliteLease) lease = { 0 };

  return wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_WRITE, &lease, cancellable, error)
         && write_batch (&lease, &batch, error);
}

// Contentless tables cannot forget a text, so they are dropped when they are mostly of the past.
static gboolean
drop_if_stale (WdSqlitePool *pool, const WdId *user, GCancellable *cancellable, GError **error)
{
  g_auto (WdSqliteLease) lease = { 0 };

  if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_WRITE, &lease, cancellable, error))
    return FALSE;

  gboolean is_stale;
  {
    g_auto (WdSqliteStmt) stmt
        = wd_sqlite_db_prepare (lease.db,
                                "SELECT 1 FROM owner WHERE n_index_stale > ?1"
                                " AND n_index_stale > (SELECT count (*) FROM header_text)",
                                error);

    if (stmt == NULL)
      return FALSE;
    sqlite3_bind_int (stmt, 1, STALE_MIN);
    if (!wd_sqlite_db_step (lease.db, stmt, &is_stale, error))
      return FALSE;
  }
  return !is_stale
         || (wd_sqlite_db_exec (lease.db, drop_sql, error)
             && wd_sqlite_lease_commit (&lease, error));
}

gboolean
wd_sqlite_index_force (WdSqlitePool *pool,
                       const WdId *user,
                       GCancellable *cancellable,
                       GError **error)
{
  gboolean is_end = FALSE;

  if (!drop_if_stale (pool, user, cancellable, error))
    return FALSE;
  while (!is_end)
    if (!index_batch (pool, user, &is_end, cancellable, error))
      return FALSE;
  return TRUE;
}

gboolean
wd_sqlite_index_update (WdSqlitePool *pool,
                        const WdId *user,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (WdSqliteIndexState) state = { 0 };
  {
    g_auto (WdSqliteLease) lease = { 0 };

    if (!wd_sqlite_lease_begin_owner (pool, user, WD_SQLITE_READ, &lease, cancellable, error)
        || !wd_sqlite_index_get_state (&lease, &state, error))
      return FALSE;
  }
  return !state.is_searched || wd_sqlite_index_force (pool, user, cancellable, error);
}
