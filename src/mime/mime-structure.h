// SPDX-License-Identifier: EUPL-1.2
// BODY and BODYSTRUCTURE of a part tree (RFC 3501 7.4.2).
#pragma once

#include "mime-entity.h"

// A part on its way to the tree.
typedef struct
{
  WdMimePart part; // Without its type and charset.
  WdMimeEntity entity;
  WdMimeSpan envelope; // Of the root and of a message within.
} WdMimeIndexPart;

// Appends the list of parts[index]: BODY, or with `is_extended` BODYSTRUCTURE. `text` holds the
// spans of the entities and is not `out`. Recurses as deep as the tree is (WD_LIMIT_MIME_DEPTH).
void wd_mime_structure_append (const WdMimeIndexPart *parts,
                               guint32 index,
                               gboolean is_extended,
                               const GString *text,
                               GString *out);
