// SPDX-License-Identifier: EUPL-1.2
// Mail addresses: validity, and the normal form under which two spellings are one address.
#pragma once

#include <glib.h>

// The normal form for look-ups: local part case-folded and NFC, without +detail, quoted only where
// it must be; domain in its Unicode form, lower-case and NFC (xn-- is decoded). It is an address
// and its own normal form. Returns (transfer full): NULL with WD_STORE_ERROR_INVALID that says what
// is wrong: no @, empty or over-long part, control character, bad UTF-8, invalid domain.
char *wd_store_address_normalize (const char *address, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// A user name: 1 to 128 octets of UTF-8 without spaces and control characters; case-folded, NFC.
// One that has an @ is normalised as an address.
char *wd_store_username_normalize (const char *username, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The +detail of the local part. Returns (transfer full) (nullable).
char *wd_store_address_dup_detail (const char *address) G_GNUC_WARN_UNUSED_RESULT;
