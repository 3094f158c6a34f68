// SPDX-License-Identifier: EUPL-1.2
// Validity, normal form and order of mailbox paths.
#include "config.h"

#include "store-path.h"

#include <string.h>

#include "core-limits.h"
#include "store-types.h"

static gboolean
set_invalid (const char *what, GError **error)
{
  g_set_error (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, "mailbox name: %s", what);
  return FALSE;
}

// Control and format-breaking characters: they would end a line somewhere.
static gboolean
is_forbidden (gunichar c)
{
  return g_unichar_iscntrl (c) || c == 0x2028 || c == 0x2029;
}

static gboolean
check_characters (const char *path, GError **error)
{
  for (const char *p = path; *p != '\0'; p = g_utf8_next_char (p))
    if (is_forbidden (g_utf8_get_char (p)))
      return set_invalid ("control character", error);
  return TRUE;
}

static gboolean
check_levels (const char *path, GError **error)
{
  guint n_levels = 1;

  if (path[0] == '\0' || path[0] == '/' || path[strlen (path) - 1] == '/'
      || strstr (path, "//") != NULL)
    return set_invalid ("empty level", error);
  for (const char *p = path; (p = strchr (p, '/')) != NULL; p++)
    n_levels++;
  return n_levels <= WD_LIMIT_MAILBOX_LEVELS || set_invalid ("too many levels", error);
}

static gboolean
check_length (const char *path, GError **error)
{
  return strlen (path) <= WD_LIMIT_MAILBOX_PATH_BYTES || set_invalid ("too long", error);
}

char *
wd_store_path_normalize (const char *path, GError **error)
{
  // Before the work that depends on the length. NFC is at most three times as long (UAX 15).
  if (!check_length (path, error))
    return NULL;
  if (!g_utf8_validate (path, -1, NULL))
    {
      set_invalid ("not UTF-8", error);
      return NULL;
    }

  g_autofree char *normal = g_utf8_normalize (path, -1, G_NORMALIZE_DEFAULT_COMPOSE);

  if (!check_length (normal, error) || !check_characters (normal, error)
      || !check_levels (normal, error))
    return NULL;
  if (g_ascii_strncasecmp (normal, "INBOX", 5) == 0 && (normal[5] == '\0' || normal[5] == '/'))
    memcpy (normal, "INBOX", 5);
  return g_steal_pointer (&normal);
}

char *
wd_store_path_dup_parent (const char *path)
{
  const char *slash = strrchr (path, '/');

  return slash == NULL ? NULL : g_strndup (path, (gsize) (slash - path));
}

gboolean
wd_store_path_is_below (const char *path, const char *parent)
{
  gsize len = strlen (parent);

  return strncmp (path, parent, len) == 0 && path[len] == '/';
}

static gboolean
is_inbox_tree (const char *path)
{
  return strcmp (path, "INBOX") == 0 || wd_store_path_is_below (path, "INBOX");
}

// The end sorts before '/', and '/' before every other octet.
static int
get_weight (char c)
{
  return c == '\0' ? 0 : c == '/' ? 1 : 2 + (guint8) c;
}

int
wd_store_path_compare (const char *a, const char *b)
{
  gboolean a_inbox = is_inbox_tree (a);

  if (a_inbox != is_inbox_tree (b))
    return a_inbox ? -1 : 1;
  while (*a != '\0' && *a == *b)
    a++, b++;
  return get_weight (*a) - get_weight (*b);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return wd_store_path_compare (*(char *const *) a, *(char *const *) b);
}

void
wd_store_path_sort (GPtrArray *paths)
{
  g_ptr_array_sort (paths, compare_paths);
}
