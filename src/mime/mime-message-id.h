// SPDX-License-Identifier: EUPL-1.2
// Message ids in Message-ID, References and In-Reply-To (RFC 5322 3.6.4).
#pragma once

#include <glib.h>

// Appends (transfer full) the ids of a field's value, without < and >, in the form that RFC 5256
// compares: quoted local parts without their quotes, no white space. Stops at `max` of them. What
// is no id, or longer than WD_LIMIT_MIME_MESSAGE_ID_BYTES, is passed over. Linear.
void wd_mime_message_id_append (const char *value, gsize len, guint max, GPtrArray *out_ids);
