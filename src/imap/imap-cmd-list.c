// SPDX-License-Identifier: EUPL-1.2
// LIST and LSUB, with LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819), SPECIAL-USE (RFC 6154) and
// CHILDREN (RFC 3348).
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-error.h"
#include "imap-list.h"
#include "imap-metadata.h"
#include "imap-name.h"
#include "imap-status.h"

enum
{
  SELECT_SUBSCRIBED = 1 << 0,
  SELECT_REMOTE = 1 << 1,
  SELECT_RECURSIVE = 1 << 2,
  SELECT_SPECIAL_USE = 1 << 3,

  RETURN_SUBSCRIBED = 1 << 0,
  RETURN_CHILDREN = 1 << 1,
  RETURN_SPECIAL_USE = 1 << 2,
  RETURN_STATUS = 1 << 3,
  RETURN_METADATA = 1 << 4,
};

typedef struct
{
  const char *name;
  guint bit;
} Option;

static const Option select_options[] = {
  { "SUBSCRIBED", SELECT_SUBSCRIBED },
  { "REMOTE", SELECT_REMOTE },
  { "RECURSIVEMATCH", SELECT_RECURSIVE },
  { "SPECIAL-USE", SELECT_SPECIAL_USE },
};

static const Option return_options[] = {
  { "SUBSCRIBED", RETURN_SUBSCRIBED },   { "CHILDREN", RETURN_CHILDREN },
  { "SPECIAL-USE", RETURN_SPECIAL_USE }, { "STATUS", RETURN_STATUS },
  { "METADATA", RETURN_METADATA },
};

typedef struct
{
  guint selects;
  guint returns;
  guint status_items;
  GPtrArray *metadata; // (nullable) (element-type utf8): names of annotations.
  gboolean is_extended;
  gboolean is_empty; // The pattern "" alone, which asks for the delimiter.
  char *reference;
  GPtrArray *patterns;
} Request;

static void
request_clear (Request *self)
{
  g_clear_pointer (&self->metadata, g_ptr_array_unref);
  g_free (self->reference);
  g_clear_pointer (&self->patterns, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Request, request_clear)

static gboolean
parse_option (WdImapParser *parser, const Option *options, gsize n, guint *inout_bits)
{
  char name[32];

  if (!wd_imap_parse_name (parser, name))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (strcmp (options[i].name, name) == 0)
      {
        *inout_bits |= options[i].bit;
        return TRUE;
      }
  return wd_imap_parse_fail (parser, "Unknown LIST option");
}

static gboolean
parse_selects (WdImapParser *parser, Request *request)
{
  if (wd_imap_parse_peek (parser) != '(')
    return TRUE;
  request->is_extended = TRUE;
  if (!wd_imap_parse_open (parser))
    return FALSE;
  while (wd_imap_parse_peek (parser) != ')')
    {
      if (!parse_option (parser, select_options, G_N_ELEMENTS (select_options), &request->selects))
        return FALSE;
      if (!wd_imap_parse_skip (parser, ' '))
        break;
    }
  // RFC 5258 3.1: it needs something to be recursive about.
  if ((request->selects & SELECT_RECURSIVE) != 0
      && (request->selects & (SELECT_SUBSCRIBED | SELECT_SPECIAL_USE)) == 0)
    return wd_imap_parse_fail (parser, "RECURSIVEMATCH needs another selection option");
  return wd_imap_parse_close (parser) && wd_imap_parse_space (parser);
}

static gboolean
parse_pattern (WdImapParser *parser, Request *request)
{
  g_autofree char *pattern = NULL;

  if (!wd_imap_parse_list_mailbox (parser, &pattern))
    return FALSE;
  request->is_empty = *pattern == '\0';
  if (!request->is_empty)
    wd_imap_list_add_pattern (request->patterns, request->reference, pattern, parser->is_utf8);
  return TRUE;
}

static gboolean
parse_patterns (WdImapParser *parser, Request *request)
{
  guint n = 0;

  if (wd_imap_parse_peek (parser) != '(')
    return parse_pattern (parser, request);
  request->is_extended = TRUE;
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    {
      if (++n > WD_LIMIT_IMAP_LIST_PATTERNS)
        return wd_imap_parse_fail (parser, "Too many patterns");
      if (!parse_pattern (parser, request))
        return FALSE;
    }
  while (wd_imap_parse_skip (parser, ' '));
  request->is_empty = FALSE;
  return wd_imap_parse_close (parser);
}

// RFC 9590.
static gboolean
parse_metadata (WdImapSession *session, WdImapParser *parser, Request *request)
{
  if (!wd_store_has_metadata (session->server->store))
    return wd_imap_parse_fail (parser, "Unknown option");
  g_clear_pointer (&request->metadata, g_ptr_array_unref);
  if (!wd_imap_parse_space (parser))
    return FALSE;
  if (wd_imap_parse_peek (parser) != '(')
    return wd_imap_parse_fail (parser, "Expected a list of entries");
  return wd_imap_metadata_parse_names (parser, &request->metadata);
}

static gboolean
parse_returns (WdImapSession *session, WdImapParser *parser, Request *request)
{
  if (!wd_imap_parse_skip (parser, ' '))
    return TRUE;
  request->is_extended = TRUE;
  if (!wd_imap_parse_skip_word (parser, "RETURN"))
    return wd_imap_parse_fail (parser, "Expected RETURN");
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser))
    return FALSE;
  while (wd_imap_parse_peek (parser) != ')')
    {
      guint bits = 0;

      if (!parse_option (parser, return_options, G_N_ELEMENTS (return_options), &bits))
        return FALSE;
      if (bits == RETURN_STATUS
          && (!wd_imap_parse_space (parser)
              || !wd_imap_status_parse (session, parser, &request->status_items)))
        return FALSE;
      if (bits == RETURN_METADATA && !parse_metadata (session, parser, request))
        return FALSE;
      request->returns |= bits;
      if (!wd_imap_parse_skip (parser, ' '))
        break;
    }
  return wd_imap_parse_close (parser);
}

static gboolean
parse_request (WdImapSession *session, WdImapParser *parser, gboolean is_lsub, Request *request)
{
  request->patterns = wd_imap_list_new_patterns ();
  if (!wd_imap_parse_space (parser) || (!is_lsub && !parse_selects (parser, request))
      || !wd_imap_parse_astring (parser, &request->reference) || !wd_imap_parse_space (parser))
    return FALSE;
  if (is_lsub)
    return parse_pattern (parser, request) && wd_imap_parse_end (parser);
  return parse_patterns (parser, request) && parse_returns (session, parser, request)
         && wd_imap_parse_end (parser);
}

static gboolean
is_selected (const Request *request, const WdImapListNode *node)
{
  if ((request->selects & SELECT_SUBSCRIBED) != 0 && !node->is_subscribed)
    return FALSE;
  if ((request->selects & SELECT_SPECIAL_USE) != 0
      && (node->info == NULL || wd_store_special_use_to_string (node->info->special_use) == NULL))
    return FALSE;
  return TRUE;
}

// Marks what is matched and selected, and, above that, what has some of it below.
static void
mark (const Request *request, WdImapList *list)
{
  for (guint i = 0; i < list->nodes->len; i++)
    {
      WdImapListNode *node = g_ptr_array_index (list->nodes, i);

      node->is_selected = is_selected (request, node);
      node->is_matched = wd_imap_list_matches (request->patterns, node->path);
      if ((request->selects & SELECT_RECURSIVE) == 0 || !node->is_selected)
        continue;
      for (WdImapListNode *up = wd_imap_list_get_parent (list, node); up != NULL;
           up = wd_imap_list_get_parent (list, up))
        {
          up->has_selected = TRUE;
          up->has_hidden |= !node->is_matched;
        }
    }
}

static void
append_attribute (GString *out, const char *attribute)
{
  if (attribute == NULL)
    return;
  if (out->str[out->len - 1] != '(')
    g_string_append_c (out, ' ');
  g_string_append (out, attribute);
}

static void
write_node (WdImapSession *session, const Request *request, const WdImapListNode *node)
{
  GString *out = wd_imap_session_get_output (session);
  gboolean with_subscribed
      = (request->selects & SELECT_SUBSCRIBED) != 0 || (request->returns & RETURN_SUBSCRIBED) != 0;

  g_string_append (out, "* LIST (");
  if (node->info == NULL)
    {
      if (request->is_extended || wd_imap_session_is_enabled (session, WD_IMAP_ENABLED_REV2))
        append_attribute (out, "\\NonExistent");
      append_attribute (out, "\\Noselect");
    }
  if (with_subscribed && node->is_subscribed)
    append_attribute (out, "\\Subscribed");
  append_attribute (out, node->has_children ? "\\HasChildren" : "\\HasNoChildren");
  if (node->info != NULL)
    append_attribute (out, wd_store_special_use_to_string (node->info->special_use));
  g_string_append (out, ") \"/\" ");
  wd_imap_name_append (out, node->path, wd_imap_session_is_utf8 (session));
  if (node->has_selected)
    {
      g_string_append (out, " (\"CHILDINFO\" (");
      if ((request->selects & SELECT_SUBSCRIBED) != 0)
        g_string_append (out, "\"SUBSCRIBED\"");
      if ((request->selects & SELECT_SPECIAL_USE) != 0)
        g_string_append (out, (request->selects & SELECT_SUBSCRIBED) != 0 ? " \"SPECIAL-USE\""
                                                                          : "\"SPECIAL-USE\"");
      g_string_append (out, "))");
    }
  g_string_append (out, "\r\n");
}

static gboolean
write_metadata (WdImapSession *session,
                const Request *request,
                const WdMailboxInfo *info,
                GError **error)
{
  const WdImapMetadataOptions options = { .max_bytes = G_MAXUINT64 };
  g_autoptr (GPtrArray) entries
      = wd_store_list_metadata (session->server->store, &session->actor, &info->id,
                                wd_imap_session_get_cancellable (session), error);

  if (entries == NULL)
    return FALSE;
  wd_imap_metadata_write (session, info->path, request->metadata, &options, entries);
  return TRUE;
}

static gboolean
write_list (WdImapSession *session, const Request *request, WdImapList *list, GError **error)
{
  for (guint i = 0; i < list->nodes->len; i++)
    {
      const WdImapListNode *node = g_ptr_array_index (list->nodes, i);

      if (!node->is_matched || !(node->is_selected || node->has_hidden))
        continue;
      // A name that is only subscribed to is listed when that is asked for.
      if (node->info == NULL && !node->has_children && !node->has_selected
          && (request->selects & SELECT_SUBSCRIBED) == 0)
        continue;
      write_node (session, request, node);
      if ((request->returns & RETURN_STATUS) != 0 && node->info != NULL
          && !wd_imap_status_write (session, node->info, request->status_items, error))
        return FALSE;
      if (request->metadata != NULL && node->info != NULL
          && !write_metadata (session, request, node->info, error))
        return FALSE;
    }
  return TRUE;
}

WdStep
wd_imap_cmd_list_list (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_auto (Request) request = { 0 };
  g_autoptr (WdImapList) list = NULL;

  if (!parse_request (session, &cmd->args, FALSE, &request))
    return wd_imap_command_bad_args (cmd);
  if (request.is_empty)
    {
      // The delimiter, and the root of the reference, which is always the same (RFC 3501 6.3.8).
      g_string_append (wd_imap_session_get_output (session), "* LIST (\\Noselect) \"/\" \"\"\r\n");
      return WD_DONE;
    }
  list = wd_imap_list_new (session, (request.selects & SELECT_SUBSCRIBED) != 0, &error);
  if (list == NULL)
    return wd_imap_error_reply (session, cmd, error);
  mark (&request, list);
  if (!write_list (session, &request, list, &error))
    return wd_imap_error_reply (session, cmd, error);
  return WD_DONE;
}

static void
write_lsub (WdImapSession *session, const char *path, gboolean is_level)
{
  GString *out = wd_imap_session_get_output (session);

  g_string_append_printf (out, "* LSUB (%s) \"/\" ", is_level ? "\\Noselect" : "");
  wd_imap_name_append (out, path, wd_imap_session_is_utf8 (session));
  g_string_append (out, "\r\n");
}

// A name that is not matched, but one of the levels above it: foo of foo/bar for "%" (RFC 3501
// 6.3.9). `told` (element-type utf8) are those that were written already.
static void
write_levels (WdImapSession *session, const Request *request, const char *path, GHashTable *told)
{
  g_autofree char *level = g_strdup (path);
  char *slash;

  while ((slash = strrchr (level, '/')) != NULL)
    {
      *slash = '\0';
      if (!g_hash_table_contains (told, level) && wd_imap_list_matches (request->patterns, level))
        {
          write_lsub (session, level, TRUE);
          g_hash_table_add (told, g_strdup (level));
        }
    }
}

WdStep
wd_imap_cmd_list_lsub (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  g_auto (Request) request = { 0 };
  g_autoptr (GPtrArray) paths = NULL;
  g_autoptr (GHashTable) told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (!parse_request (session, &cmd->args, TRUE, &request))
    return wd_imap_command_bad_args (cmd);
  if (request.is_empty)
    {
      write_lsub (session, "", TRUE);
      return WD_DONE;
    }
  paths = wd_store_list_subscriptions (session->server->store, &session->actor,
                                       wd_imap_session_get_cancellable (session), &error);
  if (paths == NULL)
    return wd_imap_error_reply (session, cmd, error);
  for (guint i = 0; i < paths->len; i++)
    g_hash_table_add (told, g_strdup (g_ptr_array_index (paths, i)));
  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);

      if (wd_imap_list_matches (request.patterns, path))
        write_lsub (session, path, FALSE);
      else
        write_levels (session, &request, path, told);
    }
  return WD_DONE;
}
