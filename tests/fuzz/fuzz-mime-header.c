// SPDX-License-Identifier: EUPL-1.2
// Header fields: the walk leaves no octet out, a filter and its inverse share all fields, and what
// is decoded is UTF-8; addresses and dates of any octets.
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "mime-address.h"
#include "mime-check.h"
#include "mime-date.h"
#include "mime-header.h"

static void
check_value (const char *value, gsize len)
{
  g_autofree char *text = wd_mime_header_dup_text (value, len);
  g_autoptr (GString) list = g_string_new ("(");
  WdMimeAddressReader reader;
  gint32 day;
  gint64 ms;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strpbrk (text, "\r\n"));
  wd_mime_address_init (&reader);
  if (wd_mime_address_append_list (&reader, (WdMimeSlice){ value, len }, 50, list) > 0)
    {
      const char *p = list->str;

      g_string_append_c (list, ')');
      p = list->str;
      mime_check_addresses (&p, list->str + list->len);
      g_assert_true (p == list->str + list->len);
    }
  wd_mime_address_clear (&reader);
  if (wd_mime_date_read ((WdMimeSlice){ value, len }, &day, &ms))
    // No zone is a day away.
    g_assert_cmpint (ABS (ms - (gint64) day * 86400000), <=, (gint64) 3 * 86400000);
}

static void
check_filter (const char *header, gsize len)
{
  static const char *const names[] = { "To", "subject", NULL };
  g_autoptr (GString) with = g_string_new (NULL);
  g_autoptr (GString) without = g_string_new (NULL);
  gsize added = 4 + (len > 0 && header[len - 1] != '\n' ? 2 : 0);

  wd_mime_header_filter (header, len, names, FALSE, with);
  wd_mime_header_filter (header, len, names, TRUE, without);
  g_assert_cmpuint (with->len + without->len, ==, len + added);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *header = (const char *) data;
  g_autofree char *values = wd_mime_header_dup_values (header, size, "to");
  gsize offset = 0, sum = 0;
  WdMimeField field;

  while (wd_mime_header_next (header, size, &offset, &field))
    {
      g_assert_true (field.start == header + sum);
      g_assert_cmpuint (field.len, >, 0);
      g_assert_cmpuint (field.value_start, <=, field.len);
      g_assert_cmpuint (field.name_len, <=, field.value_start);
      sum += field.len;
      g_assert_cmpuint (offset, ==, sum);
      check_value (field.start + field.value_start, field.len - field.value_start);
    }
  g_assert_cmpuint (sum, <=, size);
  g_assert_true (sum == size || header[sum] == '\n' || header[sum] == '\r');
  g_assert_true (values == NULL || g_utf8_validate (values, -1, NULL));
  check_filter (header, sum);
  return 0;
}
