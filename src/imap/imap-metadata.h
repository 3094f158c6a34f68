// SPDX-License-Identifier: EUPL-1.2
// Annotations on the wire (RFC 5464): names, values, and the METADATA response.
#pragma once

#include "imap-session.h"

// Reads an entry name, in lower case. (transfer full)
gboolean wd_imap_metadata_parse_name (WdImapParser *parser, char **out_name)
    G_GNUC_WARN_UNUSED_RESULT;

// Reads one name or a list of them. *out_names: (transfer full) (element-type utf8).
gboolean wd_imap_metadata_parse_names (WdImapParser *parser, GPtrArray **out_names)
    G_GNUC_WARN_UNUSED_RESULT;

// Reads nstring / literal8. *out_value is (transfer full), NULL for NIL.
gboolean wd_imap_metadata_parse_value (WdImapParser *parser, GBytes **out_value)
    G_GNUC_WARN_UNUSED_RESULT;

// How far below the names, and up to which size.
typedef struct
{
  guint depth; // 0, 1, or G_MAXUINT for infinity.
  guint64 max_bytes;
} WdImapMetadataOptions;

// Writes the response with those of `entries` (element-type WdMetadata) that are called so; a name
// that has no value is NIL. Nothing to say: no response. Returns the size of the longest value that
// was left out, 0 for none.
guint64 wd_imap_metadata_write (WdImapSession *session,
                                const char *path,
                                const GPtrArray *names,
                                const WdImapMetadataOptions *options,
                                const GPtrArray *entries);
