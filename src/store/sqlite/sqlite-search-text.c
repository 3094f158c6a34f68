// SPDX-License-Identifier: EUPL-1.2
// The texts of one message while it is looked at.
#include "config.h"

#include <string.h>

#include "sqlite-content.h"
#include "sqlite-search.h"
#include "store-search-text.h"

struct _WdSqliteSearchTexts
{
  WdSqliteLease *lease;
  gint64 indexed_upto;
  gint64 id;
  WdContent *content; // What follows is of it, NULL until asked for.
  GString *header;
  char *folded_header;
  GString *folded_body; // As far as it was needed: up to `next_part`.
  guint next_part;
  gboolean is_body_whole;
};

static void
forget (WdSqliteSearchTexts *self)
{
  g_clear_pointer (&self->content, wd_content_free);
  if (self->header != NULL)
    g_string_free (g_steal_pointer (&self->header), TRUE);
  g_clear_pointer (&self->folded_header, g_free);
  if (self->folded_body != NULL)
    g_string_free (g_steal_pointer (&self->folded_body), TRUE);
  self->next_part = 0;
  self->is_body_whole = FALSE;
}

WdSqliteSearchTexts *
wd_sqlite_search_text_new (WdSqliteLease *lease, gint64 indexed_upto)
{
  WdSqliteSearchTexts *self = g_new0 (WdSqliteSearchTexts, 1);

  self->lease = lease;
  self->indexed_upto = indexed_upto;
  return self;
}

void
wd_sqlite_search_text_free (WdSqliteSearchTexts *self)
{
  if (self == NULL)
    return;
  forget (self);
  g_free (self);
}

void
wd_sqlite_search_text_set (WdSqliteSearchTexts *self, gint64 content)
{
  if (self->id != content)
    forget (self);
  self->id = content;
}

static gboolean
load_content (WdSqliteSearchTexts *self, GError **error)
{
  if (self->content == NULL)
    self->content = wd_sqlite_content_load (self->lease, self->id, error);
  return self->content != NULL;
}

static gboolean
load_header (WdSqliteSearchTexts *self, GError **error)
{
  if (self->header != NULL)
    return TRUE;
  if (!load_content (self, error))
    return FALSE;
  self->header = wd_search_text_read_header (self->content, error);
  return self->header != NULL;
}

static gboolean
has_text (const char *value, const char *text)
{
  return value != NULL && strstr (value, text) != NULL;
}

// The fields that the index keeps, and what reads each.
static const struct
{
  const char *field;
  const char *sql;
} kept[] = {
  { "from", "SELECT h_from FROM header_text WHERE content = ?1" },
  { "to", "SELECT h_to FROM header_text WHERE content = ?1" },
  { "cc", "SELECT h_cc FROM header_text WHERE content = ?1" },
  { "bcc", "SELECT h_bcc FROM header_text WHERE content = ?1" },
  { "subject", "SELECT h_subject FROM header_text WHERE content = ?1" },
};

static gboolean
match_kept (WdSqliteSearchTexts *self,
            const char *field,
            const char *text,
            gboolean *out_known,
            gboolean *out_match,
            GError **error)
{
  gsize i = 0;

  *out_known = FALSE;
  while (i < G_N_ELEMENTS (kept) && g_ascii_strcasecmp (kept[i].field, field) != 0)
    i++;
  if (i == G_N_ELEMENTS (kept) || self->id > self->indexed_upto)
    return TRUE;

  g_auto (WdSqliteStmt) stmt = wd_sqlite_db_prepare (self->lease->db, kept[i].sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, self->id);
  if (!wd_sqlite_db_step (self->lease->db, stmt, out_known, error))
    return FALSE;
  if (*out_known)
    *out_match = has_text ((const char *) sqlite3_column_text (stmt, 0), text);
  return TRUE;
}

gboolean
wd_sqlite_search_text_match_field (WdSqliteSearchTexts *self,
                                   const char *field,
                                   const char *text,
                                   gboolean *out_match,
                                   GError **error)
{
  gboolean is_known;

  if (!match_kept (self, field, text, &is_known, out_match, error))
    return FALSE;
  if (is_known)
    return TRUE;
  if (!load_header (self, error))
    return FALSE;

  g_autofree char *values = wd_search_text_dup_field (self->header, field);

  *out_match = has_text (values, text);
  return TRUE;
}

gboolean
wd_sqlite_search_text_match_header (WdSqliteSearchTexts *self,
                                    const char *text,
                                    gboolean *out_match,
                                    GError **error)
{
  if (!load_header (self, error))
    return FALSE;
  if (self->folded_header == NULL)
    self->folded_header = wd_search_text_dup_header (self->header);
  *out_match = has_text (self->folded_header, text);
  return TRUE;
}

// The next piece of the body.
static gboolean
read_more (WdSqliteSearchTexts *self, GError **error)
{
  g_autofree char *piece = NULL;

  if (!wd_search_text_next_piece (self->content, &self->next_part, &piece, error))
    return FALSE;
  if (piece == NULL)
    self->is_body_whole = TRUE;
  else
    g_string_append (self->folded_body, piece);
  return TRUE;
}

gboolean
wd_sqlite_search_text_match_body (WdSqliteSearchTexts *self,
                                  const char *text,
                                  gboolean *out_match,
                                  GError **error)
{
  gsize len = strlen (text);
  gsize looked_at = 0;

  if (!load_content (self, error))
    return FALSE;
  if (self->folded_body == NULL)
    self->folded_body = g_string_new (NULL);
  // The same text often stands in the first part, and again in a much longer one in HTML.
  for (;;)
    {
      *out_match = strstr (self->folded_body->str + looked_at, text) != NULL;
      if (*out_match || self->is_body_whole)
        return TRUE;
      // It may lie across the seam.
      looked_at = self->folded_body->len - MIN (self->folded_body->len, len);
      if (!read_more (self, error))
        return FALSE;
    }
}
