// SPDX-License-Identifier: EUPL-1.2
// The fields of a header that the index needs, found in one walk.
#pragma once

#include "mime-nstring.h"

typedef enum
{
  WD_MIME_FIELD_FROM,
  WD_MIME_FIELD_SENDER,
  WD_MIME_FIELD_REPLY_TO,
  WD_MIME_FIELD_TO,
  WD_MIME_FIELD_CC,
  WD_MIME_FIELD_BCC,
  WD_MIME_FIELD_DATE,
  WD_MIME_FIELD_SUBJECT,
  WD_MIME_FIELD_IN_REPLY_TO,
  WD_MIME_FIELD_MESSAGE_ID,
  WD_MIME_FIELD_TYPE,
  WD_MIME_FIELD_ENCODING,
  WD_MIME_FIELD_DISPOSITION,
  WD_MIME_FIELD_ID,
  WD_MIME_FIELD_DESCRIPTION,
  WD_MIME_FIELD_MD5,
  WD_MIME_FIELD_LANGUAGE,
  WD_MIME_FIELD_LOCATION,
  WD_MIME_N_FIELDS,
} WdMimeFieldId;

typedef struct
{
  WdMimeFieldId id;
  WdMimeSlice value;
} WdMimeFoundField;

typedef struct
{
  WdMimeSlice first[WD_MIME_N_FIELDS]; // The first of its name; data NULL: none.
  GArray *all;                         // WdMimeFoundField, those of addresses, in order.
} WdMimeFields;

void wd_mime_fields_init (WdMimeFields *self);
void wd_mime_fields_clear (WdMimeFields *self);

// Finds them in `header`, whose octets they point into. With `is_cut` the header went on, and its
// last field is left out.
void wd_mime_fields_read (WdMimeFields *self, const char *header, gsize len, gboolean is_cut);
