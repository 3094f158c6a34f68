// SPDX-License-Identifier: EUPL-1.2
// Message ids in header fields.
#include "config.h"

#include "mime-message-id.h"

#include "core-limits.h"

// What stands between < and >, in normal form. *inout_pos is behind <. FALSE: it is no id.
static gboolean
read_id (const char *value, gsize len, gsize *inout_pos, GString *id)
{
  gboolean is_quoted = FALSE;

  g_string_truncate (id, 0);
  for (; *inout_pos < len; (*inout_pos)++)
    {
      char c = value[*inout_pos];

      if (c == '"')
        {
          is_quoted = !is_quoted;
          continue;
        }
      if (is_quoted && c == '\\' && *inout_pos + 1 < len)
        c = value[++*inout_pos];
      else if (!is_quoted && c == '>')
        {
          (*inout_pos)++;
          return id->len > 0 && id->len <= WD_LIMIT_MIME_MESSAGE_ID_BYTES;
        }
      else if (!is_quoted && c == '<')
        return FALSE;
      if (c == '\0' || g_ascii_isspace (c))
        continue;
      // One octet too many says that it is too long.
      if (id->len <= WD_LIMIT_MIME_MESSAGE_ID_BYTES)
        g_string_append_c (id, c);
    }
  return FALSE;
}

void
wd_mime_message_id_append (const char *value, gsize len, guint max, GPtrArray *out_ids)
{
  g_autoptr (GString) id = g_string_new (NULL);
  gsize pos = 0;
  guint n = 0;

  while (pos < len && n < max)
    {
      if (value[pos++] != '<')
        continue;
      if (!read_id (value, len, &pos, id))
        continue;
      g_ptr_array_add (out_ids, g_strndup (id->str, id->len));
      n++;
    }
}
