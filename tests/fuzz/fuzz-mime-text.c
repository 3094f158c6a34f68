// SPDX-License-Identifier: EUPL-1.2
// Text of parts: whatever the encoding and the charset, it is UTF-8.
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "mime-text.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *line_end = size == 0 ? NULL : memchr (data, '\n', size);
  WdMimePart part = { .type = "text/plain" };
  g_autofree char *charset = NULL;
  g_autofree char *text = NULL;
  g_autofree char *converted = NULL;
  const char *body;
  gsize len;

  // The first octet is the kind and the encoding, the rest of its line the charset.
  if (line_end == NULL)
    return 0;
  part.encoding = data[0] & 3;
  part.kind = (data[0] & 4) != 0 ? WD_MIME_MESSAGE : WD_MIME_LEAF;
  charset = g_strndup ((const char *) data + 1, line_end == (const char *) data
                                                    ? 0
                                                    : (gsize) (line_end - (const char *) data) - 1);
  part.charset = charset[0] == '\0' ? NULL : charset;
  body = line_end + 1;
  len = size - (gsize) (body - (const char *) data);

  text = wd_mime_text_dup (&part, body, len);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  converted = wd_mime_text_convert (charset, body, len);
  g_assert_true (converted == NULL || g_utf8_validate (converted, -1, NULL));
  return 0;
}
