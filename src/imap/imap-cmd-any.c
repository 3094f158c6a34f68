// SPDX-License-Identifier: EUPL-1.2
// CAPABILITY, NOOP, CHECK, LOGOUT, ID (RFC 2971), COMPRESS (RFC 4978) and ENABLE (RFC 5161).
#include "config.h"

#include "core-limits.h"
#include "imap-capability.h"
#include "imap-format.h"

WdStep
wd_imap_cmd_any_capability (WdImapSession *session, WdImapCommand *cmd)
{
  GString *out = wd_imap_session_get_output (session);

  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  g_string_append (out, "* ");
  wd_imap_capability_append (session, out);
  g_string_append (out, "\r\n");
  return WD_DONE;
}

// What is new comes with the updates at the end of every command.
WdStep
wd_imap_cmd_any_noop (WdImapSession *session, WdImapCommand *cmd)
{
  return wd_imap_parse_end (&cmd->args) ? WD_DONE : wd_imap_command_bad_args (cmd);
}

WdStep
wd_imap_cmd_any_logout (WdImapSession *session, WdImapCommand *cmd)
{
  if (!wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  wd_imap_session_bye (session, "Logging out");
  return WD_DONE;
}

// Pairs of names and values, which only go to the log.
static gboolean
parse_id (WdImapParser *parser, GString *text)
{
  guint n = 0;

  if (wd_imap_parse_skip_word (parser, "NIL"))
    return TRUE;
  if (!wd_imap_parse_open (parser))
    return FALSE;
  if (wd_imap_parse_peek (parser) == ')')
    return wd_imap_parse_close (parser);
  do
    {
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (++n > WD_LIMIT_IMAP_ID_FIELDS)
        return wd_imap_parse_fail (parser, "Too many ID fields");
      if (!wd_imap_parse_string (parser, &name) || !wd_imap_parse_space (parser)
          || !wd_imap_parse_nstring (parser, &value))
        return FALSE;
      // RFC 2971 3.3.
      if (strlen (name) > 30 || (value != NULL && strlen (value) > 1024))
        return wd_imap_parse_fail (parser, "ID field too long");
      g_string_append_printf (text, " %s=%s", name, value != NULL ? value : "NIL");
    }
  while (wd_imap_parse_skip (parser, ' '));
  return wd_imap_parse_close (parser);
}

WdStep
wd_imap_cmd_any_id (WdImapSession *session, WdImapCommand *cmd)
{
  GString *out = wd_imap_session_get_output (session);
  g_autoptr (GString) text = g_string_new (NULL);

  if (!wd_imap_parse_space (&cmd->args) || !parse_id (&cmd->args, text)
      || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  // Once, so that no client fills the log.
  if (text->len > 0 && !session->has_id)
    {
      g_autofree char *shown = g_strescape (text->str, NULL);

      session->has_id = TRUE;
      wd_log_info (wd_net_conn_get_log (session->conn), WD_MSG_CLIENT_ID, NULL, "client is%s",
                   shown);
    }
  g_string_append (out, "* ID (\"name\" \"Wild Duck\" \"version\" \"" WD_VERSION "\")\r\n");
  return WD_DONE;
}

// RFC 4978. After the login only: it takes memory.
WdStep
wd_imap_cmd_any_compress (WdImapSession *session, WdImapCommand *cmd)
{
  gboolean is_known;

  if (!wd_imap_parse_space (&cmd->args))
    return wd_imap_command_bad_args (cmd);
  is_known = wd_imap_parse_skip_word (&cmd->args, "DEFLATE");
  if (!is_known || !wd_imap_parse_end (&cmd->args))
    return wd_imap_command_bad (cmd, "DEFLATE is the only mechanism");
  if (wd_net_conn_is_deflated (session->conn))
    return wd_imap_command_no (cmd, "COMPRESSIONACTIVE", "Compressed already");
  // The reply is the last that goes out as it is.
  wd_imap_session_answer (session, cmd);
  wd_net_conn_start_deflate (session->conn);
  cmd->is_answered = TRUE;
  return WD_DONE;
}

static const struct
{
  const char *name;
  guint extension;
} extensions[] = {
  { "CONDSTORE", WD_IMAP_ENABLED_CONDSTORE },
  { "UTF8=ACCEPT", WD_IMAP_ENABLED_UTF8 },
  { "IMAP4rev2", WD_IMAP_ENABLED_REV2 },
  { "QRESYNC", WD_IMAP_ENABLED_CONDSTORE | WD_IMAP_ENABLED_QRESYNC },
};

// What is not known is passed over (RFC 5161 3.1).
WdStep
wd_imap_cmd_any_enable (WdImapSession *session, WdImapCommand *cmd)
{
  GString *out = wd_imap_session_get_output (session);
  g_autoptr (GString) enabled = g_string_new (NULL);

  do
    {
      const char *atom;
      gsize len;

      if (!wd_imap_parse_space (&cmd->args) || !wd_imap_parse_atom (&cmd->args, &atom, &len))
        return wd_imap_command_bad_args (cmd);
      for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
        if (strlen (extensions[i].name) == len
            && g_ascii_strncasecmp (extensions[i].name, atom, len) == 0)
          {
            wd_imap_session_enable (session, extensions[i].extension);
            g_string_append_printf (enabled, " %s", extensions[i].name);
          }
    }
  while (!wd_imap_parse_is_at_end (&cmd->args));
  g_string_append_printf (out, "* ENABLED%s\r\n", enabled->str);
  return WD_DONE;
}
