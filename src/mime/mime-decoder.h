// SPDX-License-Identifier: EUPL-1.2
// Undoes a transfer encoding a piece at a time, so that a part of any size takes bounded memory.
#pragma once

#include "mime-tree.h"

typedef struct _WdMimeDecoder WdMimeDecoder;

WdMimeDecoder *wd_mime_decoder_new (WdMimeEncoding encoding) G_GNUC_WARN_UNUSED_RESULT;
void wd_mime_decoder_free (WdMimeDecoder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMimeDecoder, wd_mime_decoder_free)

// Appends what the piece completes to `out`: at most as many octets as it has, and a few. Never
// fails: what is not base64 or quoted-printable is passed over as its RFC says. How the input is
// cut makes no difference.
void wd_mime_decoder_feed (WdMimeDecoder *self, const char *data, gsize len, GString *out);

// Appends what was held back at the end.
void wd_mime_decoder_finish (WdMimeDecoder *self, GString *out);
