// SPDX-License-Identifier: EUPL-1.2
// Search expressions as plain data, and the form under which texts match.
#include "config.h"

#include "store-search.h"

#include <string.h>

WdSearchExpr *
wd_search_expr_new (WdSearchOp op)
{
  WdSearchExpr *self = g_new0 (WdSearchExpr, 1);

  self->op = op;
  return self;
}

// Recursion is bounded by who builds the tree (WD_LIMIT_IMAP_NESTING).
void
wd_search_expr_free (WdSearchExpr *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->children, g_ptr_array_unref);
  wd_uidset_free (self->uids);
  g_free (self->header);
  g_free (self->text);
  g_free (self);
}

void
wd_search_expr_take_child (WdSearchExpr *self, WdSearchExpr *child)
{
  g_return_if_fail (child != NULL && child != self);

  if (self->children == NULL)
    self->children = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_search_expr_free);
  g_ptr_array_add (self->children, child);
}

static gsize
count_ascii (const char *text, gsize len)
{
  guint64 eight = 0;
  gsize n = 0;

  for (; n + sizeof eight <= len; n += sizeof eight)
    {
      memcpy (&eight, text + n, sizeof eight);
      if ((eight & G_GUINT64_CONSTANT (0x8080808080808080)) != 0)
        break;
    }
  while (n < len && (text[n] & 0x80) == 0)
    n++;
  return n;
}

// GLib folds the small letters of Cherokee (U+AB70…) to the capitals, as Unicode has it, but the
// capitals (U+13A0…U+13F5) to the small ones, too.
static gboolean
has_cherokee_capital (const char *folded)
{
  return strstr (folded, "\xe1\x8e") != NULL || strstr (folded, "\xe1\x8f") != NULL;
}

// Valid UTF-8: composed, folded, and composed again, since folding can take a composition apart.
static void
append_folded (GString *out, const char *text, gsize len)
{
  g_autofree char *composed = g_utf8_normalize (text, (gssize) len, G_NORMALIZE_DEFAULT_COMPOSE);
  g_autofree char *folded = g_utf8_casefold (composed, -1);

  if (has_cherokee_capital (folded))
    {
      g_autofree char *lower = g_utf8_strdown (folded, -1);

      g_free (g_steal_pointer (&folded));
      folded = g_steal_pointer (&lower);
    }

  g_autofree char *again = g_utf8_normalize (folded, -1, G_NORMALIZE_DEFAULT_COMPOSE);

  g_string_append (out, again);
}

// Eight ASCII characters at a time: the high bit of each octet tells what is at least 'A', and what
// is beyond 'Z'.
static guint64
fold_eight (guint64 eight)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);
  guint64 is_capital
      = (eight + ones * (0x80 - 'A')) & ~(eight + ones * (0x80 - 'Z' - 1)) & (ones * 0x80);

  return eight | is_capital >> 2;
}

static void
append_ascii (GString *out, const char *text, gsize len)
{
  gsize start = out->len;
  guint64 eight;
  gsize i = 0;

  g_string_set_size (out, start + len);

  char *to = out->str + start;

  for (; i + sizeof eight <= len; i += sizeof eight)
    {
      memcpy (&eight, text + i, sizeof eight);
      eight = fold_eight (eight);
      memcpy (to + i, &eight, sizeof eight);
    }
  for (; i < len; i++)
    to[i] = g_ascii_tolower (text[i]);
}

// ASCII runs, which are most of all text, are folded octet by octet; what else there is goes to
// GLib together with the ASCII character before it, with which it may compose.
static void
append_mixed (GString *out, const char *text, gsize len)
{
  while (len > 0)
    {
      gsize n_ascii = count_ascii (text, len);

      if (n_ascii == len)
        {
          append_ascii (out, text, len);
          return;
        }

      gsize n_plain = n_ascii > 0 ? n_ascii - 1 : 0;
      gsize end = n_ascii;

      while (end < len && (text[end] & 0x80) != 0)
        end++;
      append_ascii (out, text, n_plain);
      append_folded (out, text + n_plain, end - n_plain);
      text += end;
      len -= end;
    }
}

char *
wd_search_fold (const char *text, gssize len)
{
  gsize n = len < 0 ? strlen (text) : (gsize) len;
  g_autofree char *valid = NULL;

  // A NUL is ASCII, and not valid here.
  if ((count_ascii (text, n) < n || memchr (text, 0, n) != NULL)
      && !g_utf8_validate_len (text, n, NULL))
    {
      valid = g_utf8_make_valid (text, (gssize) n);
      text = valid;
      n = strlen (valid);
    }

  GString *out = g_string_sized_new (n + 1);

  append_mixed (out, text, n);
  return g_string_free (out, FALSE);
}
