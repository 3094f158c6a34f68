// SPDX-License-Identifier: EUPL-1.2
// GMime's parser and the indexer see the same message, but where a difference is named.
#include "config.h"

#include <gmime/gmime.h>
#include <string.h>

#include "mime-check.h"
#include "mime-header.h"

// What is compared no further, and why.
static const struct
{
  const char *file;
  const char *why;
} differences[] = {
  { "boundary-dashes.eml",
    "RFC 2046 allows a boundary that ends in --; GMime takes it for the last" },
  { "broken-content-type.eml", "RFC 2045 5.2 makes a broken type text/plain, GMime octet-stream" },
  { "dashes.eml", "GMime leaves the CR before a last boundary that has no line end" },
  { "deep-messages.eml", "beyond WD_LIMIT_MIME_DEPTH" },
  { "deep-multiparts.eml", "beyond WD_LIMIT_MIME_DEPTH" },
  { "empty-multipart-closed.eml", "IMAP has no multipart without parts" },
  { "empty-multipart.eml", "IMAP has no multipart without parts" },
  { "empty-parts.eml", "to GMime a boundary right behind another begins no part" },
  { "empty.eml", "to GMime no octets are no message" },
  { "encoded-message.eml",
    "RFC 2046 5.2.1 forbids to encode it; GMime looks into what is not decoded" },
  { "many-parts.eml", "beyond WD_LIMIT_MIME_PARTS" },
  { "multipart-without-boundary.eml", "IMAP has no multipart without parts" },
  { "nul.eml", "GMime ends a value at NUL" },
  { "odd-fields.eml", "of two types we take the first, GMime the last" },
  { "text-without-colons.eml", "to GMime it is no message" },
};

typedef struct
{
  const WdMimePart *parts;
  const char *data;
  gsize len;
} Ours;

static const char *
find_difference (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (differences); i++)
    if (strcmp (differences[i].file, name) == 0)
      return differences[i].why;
  return NULL;
}

static void
check_content (const Ours *ours, const WdMimePart *part, GMimePart *theirs)
{
  GMimeDataWrapper *content = g_mime_part_get_content (theirs);
  GMimeStream *stream = content == NULL ? NULL : g_mime_data_wrapper_get_stream (content);
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  char buffer[4096];
  gssize n;

  if (stream == NULL)
    {
      g_assert_cmpuint (part->body_end, ==, part->body_start);
      return;
    }
  g_mime_stream_reset (stream);
  while ((n = g_mime_stream_read (stream, buffer, sizeof buffer)) > 0)
    g_byte_array_append (octets, (const guint8 *) buffer, (guint) n);
  g_assert_cmpmem (ours->data + part->body_start, (int) (part->body_end - part->body_start),
                   octets->data, (int) octets->len);
}

static void
check_object (const Ours *ours, guint32 index, GMimeObject *theirs)
{
  const WdMimePart *part = &ours->parts[index];
  GMimeContentType *type = g_mime_object_get_content_type (theirs);
  g_autofree char *type_text = g_mime_content_type_get_mime_type (type);
  g_autofree char *lower = g_ascii_strdown (type_text, -1);

  if (GMIME_IS_MULTIPART (theirs))
    {
      int n = g_mime_multipart_get_count (GMIME_MULTIPART (theirs));
      guint32 child = part->first_child;

      g_assert_cmpint (part->kind, ==, WD_MIME_MULTIPART);
      g_assert_cmpstr (part->type, ==, lower);
      g_assert_cmpint ((int) part->n_children, ==, n);
      for (int i = 0; i < n; i++, child = ours->parts[child].next_sibling)
        check_object (ours, child, g_mime_multipart_get_part (GMIME_MULTIPART (theirs), i));
      return;
    }
  if (GMIME_IS_MESSAGE_PART (theirs))
    {
      GMimeMessage *message = g_mime_message_part_get_message (GMIME_MESSAGE_PART (theirs));

      g_assert_cmpint (part->kind, ==, WD_MIME_MESSAGE);
      check_object (ours, part->first_child, g_mime_message_get_mime_part (message));
      return;
    }
  g_assert_cmpint (part->kind, ==, WD_MIME_LEAF);
  g_assert_cmpstr (part->type, ==, lower);
  check_content (ours, part, GMIME_PART (theirs));
}

// The decoded subject and the identifier of the message.
static void
check_fields (const Ours *ours, GMimeMessage *message)
{
  gsize len = ours->parts[0].body_start;
  g_autofree char *subject = wd_mime_header_dup_values (ours->data, len, "subject");

  if (subject != NULL && strchr (subject, '\n') == NULL)
    g_assert_cmpstr (subject, ==, g_mime_message_get_subject (message));
}

static void
compare (const char *name, const char *data, gsize len)
{
  g_autoptr (WdMimeTree) tree = mime_check_index (data, len, MAX (len, 1));
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer (data, len);
  GMimeParser *parser = g_mime_parser_new_with_stream (stream);
  GMimeMessage *message = g_mime_parser_construct_message (parser, NULL);
  Ours ours = { wd_mime_tree_get_parts (tree, NULL), data, len };
  const char *why = find_difference (name);

  if (why != NULL)
    g_test_message ("left out: %s", why);
  else
    {
      g_assert_nonnull (message);
      check_fields (&ours, message);
      check_object (&ours, 0, g_mime_message_get_mime_part (message));
    }
  g_clear_object (&message);
  g_object_unref (parser);
  g_object_unref (stream);
}

static void
test_corpus (void)
{
  mime_check_foreach (compare);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_mime_init ();
  g_test_add_func ("/mime/gmime/corpus", test_corpus);
  return g_test_run ();
}
