// SPDX-License-Identifier: EUPL-1.2
// GETMETADATA and SETMETADATA (RFC 5464). The name "" is the server: there are only the user's own
// annotations, so that /shared can be read, and is empty, but not written.
#include "config.h"

#include "core-limits.h"
#include "imap-error.h"
#include "imap-mailbox.h"
#include "imap-metadata.h"
#include "imap-name.h"

// A mailbox; "" is the server.
static gboolean
parse_mailbox (WdImapParser *parser, char **out_path, gboolean *out_is_server)
{
  *out_is_server = FALSE;
  if (wd_imap_parse_peek (parser) == '"' && parser->pos + 1 < parser->len
      && parser->data[parser->pos + 1] == '"')
    {
      *out_is_server = TRUE;
      parser->pos += 2;
      return TRUE;
    }
  return wd_imap_name_parse (parser, out_path, NULL);
}

// FALSE: the tagged reply is set.
static gboolean
find (WdImapSession *session, WdImapCommand *cmd, const char *path, WdId *out_id)
{
  g_autoptr (GError) error = NULL;

  if (wd_imap_mailbox_find (session, path, out_id, &error))
    return TRUE;
  wd_imap_error_reply (session, cmd, error);
  return FALSE;
}

static gboolean
parse_option (WdImapParser *parser, WdImapMetadataOptions *options)
{
  if (wd_imap_parse_skip_word (parser, "MAXSIZE"))
    return wd_imap_parse_space (parser) && wd_imap_parse_number64 (parser, &options->max_bytes);
  if (!wd_imap_parse_skip_word (parser, "DEPTH"))
    return wd_imap_parse_fail (parser, "Unknown option");
  if (!wd_imap_parse_space (parser))
    return FALSE;
  if (wd_imap_parse_skip_word (parser, "0"))
    options->depth = 0;
  else if (wd_imap_parse_skip_word (parser, "1"))
    options->depth = 1;
  else if (wd_imap_parse_skip_word (parser, "infinity"))
    options->depth = G_MAXUINT;
  else
    return wd_imap_parse_fail (parser, "Unknown depth");
  return TRUE;
}

static gboolean
parse_options (WdImapParser *parser, WdImapMetadataOptions *out_options)
{
  *out_options = (WdImapMetadataOptions){ .max_bytes = G_MAXUINT64 };
  if (!wd_imap_parse_space (parser))
    return FALSE;
  if (wd_imap_parse_peek (parser) != '(')
    return TRUE;
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    if (!parse_option (parser, out_options))
      return FALSE;
  while (wd_imap_parse_skip (parser, ' '));
  return wd_imap_parse_close (parser) && wd_imap_parse_space (parser);
}

WdStep
wd_imap_cmd_metadata_get (WdImapSession *session, WdImapCommand *cmd)
{
  WdStore *store = session->server->store;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree char *path = NULL;
  g_autofree char *code = NULL;
  WdImapMetadataOptions options;
  gboolean is_server;
  guint64 longest;
  WdId id;

  if (!wd_store_has_metadata (store))
    return wd_imap_command_bad (cmd, "Unknown command");
  if (!parse_options (&cmd->args, &options) || !parse_mailbox (&cmd->args, &path, &is_server)
      || !wd_imap_parse_space (&cmd->args) || !wd_imap_metadata_parse_names (&cmd->args, &names)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (!is_server && !find (session, cmd, path, &id))
    return WD_DONE;
  entries = wd_store_list_metadata (store, &session->actor, is_server ? NULL : &id,
                                    wd_imap_session_get_cancellable (session), &error);
  if (entries == NULL)
    return wd_imap_error_reply (session, cmd, error);
  longest = wd_imap_metadata_write (session, is_server ? "" : path, names, &options, entries);
  if (longest == 0)
    return WD_DONE;
  code = g_strdup_printf ("METADATA LONGENTRIES %" G_GUINT64_FORMAT, longest);
  return wd_imap_command_ok (cmd, code, "Some values were too long");
}

static void
metadata_clear (gpointer data)
{
  WdMetadata *self = data;

  g_free (self->name);
  g_clear_pointer (&self->value, g_bytes_unref);
}

// "(" entry SP value *(SP entry SP value) ")"
static gboolean
parse_entries (WdImapParser *parser, GArray *entries)
{
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    {
      WdMetadata entry = { 0 };

      if (entries->len >= WD_LIMIT_METADATA_ENTRIES)
        return wd_imap_parse_fail (parser, "Too many entries");
      if (!wd_imap_metadata_parse_name (parser, &entry.name))
        return FALSE;
      g_array_append_val (entries, entry);
      if (!wd_imap_parse_space (parser)
          || !wd_imap_metadata_parse_value (
              parser, &g_array_index (entries, WdMetadata, entries->len - 1).value))
        return FALSE;
    }
  while (wd_imap_parse_skip (parser, ' '));
  return wd_imap_parse_close (parser);
}

static gboolean
has_shared (const GArray *entries)
{
  for (guint i = 0; i < entries->len; i++)
    if (g_str_has_prefix (g_array_index (entries, WdMetadata, i).name, "/shared/"))
      return TRUE;
  return FALSE;
}

WdStep
wd_imap_cmd_metadata_set (WdImapSession *session, WdImapCommand *cmd)
{
  WdStore *store = session->server->store;
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (WdMetadata));
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *code = NULL;
  gboolean is_server;
  WdId id;

  g_array_set_clear_func (entries, metadata_clear);
  if (!wd_store_has_metadata (store))
    return wd_imap_command_bad (cmd, "Unknown command");
  if (!wd_imap_parse_space (&cmd->args) || !parse_mailbox (&cmd->args, &path, &is_server)
      || !wd_imap_parse_space (&cmd->args) || !parse_entries (&cmd->args, entries)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  if (is_server && has_shared (entries))
    return wd_imap_command_no (cmd, "NOPERM",
                               "The server's shared entries are the administrator's");
  if (!is_server && !find (session, cmd, path, &id))
    return WD_DONE;
  if (wd_store_set_metadata (store, &session->actor, is_server ? NULL : &id,
                             (const WdMetadata *) entries->data, entries->len,
                             wd_imap_session_get_cancellable (session), &error))
    return WD_DONE;
  if (g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT))
    return wd_imap_command_no (cmd, "METADATA TOOMANY", "Too many entries");
  if (!g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_TOO_LARGE))
    return wd_imap_error_reply (session, cmd, error);
  code = g_strdup_printf ("METADATA MAXSIZE %u", WD_LIMIT_METADATA_VALUE_BYTES);
  return wd_imap_command_no (cmd, code, "Value too long");
}
