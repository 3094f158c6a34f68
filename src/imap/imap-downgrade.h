// SPDX-License-Identifier: EUPL-1.2
// ENVELOPE, BODY and BODYSTRUCTURE of an internationalized message for a client that did not ask
// for UTF-8 (RFC 6855 7): encoded words, RFC 2231, and the addresses of RFC 6858.
#pragma once

#include <glib.h>

// Whether a list that was made at delivery has octets above 127. This is asked for every row.
gboolean wd_imap_downgrade_is_needed (const char *list, gsize len);

// Append the list in ASCII. A string that is not UTF-8 is of no charset that is known: it stays as
// it was sent, in its literal. What is no such list is appended as it stands.
void wd_imap_downgrade_envelope (const char *list, gsize len, GString *out);
void wd_imap_downgrade_structure (const char *list, gsize len, GString *out);
