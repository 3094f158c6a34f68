// SPDX-License-Identifier: EUPL-1.2
// IMAP's parenthesised lists as arrays in a document, which is how WildDuck keeps ENVELOPE and
// BODYSTRUCTURE.
#pragma once

#include "mongo-bson.h"

// Appends a whole list: numbers as integers, NIL as null, strings as text, or as binary where they
// are not UTF-8. What is no list becomes an empty array. Bounded in depth; linear.
void wd_mongo_imap_add_list (bson_t *doc, const char *key, const char *text, gsize len);
