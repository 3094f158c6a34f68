// SPDX-License-Identifier: EUPL-1.2
// The FETCH items that a row alone can answer. No printf here: this is the path of every row.
#include "config.h"

#include "imap-fetch-item.h"

#include "core-limits.h"
#include "imap-downgrade.h"
#include "imap-flags.h"
#include "imap-format.h"

static void
write_uid (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  char *p = wd_imap_format_reserve (out, 4 + WD_IMAP_FORMAT_NUMBER_LEN);

  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "UID ");
  wd_imap_format_commit (out, wd_imap_format_write_number (p, row->uid));
}

static void
write_internal_date (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  char *p = wd_imap_format_reserve (out, 13 + WD_IMAP_DATE_TIME_LEN);

  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "INTERNALDATE ");
  wd_imap_date_write (&writer->date, row->internal_date_ms, row->zone_minutes, p);
  wd_imap_format_commit (out, p + WD_IMAP_DATE_TIME_LEN);
}

static void
write_save_date (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  char *p = wd_imap_format_reserve (out, 9 + WD_IMAP_DATE_TIME_LEN);

  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "SAVEDATE ");
  wd_imap_date_write (&writer->date, row->save_date_ms, 0, p);
  wd_imap_format_commit (out, p + WD_IMAP_DATE_TIME_LEN);
}

static void
write_size (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  char *p = wd_imap_format_reserve (out, 12 + WD_IMAP_FORMAT_NUMBER_LEN);

  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "RFC822.SIZE ");
  wd_imap_format_commit (out, wd_imap_format_write_number (p, row->size_bytes));
}

static void
write_modseq (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  char *p = wd_imap_format_reserve (out, 9 + WD_IMAP_FORMAT_NUMBER_LEN);

  p = WD_IMAP_FORMAT_WRITE_LITERAL (p, "MODSEQ (");
  p = wd_imap_format_write_number (p, row->modseq);
  wd_imap_format_commit (out, WD_IMAP_FORMAT_WRITE_LITERAL (p, ")"));
}

// Lists made when the message came in; an index that lacks one says NIL.
typedef struct
{
  const char *name;
  gsize name_len;
  void (*downgrade) (const char *list, gsize len, GString *out);
} List;

static void
write_list (
    const WdImapRowWriter *writer, const List *list, const char *text, gsize len, GString *out)
{
  char *p;

  if (text == NULL || len == 0)
    {
      text = "NIL";
      len = 3;
    }
  p = wd_imap_format_reserve (out, list->name_len + len);
  p = wd_imap_format_write (p, list->name, list->name_len);
  if (!writer->is_utf8 && wd_imap_downgrade_is_needed (text, len))
    {
      wd_imap_format_commit (out, p);
      list->downgrade (text, len, out);
      return;
    }
  wd_imap_format_commit (out, wd_imap_format_write (p, text, len));
}

static void
write_envelope (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  static const List list = { "ENVELOPE ", 9, wd_imap_downgrade_envelope };

  write_list (writer, &list, row->envelope, row->envelope_len, out);
}

static void
write_body (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  static const List list = { "BODY ", 5, wd_imap_downgrade_structure };

  write_list (writer, &list, row->body, row->body_len, out);
}

static void
write_body_structure (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  static const List list = { "BODYSTRUCTURE ", 14, wd_imap_downgrade_structure };

  write_list (writer, &list, row->body_structure, row->body_structure_len, out);
}

// RFC 8474.
static void
write_email_id (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  char hex[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (&row->id, hex);
  g_string_append (out, "EMAILID (");
  g_string_append (out, hex);
  g_string_append_c (out, ')');
}

// RFC 8474 5.3: NIL where threads are not kept.
static void
write_thread_id (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  g_string_append (out, "THREADID NIL");
}

// RFC 8970. NIL where none can be made.
static void
write_preview (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  g_string_append (out, "PREVIEW ");
  wd_imap_format_nstring (out, row->preview);
}

static const WdImapFetchItem items[] = {
  { "FLAGS", WD_FETCH_FLAGS, WD_IMAP_FETCH_IS_FLAGS, wd_imap_fetch_plan_write_flags },
  { "UID", WD_FETCH_FLAGS, WD_IMAP_FETCH_IS_UID, write_uid },
  { "INTERNALDATE", WD_FETCH_FLAGS, 0, write_internal_date },
  { "RFC822.SIZE", WD_FETCH_FLAGS, 0, write_size },
  { "ENVELOPE", WD_FETCH_INDEX, 0, write_envelope },
  { "BODY", WD_FETCH_INDEX, 0, write_body },
  { "BODYSTRUCTURE", WD_FETCH_INDEX, 0, write_body_structure },
  { "MODSEQ", WD_FETCH_FLAGS, WD_IMAP_FETCH_IS_MODSEQ, write_modseq },
  { "EMAILID", WD_FETCH_FLAGS, 0, write_email_id },
  { "THREADID", WD_FETCH_FLAGS, 0, write_thread_id },
  { "PREVIEW", WD_FETCH_PREVIEW, 0, write_preview },
  { "SAVEDATE", WD_FETCH_FLAGS, 0, write_save_date },
};

G_STATIC_ASSERT (G_N_ELEMENTS (items) <= WD_IMAP_FETCH_MAX_ITEMS);

const WdImapFetchItem *
wd_imap_fetch_item_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (items); i++)
    if (strcmp (items[i].name, name) == 0)
      return &items[i];
  return NULL;
}

void
wd_imap_fetch_item_append_flags (
    GString *out, WdFlags flags, gboolean is_recent, const char *const *keywords, guint n_keywords)
{
  gsize start = out->len;

  wd_imap_flags_append_system (out, flags);
  if (is_recent)
    g_string_append (out, out->len > start ? " \\Recent" : "\\Recent");
  for (guint i = 0; i < MIN (n_keywords, WD_LIMIT_KEYWORDS); i++)
    {
      if ((flags & WD_FLAG_KEYWORD (i)) == 0)
        continue;
      if (out->len > start)
        g_string_append_c (out, ' ');
      g_string_append (out, keywords[i]);
    }
}
