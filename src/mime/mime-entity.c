// SPDX-License-Identifier: EUPL-1.2
// What the header of a part says of its body.
#include "config.h"

#include "mime-entity.h"

#include <string.h>

#include "core-limits.h"
#include "mime-param.h"

#define OPAQUE_TYPE "application/octet-stream"

static WdMimeSpan
end_span (const GString *text, gsize start)
{
  return (WdMimeSpan){ start, text->len - start };
}

static WdMimeSpan
append_span (GString *text, const char *data)
{
  gsize start = text->len;

  g_string_append (text, data);
  return end_span (text, start);
}

static gboolean
is_token (WdMimeSlice token, const char *name)
{
  gsize len = strlen (name);

  return token.len == len && g_ascii_strncasecmp (token.data, name, len) == 0;
}

// Types and charsets are handed on as text, so they have to be plain.
static gboolean
is_plain (const char *data, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (data[i] <= ' ' || data[i] >= 0x7f)
      return FALSE;
  return TRUE;
}

// Reads type/subtype off the head of `rest`. What is none is text/plain (RFC 2045 5.2); what cannot
// be handed on is opaque.
static void
read_type (WdMimeSlice *rest, const char *otherwise, GString *text, WdMimeEntity *out)
{
  gsize start = text->len;
  WdMimeSlice type = { NULL, 0 }, subtype = { NULL, 0 };

  if (rest->data != NULL)
    {
      type = wd_mime_param_read_token (rest);
      if (wd_mime_param_skip (rest, '/'))
        subtype = wd_mime_param_read_token (rest);
    }
  if (type.len == 0 || subtype.len == 0)
    out->type = append_span (text, otherwise);
  else if (type.len + subtype.len + 1 > WD_LIMIT_MIME_TYPE_BYTES || !is_plain (type.data, type.len)
           || !is_plain (subtype.data, subtype.len))
    out->type = append_span (text, OPAQUE_TYPE);
  else
    {
      for (gsize i = 0; i < type.len; i++)
        g_string_append_c (text, g_ascii_tolower (type.data[i]));
      g_string_append_c (text, '/');
      for (gsize i = 0; i < subtype.len; i++)
        g_string_append_c (text, g_ascii_tolower (subtype.data[i]));
      out->type = end_span (text, start);
    }
}

// Appends ` ("name" "value" …)` or NIL. Returns TRUE when one of them names a file.
static gboolean
append_params (GString *text, WdMimeSlice params, const char *file_param)
{
  gboolean has_file = FALSE;
  gboolean is_first = TRUE;
  WdMimeParam param;
  gsize file_len = strlen (file_param);

  while (wd_mime_param_next (&params, &param))
    {
      g_string_append_c (text, is_first ? '(' : ' ');
      is_first = FALSE;
      wd_mime_nstring_append (text, param.name.data, param.name.len);
      g_string_append_c (text, ' ');
      if (param.quoted)
        wd_mime_nstring_append_quoted (text, param.value.data, param.value.len);
      else
        wd_mime_nstring_append (text, param.value.data, param.value.len);
      // name, name*, name*0*
      if (param.name.len >= file_len
          && g_ascii_strncasecmp (param.name.data, file_param, file_len) == 0
          && (param.name.len == file_len || param.name.data[file_len] == '*'))
        has_file = TRUE;
    }
  g_string_append (text, is_first ? "NIL" : ")");
  return has_file;
}

static void
read_charset (WdMimeSlice params, GString *text, WdMimeEntity *out)
{
  gsize start = text->len;
  WdMimeSlice charset;

  if (!wd_mime_param_get (params, "charset", text))
    return;
  charset = wd_mime_nstring_trim (text->str + start, text->len - start);
  if (charset.len == 0 || charset.len > WD_LIMIT_MIME_CHARSET_BYTES
      || !is_plain (charset.data, charset.len))
    g_string_truncate (text, start);
  else
    out->charset = (WdMimeSpan){ (gsize) (charset.data - text->str), charset.len };
}

static WdMimeSlice
read_encoding (WdMimeSlice field, WdMimeEntity *out)
{
  static const char *const identities[] = { "7bit", "8bit", "binary" };
  static const WdMimeSlice otherwise = { "7bit", 4 };
  WdMimeSlice token
      = field.data == NULL ? (WdMimeSlice){ NULL, 0 } : wd_mime_param_read_token (&field);

  out->encoding = WD_MIME_ENCODING_IDENTITY;
  if (token.len == 0)
    return otherwise;

  for (gsize i = 0; i < G_N_ELEMENTS (identities); i++)
    if (is_token (token, identities[i]))
      return token;
  if (is_token (token, "base64"))
    out->encoding = WD_MIME_ENCODING_BASE64;
  else if (is_token (token, "quoted-printable"))
    out->encoding = WD_MIME_ENCODING_QP;
  else
    out->encoding = WD_MIME_ENCODING_UNKNOWN;
  return token;
}

// body-fld-dsp. Returns TRUE when it is an attachment or names a file; *out_is_attachment tells.
static gboolean
append_disposition (GString *text, WdMimeSlice field, gboolean *out_is_attachment)
{
  WdMimeSlice token
      = field.data == NULL ? (WdMimeSlice){ NULL, 0 } : wd_mime_param_read_token (&field);
  gboolean has_file;

  *out_is_attachment = FALSE;
  if (token.len == 0)
    {
      g_string_append (text, "NIL");
      return FALSE;
    }
  *out_is_attachment = is_token (token, "attachment");
  g_string_append_c (text, '(');
  wd_mime_nstring_append (text, token.data, token.len);
  g_string_append_c (text, ' ');
  has_file = append_params (text, field, "filename");
  g_string_append_c (text, ')');
  return has_file;
}

// body-fld-lang: a string, or a list when there are several tags (RFC 3282).
static void
append_language (GString *text, WdMimeSlice field)
{
  WdMimeSlice tag
      = field.data == NULL ? (WdMimeSlice){ NULL, 0 } : wd_mime_param_read_token (&field);
  gsize start = text->len;
  guint n = 0;

  for (; tag.len > 0; n++)
    {
      g_string_append_c (text, n == 0 ? '(' : ' ');
      wd_mime_nstring_append (text, tag.data, tag.len);
      tag.len = 0;
      if (wd_mime_param_skip (&field, ','))
        tag = wd_mime_param_read_token (&field);
    }
  if (n == 0)
    g_string_append (text, "NIL");
  else if (n == 1)
    g_string_erase (text, (gssize) start, 1);
  else
    g_string_append_c (text, ')');
}

static gboolean
has_prefix (const GString *text, WdMimeSpan span, const char *prefix)
{
  gsize len = strlen (prefix);

  return span.len >= len && memcmp (text->str + span.start, prefix, len) == 0;
}

static gboolean
is_type (const GString *text, const WdMimeEntity *self, const char *type)
{
  return self->type.len == strlen (type) && has_prefix (text, self->type, type);
}

// A multipart needs its boundary; a message/rfc822 that is encoded, as no standard allows, and an
// encoded message/global (RFC 6532 3.5) cannot be looked into.
static void
read_kind (WdMimeSlice params, GString *text, GString *boundary, WdMimeEntity *out)
{
  out->kind = WD_MIME_LEAF;
  if (has_prefix (text, out->type, "multipart/"))
    {
      g_string_truncate (boundary, 0);
      (void) wd_mime_param_get (params, "boundary", boundary);
      while (boundary->len > 0 && strchr (" \t", boundary->str[boundary->len - 1]) != NULL)
        g_string_truncate (boundary, boundary->len - 1);
      if (boundary->len > 0 && boundary->len <= WD_LIMIT_MIME_BOUNDARY_BYTES)
        out->kind = WD_MIME_MULTIPART;
      else
        wd_mime_entity_degrade (out, text);
    }
  else if (is_type (text, out, "message/rfc822") || is_type (text, out, "message/global"))
    {
      if (out->encoding == WD_MIME_ENCODING_IDENTITY)
        out->kind = WD_MIME_MESSAGE;
      else
        wd_mime_entity_degrade (out, text);
    }
}

void
wd_mime_entity_read (const WdMimeFields *fields,
                     gboolean is_in_digest,
                     GString *text,
                     GString *out_boundary,
                     WdMimeEntity *out)
{
  WdMimeSlice rest = fields->first[WD_MIME_FIELD_TYPE];
  gboolean has_type = rest.data != NULL;
  gboolean is_attachment, has_file;
  WdMimeSlice encoding;
  gsize start;

  memset (out, 0, sizeof *out);
  read_type (&rest, !has_type && is_in_digest ? "message/rfc822" : "text/plain", text, out);
  if (!has_type)
    rest.len = 0;
  read_charset (rest, text, out);

  start = text->len;
  if (!has_type && !is_in_digest)
    {
      // RFC 2045 5.2: the default is text/plain; charset=us-ascii.
      g_string_append (text, "(\"charset\" \"us-ascii\")");
      has_file = FALSE;
    }
  else
    has_file = append_params (text, rest, "name");
  out->params = end_span (text, start);

  start = text->len;
  wd_mime_nstring_append_slice (text, fields->first[WD_MIME_FIELD_ID]);
  g_string_append_c (text, ' ');
  wd_mime_nstring_append_slice (text, fields->first[WD_MIME_FIELD_DESCRIPTION]);
  g_string_append_c (text, ' ');
  encoding = read_encoding (fields->first[WD_MIME_FIELD_ENCODING], out);
  wd_mime_nstring_append (text, encoding.data, encoding.len);
  out->id_to_enc = end_span (text, start);

  start = text->len;
  wd_mime_nstring_append_slice (text, fields->first[WD_MIME_FIELD_MD5]);
  out->md5 = end_span (text, start);

  start = text->len;
  has_file |= append_disposition (text, fields->first[WD_MIME_FIELD_DISPOSITION], &is_attachment);
  g_string_append_c (text, ' ');
  append_language (text, fields->first[WD_MIME_FIELD_LANGUAGE]);
  g_string_append_c (text, ' ');
  wd_mime_nstring_append_slice (text, fields->first[WD_MIME_FIELD_LOCATION]);
  out->dsp_to_loc = end_span (text, start);

  if (is_attachment || (has_file && !has_prefix (text, out->type, "text/")))
    out->flags |= WD_MIME_PART_ATTACHMENT;
  read_kind (rest, text, out_boundary, out);
}

void
wd_mime_entity_degrade (WdMimeEntity *self, GString *text)
{
  self->kind = WD_MIME_LEAF;
  self->type = append_span (text, OPAQUE_TYPE);
}

void
wd_mime_entity_set_opaque (WdMimeEntity *self, GString *text)
{
  memset (self, 0, sizeof *self);
  wd_mime_entity_degrade (self, text);
  self->params = self->md5 = append_span (text, "NIL");
  self->id_to_enc = append_span (text, "NIL NIL \"8bit\"");
  self->dsp_to_loc = append_span (text, "NIL NIL NIL");
}
