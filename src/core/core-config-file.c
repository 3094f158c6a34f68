// SPDX-License-Identifier: EUPL-1.2
// One configuration file. GKeyFile reads it, a line at a time, since it keeps no line numbers and
// no line of a key file goes on in the next.
#include "config.h"

#include "core-config-private.h"

#include <string.h>

#include "core-limits.h"

// Parses `line` as one of `section` (nullable: none yet).
static gboolean
parse_line (GKeyFile *file, const char *section, const char *line, GError **error)
{
  g_autofree char *text
      = section == NULL ? g_strdup (line) : g_strdup_printf ("[%s]\n%s", section, line);
  g_autoptr (GError) local_error = NULL;

  if (g_key_file_load_from_data (file, text, strlen (text), G_KEY_FILE_KEEP_TRANSLATIONS,
                                 &local_error))
    return TRUE;
  g_set_error_literal (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_SYNTAX, local_error->message);
  return FALSE;
}

// A line [SECTION]. A section is checked even if it has no key.
static gboolean
read_section (const char *line,
              const char *origin,
              char **section,
              WdConfigSetFunc set,
              gpointer user_data,
              GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!parse_line (file, NULL, line, error))
    return FALSE;
  g_free (*section);
  *section = g_key_file_get_start_group (file);
  return set (*section, NULL, NULL, origin, user_data, error);
}

static gboolean
read_assignment (const char *line,
                 const char *origin,
                 const char *section,
                 WdConfigSetFunc set,
                 gpointer user_data,
                 GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) keys = NULL;
  g_autofree char *value = NULL;
  g_autoptr (GError) local_error = NULL;

  if (!parse_line (file, section, line, error))
    return FALSE;
  keys = g_key_file_get_keys (file, section, NULL, NULL);
  if (keys == NULL || keys[0] == NULL)
    return TRUE;

  // With a bad escape it returns what it could read, and an error.
  value = g_key_file_get_string (file, section, keys[0], &local_error);
  if (local_error != NULL)
    {
      g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_BAD_VALUE,
                   "[%s] %s: the value has a backslash with nothing that it stands for", section,
                   keys[0]);
      return FALSE;
    }
  return set (section, keys[0], value, origin, user_data, error);
}

static gboolean
read_lines (
    const char *path, const char *data, WdConfigSetFunc set, gpointer user_data, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (data, "\n", -1);
  g_autofree char *section = NULL;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *origin = g_strdup_printf ("%s:%u", path, i + 1);
      const char *line = g_strstrip (lines[i]);
      gboolean ok = TRUE;

      if (*line == '[')
        ok = read_section (line, origin, &section, set, user_data, error);
      else if (*line != '\0' && *line != '#')
        ok = read_assignment (line, origin, section, set, user_data, error);
      if (!ok)
        {
          g_prefix_error (error, "%s: ", origin);
          return FALSE;
        }
    }
  return TRUE;
}

// NUL octets and text that is not UTF-8, of which GKeyFile would not say where they stand.
static gboolean
check_octets (const char *path, const char *data, gsize len, GError **error)
{
  const char *bad = NULL;
  guint line = 1;

  if (g_utf8_validate_len (data, len, &bad))
    return TRUE;
  for (const char *at = data; at < bad; at++)
    line += *at == '\n';
  g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_SYNTAX, "%s:%u: not UTF-8 text", path, line);
  return FALSE;
}

// Sets NULL and returns TRUE for a file that may be missing and is.
static gboolean
load_contents (
    const char *path, gboolean must_exist, char **out_data, gsize *out_len, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *data = NULL;
  gsize len = 0;

  if (!g_file_get_contents (path, &data, &len, &local_error))
    {
      if (!must_exist && g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error_literal (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_IO, local_error->message);
      return FALSE;
    }
  if (len > WD_LIMIT_CONFIG_FILE_BYTES)
    {
      g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_IO, "%s: longer than %d octets", path,
                   WD_LIMIT_CONFIG_FILE_BYTES);
      return FALSE;
    }
  *out_data = g_steal_pointer (&data);
  *out_len = len;
  return TRUE;
}

gboolean
wd_core_config_file_read (
    const char *path, gboolean must_exist, WdConfigSetFunc set, gpointer user_data, GError **error)
{
  g_autofree char *data = NULL;
  gsize len = 0;

  if (!load_contents (path, must_exist, &data, &len, error))
    return FALSE;
  return data == NULL
         || (check_octets (path, data, len, error)
             && read_lines (path, data, set, user_data, error));
}
