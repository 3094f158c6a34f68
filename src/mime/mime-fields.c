// SPDX-License-Identifier: EUPL-1.2
// The fields of a header that the index needs.
#include "config.h"

#include "mime-fields.h"

#include <string.h>

#include "mime-header.h"

#define NAME(text) text, sizeof text - 1

static const struct
{
  const char *name;
  gsize len;
} names[WD_MIME_N_FIELDS] = {
  [WD_MIME_FIELD_FROM] = { NAME ("from") },
  [WD_MIME_FIELD_SENDER] = { NAME ("sender") },
  [WD_MIME_FIELD_REPLY_TO] = { NAME ("reply-to") },
  [WD_MIME_FIELD_TO] = { NAME ("to") },
  [WD_MIME_FIELD_CC] = { NAME ("cc") },
  [WD_MIME_FIELD_BCC] = { NAME ("bcc") },
  [WD_MIME_FIELD_DATE] = { NAME ("date") },
  [WD_MIME_FIELD_SUBJECT] = { NAME ("subject") },
  [WD_MIME_FIELD_IN_REPLY_TO] = { NAME ("in-reply-to") },
  [WD_MIME_FIELD_MESSAGE_ID] = { NAME ("message-id") },
  [WD_MIME_FIELD_TYPE] = { NAME ("content-type") },
  [WD_MIME_FIELD_ENCODING] = { NAME ("content-transfer-encoding") },
  [WD_MIME_FIELD_DISPOSITION] = { NAME ("content-disposition") },
  [WD_MIME_FIELD_ID] = { NAME ("content-id") },
  [WD_MIME_FIELD_DESCRIPTION] = { NAME ("content-description") },
  [WD_MIME_FIELD_MD5] = { NAME ("content-md5") },
  [WD_MIME_FIELD_LANGUAGE] = { NAME ("content-language") },
  [WD_MIME_FIELD_LOCATION] = { NAME ("content-location") },
};

void
wd_mime_fields_init (WdMimeFields *self)
{
  memset (self->first, 0, sizeof self->first);
  self->all = g_array_new (FALSE, FALSE, sizeof (WdMimeFoundField));
}

void
wd_mime_fields_clear (WdMimeFields *self)
{
  g_array_unref (self->all);
}

static WdMimeFieldId
identify (const WdMimeField *field)
{
  WdMimeFieldId id = 0;

  while (id < WD_MIME_N_FIELDS && !wd_mime_header_is_named (field, names[id].name, names[id].len))
    id++;
  return id;
}

static void
add (WdMimeFields *self, WdMimeFieldId id, const WdMimeField *field)
{
  WdMimeFoundField found
      = { id, { field->start + field->value_start, field->len - field->value_start } };

  if (self->first[id].data == NULL)
    self->first[id] = found.value;
  if (id <= WD_MIME_FIELD_BCC)
    g_array_append_val (self->all, found);
}

void
wd_mime_fields_read (WdMimeFields *self, const char *header, gsize len, gboolean is_cut)
{
  WdMimeField field;
  gsize offset = 0;

  memset (self->first, 0, sizeof self->first);
  g_array_set_size (self->all, 0);
  while (wd_mime_header_next (header, len, &offset, &field))
    {
      WdMimeFieldId id = field.name_len == 0 ? WD_MIME_N_FIELDS : identify (&field);

      if (id < WD_MIME_N_FIELDS && !(is_cut && offset == len))
        add (self, id, &field);
    }
}
