// SPDX-License-Identifier: EUPL-1.2
// What the header of a part says of its body, with the pieces of BODYSTRUCTURE that follow from it.
#pragma once

#include "mime-fields.h"
#include "mime-tree.h"

// A piece of the text that all parts share. An offset of 0 and no length: none.
typedef struct
{
  gsize start;
  gsize len;
} WdMimeSpan;

typedef struct
{
  WdMimeKind kind;         // What it is to be: the indexer may find that it cannot.
  WdMimeEncoding encoding; // As the header says: of a leaf only.
  guint8 flags;
  WdMimeSpan type;       // text/plain
  WdMimeSpan charset;    // UTF-8
  WdMimeSpan params;     // ("charset" "UTF-8") or NIL
  WdMimeSpan id_to_enc;  // body-fld-id SP body-fld-desc SP body-fld-enc
  WdMimeSpan md5;        // body-fld-md5
  WdMimeSpan dsp_to_loc; // body-fld-dsp SP body-fld-lang SP body-fld-loc
} WdMimeEntity;

// Appends the pieces to `text`. `is_in_digest`: the default is message/rfc822 (RFC 2046 5.1.5).
// Sets `out_boundary` for a multipart.
void wd_mime_entity_read (const WdMimeFields *fields,
                          gboolean is_in_digest,
                          GString *text,
                          GString *out_boundary,
                          WdMimeEntity *out);

// Makes it application/octet-stream, what a multipart or message becomes that is none.
void wd_mime_entity_degrade (WdMimeEntity *self, GString *text);

// Sets it to what octets without a header of their own are.
void wd_mime_entity_set_opaque (WdMimeEntity *self, GString *text);
