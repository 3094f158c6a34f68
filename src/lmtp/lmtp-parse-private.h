// SPDX-License-Identifier: EUPL-1.2
// What the files of the parser share.
#pragma once

#include "lmtp-parse.h"

typedef struct
{
  const char *at;
  const char *end;
} WdLmtpCursor;

// KEY or KEY=VALUE.
typedef struct
{
  const char *key;
  gsize key_len;
  const char *value; // NULL without "=".
  gsize value_len;
} WdLmtpWord;

// The next word behind spaces. FALSE at the end.
gboolean wd_lmtp_parse_next_word (WdLmtpCursor *cursor, WdLmtpWord *out_word);

// Equal but for case.
gboolean wd_lmtp_parse_is_text (const char *data, gsize len, const char *text);
