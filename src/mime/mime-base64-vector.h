// SPDX-License-Identifier: EUPL-1.2
// Base64 in steps of 32 characters, where the processor has the instructions (AVX2).
#pragma once

#include <glib.h>

// Encodes the first of `n_triples` times three octets. Returns how many triples were done: all,
// or none where they are few or the instructions are missing.
gsize wd_mime_base64_vector_encode (const guint8 *source, gsize n_triples, char *out);

// Decodes the first of `n_quads` times four characters, up to one that is not of the alphabet.
// Returns how many quads were done. Writes no octet beyond those of `n_quads`.
gsize wd_mime_base64_vector_decode (const char *source, gsize n_quads, guint8 *out);
