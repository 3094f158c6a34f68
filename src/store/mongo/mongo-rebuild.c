// SPDX-License-Identifier: EUPL-1.2
// Putting WildDuck's messages together.
#include "config.h"

#include "mongo-rebuild.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-blob.h"
#include "mongo-schema.h"

// A document is at most a hundred deep, and a node of the tree two of that.
#define MAX_DEPTH 60
// As it keeps base64 whose lines it did not find.
#define DEFAULT_LINE_CHARS 76

// A file of the bucket.
typedef struct
{
  gint64 len;
  gboolean is_decoded;
  gint64 line_chars;
} File;

typedef struct
{
  WdMongoCall *call;
  const bson_t *doc;
  GHashTable *files; // WdStoreSha to File.
  GByteArray *text;
  GArray *parts;
  guint64 n_taken; // Octets of the parts.
} Rebuilding;

static gboolean
fail_corrupt (const char *what, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT, "WildDuck's message: %s", what);
  return FALSE;
}

static void
add_octets (Rebuilding *self, const void *data, gsize len)
{
  g_byte_array_append (self->text, data, (guint) len);
}

static void
add_text (Rebuilding *self, const char *text)
{
  add_octets (self, text, strlen (text));
}

static guint
hash_sha (gconstpointer sha)
{
  guint n;

  memcpy (&n, sha, sizeof n);
  return n;
}

static gboolean
equal_sha (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (WdStoreSha)) == 0;
}

static gboolean
read_sha (const bson_iter_t *iter, WdStoreSha *out_sha)
{
  const guint8 *data;
  guint32 len;

  if (!BSON_ITER_HOLDS_BINARY (iter))
    return FALSE;
  bson_iter_binary (iter, NULL, &len, &data);
  if (len != sizeof out_sha->bytes)
    return FALSE;
  memcpy (out_sha->bytes, data, len);
  return TRUE;
}

static gboolean
note_file (const bson_t *doc, gpointer user_data, GError **error)
{
  bson_iter_t iter;
  WdStoreSha sha;
  File *file;

  if (!bson_iter_init_find (&iter, doc, "_id") || !read_sha (&iter, &sha))
    return TRUE;
  file = g_new0 (File, 1);
  file->len = wd_mongo_bson_get_int (doc, "length", -1);
  file->is_decoded = wd_mongo_bson_get_bool (doc, "metadata.decoded");
  file->line_chars = wd_mongo_bson_get_int (doc, "metadata.lineLen", 0);
  g_hash_table_replace (user_data, g_memdup2 (&sha, sizeof sha), file);
  return TRUE;
}

// What is to be known of all attachments. One round trip; none without any.
static gboolean
load_files (Rebuilding *self, GError **error)
{
  g_autoptr (bson_t) filter = bson_new ();
  g_autoptr (bson_t) options
      = BCON_NEW ("projection", "{", "length", BCON_INT32 (1), "metadata.decoded", BCON_INT32 (1),
                  "metadata.lineLen", BCON_INT32 (1), "}");
  bson_iter_t iter, child;
  bson_t by_id, array;
  guint32 n = 0;

  if (!wd_mongo_bson_find (self->doc, "mimeTree.attachmentMap", &iter)
      || !BSON_ITER_HOLDS_DOCUMENT (&iter) || !bson_iter_recurse (&iter, &child))
    return TRUE;
  BSON_APPEND_DOCUMENT_BEGIN (filter, "_id", &by_id);
  BSON_APPEND_ARRAY_BEGIN (&by_id, "$in", &array);
  while (bson_iter_next (&child))
    {
      WdStoreSha sha;
      char buffer[16];
      const char *key;

      if (!read_sha (&child, &sha))
        continue;
      bson_uint32_to_string (n++, &key, buffer, sizeof buffer);
      wd_mongo_bson_add_binary (&array, key, sha.bytes, sizeof sha.bytes);
    }
  bson_append_array_end (&by_id, &array);
  bson_append_document_end (filter, &by_id);
  return n == 0
         || wd_mongo_call_find (self->call, WD_MONGO_FILES, filter, options, note_file, self->files,
                                error);
}

// A header line is text of which each character is an octet.
static void
add_line (Rebuilding *self, const char *line)
{
  for (const char *at = line; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (c < 0x100)
        {
          guint8 octet = (guint8) c;

          add_octets (self, &octet, 1);
        }
      else
        add_octets (self, at, (gsize) (g_utf8_next_char (at) - at));
    }
}

static void
add_header (Rebuilding *self, const bson_t *node)
{
  g_auto (GStrv) lines = wd_mongo_bson_dup_texts (node, "header");

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      if (i > 0)
        add_text (self, "\r\n");
      if (g_utf8_validate (lines[i], -1, NULL))
        add_line (self, lines[i]);
    }
  add_text (self, "\r\n");
}

static WdMimeBase64Form
make_form (const File *file)
{
  guint64 line_chars = (guint64) (file->line_chars > 0 ? file->line_chars : DEFAULT_LINE_CHARS);
  guint64 n_chars = ((guint64) file->len + 2) / 3 * 4;
  guint64 n_lines = (n_chars + line_chars - 1) / line_chars;

  return (WdMimeBase64Form){
    .line_chars = (guint32) MIN (line_chars, MAX (n_chars, 1)),
    .line_end_bytes = 2,
    .encoded_bytes = n_chars + (n_lines > 0 ? 2 * (n_lines - 1) : 0),
    .decoded_bytes = (guint64) file->len,
  };
}

// Lines of a length that no encoder of ours makes: read and written at once.
static gboolean
add_encoded (Rebuilding *self, const WdStoreSha *sha, const File *file, GError **error)
{
  g_autofree guint8 *data = g_try_malloc ((gsize) MAX (file->len, 1));
  g_autofree char *encoded = NULL;
  gsize line_chars = (gsize) MAX (file->line_chars, 1);

  if (data == NULL)
    return fail_corrupt ("an attachment is too long", error);
  if (!wd_mongo_blob_read (self->call, sha, 0, (gsize) file->len, data, error))
    return FALSE;
  encoded = g_base64_encode (data, (gsize) file->len);
  for (gsize pos = 0, len = strlen (encoded); pos < len; pos += line_chars)
    {
      if (pos > 0)
        add_text (self, "\r\n");
      add_octets (self, encoded + pos, MIN (line_chars, len - pos));
    }
  return TRUE;
}

static gboolean
add_attachment (Rebuilding *self, const char *attachment_id, GError **error)
{
  g_autofree char *path = g_strconcat ("mimeTree.attachmentMap.", attachment_id, NULL);
  WdStorePart part = { .offset = self->text->len + self->n_taken };
  bson_iter_t iter;
  const File *file;

  if (!wd_mongo_bson_find (self->doc, path, &iter) || !read_sha (&iter, &part.sha)
      || (file = g_hash_table_lookup (self->files, &part.sha)) == NULL || file->len < 0
      || file->len > WD_LIMIT_MESSAGE_BYTES)
    return fail_corrupt ("an attachment is missing", error);
  part.is_base64 = file->is_decoded;
  part.len = (guint64) file->len;
  if (part.is_base64)
    {
      part.form = make_form (file);
      part.len = part.form.encoded_bytes;
      if (!wd_mime_base64_is_valid (&part.form))
        return add_encoded (self, &part.sha, file, error);
    }
  if (part.len == 0)
    return TRUE;
  g_array_append_val (self->parts, part);
  self->n_taken += part.len;
  return TRUE;
}

static gboolean add_node (Rebuilding *self, const bson_t *node, guint depth, GError **error);

static gboolean
add_inner (Rebuilding *self, const bson_iter_t *iter, guint depth, GError **error)
{
  const guint8 *data;
  guint32 len;
  bson_t node;

  if (!BSON_ITER_HOLDS_DOCUMENT (iter))
    return fail_corrupt ("its tree is damaged", error);
  bson_iter_document (iter, &len, &data);
  return bson_init_static (&node, data, len) ? add_node (self, &node, depth + 1, error)
                                             : fail_corrupt ("its tree is damaged", error);
}

static gboolean
add_children (Rebuilding *self, const bson_t *node, guint depth, GError **error)
{
  const char *boundary = wd_mongo_bson_get_text (node, "boundary");
  bson_iter_t iter, child;
  guint n = 0;

  if (boundary == NULL)
    return TRUE;
  if (bson_iter_init_find (&iter, node, "childNodes") && bson_iter_recurse (&iter, &child))
    while (bson_iter_next (&child))
      {
        add_text (self, n++ > 0 ? "\r\n--" : "--");
        add_line (self, boundary);
        add_text (self, "\r\n");
        if (!add_inner (self, &child, depth, error))
          return FALSE;
      }
  add_text (self, n > 0 ? "\r\n--" : "--");
  add_line (self, boundary);
  add_text (self, "--\r\n");
  return TRUE;
}

static gboolean
add_node (Rebuilding *self, const bson_t *node, guint depth, GError **error)
{
  const char *attachment_id = wd_mongo_bson_get_text (node, "attachmentId");
  gsize body_len;
  const guint8 *body = wd_mongo_bson_get_binary (node, "body", &body_len);
  gboolean has_children = wd_mongo_bson_get_text (node, "boundary") != NULL;
  bson_iter_t iter;

  if (depth > MAX_DEPTH)
    return fail_corrupt ("it is nested too deeply", error);
  add_header (self, node);
  if (attachment_id == NULL && body_len == 0 && !has_children && !bson_has_field (node, "message"))
    return TRUE;
  add_text (self, "\r\n");
  if (attachment_id != NULL)
    return add_attachment (self, attachment_id, error);
  if (body != NULL)
    add_octets (self, body, body_len);
  else if (bson_iter_init_find (&iter, node, "message"))
    return add_inner (self, &iter, depth, error);
  return add_children (self, node, depth, error);
}

// WildDuck says how long a message is before it sends it, and keeps to that.
static void
fit (Rebuilding *self)
{
  gint64 wanted = wd_mongo_bson_get_int (self->doc, "size", 0);
  gint64 there = (gint64) (self->text->len + self->n_taken);
  const WdStorePart *last = self->parts->len == 0
                                ? NULL
                                : &g_array_index (self->parts, WdStorePart, self->parts->len - 1);
  gint64 tail = there - (last == NULL ? 0 : (gint64) (last->offset + last->len));

  if (wanted < there && there - wanted <= tail)
    g_byte_array_set_size (self->text, self->text->len - (guint) (there - wanted));
  else if (wanted - there == 2)
    add_text (self, "\r\n");
  else
    for (; there < wanted && wanted - there < 4096; there++)
      add_text (self, " ");
}

gboolean
wd_mongo_rebuild_message (
    WdMongoCall *call, const bson_t *doc, GByteArray **out_text, GArray **out_parts, GError **error)
{
  g_autoptr (GHashTable) files = g_hash_table_new_full (hash_sha, equal_sha, g_free, g_free);
  g_autoptr (GByteArray) text = g_byte_array_new ();
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (WdStorePart));
  Rebuilding self = { call, doc, files, text, parts, 0 };
  bson_iter_t iter;

  if (!bson_iter_init_find (&iter, doc, "mimeTree"))
    return fail_corrupt ("it has no tree", error);
  if (!load_files (&self, error) || !add_inner (&self, &iter, 0, error))
    return FALSE;
  fit (&self);
  *out_text = g_steal_pointer (&text);
  *out_parts = g_steal_pointer (&parts);
  return TRUE;
}
