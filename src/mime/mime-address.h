// SPDX-License-Identifier: EUPL-1.2
// Address lists of a header (RFC 5322 3.4, with the obsolete forms of 4.4) as IMAP address
// structures. Names stay encoded as they were sent, which is what ENVELOPE shows.
#pragma once

#include "mime-nstring.h"

typedef struct
{
  GString *phrase; // Scratch, so that a list costs no allocation.
  GString *local;
  GString *domain;
  GString *comment;
} WdMimeAddressReader;

void wd_mime_address_init (WdMimeAddressReader *self);
void wd_mime_address_clear (WdMimeAddressReader *self);

// Appends the address structures of `value`, groups as RFC 3501 7.4.2 has them, and none beyond
// `max`. Returns how many addresses (group marks are counted too). Never fails: what is no address
// is passed over, and an address without a domain has an empty host. Linear.
guint
wd_mime_address_append_list (WdMimeAddressReader *self, WdMimeSlice value, guint max, GString *out);
