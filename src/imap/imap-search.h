// SPDX-License-Identifier: EUPL-1.2
// Search keys of RFC 3501 6.4.4 and its extensions, read into the store's expression tree.
#pragma once

#include "imap-parse.h"
#include "store-search.h"

// What the keys are read against.
typedef struct
{
  const WdUidSet *known;  // The session's messages: sequence numbers and UIDs.
  const WdUidSet *recent; // Those of them that are \Recent.
  const WdUidSet *saved;  // (nullable) "$".
  // The bit of a keyword; FALSE when no message can have it.
  gboolean (*find_keyword) (const char *name, WdFlags *out_flag, gpointer user_data);
  // (nullable) The messages with this EMAILID, (transfer full).
  WdUidSet *(*find_email_id) (const char *id, gpointer user_data);
  gpointer user_data;
  gboolean is_utf8_only;     // No CHARSET may be there (RFC 6855 3).
  gboolean has_bare_charset; // The charset comes first, without CHARSET before it (RFC 5256).

  // Of one command: set by the parser.
  char *charset;        // (nullable)
  gboolean bad_charset; // NO [BADCHARSET], not BAD.
  gboolean has_modseq;  // A MODSEQ key is among them (RFC 7162 3.1.5).
  guint n_keys;
  guint depth;
} WdImapSearch;

void wd_imap_search_clear (WdImapSearch *self);

// Reads [CHARSET …], or the bare charset, and search keys up to the end. *out_expr is (transfer
// full).
gboolean wd_imap_search_parse (WdImapSearch *self, WdImapParser *parser, WdSearchExpr **out_expr)
    G_GNUC_WARN_UNUSED_RESULT;
