// SPDX-License-Identifier: EUPL-1.2
// Search keys, as a table of names and the readers of their arguments.
#include "config.h"

#include "imap-search.h"

#include <string.h>

#include "core-limits.h"
#include "imap-date.h"
#include "imap-set.h"
#include "mime-text.h"

typedef struct _Key Key;

struct _Key
{
  const char *name;
  WdSearchOp op;
  gboolean (*parse) (WdImapSearch *search,
                     WdImapParser *parser,
                     const Key *key,
                     WdSearchExpr *expr);
  WdFlags flags;      // Of flag keys.
  const char *header; // Of keys that look into one field.
};

static gboolean parse_key (WdImapSearch *search, WdImapParser *parser, WdSearchExpr **out_expr);

void
wd_imap_search_clear (WdImapSearch *self)
{
  g_clear_pointer (&self->charset, g_free);
}

static gboolean
parse_nothing (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  expr->flags = key->flags;
  return TRUE;
}

// An astring in the command's charset, as UTF-8.
static gboolean
parse_text (WdImapSearch *search, WdImapParser *parser, char **out_text)
{
  g_autofree char *text = NULL;

  if (!wd_imap_parse_space (parser) || !wd_imap_parse_astring (parser, &text))
    return FALSE;
  if (search->charset != NULL)
    *out_text = wd_mime_text_convert (search->charset, text, strlen (text));
  else
    *out_text = g_utf8_validate (text, -1, NULL) ? g_steal_pointer (&text) : NULL;
  if (*out_text != NULL)
    return TRUE;
  search->bad_charset = TRUE;
  return wd_imap_parse_fail (parser, "Text is not in the charset");
}

static gboolean
parse_string (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  expr->header = g_strdup (key->header);
  return parse_text (search, parser, &expr->text);
}

static gboolean
parse_header (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  return wd_imap_parse_space (parser) && wd_imap_parse_astring (parser, &expr->header)
         && parse_text (search, parser, &expr->text);
}

static gboolean
parse_date (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  return wd_imap_parse_space (parser) && wd_imap_date_parse (parser, &expr->day);
}

static gboolean
parse_size (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  return wd_imap_parse_space (parser) && wd_imap_parse_number64 (parser, &expr->number);
}

static gboolean
parse_interval (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  guint32 secs;

  if (!wd_imap_parse_space (parser) || !wd_imap_parse_nz_number (parser, &secs))
    return FALSE;
  expr->number = secs;
  return TRUE;
}

// A keyword that no message can have: KEYWORD finds nothing, UNKEYWORD everything.
static gboolean
parse_keyword (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  g_autofree char *name = NULL;
  const char *atom;
  gsize len;

  if (!wd_imap_parse_space (parser) || !wd_imap_parse_atom (parser, &atom, &len))
    return FALSE;
  name = g_strndup (atom, len);
  if (search->find_keyword (name, &expr->flags, search->user_data))
    return TRUE;
  expr->op = key->op == WD_SEARCH_FLAGS_SET ? WD_SEARCH_UIDS : WD_SEARCH_ALL;
  if (expr->op == WD_SEARCH_UIDS)
    expr->uids = wd_uidset_new ();
  return TRUE;
}

// Numbers past the end find nothing.
static WdUidSet *
resolve (const WdImapSearch *search, const WdImapSet *set, gboolean is_uid)
{
  gboolean is_valid;

  if (set->is_saved)
    return search->saved != NULL ? wd_uidset_copy (search->saved) : wd_uidset_new ();
  return wd_imap_set_resolve (set, search->known, is_uid, &is_valid);
}

static gboolean
parse_uid (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  g_autoptr (WdImapSet) set = NULL;

  if (!wd_imap_parse_space (parser) || !wd_imap_set_parse (parser, &set))
    return FALSE;
  expr->uids = resolve (search, set, TRUE);
  return TRUE;
}

static gboolean
parse_recent (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  expr->uids = wd_uidset_copy (search->recent);
  return TRUE;
}

// NEW is RECENT UNSEEN, OLD is NOT RECENT (RFC 3501 6.4.4).
static gboolean
parse_new (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  WdSearchExpr *recent = wd_search_expr_new (WD_SEARCH_UIDS);
  WdSearchExpr *unseen = wd_search_expr_new (WD_SEARCH_FLAGS_UNSET);

  recent->uids = wd_uidset_copy (search->recent);
  unseen->flags = WD_FLAG_SEEN;
  wd_search_expr_take_child (expr, recent);
  wd_search_expr_take_child (expr, unseen);
  return TRUE;
}

static gboolean
parse_old (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  WdSearchExpr *recent = wd_search_expr_new (WD_SEARCH_UIDS);

  recent->uids = wd_uidset_copy (search->recent);
  wd_search_expr_take_child (expr, recent);
  return TRUE;
}

static gboolean
parse_children (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  guint n = key->op == WD_SEARCH_OR ? 2 : 1;

  for (guint i = 0; i < n; i++)
    {
      WdSearchExpr *child;

      if (!wd_imap_parse_space (parser) || !parse_key (search, parser, &child))
        return FALSE;
      wd_search_expr_take_child (expr, child);
    }
  return TRUE;
}

// MODSEQ [entry-name SP entry-type-req SP] number (RFC 7162 3.1.5). There is one mod-sequence a
// message, whatever the entry.
static gboolean
parse_modseq (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  g_autofree char *entry = NULL;

  if (!wd_imap_parse_space (parser))
    return FALSE;
  if (wd_imap_parse_peek (parser) == '"')
    {
      if (!wd_imap_parse_string (parser, &entry) || !wd_imap_parse_space (parser))
        return FALSE;
      if (!wd_imap_parse_skip_word (parser, "all") && !wd_imap_parse_skip_word (parser, "priv")
          && !wd_imap_parse_skip_word (parser, "shared"))
        return wd_imap_parse_fail (parser, "Unknown entry type");
      if (!wd_imap_parse_space (parser))
        return FALSE;
    }
  search->has_modseq = TRUE;
  return wd_imap_parse_number64 (parser, &expr->number);
}

// RFC 8474 5.
static gboolean
parse_email_id (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  g_autofree char *id = NULL;

  if (!wd_imap_parse_space (parser) || !wd_imap_parse_astring (parser, &id))
    return FALSE;
  if (search->find_email_id != NULL)
    expr->uids = search->find_email_id (id, search->user_data);
  if (expr->uids == NULL)
    expr->uids = wd_uidset_new ();
  return TRUE;
}

// No message has one.
static gboolean
parse_thread_id (WdImapSearch *search, WdImapParser *parser, const Key *key, WdSearchExpr *expr)
{
  g_autofree char *id = NULL;

  expr->uids = wd_uidset_new ();
  return wd_imap_parse_space (parser) && wd_imap_parse_astring (parser, &id);
}

static const Key keys[] = {
  { "ALL", WD_SEARCH_ALL, parse_nothing },
  { "ANSWERED", WD_SEARCH_FLAGS_SET, parse_nothing, WD_FLAG_ANSWERED },
  { "BCC", WD_SEARCH_HEADER, parse_string, 0, "Bcc" },
  { "BEFORE", WD_SEARCH_BEFORE, parse_date },
  { "BODY", WD_SEARCH_BODY, parse_string },
  { "CC", WD_SEARCH_HEADER, parse_string, 0, "Cc" },
  { "DELETED", WD_SEARCH_FLAGS_SET, parse_nothing, WD_FLAG_DELETED },
  { "DRAFT", WD_SEARCH_FLAGS_SET, parse_nothing, WD_FLAG_DRAFT },
  { "EMAILID", WD_SEARCH_UIDS, parse_email_id },
  { "FLAGGED", WD_SEARCH_FLAGS_SET, parse_nothing, WD_FLAG_FLAGGED },
  { "FROM", WD_SEARCH_HEADER, parse_string, 0, "From" },
  { "HEADER", WD_SEARCH_HEADER, parse_header },
  { "KEYWORD", WD_SEARCH_FLAGS_SET, parse_keyword },
  { "LARGER", WD_SEARCH_LARGER, parse_size },
  { "MODSEQ", WD_SEARCH_MODSEQ, parse_modseq },
  { "NEW", WD_SEARCH_AND, parse_new },
  { "NOT", WD_SEARCH_NOT, parse_children },
  { "OLD", WD_SEARCH_NOT, parse_old },
  { "OLDER", WD_SEARCH_OLDER, parse_interval },
  { "ON", WD_SEARCH_ON, parse_date },
  { "OR", WD_SEARCH_OR, parse_children },
  { "RECENT", WD_SEARCH_UIDS, parse_recent },
  { "SAVEDATESUPPORTED", WD_SEARCH_ALL, parse_nothing },
  { "SAVEDBEFORE", WD_SEARCH_SAVED_BEFORE, parse_date },
  { "SAVEDON", WD_SEARCH_SAVED_ON, parse_date },
  { "SAVEDSINCE", WD_SEARCH_SAVED_SINCE, parse_date },
  { "SEEN", WD_SEARCH_FLAGS_SET, parse_nothing, WD_FLAG_SEEN },
  { "SENTBEFORE", WD_SEARCH_SENT_BEFORE, parse_date },
  { "SENTON", WD_SEARCH_SENT_ON, parse_date },
  { "SENTSINCE", WD_SEARCH_SENT_SINCE, parse_date },
  { "SINCE", WD_SEARCH_SINCE, parse_date },
  { "SMALLER", WD_SEARCH_SMALLER, parse_size },
  { "SUBJECT", WD_SEARCH_HEADER, parse_string, 0, "Subject" },
  { "TEXT", WD_SEARCH_TEXT, parse_string },
  { "THREADID", WD_SEARCH_UIDS, parse_thread_id },
  { "TO", WD_SEARCH_HEADER, parse_string, 0, "To" },
  { "UID", WD_SEARCH_UIDS, parse_uid },
  { "UNANSWERED", WD_SEARCH_FLAGS_UNSET, parse_nothing, WD_FLAG_ANSWERED },
  { "UNDELETED", WD_SEARCH_FLAGS_UNSET, parse_nothing, WD_FLAG_DELETED },
  { "UNDRAFT", WD_SEARCH_FLAGS_UNSET, parse_nothing, WD_FLAG_DRAFT },
  { "UNFLAGGED", WD_SEARCH_FLAGS_UNSET, parse_nothing, WD_FLAG_FLAGGED },
  { "UNKEYWORD", WD_SEARCH_FLAGS_UNSET, parse_keyword },
  { "UNSEEN", WD_SEARCH_FLAGS_UNSET, parse_nothing, WD_FLAG_SEEN },
  { "YOUNGER", WD_SEARCH_YOUNGER, parse_interval },
};

static gboolean
parse_named (WdImapSearch *search, WdImapParser *parser, WdSearchExpr **out_expr)
{
  char name[32];

  if (!wd_imap_parse_name (parser, name))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (strcmp (keys[i].name, name) != 0)
        continue;
      g_autoptr (WdSearchExpr) expr = wd_search_expr_new (keys[i].op);

      if (!keys[i].parse (search, parser, &keys[i], expr))
        return FALSE;
      *out_expr = g_steal_pointer (&expr);
      return TRUE;
    }
  return wd_imap_parse_fail (parser, "Unknown search key");
}

// Keys that all have to be true, up to `)` or the end: one alone, or AND of them.
static gboolean
parse_keys (WdImapSearch *search, WdImapParser *parser, WdSearchExpr **out_expr)
{
  g_autoptr (WdSearchExpr) all = NULL;
  WdSearchExpr *expr;

  if (!parse_key (search, parser, &expr))
    return FALSE;
  if (wd_imap_parse_peek (parser) != ' ')
    {
      *out_expr = expr;
      return TRUE;
    }
  all = wd_search_expr_new (WD_SEARCH_AND);
  wd_search_expr_take_child (all, expr);
  while (wd_imap_parse_skip (parser, ' '))
    {
      if (!parse_key (search, parser, &expr))
        return FALSE;
      wd_search_expr_take_child (all, expr);
    }
  *out_expr = g_steal_pointer (&all);
  return TRUE;
}

static gboolean
parse_numbers (WdImapSearch *search, WdImapParser *parser, WdSearchExpr **out_expr)
{
  g_autoptr (WdImapSet) set = NULL;

  if (!wd_imap_set_parse (parser, &set))
    return FALSE;
  *out_expr = wd_search_expr_new (WD_SEARCH_UIDS);
  (*out_expr)->uids = resolve (search, set, FALSE);
  return TRUE;
}

static gboolean
parse_group (WdImapSearch *search, WdImapParser *parser, WdSearchExpr **out_expr)
{
  g_autoptr (WdSearchExpr) expr = NULL;

  if (!wd_imap_parse_open (parser) || !parse_keys (search, parser, &expr)
      || !wd_imap_parse_close (parser))
    return FALSE;
  *out_expr = g_steal_pointer (&expr);
  return TRUE;
}

static gboolean
parse_key (WdImapSearch *search, WdImapParser *parser, WdSearchExpr **out_expr)
{
  int c = wd_imap_parse_peek (parser);
  gboolean ok;

  if (++search->n_keys > WD_LIMIT_IMAP_SEARCH_KEYS)
    return wd_imap_parse_fail (parser, "Too many search keys");
  // NOT NOT NOT … nests without parentheses.
  if (search->depth >= WD_LIMIT_IMAP_NESTING)
    return wd_imap_parse_fail (parser, "Search keys nested too deep");
  search->depth++;
  if (c == '(')
    ok = parse_group (search, parser, out_expr);
  else if (c == '*' || c == '$' || g_ascii_isdigit (c))
    ok = parse_numbers (search, parser, out_expr);
  else
    ok = parse_named (search, parser, out_expr);
  search->depth--;
  return ok;
}

static gboolean
parse_charset (WdImapSearch *self, WdImapParser *parser)
{
  g_autofree char *probe = NULL;

  if (!self->has_bare_charset)
    {
      if (!wd_imap_parse_skip_word (parser, "CHARSET"))
        return TRUE;
      if (self->is_utf8_only)
        return wd_imap_parse_fail (parser, "No charset with UTF8=ACCEPT");
      if (!wd_imap_parse_space (parser))
        return FALSE;
    }
  if (!wd_imap_parse_astring (parser, &self->charset) || !wd_imap_parse_space (parser))
    return FALSE;
  // Of no octets, for one may be no text in it.
  probe = wd_mime_text_convert (self->charset, "", 0);
  if (probe != NULL)
    return TRUE;
  self->bad_charset = TRUE;
  return wd_imap_parse_fail (parser, "Unknown charset");
}

gboolean
wd_imap_search_parse (WdImapSearch *self, WdImapParser *parser, WdSearchExpr **out_expr)
{
  g_autoptr (WdSearchExpr) expr = NULL;

  if (!parse_charset (self, parser) || !parse_keys (self, parser, &expr)
      || !wd_imap_parse_end (parser))
    return FALSE;
  *out_expr = g_steal_pointer (&expr);
  return TRUE;
}
