// SPDX-License-Identifier: EUPL-1.2
// What a search is to return: RETURN (…) (RFC 4731, 5182, 9394) and the ESEARCH response.
#pragma once

#include "imap-partial.h"
#include "imap-session.h"

enum
{
  WD_IMAP_RETURN_MIN = 1 << 0,
  WD_IMAP_RETURN_MAX = 1 << 1,
  WD_IMAP_RETURN_ALL = 1 << 2,
  WD_IMAP_RETURN_COUNT = 1 << 3,
  WD_IMAP_RETURN_SAVE = 1 << 4,
  WD_IMAP_RETURN_PARTIAL = 1 << 5,
};

typedef struct
{
  guint bits; // 0: there is no RETURN.
  WdImapPartial partial;
} WdImapReturn;

// Reads RETURN (…) and a space, if they are there. RETURN () is RETURN (ALL).
gboolean wd_imap_return_parse (WdImapParser *parser, WdImapReturn *out_return)
    G_GNUC_WARN_UNUSED_RESULT;

// Of what was found, that which is returned: what SAVE saves (RFC 5182 2.4), and whose mod-sequence
// is told (RFC 7162 3.1.10). Returns (transfer full).
WdUidSet *wd_imap_return_pick (const WdImapReturn *self, const WdUidSet *found)
    G_GNUC_WARN_UNUSED_RESULT;

// Writes the ESEARCH response, unless SAVE is all that is asked for. `modseq`: 0 is not told.
void wd_imap_return_write (const WdImapReturn *self,
                           WdImapSession *session,
                           const WdImapCommand *cmd,
                           const WdUidSet *found,
                           WdModseq modseq);
