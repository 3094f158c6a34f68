// SPDX-License-Identifier: EUPL-1.2
// A message that WildDuck wrote, put together from its tree: octet for octet what WildDuck itself
// sends, which is what it was given wherever it kept the octets.
#pragma once

#include "mongo-call.h"
#include "store-parts.h"

// `doc` has mimeTree and size. `out_text` (transfer full): the message without the parts.
// `out_parts` (transfer full): array of WdStorePart, ascending. CORRUPT, UNAVAILABLE.
gboolean wd_mongo_rebuild_message (WdMongoCall *call,
                                   const bson_t *doc,
                                   GByteArray **out_text,
                                   GArray **out_parts,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
