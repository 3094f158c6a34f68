// SPDX-License-Identifier: EUPL-1.2
// The stored form of a part tree.
//
// Version 1: one octet 1; one octet of flags (1: a sent date follows: zigzag day, zigzag
// milliseconds); the number of parts; then each part in pre-order: one octet kind | encoding << 2 |
// flags << 4; number of children (not of a leaf); octets between the point where the last part
// before it in the same body (or its parent's body) ended and its header; header octets; body
// octets; body lines; type; charset. Numbers are LEB128; a text is the index + 1 of a well-known
// one, or 0, its length and its octets (charset: index 1 is none).
#pragma once

#include "mime-tree.h"

GBytes *wd_mime_tree_codec_write (const WdMimeTree *tree) G_GNUC_WARN_UNUSED_RESULT;
WdMimeTree *wd_mime_tree_codec_read (const void *data, gsize len, guint64 size_bytes, guint64 shift)
    G_GNUC_WARN_UNUSED_RESULT;
