// SPDX-License-Identifier: EUPL-1.2
// The table of all commands, and one that runs.
#include "config.h"

#include "imap-command.h"

#include <string.h>

#define ANY (WD_IMAP_STATE_NOT_AUTHENTICATED | WD_IMAP_STATE_AUTHENTICATED | WD_IMAP_STATE_SELECTED)
#define LOGIN WD_IMAP_STATE_NOT_AUTHENTICATED
#define AUTH (WD_IMAP_STATE_AUTHENTICATED | WD_IMAP_STATE_SELECTED)
#define SELECTED WD_IMAP_STATE_SELECTED

#define UID WD_IMAP_COMMAND_HAS_UID
#define NO_EXPUNGE WD_IMAP_COMMAND_NO_EXPUNGE
#define NO_SYNC WD_IMAP_COMMAND_NO_SYNC
#define POLLS WD_IMAP_COMMAND_POLLS

static const WdImapCommandSpec commands[] = {
  { "CAPABILITY", ANY, 0, wd_imap_cmd_any_capability },
  { "NOOP", ANY, POLLS, wd_imap_cmd_any_noop },
  { "LOGOUT", ANY, NO_SYNC, wd_imap_cmd_any_logout },
  { "ID", ANY, 0, wd_imap_cmd_any_id },

  { "STARTTLS", LOGIN, NO_SYNC, wd_imap_cmd_login_starttls },
  { "LOGIN", LOGIN, NO_SYNC, wd_imap_cmd_login_login },
  { "AUTHENTICATE", LOGIN, NO_SYNC, wd_imap_cmd_login_authenticate },

  { "UNAUTHENTICATE", AUTH, NO_SYNC, wd_imap_cmd_login_unauthenticate },
  { "COMPRESS", AUTH, NO_SYNC, wd_imap_cmd_any_compress },
  { "ENABLE", AUTH, 0, wd_imap_cmd_any_enable },
  { "SELECT", AUTH, NO_SYNC, wd_imap_cmd_select_select },
  { "EXAMINE", AUTH, NO_SYNC, wd_imap_cmd_select_examine },
  { "CREATE", AUTH, 0, wd_imap_cmd_mailbox_create },
  { "DELETE", AUTH, 0, wd_imap_cmd_mailbox_delete },
  { "RENAME", AUTH, 0, wd_imap_cmd_mailbox_rename },
  { "SUBSCRIBE", AUTH, 0, wd_imap_cmd_mailbox_subscribe },
  { "UNSUBSCRIBE", AUTH, 0, wd_imap_cmd_mailbox_unsubscribe },
  { "LIST", AUTH, 0, wd_imap_cmd_list_list },
  { "LSUB", AUTH, 0, wd_imap_cmd_list_lsub },
  { "STATUS", AUTH, 0, wd_imap_cmd_status },
  { "APPEND", AUTH, WD_IMAP_COMMAND_STREAMS, wd_imap_cmd_append },
  { "REPLACE", SELECTED, UID | WD_IMAP_COMMAND_STREAMS, wd_imap_cmd_replace },
  { "IDLE", AUTH, POLLS, wd_imap_cmd_idle },
  { "NAMESPACE", AUTH, 0, wd_imap_cmd_quota_namespace },
  { "GETQUOTA", AUTH, 0, wd_imap_cmd_quota_get_quota },
  { "GETQUOTAROOT", AUTH, 0, wd_imap_cmd_quota_get_quota_root },
  { "SETQUOTA", AUTH, 0, wd_imap_cmd_quota_set_quota },

  { "GETMETADATA", AUTH, 0, wd_imap_cmd_metadata_get },
  { "SETMETADATA", AUTH, WD_IMAP_COMMAND_BINARY, wd_imap_cmd_metadata_set },

  { "CHECK", SELECTED, POLLS, wd_imap_cmd_any_noop },
  { "CLOSE", SELECTED, NO_SYNC, wd_imap_cmd_select_close },
  { "UNSELECT", SELECTED, NO_SYNC, wd_imap_cmd_select_unselect },
  { "EXPUNGE", SELECTED, UID, wd_imap_cmd_expunge_expunge },
  { "SEARCH", SELECTED, UID | NO_EXPUNGE, wd_imap_cmd_search },
  { "SORT", SELECTED, UID | NO_EXPUNGE, wd_imap_cmd_sort },
  { "THREAD", SELECTED, UID | NO_EXPUNGE, wd_imap_cmd_thread },
  { "FETCH", SELECTED, UID | NO_EXPUNGE, wd_imap_cmd_fetch },
  { "STORE", SELECTED, UID | NO_EXPUNGE, wd_imap_cmd_store },
  { "COPY", SELECTED, UID, wd_imap_cmd_copy_copy },
  { "MOVE", SELECTED, UID, wd_imap_cmd_copy_move },
};

const WdImapCommandSpec *
wd_imap_command_find (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

void
wd_imap_command_free (WdImapCommand *self)
{
  if (self == NULL)
    return;
  if (self->state != NULL && self->state_free != NULL)
    self->state_free (self->state);
  g_free (self->tag);
  g_free (self->code);
  g_free (self);
}

// The name, and UID before it.
static const WdImapCommandSpec *
parse_spec (WdImapParser *parser, gboolean *out_is_uid)
{
  const WdImapCommandSpec *spec;
  char name[32];

  if (!wd_imap_parse_name (parser, name))
    return NULL;
  *out_is_uid = strcmp (name, "UID") == 0;
  if (*out_is_uid && (!wd_imap_parse_space (parser) || !wd_imap_parse_name (parser, name)))
    return NULL;
  spec = wd_imap_command_find (name);
  if (spec == NULL || (*out_is_uid && (spec->flags & WD_IMAP_COMMAND_HAS_UID) == 0))
    {
      wd_imap_parse_fail (parser, "Unknown command");
      return NULL;
    }
  return spec;
}

WdImapCommand *
wd_imap_command_new (WdImapParser *parser, char **out_tag)
{
  const WdImapCommandSpec *spec;
  WdImapCommand *self;
  const char *tag;
  gsize tag_len;
  gboolean is_uid;

  *out_tag = NULL;
  if (!wd_imap_parse_tag (parser, &tag, &tag_len))
    return NULL;
  *out_tag = g_strndup (tag, tag_len);
  if (!wd_imap_parse_space (parser))
    return NULL;
  spec = parse_spec (parser, &is_uid);
  if (spec == NULL)
    return NULL;
  self = g_new0 (WdImapCommand, 1);
  self->spec = spec;
  self->is_uid = is_uid;
  self->tag = g_strdup (*out_tag);
  self->args = *parser;
  return self;
}

static WdStep
reply (WdImapCommand *self, WdImapStatus status, const char *code, const char *text)
{
  g_free (self->code);
  self->status = status;
  self->code = g_strdup (code);
  self->text = text;
  return WD_DONE;
}

WdStep
wd_imap_command_ok (WdImapCommand *self, const char *code, const char *text)
{
  return reply (self, WD_IMAP_OK, code, text);
}

WdStep
wd_imap_command_no (WdImapCommand *self, const char *code, const char *text)
{
  return reply (self, WD_IMAP_NO, code, text);
}

WdStep
wd_imap_command_bad (WdImapCommand *self, const char *text)
{
  return reply (self, WD_IMAP_BAD, NULL, text);
}

WdStep
wd_imap_command_bad_args (WdImapCommand *self)
{
  return wd_imap_command_bad (self,
                              self->args.error != NULL ? self->args.error : "Invalid arguments");
}
