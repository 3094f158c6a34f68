// SPDX-License-Identifier: EUPL-1.2
// The tokens of RFC 3501 section 9, read from one whole command: its lines and literals as they
// were sent, without the final line end. Knows no session. Input is any octets; nothing here reads
// past `len` or recurses.
#pragma once

#include <glib.h>

typedef struct
{
  const char *data;
  gsize len;
  gsize pos;
  guint depth;       // Open parentheses.
  gboolean is_utf8;  // Mailbox names are UTF-8, not modified UTF-7 (RFC 6855, RFC 9051).
  const char *error; // What was wrong with the first thing that failed; static text, for BAD.
} WdImapParser;

void wd_imap_parse_init (WdImapParser *self, const char *data, gsize len);

// Notes `error` unless there is one, and returns FALSE.
gboolean wd_imap_parse_fail (WdImapParser *self, const char *error);

// The next octet, or -1 at the end.
int wd_imap_parse_peek (const WdImapParser *self);
gboolean wd_imap_parse_is_at_end (const WdImapParser *self);

// Takes `c` if it comes next.
gboolean wd_imap_parse_skip (WdImapParser *self, char c);
// Takes the word if it comes next, in any case, and no atom octet follows it.
gboolean wd_imap_parse_skip_word (WdImapParser *self, const char *word);

// The same, but it has to be there.
gboolean wd_imap_parse_expect (WdImapParser *self, char c) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_parse_space (WdImapParser *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_parse_end (WdImapParser *self) G_GNUC_WARN_UNUSED_RESULT;

// Parentheses, at most WD_LIMIT_IMAP_NESTING deep.
gboolean wd_imap_parse_open (WdImapParser *self) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_parse_close (WdImapParser *self) G_GNUC_WARN_UNUSED_RESULT;

// Borrowed from the command.
gboolean wd_imap_parse_tag (WdImapParser *self, const char **out_tag, gsize *out_len)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_parse_atom (WdImapParser *self, const char **out_atom, gsize *out_len)
    G_GNUC_WARN_UNUSED_RESULT;
// An atom of letters, digits, '.' , '-' and '=' in upper case: names of commands, items and keys.
// Stops before anything else, as in BODY[…]. At most 31 octets.
gboolean wd_imap_parse_name (WdImapParser *self, char out_name[32]) G_GNUC_WARN_UNUSED_RESULT;

gboolean wd_imap_parse_number (WdImapParser *self, guint32 *out_number) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_parse_nz_number (WdImapParser *self, guint32 *out_number)
    G_GNUC_WARN_UNUSED_RESULT;
// Up to 2^63 - 1 (RFC 7162 mod-sequence-value, RFC 9051 number64).
gboolean wd_imap_parse_number64 (WdImapParser *self, guint64 *out_number) G_GNUC_WARN_UNUSED_RESULT;

// Strings. Never with a NUL in them, so that the copy is NUL-terminated text (transfer full).
// Octets above 127 are taken in quoted strings and literals.
gboolean wd_imap_parse_string (WdImapParser *self, char **out_text) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_parse_astring (WdImapParser *self, char **out_text) G_GNUC_WARN_UNUSED_RESULT;
// *out_text is NULL for NIL.
gboolean wd_imap_parse_nstring (WdImapParser *self, char **out_text) G_GNUC_WARN_UNUSED_RESULT;
// An astring that may have wildcards in it (RFC 3501 list-mailbox).
gboolean wd_imap_parse_list_mailbox (WdImapParser *self, char **out_text) G_GNUC_WARN_UNUSED_RESULT;

// What stands before the octets of a literal: {n}, {n+}, {n-}, each with ~ before it for literal8.
typedef struct
{
  guint64 size_bytes;
  gboolean is_sync;
  gboolean is_literal8;
} WdImapLiteral;

// Takes a literal's header and the line end behind it, not its octets.
gboolean wd_imap_parse_literal (WdImapParser *self, WdImapLiteral *out_literal)
    G_GNUC_WARN_UNUSED_RESULT;

// Whether a line (without its line end) ends in a literal's header, and where that begins.
gboolean wd_imap_parse_ends_in_literal (const char *line,
                                        gsize len,
                                        WdImapLiteral *out_literal,
                                        gsize *out_start) G_GNUC_WARN_UNUSED_RESULT;

// Whether every octet of `text` may stand in an atom, and there is one.
gboolean wd_imap_parse_is_atom (const char *text, gsize len);
