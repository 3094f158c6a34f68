// SPDX-License-Identifier: EUPL-1.2
// partial-range of RFC 9394: a slice of results, by position from either end.
#pragma once

#include "imap-parse.h"
#include "store-uidset.h"

typedef struct
{
  guint32 first; // As it was written, without its sign.
  guint32 last;
  gboolean is_from_end; // -1 is the last.
} WdImapPartial;

gboolean wd_imap_partial_parse (WdImapParser *parser, WdImapPartial *out_partial)
    G_GNUC_WARN_UNUSED_RESULT;

// Appends it as it was written.
void wd_imap_partial_append (const WdImapPartial *self, GString *out);

// The positions, from 1, that it means among `n` results. FALSE: none.
gboolean wd_imap_partial_resolve (const WdImapPartial *self,
                                  guint32 n,
                                  guint32 *out_first,
                                  guint32 *out_last);

// Cuts the set to the slice.
void wd_imap_partial_cut (const WdImapPartial *self, WdUidSet *uids);
