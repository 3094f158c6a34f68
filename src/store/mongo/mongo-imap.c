// SPDX-License-Identifier: EUPL-1.2
// Reading IMAP's lists.
#include "config.h"

#include "mongo-imap.h"

#include <string.h>

// A document may be a hundred deep.
#define MAX_DEPTH 80

typedef struct
{
  const char *at;
  const char *end;
  GString *scratch;
} Reader;

static void
add_string (bson_t *array, const char *key, const char *data, gsize len)
{
  if (g_utf8_validate_len (data, len, NULL))
    bson_append_utf8 (array, key, -1, data, (int) len);
  else
    wd_mongo_bson_add_binary (array, key, data, len);
}

static void
read_quoted (Reader *self, bson_t *array, const char *key)
{
  g_string_truncate (self->scratch, 0);
  for (self->at++; self->at < self->end && *self->at != '"'; self->at++)
    {
      if (*self->at == '\\' && self->at + 1 < self->end)
        self->at++;
      g_string_append_c (self->scratch, *self->at);
    }
  if (self->at < self->end)
    self->at++;
  add_string (array, key, self->scratch->str, self->scratch->len);
}

static void
read_literal (Reader *self, bson_t *array, const char *key)
{
  gsize len = 0;

  for (self->at++; self->at < self->end && g_ascii_isdigit (*self->at) && len < G_MAXINT32;
       self->at++)
    len = len * 10 + (gsize) (*self->at - '0');
  while (self->at < self->end && *self->at != '\n')
    self->at++;
  if (self->at < self->end)
    self->at++;
  len = MIN (len, (gsize) (self->end - self->at));
  add_string (array, key, self->at, len);
  self->at += len;
}

static void
read_atom (Reader *self, bson_t *array, const char *key)
{
  const char *start = self->at;
  gboolean is_number = TRUE;
  gint64 number = 0;

  for (; self->at < self->end && strchr (" ()", *self->at) == NULL; self->at++)
    {
      is_number = is_number && g_ascii_isdigit (*self->at) && number < G_MAXINT64 / 20;
      if (is_number)
        number = number * 10 + (*self->at - '0');
    }
  if (self->at - start == 3 && g_ascii_strncasecmp (start, "NIL", 3) == 0)
    BSON_APPEND_NULL (array, key);
  else if (is_number && number <= G_MAXINT32)
    BSON_APPEND_INT32 (array, key, (gint32) number);
  else if (is_number)
    BSON_APPEND_INT64 (array, key, number);
  else
    add_string (array, key, start, (gsize) (self->at - start));
}

// Stands behind the opening parenthesis; ends behind the closing one.
static void
read_list (Reader *self, bson_t *array, guint depth)
{
  for (guint32 i = 0; self->at < self->end && *self->at != ')';)
    {
      char buffer[16];
      const char *key;
      bson_t child;

      if (*self->at == ' ')
        {
          self->at++;
          continue;
        }
      bson_uint32_to_string (i++, &key, buffer, sizeof buffer);
      if (*self->at == '(' && depth < MAX_DEPTH)
        {
          self->at++;
          BSON_APPEND_ARRAY_BEGIN (array, key, &child);
          read_list (self, &child, depth + 1);
          bson_append_array_end (array, &child);
        }
      else if (*self->at == '"')
        read_quoted (self, array, key);
      else if (*self->at == '{')
        read_literal (self, array, key);
      else if (*self->at == '(')
        self->at = self->end;
      else
        read_atom (self, array, key);
    }
  if (self->at < self->end)
    self->at++;
}

void
wd_mongo_imap_add_list (bson_t *doc, const char *key, const char *text, gsize len)
{
  Reader reader = { text, text + len, g_string_new (NULL) };
  bson_t array;

  BSON_APPEND_ARRAY_BEGIN (doc, key, &array);
  if (len > 0 && text[0] == '(')
    {
      reader.at++;
      read_list (&reader, &array, 0);
    }
  bson_append_array_end (doc, &array);
  g_string_free (reader.scratch, TRUE);
}
