// SPDX-License-Identifier: EUPL-1.2
// The search keys of a command, read against the selected mailbox: for SEARCH and what is like it.
#pragma once

#include "imap-search.h"
#include "imap-session.h"

// Reads up to the end of the arguments. `has_bare_charset`: as SORT and THREAD have it. *out_expr
// is (transfer full). FALSE: the tagged reply is set.
gboolean wd_imap_search_keys_parse (WdImapSession *session,
                                    WdImapCommand *cmd,
                                    gboolean has_bare_charset,
                                    WdSearchExpr **out_expr,
                                    gboolean *out_has_modseq) G_GNUC_WARN_UNUSED_RESULT;
