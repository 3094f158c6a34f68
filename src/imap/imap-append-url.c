// SPDX-License-Identifier: EUPL-1.2
// Octets of other messages for a new one.
#include "config.h"

#include "imap-append-url.h"

#include "core-limits.h"
#include "imap-mailbox.h"
#include "imap-url.h"
#include "mime-header.h"

// Octets that are read at once.
#define SLICE_BYTES (128 * 1024)

static gboolean
take_content (WdMessageRow *row, gpointer user_data)
{
  *(WdContent **) user_data = g_steal_pointer (&row->content);
  return FALSE;
}

// The mailbox, if it is the one that the URL means.
static gboolean
find_mailbox (WdImapSession *session, const WdImapUrl *url, WdId *out_id)
{
  g_autoptr (WdMailboxInfo) info = NULL;

  if (url->path == NULL)
    {
      if (session->view == NULL)
        return FALSE;
      *out_id = session->view->mailbox;
      return TRUE;
    }
  info = wd_imap_mailbox_get (session, url->path, NULL);
  if (info == NULL || (url->uidvalidity != 0 && url->uidvalidity != info->uidvalidity))
    return FALSE;
  *out_id = info->id;
  return TRUE;
}

// (nullable): NULL without an error when there is none.
static WdContent *
open_message (WdImapSession *session, const WdImapUrl *url, GError **error)
{
  g_autoptr (WdUidSet) uids = wd_uidset_new_range (url->uid, url->uid);
  WdContent *content = NULL;
  WdId mailbox;

  if (!find_mailbox (session, url, &mailbox))
    return NULL;
  if (!wd_store_fetch (session->server->store, &session->actor, &mailbox, uids, WD_FETCH_CONTENT, 0,
                       take_content, &content, wd_imap_session_get_cancellable (session), error))
    return NULL;
  return content;
}

static gboolean
check_room (guint64 size_bytes, guint64 room_bytes, GError **error)
{
  if (size_bytes <= room_bytes)
    return TRUE;
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_OVER_QUOTA, "no room for the part");
  return FALSE;
}

static gboolean
write_range (WdContent *content, WdIncoming *incoming, guint64 start, guint64 end, GError **error)
{
  while (start < end)
    {
      g_autoptr (GString) slice = g_string_new (NULL);

      if (!wd_content_read (content, start, (gsize) MIN (end - start, SLICE_BYTES), slice, error))
        return FALSE;
      if (slice->len == 0)
        {
          g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT,
                               "message is shorter than its size");
          return FALSE;
        }
      if (!wd_incoming_write (incoming, slice->str, slice->len, error))
        return FALSE;
      start += slice->len;
    }
  return TRUE;
}

static void
cut (const WdImapUrl *url, guint64 *inout_start, guint64 *inout_end)
{
  *inout_start += MIN (url->first, *inout_end - *inout_start);
  if (*inout_end - *inout_start > url->max_bytes)
    *inout_end = *inout_start + url->max_bytes;
}

// HEADER.FIELDS…
static gboolean
write_filtered (const WdImapUrl *url,
                WdContent *content,
                WdIncoming *incoming,
                guint64 start,
                guint64 end,
                guint64 room_bytes,
                guint64 *out_size_bytes,
                GError **error)
{
  const WdImapSection *section = url->section;
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  guint64 from = 0;
  guint64 to;

  if (!wd_content_read (content, start, (gsize) MIN (end - start, WD_LIMIT_MIME_HEADER_BYTES),
                        header, error))
    return FALSE;
  wd_mime_header_filter (header->str, header->len, (const char *const *) section->fields,
                         section->kind == WD_IMAP_SECTION_HEADER_FIELDS_NOT, text);
  to = text->len;
  cut (url, &from, &to);
  *out_size_bytes = to - from;
  return check_room (to - from, room_bytes, error)
         && wd_incoming_write (incoming, text->str + from, (gsize) (to - from), error);
}

gboolean
wd_imap_append_url_write (WdImapSession *session,
                          const char *text,
                          WdIncoming *incoming,
                          guint64 room_bytes,
                          guint64 *out_size_bytes,
                          gboolean *out_is_bad,
                          GError **error)
{
  g_auto (WdImapUrl) url = { 0 };
  g_autoptr (WdContent) content = NULL;
  g_autoptr (GError) failure = NULL;
  const WdMimeTree *tree;
  guint64 start = 0;
  guint64 end;

  *out_is_bad = !wd_imap_url_parse (text, &url);
  if (*out_is_bad)
    return FALSE;
  content = open_message (session, &url, &failure);
  if (failure != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  tree = content != NULL ? wd_content_get_tree (content) : NULL;
  *out_is_bad = content == NULL
                || (url.section != NULL
                    && (tree == NULL || !wd_imap_section_find (url.section, tree, &start, &end)));
  if (*out_is_bad)
    return FALSE;
  if (url.section == NULL)
    end = wd_content_get_size_bytes (content);
  else if (wd_imap_section_is_filtered (url.section))
    return write_filtered (&url, content, incoming, start, end, room_bytes, out_size_bytes, error);
  cut (&url, &start, &end);
  *out_size_bytes = end - start;
  return check_room (end - start, room_bytes, error)
         && write_range (content, incoming, start, end, error);
}
