// SPDX-License-Identifier: EUPL-1.2
// VANISHED responses.
#include "config.h"

#include "imap-vanished.h"

#include "imap-format.h"

// A response with many runs becomes several: RFC 7162 4 expects lines of 8192 octets to be taken.
#define LINE_BYTES 8000

static void
append_range (GString *out, const WdUidRange *range)
{
  wd_imap_format_number (out, range->first);
  if (range->last == range->first)
    return;
  g_string_append_c (out, ':');
  wd_imap_format_number (out, range->last);
}

static void
write_line (GString *out, WdUidSet *uids, gboolean is_earlier)
{
  gsize start = out->len;
  guint n_ranges;
  const WdUidRange *ranges = wd_uidset_get_ranges (uids, &n_ranges);
  WdUid last = 0;

  g_string_append (out, is_earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
  for (guint i = 0; i < n_ranges && out->len - start < LINE_BYTES; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      append_range (out, &ranges[i]);
      last = ranges[i].last;
    }
  g_string_append (out, "\r\n");
  wd_uidset_remove_range (uids, 1, last);
}

WdStep
wd_imap_vanished_write (WdImapSession *session, WdUidSet *uids, gboolean is_earlier)
{
  GString *out = wd_imap_session_get_output (session);

  while (!wd_uidset_is_empty (uids))
    {
      if (wd_imap_session_is_output_full (session))
        return WD_MORE;
      write_line (out, uids, is_earlier);
    }
  return WD_DONE;
}

void
wd_imap_vanished_find (const WdImapView *view, const WdMailboxChanges *changes, WdUidSet *uids)
{
  if (changes != NULL && changes->is_complete)
    wd_uidset_intersect (uids, changes->expunged);
  else
    // There never was one from here on.
    wd_uidset_remove_range (uids, view->uidnext, G_MAXUINT32);
  wd_uidset_remove_set (uids, view->uids);
}
