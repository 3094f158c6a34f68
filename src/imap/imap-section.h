// SPDX-License-Identifier: EUPL-1.2
// BODY[section]<partial> of FETCH (RFC 3501 6.4.5): read, named in responses, and found in a
// message.
#pragma once

#include "imap-parse.h"
#include "mime-tree.h"

typedef enum
{
  WD_IMAP_SECTION_ALL, // The message, or the body of a part.
  WD_IMAP_SECTION_HEADER,
  WD_IMAP_SECTION_HEADER_FIELDS,
  WD_IMAP_SECTION_HEADER_FIELDS_NOT,
  WD_IMAP_SECTION_TEXT,
  WD_IMAP_SECTION_MIME,
} WdImapSectionKind;

typedef struct
{
  WdImapSectionKind kind;
  GArray *path;       // (element-type guint32): part numbers.
  GStrv fields;       // Names, for HEADER_FIELDS…
  gboolean peek;      // Does not set \Seen.
  gboolean is_binary; // BINARY (RFC 3516): without its transfer encoding.
  gboolean is_size;   // BINARY.SIZE: only how much that is.
  gboolean has_partial;
  guint32 first;     // Of the partial.
  guint32 max_bytes; // Of the partial.
  char *label;       // As it is named in the response: BODY[1.MIME]<0>.
} WdImapSection;

void wd_imap_section_free (WdImapSection *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapSection, wd_imap_section_free)

// Reads what follows BODY or BODY.PEEK, from its '['. *out_section is (transfer full).
gboolean wd_imap_section_parse (WdImapParser *parser, gboolean peek, WdImapSection **out_section)
    G_GNUC_WARN_UNUSED_RESULT;

// Reads what follows BINARY, BINARY.PEEK or BINARY.SIZE (RFC 3516 4.2).
gboolean wd_imap_section_parse_binary (WdImapParser *parser,
                                       gboolean peek,
                                       gboolean is_size,
                                       WdImapSection **out_section) G_GNUC_WARN_UNUSED_RESULT;

// A section under a name of its own: RFC822, RFC822.HEADER, RFC822.TEXT.
WdImapSection *wd_imap_section_new (const char *label, WdImapSectionKind kind, gboolean peek)
    G_GNUC_WARN_UNUSED_RESULT;

// Where it lies in a message. FALSE: there is no such part, which is NIL. For HEADER_FIELDS… the
// range is that of the header to be filtered.
gboolean wd_imap_section_find (const WdImapSection *self,
                               const WdMimeTree *tree,
                               guint64 *out_start,
                               guint64 *out_end) G_GNUC_WARN_UNUSED_RESULT;

// Cuts a range to the partial.
void wd_imap_section_cut (const WdImapSection *self, guint64 *inout_start, guint64 *inout_end);

// TRUE for HEADER_FIELDS…: the text is made from the range, not part of the message.
gboolean wd_imap_section_is_filtered (const WdImapSection *self);
