// SPDX-License-Identifier: EUPL-1.2
// Normal forms of mail addresses and user names.
#include "config.h"

#include "store-address.h"

#include <string.h>

#include "core-limits.h"
#include "store-search.h"
#include "store-types.h"

// RFC 5321 4.5.3.1.1 and 4.5.3.1.2; for an internationalised address both are octets of UTF-8 and
// of the encoded form (RFC 6531 3.3).
#define LOCAL_PART_MAX_BYTES 64
#define DOMAIN_MAX_BYTES 255
#define LABEL_MAX_BYTES 63

static gboolean
set_invalid (GError **error, const char *what)
{
  g_set_error_literal (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID, what);
  return FALSE;
}

static gboolean
is_ascii (const char *text)
{
  for (; *text != '\0'; text++)
    if ((*text & 0x80) != 0)
      return FALSE;
  return TRUE;
}

// Control characters, line separators and invisible formatting, except for the two joiners that
// some scripts need within words.
static gboolean
is_control (gunichar c)
{
  switch ((int) g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
      return TRUE;
    case G_UNICODE_FORMAT:
      return c != 0x200c && c != 0x200d;
    default:
      return FALSE;
    }
}

static gboolean
check_text (const char *text, gsize max_bytes, GError **error)
{
  if (*text == '\0')
    return set_invalid (error, "it is empty");
  if (strlen (text) > max_bytes)
    return set_invalid (error, "it is too long");
  if (!g_utf8_validate (text, -1, NULL))
    return set_invalid (error, "it is not valid UTF-8");
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (is_control (g_utf8_get_char (p)))
      return set_invalid (error, "it has a control character");
  return TRUE;
}

// A Dot-string (RFC 5321 4.1.2), any character beyond ASCII being an atom's (RFC 6531 3.3).
static gboolean
is_dot_string (const char *text)
{
  char before = '.';

  for (const char *p = text; *p != '\0'; before = *p++)
    if (*p == ' ' || strchr ("()<>[]:;@\\,\"", *p) != NULL || (*p == '.' && before == '.'))
      return FALSE;
  return before != '.';
}

// The content of a Quoted-string, its backslashes undone. Returns (transfer full) (nullable).
static char *
dup_unquoted (const char *quoted)
{
  gsize len = strlen (quoted);
  g_autoptr (GString) out = g_string_new (NULL);

  if (len < 2 || quoted[len - 1] != '"')
    return NULL;
  for (gsize i = 1; i < len - 1; i++)
    {
      if (quoted[i] == '"')
        return NULL;
      // A last backslash would quote the closing quotation mark.
      if (quoted[i] == '\\' && ++i == len - 1)
        return NULL;
      g_string_append_c (out, quoted[i]);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

// A local part that means `content`, quoted only where it must be. Returns (transfer full).
static char *
dup_quoted (const char *content)
{
  GString *out;

  if (is_dot_string (content))
    return g_strdup (content);
  out = g_string_new ("\"");
  for (const char *p = content; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

// The local part as what it means: quoting is a spelling only (RFC 5321 4.1.2). Returns (transfer
// full).
static char *
dup_local (const char *address, const char *at, GError **error)
{
  g_autofree char *local = g_strndup (address, (gsize) (at - address));
  g_autofree char *plain = NULL;

  if (*local == '\0')
    {
      set_invalid (error, "its local part is empty");
      return NULL;
    }
  if (strlen (local) > LOCAL_PART_MAX_BYTES)
    {
      set_invalid (error, "its local part is too long");
      return NULL;
    }
  if (*local == '"')
    plain = dup_unquoted (local);
  else if (is_dot_string (local))
    plain = g_steal_pointer (&local);
  if (plain == NULL || *plain == '\0')
    {
      set_invalid (error, "its local part is not valid");
      return NULL;
    }
  return g_steal_pointer (&plain);
}

// The + before the detail; one at the very start is part of the name. Returns (nullable).
static char *
find_detail (char *local)
{
  return strchr (local + 1, '+');
}

static gboolean
is_host_name (const char *ascii)
{
  gsize n_label = 0;

  if (strlen (ascii) > DOMAIN_MAX_BYTES)
    return FALSE;
  for (const char *p = ascii;; p++)
    if (*p == '.' || *p == '\0')
      {
        if (n_label == 0 || n_label > LABEL_MAX_BYTES || p[-1] == '-')
          return FALSE;
        if (*p == '\0')
          return TRUE;
        n_label = 0;
      }
    else if (g_ascii_isalnum (*p) || *p == '_' || (*p == '-' && n_label > 0))
      n_label++;
    else
      return FALSE;
}

// An address literal such as [192.0.2.1] or [IPv6:2001:db8::1].
static gboolean
is_literal (const char *domain)
{
  gsize len = strlen (domain);

  return len > 2 && len <= DOMAIN_MAX_BYTES && domain[len - 1] == ']'
         && strspn (domain + 1, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:-")
                == len - 2;
}

// The domain that `ascii` encodes. Where encoding it again does not lead back, the encoded form
// stays, so that no two domains become one.
static char *
dup_decoded (const char *ascii)
{
  g_autofree char *decoded = g_hostname_to_unicode (ascii);
  g_autofree char *lower = decoded == NULL ? NULL : g_utf8_strdown (decoded, -1);
  g_autofree char *normal
      = lower == NULL ? NULL : g_utf8_normalize (lower, -1, G_NORMALIZE_DEFAULT_COMPOSE);
  g_autofree char *back = normal == NULL ? NULL : g_hostname_to_ascii (normal);

  if (back == NULL)
    return NULL;
  return g_ascii_strcasecmp (back, ascii) == 0 ? g_steal_pointer (&normal)
                                               : g_ascii_strdown (ascii, -1);
}

static char *
dup_domain (const char *domain, GError **error)
{
  g_autofree char *ascii = NULL;
  g_autofree char *normal = NULL;

  if (*domain == '[')
    normal = is_literal (domain) ? g_ascii_strdown (domain, -1) : NULL;
  else if (is_ascii (domain) && strcasestr (domain, "xn--") == NULL)
    normal = is_host_name (domain) ? g_ascii_strdown (domain, -1) : NULL;
  else if ((ascii = g_hostname_to_ascii (domain)) != NULL && is_host_name (ascii))
    normal = dup_decoded (ascii);

  if (normal == NULL)
    set_invalid (error, "its domain is not valid");
  return g_steal_pointer (&normal);
}

char *
wd_store_address_normalize (const char *address, GError **error)
{
  if (!check_text (address, WD_LIMIT_ADDRESS_BYTES, error))
    return NULL;

  // The last one: a quoted local part may have others.
  const char *at = strrchr (address, '@');

  if (at == NULL)
    {
      set_invalid (error, "it has no @");
      return NULL;
    }

  g_autofree char *local = dup_local (address, at, error);
  g_autofree char *domain = local == NULL ? NULL : dup_domain (at + 1, error);

  if (domain == NULL)
    return NULL;

  char *detail = find_detail (local);

  if (detail != NULL)
    *detail = '\0';

  g_autofree char *folded = wd_search_fold (local, -1);
  g_autofree char *quoted = dup_quoted (folded);

  return g_strconcat (quoted, "@", domain, NULL);
}

char *
wd_store_username_normalize (const char *username, GError **error)
{
  if (!check_text (username, WD_LIMIT_USERNAME_BYTES, error))
    return NULL;
  if (strchr (username, '@') != NULL)
    return wd_store_address_normalize (username, error);

  for (const char *p = username; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_isspace (g_utf8_get_char (p)))
      {
        set_invalid (error, "it has a space");
        return NULL;
      }
  return wd_search_fold (username, -1);
}

char *
wd_store_address_dup_detail (const char *address)
{
  const char *at = strrchr (address, '@');
  g_autofree char *local
      = at == NULL || !g_utf8_validate (address, -1, NULL) ? NULL : dup_local (address, at, NULL);
  const char *detail = local == NULL ? NULL : find_detail (local);

  return detail == NULL ? NULL : g_strdup (detail + 1);
}
