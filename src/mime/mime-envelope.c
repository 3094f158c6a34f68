// SPDX-License-Identifier: EUPL-1.2
// ENVELOPE of a header.
#include "config.h"

#include "mime-envelope.h"

#include <string.h>

#include "core-limits.h"
#include "mime-address.h"

// Appends ` (…)`, or ` NIL` when there is no address. All fields of the name count as one (RFC 5322
// 4.5.3).
static gboolean
append_addresses (const WdMimeFields *fields,
                  WdMimeFieldId id,
                  WdMimeAddressReader *reader,
                  GString *out)
{
  gsize start = out->len;
  guint n = 0;

  g_string_append (out, " (");
  for (guint i = 0; fields->first[id].data != NULL && i < fields->all->len; i++)
    {
      const WdMimeFoundField *field = &g_array_index (fields->all, WdMimeFoundField, i);

      if (field->id == id)
        n += wd_mime_address_append_list (reader, field->value,
                                          WD_LIMIT_MIME_ENVELOPE_ADDRESSES - n, out);
    }
  if (n > 0)
    {
      g_string_append_c (out, ')');
      return TRUE;
    }
  g_string_truncate (out, start);
  g_string_append (out, " NIL");
  return FALSE;
}

void
wd_mime_envelope_append (const WdMimeFields *fields, GString *out)
{
  WdMimeAddressReader reader;
  gsize from_start, from_len;

  wd_mime_address_init (&reader);
  g_string_append_c (out, '(');
  wd_mime_nstring_append_slice (out, fields->first[WD_MIME_FIELD_DATE]);
  g_string_append_c (out, ' ');
  wd_mime_nstring_append_slice (out, fields->first[WD_MIME_FIELD_SUBJECT]);
  from_start = out->len;
  (void) append_addresses (fields, WD_MIME_FIELD_FROM, &reader, out);
  from_len = out->len - from_start;
  // "The server MUST default the reply-to and sender fields from the from field."
  for (WdMimeFieldId id = WD_MIME_FIELD_SENDER; id <= WD_MIME_FIELD_REPLY_TO; id++)
    {
      gsize start = out->len;

      if (append_addresses (fields, id, &reader, out))
        continue;
      g_string_truncate (out, start);
      // Makes room first: the source is in the same string.
      g_string_set_size (out, start + from_len);
      memcpy (out->str + start, out->str + from_start, from_len);
    }
  for (WdMimeFieldId id = WD_MIME_FIELD_TO; id <= WD_MIME_FIELD_BCC; id++)
    (void) append_addresses (fields, id, &reader, out);
  g_string_append_c (out, ' ');
  wd_mime_nstring_append_slice (out, fields->first[WD_MIME_FIELD_IN_REPLY_TO]);
  g_string_append_c (out, ' ');
  wd_mime_nstring_append_slice (out, fields->first[WD_MIME_FIELD_MESSAGE_ID]);
  g_string_append_c (out, ')');
  wd_mime_address_clear (&reader);
}
