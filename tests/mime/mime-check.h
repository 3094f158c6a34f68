// SPDX-License-Identifier: EUPL-1.2
// What is true of the index of any octets: shared by the unit tests and the fuzz targets.
#pragma once

#include "mime-indexer.h"

// Indexes in chunks: of `chunk` octets, or 0: of random sizes.
WdMimeTree *mime_check_index (const char *data, gsize len, gsize chunk);

// Aborts unless: the parts lie within each other and cover what they should, lines are counted
// right, ENVELOPE, BODY and BODYSTRUCTURE are what their grammar says and agree with the tree, and
// encoding and decoding lose nothing.
void mime_check_tree (const WdMimeTree *tree, const char *data, gsize len);

// The last of these alone, for a tree of a message of `len` octets that are not at hand.
void mime_check_stored (const WdMimeTree *tree, gsize len);

// Aborts unless a list of address structures, or NIL, stands at *inout_p, and moves past it.
void mime_check_addresses (const char **inout_p, const char *end);

// Aborts unless both trees are the same in all.
void mime_check_equal (const WdMimeTree *a, const WdMimeTree *b);

// The parts with their offsets as one text.
char *mime_check_dump (const WdMimeTree *tree);

// One file of tests/mime/corpus.
typedef void (*MimeCheckFunc) (const char *name, const char *data, gsize len);
void mime_check_foreach (MimeCheckFunc func);

// Reads one IMAP string, number, NIL or list at *inout_p and moves past it. Aborts when there is
// none. Of a string, its value is appended to `out_value` (nullable). Returns the first octet of it
// ('"' for strings of both kinds).
char mime_check_read (const char **inout_p, const char *end, GString *out_value);
