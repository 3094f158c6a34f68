// SPDX-License-Identifier: EUPL-1.2
// partial-range of RFC 9394.
#include "config.h"

#include "imap-partial.h"

gboolean
wd_imap_partial_parse (WdImapParser *parser, WdImapPartial *out_partial)
{
  out_partial->is_from_end = wd_imap_parse_skip (parser, '-');
  if (!wd_imap_parse_nz_number (parser, &out_partial->first) || !wd_imap_parse_expect (parser, ':'))
    return FALSE;
  if (out_partial->is_from_end && !wd_imap_parse_expect (parser, '-'))
    return FALSE;
  return wd_imap_parse_nz_number (parser, &out_partial->last);
}

void
wd_imap_partial_append (const WdImapPartial *self, GString *out)
{
  const char *sign = self->is_from_end ? "-" : "";

  g_string_append_printf (out, "%s%u:%s%u", sign, self->first, sign, self->last);
}

gboolean
wd_imap_partial_resolve (const WdImapPartial *self,
                         guint32 n,
                         guint32 *out_first,
                         guint32 *out_last)
{
  // In either order (RFC 9394 3.1).
  guint32 first = MIN (self->first, self->last);
  guint32 last = MIN (MAX (self->first, self->last), n);

  if (first > n)
    return FALSE;
  *out_first = self->is_from_end ? n - last + 1 : first;
  *out_last = self->is_from_end ? n - first + 1 : last;
  return TRUE;
}

void
wd_imap_partial_cut (const WdImapPartial *self, WdUidSet *uids)
{
  guint32 n = wd_uidset_get_count (uids);
  guint32 first;
  guint32 last;

  if (!wd_imap_partial_resolve (self, n, &first, &last))
    {
      wd_uidset_clear (uids);
      return;
    }
  // From the end, so that positions stay.
  if (last < n)
    wd_uidset_remove_range (uids, wd_uidset_get_uid (uids, (WdSeq){ last + 1 }), G_MAXUINT32);
  if (first > 1)
    wd_uidset_remove_range (uids, 1, wd_uidset_get_uid (uids, (WdSeq){ first - 1 }));
}
