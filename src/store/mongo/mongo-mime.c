// SPDX-License-Identifier: EUPL-1.2
// Making WildDuck's form of a message.
#include "config.h"

#include "mongo-mime.h"

#include <string.h>

#include "core-limits.h"
#include "mime-address.h"
#include "mime-header.h"
#include "mime-message-id.h"
#include "mime-param.h"
#include "mime-preview.h"
#include "mongo-imap.h"

#define VALUE_BYTES_MAX 4096
#define THREAD_IDS_MAX 100

typedef struct
{
  WdMongoMime *mime;
  const WdMimePart *parts;
  guint n_parts;
  const guint8 *octets;
  gsize len;
  gsize n_inline;
  GHashTable *by_content_id; // To the attachment's id.
} Making;

// Fields whose values are kept beside the header, by their lower-case names.
static const char *const kept_texts[] = { "subject",
                                          "date",
                                          "message-id",
                                          "in-reply-to",
                                          "references",
                                          "mime-version",
                                          "list-id",
                                          "list-unsubscribe",
                                          "return-path",
                                          "delivered-to",
                                          "content-id",
                                          "content-transfer-encoding",
                                          "content-description",
                                          "content-location",
                                          "x-priority",
                                          "importance",
                                          NULL };
static const char *const kept_addresses[]
    = { "from", "sender", "reply-to", "to", "cc", "bcc", NULL };
static const char *const kept_params[] = { "content-type", "content-disposition", NULL };

// An octet is a character of the same number: that is how the header comes back octet for octet.
static char *
dup_latin1 (const char *data, gsize len)
{
  GString *out = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++)
    if ((guchar) data[i] < 0x80)
      g_string_append_c (out, data[i] != '\0' ? data[i] : ' ');
    else
      g_string_append_unichar (out, (guchar) data[i]);
  return g_string_free (out, FALSE);
}

static gsize
trim_end (const char *data, gsize len)
{
  if (len > 0 && data[len - 1] == '\n')
    len--;
  if (len > 0 && data[len - 1] == '\r')
    len--;
  return len;
}

void
wd_mongo_mime_add_lines (GPtrArray *lines, const char *header, gsize len)
{
  WdMimeField field;
  gsize offset = 0;

  while (wd_mime_header_next (header, len, &offset, &field))
    {
      gsize n = trim_end (field.start, field.len);

      if (n > 0)
        g_ptr_array_add (lines, dup_latin1 (field.start, n));
    }
}

const char *
wd_mongo_mime_get_encoding (const WdMimePart *part)
{
  return part->encoding == WD_MIME_ENCODING_BASE64 ? "base64"
         : part->encoding == WD_MIME_ENCODING_QP   ? "quoted-printable"
                                                   : "7bit";
}

static WdMimeSlice
get_value (const WdMimeField *field)
{
  gsize len = MIN (field->len - field->value_start, VALUE_BYTES_MAX);

  return (WdMimeSlice){ field->start + field->value_start, len };
}

// Unfolded, its encoded words as they are.
static char *
dup_raw (WdMimeSlice value)
{
  g_autoptr (GString) out = g_string_new (NULL);

  wd_mime_nstring_append_clean (out, value.data, value.len, FALSE);
  return g_strstrip (dup_latin1 (out->str, out->len));
}

static void
add_address (bson_t *array, guint32 *inout_n, const bson_iter_t *iter)
{
  g_autofree char *address = NULL;
  g_autofree char *name = NULL;
  const guint8 *data;
  const char *key, *local, *host;
  char buffer[16];
  guint32 len;
  bson_t list, doc;

  if (!BSON_ITER_HOLDS_ARRAY (iter))
    return;
  bson_iter_array (iter, &len, &data);
  if (!bson_init_static (&list, data, len))
    return;
  local = wd_mongo_bson_get_text (&list, "2");
  host = wd_mongo_bson_get_text (&list, "3");
  // The marks of a group.
  if (local == NULL || host == NULL)
    return;
  name = wd_mongo_bson_dup_text (&list, "0");
  address = host[0] == '\0' ? g_strdup (local) : g_strconcat (local, "@", host, NULL);
  bson_uint32_to_string ((*inout_n)++, &key, buffer, sizeof buffer);
  BSON_APPEND_DOCUMENT_BEGIN (array, key, &doc);
  BSON_APPEND_UTF8 (&doc, "address", address);
  BSON_APPEND_UTF8 (&doc, "name", name == NULL ? "" : name);
  bson_append_document_end (array, &doc);
}

static void
add_addresses (bson_t *doc, const char *key, WdMimeSlice value)
{
  g_autoptr (GString) text = g_string_new ("(");
  g_autoptr (bson_t) lists = bson_new ();
  WdMimeAddressReader reader;
  bson_iter_t iter, child;
  bson_t array;
  guint32 n = 0;

  wd_mime_address_init (&reader);
  (void) wd_mime_address_append_list (&reader, value, WD_LIMIT_MIME_ENVELOPE_ADDRESSES, text);
  wd_mime_address_clear (&reader);
  g_string_append_c (text, ')');
  wd_mongo_imap_add_list (lists, "l", text->str, text->len);
  BSON_APPEND_ARRAY_BEGIN (doc, key, &array);
  if (bson_iter_init_find (&iter, lists, "l") && bson_iter_recurse (&iter, &child))
    while (bson_iter_next (&child))
      add_address (&array, &n, &child);
  bson_append_array_end (doc, &array);
}

static char *
dup_lower (WdMimeSlice token)
{
  g_autofree char *text
      = g_utf8_make_valid (token.data == NULL ? "" : token.data, (gssize) token.len);

  return g_ascii_strdown (text, -1);
}

// Content-Type and Content-Disposition in their pieces.
static void
add_params (bson_t *doc, const char *key, WdMimeSlice value)
{
  WdMimeSlice rest = value;
  WdMimeSlice type = wd_mime_param_read_token (&rest);
  WdMimeSlice subtype = { NULL, 0 };
  g_autofree char *type_text = NULL;
  g_autofree char *subtype_text = NULL;
  g_autofree char *whole = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  WdMimeParam param;
  bson_t pieces, params;

  if (wd_mime_param_skip (&rest, '/'))
    subtype = wd_mime_param_read_token (&rest);
  type_text = dup_lower (type);
  subtype_text = dup_lower (subtype);
  whole = subtype.len > 0 ? g_strconcat (type_text, "/", subtype_text, NULL) : g_strdup (type_text);
  BSON_APPEND_DOCUMENT_BEGIN (doc, key, &pieces);
  wd_mongo_bson_add_text (&pieces, "value", whole);
  wd_mongo_bson_add_text (&pieces, "type", type_text);
  wd_mongo_bson_add_text (&pieces, "subtype", subtype_text);
  BSON_APPEND_DOCUMENT_BEGIN (&pieces, "params", &params);
  value = rest;
  while (wd_mime_param_next (&rest, &param))
    {
      // Pieces of one value (RFC 2231) have a star behind the name.
      gsize n = strcspn (param.name.data, "*= \t;");
      g_autofree char *name = g_ascii_strdown (param.name.data, (gssize) MIN (n, param.name.len));
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *valid = NULL;

      g_strdelimit (name, ".$", '_');
      if (!g_utf8_validate (name, -1, NULL) || !wd_mime_param_get (value, name, text)
          || !g_hash_table_add (seen, g_strdup (name)))
        continue;
      valid = wd_mime_header_dup_text (text->str, text->len);
      BSON_APPEND_UTF8 (&params, name, valid);
    }
  bson_append_document_end (&pieces, &params);
  if (g_hash_table_size (seen) > 0)
    BSON_APPEND_BOOL (&pieces, "hasParams", TRUE);
  bson_append_document_end (doc, &pieces);
}

static void
add_field (bson_t *parsed, const char *name, WdMimeSlice value)
{
  if (g_strv_contains (kept_addresses, name))
    add_addresses (parsed, name, value);
  else if (g_strv_contains (kept_params, name))
    add_params (parsed, name, value);
  else if (g_strv_contains (kept_texts, name))
    {
      g_autofree char *text = dup_raw (value);

      BSON_APPEND_UTF8 (parsed, name, text);
    }
}

// A field of a part by its name. FALSE: it is not there.
static gboolean
find_field (const Making *self, const WdMimePart *part, const char *name, WdMimeSlice *out_value)
{
  const char *header = (const char *) self->octets + part->header_start;
  gsize len = (gsize) (part->body_start - part->header_start), offset = 0;
  WdMimeField field;

  while (wd_mime_header_next (header, len, &offset, &field))
    if (wd_mime_header_is_named (&field, name, strlen (name)))
      {
        *out_value = get_value (&field);
        return TRUE;
      }
  return FALSE;
}

static void
add_parsed (Making *self, bson_t *node, const WdMimePart *part)
{
  const char *header = (const char *) self->octets + part->header_start;
  gsize len = (gsize) (part->body_start - part->header_start), offset = 0;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  WdMimeField field;
  bson_t parsed;

  BSON_APPEND_DOCUMENT_BEGIN (node, "parsedHeader", &parsed);
  while (wd_mime_header_next (header, len, &offset, &field))
    {
      g_autofree char *name = g_ascii_strdown (field.start, (gssize) field.name_len);

      if (field.name_len > 0 && g_hash_table_add (seen, g_strdup (name)))
        add_field (&parsed, name, get_value (&field));
    }
  if (!g_hash_table_contains (seen, "content-type"))
    {
      WdMimeSlice type = { part->type, strlen (part->type) };

      add_params (&parsed, "content-type", type);
    }
  bson_append_document_end (node, &parsed);
}

static void
add_header (Making *self, bson_t *node, const WdMimePart *part)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  gsize len = (gsize) (part->body_start - part->header_start);

  if (self->n_inline + len <= WD_MONGO_MIME_INLINE_BYTES_MAX)
    wd_mongo_mime_add_lines (lines, (const char *) self->octets + part->header_start, len);
  self->n_inline += len;
  g_ptr_array_add (lines, NULL);
  wd_mongo_bson_add_texts (node, "header", (const char *const *) lines->pdata);
}

static gboolean
is_inline (const Making *self, const WdMimePart *part, gsize len)
{
  return part->kind == WD_MIME_LEAF && len < WD_LIMIT_LARGE_PART_BYTES
         && self->n_inline + len <= WD_MONGO_MIME_INLINE_BYTES_MAX
         && (part->flags & WD_MIME_PART_ATTACHMENT) == 0
         && (g_strcmp0 (part->type, "text/plain") == 0 || g_strcmp0 (part->type, "text/html") == 0);
}

static void
note_content_id (Making *self, const WdMimePart *part, const char *id)
{
  g_autofree char *text = NULL;
  WdMimeSlice value;
  gsize len;

  if (!find_field (self, part, "Content-ID", &value))
    return;
  text = dup_raw (value);
  len = strlen (text);
  if (len > 2 && text[0] == '<' && text[len - 1] == '>')
    g_hash_table_insert (self->by_content_id, g_strndup (text + 1, len - 2), g_strdup (id));
}

static void
add_attachment (Making *self, bson_t *node, guint i, gsize len)
{
  const WdMimePart *part = &self->parts[i];
  WdMongoAttachment attachment = { .part = i, .offset = part->body_start, .len = len };

  g_snprintf (attachment.id, sizeof attachment.id, "ATT%05u",
              (self->mime->attachments->len + 1) % 100000);
  wd_store_sha_hash (self->octets + part->body_start, len, &attachment.sha);
  BSON_APPEND_UTF8 (node, "attachmentId", attachment.id);
  note_content_id (self, part, attachment.id);
  g_array_append_val (self->mime->attachments, attachment);
}

// Before its first part: what stands there is shown as it is, and is empty as a rule.
static gsize
measure_preamble (const Making *self, const WdMimePart *part)
{
  guint64 end;

  if (part->first_child == 0)
    return 0;
  // The line of the boundary.
  end = self->parts[part->first_child].header_start;
  if (end > part->body_start)
    end--;
  while (end > part->body_start && self->octets[end - 1] != '\n')
    end--;
  return (gsize) (end - part->body_start);
}

static void
add_boundary (Making *self, bson_t *node, const WdMimePart *part)
{
  g_autoptr (GString) boundary = g_string_new (NULL);
  g_autofree char *text = NULL;
  const char *slash = strchr (part->type, '/');
  WdMimeSlice value;

  if (find_field (self, part, "Content-Type", &value))
    {
      (void) wd_mime_param_read_token (&value);
      if (wd_mime_param_skip (&value, '/'))
        (void) wd_mime_param_read_token (&value);
      (void) wd_mime_param_get (value, "boundary", boundary);
    }
  text = dup_latin1 (boundary->str, boundary->len);
  BSON_APPEND_UTF8 (node, "multipart", slash == NULL ? "mixed" : slash + 1);
  BSON_APPEND_UTF8 (node, "boundary", text);
}

static void add_node (Making *self, bson_t *node, guint i, guint depth, gboolean with_header);

static void
add_children (Making *self, bson_t *node, const WdMimePart *part, guint depth)
{
  guint32 n = 0;
  bson_t array, child;

  BSON_APPEND_ARRAY_BEGIN (node, "childNodes", &array);
  for (guint32 i = part->first_child; i != 0; i = self->parts[i].next_sibling)
    {
      char buffer[16];
      const char *key;

      bson_uint32_to_string (n++, &key, buffer, sizeof buffer);
      BSON_APPEND_DOCUMENT_BEGIN (&array, key, &child);
      add_node (self, &child, i, depth + 1, TRUE);
      bson_append_document_end (&array, &child);
    }
  bson_append_array_end (node, &array);
}

static void
add_body (Making *self, bson_t *node, guint i, guint depth)
{
  const WdMimePart *part = &self->parts[i];
  gsize len = (gsize) (part->body_end - part->body_start);
  gboolean is_multipart = part->kind == WD_MIME_MULTIPART && depth < WD_MONGO_MIME_DEPTH_MAX;
  bson_t message;

  if (is_multipart)
    {
      len = measure_preamble (self, part);
      wd_mongo_bson_add_binary (node, "body", self->octets + part->body_start, len);
      add_boundary (self, node, part);
    }
  else
    {
      gboolean stays = is_inline (self, part, len)
                       || self->mime->attachments->len >= WD_MONGO_MIME_ATTACHMENTS_MAX;

      if (stays && self->n_inline + len <= WD_MONGO_MIME_INLINE_BYTES_MAX)
        wd_mongo_bson_add_binary (node, "body", self->octets + part->body_start, len);
      else
        BSON_APPEND_BOOL (node, "body", FALSE);
      if (stays)
        self->n_inline += len;
      else
        add_attachment (self, node, i, len);
      BSON_APPEND_BOOL (node, "multipart", FALSE);
      BSON_APPEND_BOOL (node, "boundary", FALSE);
    }
  BSON_APPEND_INT64 (node, "lineCount", (gint64) part->body_lines);
  BSON_APPEND_INT64 (node, "size", (gint64) len);
  if (part->kind == WD_MIME_MESSAGE && part->first_child != 0 && depth < WD_MONGO_MIME_DEPTH_MAX)
    {
      BSON_APPEND_DOCUMENT_BEGIN (node, "message", &message);
      add_node (self, &message, part->first_child, depth + 1, TRUE);
      bson_append_document_end (node, &message);
    }
}

static void
add_node (Making *self, bson_t *node, guint i, guint depth, gboolean with_header)
{
  const WdMimePart *part = &self->parts[i];

  if (with_header)
    add_header (self, node, part);
  add_parsed (self, node, part);
  add_body (self, node, i, depth);
  if (part->kind == WD_MIME_MULTIPART && depth < WD_MONGO_MIME_DEPTH_MAX)
    add_children (self, node, part, depth);
}

static char *
dup_param (const Making *self, const WdMimePart *part, const char *field, const char *name)
{
  g_autoptr (GString) out = g_string_new (NULL);
  WdMimeSlice value;

  if (!find_field (self, part, field, &value))
    return NULL;
  (void) wd_mime_param_read_token (&value);
  if (wd_mime_param_skip (&value, '/'))
    (void) wd_mime_param_read_token (&value);
  return wd_mime_param_get (value, name, out) ? wd_mime_header_dup_text (out->str, out->len) : NULL;
}

static char *
dup_filename (const Making *self, const WdMongoAttachment *attachment)
{
  const WdMimePart *part = &self->parts[attachment->part];
  char *name = dup_param (self, part, "Content-Disposition", "filename");

  if (name == NULL)
    name = dup_param (self, part, "Content-Type", "name");
  if (name == NULL)
    name = g_strdup_printf ("%s.%s", attachment->id,
                            part->kind == WD_MIME_MESSAGE                 ? "eml"
                            : g_str_has_prefix (part->type, "text/plain") ? "txt"
                            : g_str_has_prefix (part->type, "text/html")  ? "html"
                                                                          : "bin");
  return name;
}

static void
add_listed (const Making *self, bson_t *doc, const WdMongoAttachment *attachment)
{
  const WdMimePart *part = &self->parts[attachment->part];
  g_autofree char *filename = dup_filename (self, attachment);
  g_autofree char *disposition = NULL;
  g_autofree char *cid = NULL;
  WdMimeSlice value;

  BSON_APPEND_UTF8 (doc, "id", attachment->id);
  BSON_APPEND_UTF8 (doc, "filename", filename);
  BSON_APPEND_UTF8 (doc, "contentType", part->type);
  if (find_field (self, part, "Content-Disposition", &value))
    {
      WdMimeSlice token = wd_mime_param_read_token (&value);

      disposition = dup_lower (token);
    }
  if (disposition != NULL)
    BSON_APPEND_UTF8 (doc, "disposition", disposition);
  else
    BSON_APPEND_BOOL (doc, "disposition", FALSE);
  BSON_APPEND_UTF8 (doc, "transferEncoding", wd_mongo_mime_get_encoding (part));
  if (find_field (self, part, "Content-ID", &value))
    cid = dup_raw (value);
  wd_mongo_bson_add_text (doc, "cid", cid);
  BSON_APPEND_BOOL (doc, "related",
                    g_strcmp0 (self->parts[part->parent].type, "multipart/related") == 0);
  BSON_APPEND_INT64 (doc, "sizeKb", (gint64) (attachment->len + 1023) / 1024);
  BSON_APPEND_INT64 (doc, "size", (gint64) attachment->len);
}

static void
add_attachment_list (const Making *self, bson_t *fields)
{
  GArray *attachments = self->mime->attachments;
  bson_t array, doc;

  BSON_APPEND_BOOL (fields, "ha", attachments->len > 0);
  if (attachments->len == 0)
    return;
  BSON_APPEND_ARRAY_BEGIN (fields, "attachments", &array);
  for (guint i = 0; i < attachments->len; i++)
    {
      char buffer[16];
      const char *key;

      bson_uint32_to_string (i, &key, buffer, sizeof buffer);
      BSON_APPEND_DOCUMENT_BEGIN (&array, key, &doc);
      add_listed (self, &doc, &g_array_index (attachments, WdMongoAttachment, i));
      bson_append_document_end (&array, &doc);
    }
  bson_append_array_end (fields, &array);
}

// What its search for header fields looks at.
static void
add_search_headers (const Making *self, bson_t *fields)
{
  static const char *const names[]
      = { "to", "cc", "subject", "from", "sender", "reply-to", "message-id", "bcc", NULL };
  const char *header = (const char *) self->octets;
  gsize len = (gsize) self->parts[0].body_start, offset = 0;
  WdMimeField field;
  bson_t array, doc;
  guint32 n = 0;

  BSON_APPEND_ARRAY_BEGIN (fields, "headers", &array);
  while (wd_mime_header_next (header, len, &offset, &field))
    {
      g_autofree char *name = g_ascii_strdown (field.start, (gssize) field.name_len);
      g_autofree char *text = NULL;
      g_autofree char *folded = NULL;
      WdMimeSlice value = get_value (&field);
      char buffer[16];
      const char *key;

      if (field.name_len == 0 || !g_strv_contains (names, name))
        continue;
      text = g_strstrip (wd_mime_header_dup_text (value.data, value.len));
      folded = g_utf8_strdown (text, -1);
      bson_uint32_to_string (n++, &key, buffer, sizeof buffer);
      BSON_APPEND_DOCUMENT_BEGIN (&array, key, &doc);
      BSON_APPEND_UTF8 (&doc, "key", name);
      BSON_APPEND_UTF8 (&doc, "value", folded);
      bson_append_document_end (&array, &doc);
    }
  bson_append_array_end (fields, &array);
}

static const char *
find_attachment (const char *content_id, gpointer user_data)
{
  return g_hash_table_lookup (user_data, content_id);
}

// Of what WildDuck reads, that which PREVIEW reads, too.
static void
add_intro (const Making *self, const WdMimeTree *tree, bson_t *fields)
{
  g_autofree char *intro
      = wd_mime_preview_of_message (tree, (const char *) self->octets, self->len);

  BSON_APPEND_UTF8 (fields, "intro", intro);
}

static void
add_view (const Making *self, const WdMimeTree *tree, bson_t *fields)
{
  WdMongoView view;

  wd_mongo_view_init (&view, tree, self->octets, self->len, find_attachment, self->by_content_id);
  BSON_APPEND_UTF8 (fields, "text", view.text);
  g_ptr_array_add (view.html, NULL);
  wd_mongo_bson_add_texts (fields, "html", (const char *const *) view.html->pdata);
  wd_mongo_view_clear (&view);
}

static const char *
skip_reply_marks (const char *subject)
{
  static const char *const marks[] = { "re:", "fwd:", "fw:", "aw:", "wg:", "sv:" };

  for (gsize i = 0; i < G_N_ELEMENTS (marks);)
    if (g_ascii_strncasecmp (subject, marks[i], strlen (marks[i])) == 0)
      {
        subject += strlen (marks[i]);
        subject += strspn (subject, " \t");
        i = 0;
      }
    else
      i++;
  return subject;
}

static char *
dup_hash (const char *message_id)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize len = sizeof digest;
  char *text;

  g_checksum_update (checksum, (const guchar *) message_id, -1);
  g_checksum_get_digest (checksum, digest, &len);
  text = g_base64_encode (digest, len);
  text[strcspn (text, "=")] = '\0';
  return text;
}

static void
find_thread (const Making *self, const char *subject)
{
  static const char *const names[] = { "Message-ID", "In-Reply-To", "References" };
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  WdMongoMime *mime = self->mime;

  mime->thread_subject = g_strdup (subject == NULL ? "" : skip_reply_marks (subject));
  mime->thread_ids = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      WdMimeSlice value;

      if (find_field (self, &self->parts[0], names[i], &value))
        wd_mime_message_id_append (value.data, value.len, THREAD_IDS_MAX, ids);
    }
  for (guint i = 0; i < ids->len; i++)
    {
      g_autofree char *hash = dup_hash (ids->pdata[i]);

      if (!g_ptr_array_find_with_equal_func (mime->thread_ids, hash, g_str_equal, NULL))
        g_ptr_array_add (mime->thread_ids, g_steal_pointer (&hash));
    }
}

static void
add_fields (const Making *self, const WdMimeTree *tree, bson_t *fields)
{
  g_autofree char *subject = NULL;
  g_autofree char *msgid = NULL;
  WdMimeSlice value;
  const char *text;
  gsize len;

  text = wd_mime_tree_get_envelope (tree, &len);
  wd_mongo_imap_add_list (fields, "envelope", text, len);
  text = wd_mime_tree_get_body_structure (tree, &len);
  wd_mongo_imap_add_list (fields, "bodystructure", text, len);
  add_search_headers (self, fields);
  if (find_field (self, &self->parts[0], "Subject", &value))
    subject = g_strstrip (wd_mime_header_dup_text (value.data, value.len));
  BSON_APPEND_UTF8 (fields, "subject", subject == NULL ? "" : subject);
  find_thread (self, subject);
  if (find_field (self, &self->parts[0], "Message-ID", &value))
    msgid = dup_raw (value);
  BSON_APPEND_UTF8 (fields, "msgid", msgid == NULL ? "" : msgid);
  add_attachment_list (self, fields);
  add_view (self, tree, fields);
}

WdMongoMime *
wd_mongo_mime_new (const WdMimeTree *tree, const guint8 *octets, gsize len, gboolean with_view)
{
  WdMongoMime *mime = g_new0 (WdMongoMime, 1);
  Making making = { .mime = mime, .octets = octets, .len = len };

  mime->header = g_ptr_array_new_with_free_func (g_free);
  mime->attachments = g_array_new (FALSE, FALSE, sizeof (WdMongoAttachment));
  mime->root = bson_new ();
  mime->fields = bson_new ();
  making.parts = wd_mime_tree_get_parts (tree, &making.n_parts);
  making.by_content_id = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  making.n_inline = (gsize) making.parts[0].body_start;
  if (making.n_inline <= WD_MONGO_MIME_INLINE_BYTES_MAX)
    wd_mongo_mime_add_lines (mime->header, (const char *) octets, making.n_inline);
  add_node (&making, mime->root, 0, 0, FALSE);
  add_intro (&making, tree, mime->fields);
  if (with_view)
    add_fields (&making, tree, mime->fields);
  else
    find_thread (&making, NULL);
  g_hash_table_unref (making.by_content_id);
  return mime;
}

void
wd_mongo_mime_free (WdMongoMime *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->header);
  g_array_unref (self->attachments);
  bson_destroy (self->root);
  bson_destroy (self->fields);
  g_free (self->thread_subject);
  g_clear_pointer (&self->thread_ids, g_ptr_array_unref);
  g_free (self);
}
