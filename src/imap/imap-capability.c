// SPDX-License-Identifier: EUPL-1.2
// The table of capabilities.
#include "config.h"

#include "imap-capability.h"

#include "auth-sasl.h"
#include "imap-cmd-login.h"

enum
{
  ALWAYS,
  BEFORE_LOGIN,
  AFTER_LOGIN,
};

typedef struct
{
  const char *name;
  int when;
  gboolean (*is_offered) (WdImapSession *session); // (nullable)
} Capability;

static gboolean
can_start_tls (WdImapSession *session)
{
  return !wd_net_conn_is_tls (session->conn) && wd_net_conn_can_start_tls (session->conn);
}

static gboolean
must_not_login (WdImapSession *session)
{
  return !wd_imap_session_may_login (session);
}

static gboolean
can_compress (WdImapSession *session)
{
  return !wd_net_conn_is_deflated (session->conn);
}

static gboolean
has_metadata (WdImapSession *session)
{
  return wd_store_has_metadata (session->server->store);
}

static const Capability capabilities[] = {
  { "IMAP4rev1", ALWAYS },
  { "IMAP4rev2", ALWAYS },
  { "LITERAL+", ALWAYS },
  { "SASL-IR", BEFORE_LOGIN },
  { "STARTTLS", BEFORE_LOGIN, can_start_tls },
  { "LOGINDISABLED", BEFORE_LOGIN, must_not_login },
  { "ID", ALWAYS },
  { "ENABLE", ALWAYS },
  { "COMPRESS=DEFLATE", AFTER_LOGIN, can_compress },
  { "IDLE", ALWAYS },
  { "UNAUTHENTICATE", AFTER_LOGIN },
  { "UTF8=ACCEPT", AFTER_LOGIN },
  { "NAMESPACE", AFTER_LOGIN },
  { "CHILDREN", AFTER_LOGIN },
  { "SPECIAL-USE", AFTER_LOGIN },
  { "CREATE-SPECIAL-USE", AFTER_LOGIN },
  { "UNSELECT", AFTER_LOGIN },
  { "UIDPLUS", AFTER_LOGIN },
  { "MOVE", AFTER_LOGIN },
  { "MULTIAPPEND", AFTER_LOGIN },
  { "BINARY", AFTER_LOGIN },
  { "CATENATE", AFTER_LOGIN },
  { "REPLACE", AFTER_LOGIN },
  { "CONDSTORE", AFTER_LOGIN },
  { "QRESYNC", AFTER_LOGIN },
  { "ESEARCH", AFTER_LOGIN },
  { "SEARCHRES", AFTER_LOGIN },
  { "PARTIAL", AFTER_LOGIN },
  { "INPROGRESS", AFTER_LOGIN },
  { "WITHIN", AFTER_LOGIN },
  { "SORT", AFTER_LOGIN },
  { "SORT=DISPLAY", AFTER_LOGIN },
  { "ESORT", AFTER_LOGIN },
  { "THREAD=ORDEREDSUBJECT", AFTER_LOGIN },
  { "THREAD=REFERENCES", AFTER_LOGIN },
  { "LIST-EXTENDED", AFTER_LOGIN },
  { "LIST-STATUS", AFTER_LOGIN },
  { "STATUS=SIZE", AFTER_LOGIN },
  { "OBJECTID", AFTER_LOGIN },
  { "SAVEDATE", AFTER_LOGIN },
  { "PREVIEW", AFTER_LOGIN },
  { "METADATA", AFTER_LOGIN, has_metadata },
  { "LIST-METADATA", AFTER_LOGIN, has_metadata },
  { "QUOTA", AFTER_LOGIN },
  { "QUOTA=RES-STORAGE", AFTER_LOGIN },
  { "QUOTA=RES-MESSAGE", AFTER_LOGIN },
  { "QUOTA=RES-MAILBOX", AFTER_LOGIN },
};

static void
append_mechanisms (WdImapSession *session, GString *out)
{
  WdImapLoginChannel channel;
  g_autofree char *list = NULL;
  g_auto (GStrv) names = NULL;

  wd_imap_cmd_login_get_channel (session, &channel);
  list = wd_auth_sasl_list_mechanisms (session->server->auth, &channel.sasl);
  names = g_strsplit (list, " ", -1);
  for (guint i = 0; names[i] != NULL; i++)
    if (*names[i] != '\0')
      g_string_append_printf (out, " AUTH=%s", names[i]);
}

void
wd_imap_capability_append (WdImapSession *session, GString *out)
{
  gboolean is_before = session->state == WD_IMAP_STATE_NOT_AUTHENTICATED;
  const WdStoreOptions *options = wd_store_get_options (session->server->store);

  g_string_append (out, "CAPABILITY");
  for (gsize i = 0; i < G_N_ELEMENTS (capabilities); i++)
    {
      const Capability *capability = &capabilities[i];

      if (capability->when == (is_before ? AFTER_LOGIN : BEFORE_LOGIN))
        continue;
      if (capability->is_offered != NULL && !capability->is_offered (session))
        continue;
      g_string_append_c (out, ' ');
      g_string_append (out, capability->name);
    }
  if (is_before)
    append_mechanisms (session, out);
  else
    g_string_append_printf (out, " APPENDLIMIT=%" G_GUINT64_FORMAT,
                            options->max_message_size_bytes);
}
