// SPDX-License-Identifier: EUPL-1.2
// One IMAP session: from input to commands to replies.
#include "config.h"

#include "imap-session.h"

#include "core-clock.h"
#include "core-limits.h"
#include "imap-append.h"
#include "imap-capability.h"
#include "imap-input.h"
#include "imap-sync.h"

// How often an idle client hears from us, so that boxes in between do not forget the connection.
#define IDLE_HELLO_SECS 120
// A client that takes no output.
#define STALLED_SECS 300
// Rounds of output that one command may send before another session gets the worker.
#define MAX_ROUNDS 16

// On any thread; the session's own changes come back on its own thread.
static void
on_beacon (const WdBeacon *beacon, gpointer user_data)
{
  WdImapSession *self = user_data;

  if (beacon->kind == WD_BEACON_ACCOUNT)
    {
      g_atomic_int_set (&self->is_account_news, TRUE);
      wd_net_conn_wake (self->conn);
      return;
    }
  if (beacon->kind != WD_BEACON_MAILBOX || g_atomic_pointer_get (&self->owner) == g_thread_self ())
    return;
  g_atomic_int_set (&self->is_dirty, TRUE);
  if (g_atomic_int_get (&self->is_idling))
    wd_net_conn_wake (self->conn);
}

gpointer
wd_imap_session_new (WdConn *conn, WdService *service, gpointer data)
{
  WdImapSession *self = g_new0 (WdImapSession, 1);

  self->conn = conn;
  self->server = data;
  self->state = WD_IMAP_STATE_NOT_AUTHENTICATED;
  self->active_us = wd_core_clock_monotonic_us ();
  return self;
}

void
wd_imap_session_free (gpointer session)
{
  WdImapSession *self = session;

  // First: after this no beacon comes.
  wd_watch_free (self->watch);
  if (self->state != WD_IMAP_STATE_NOT_AUTHENTICATED)
    wd_log_info (wd_net_conn_get_log (self->conn), WD_MSG_LOGOUT, NULL, "logged out");
  wd_imap_command_free (self->cmd);
  wd_imap_append_free (self->append);
  wd_imap_view_free (self->view);
  wd_imap_reader_clear (&self->reader);
  g_free (self);
}

GString *
wd_imap_session_get_output (WdImapSession *self)
{
  return wd_net_conn_get_output (self->conn);
}

gboolean
wd_imap_session_is_output_full (WdImapSession *self)
{
  return wd_net_conn_is_output_full (self->conn);
}

GCancellable *
wd_imap_session_get_cancellable (WdImapSession *self)
{
  return wd_net_conn_get_cancellable (self->conn);
}

gboolean
wd_imap_session_may_login (WdImapSession *self)
{
  g_autoptr (WdConfig) config = NULL;

  if (wd_net_conn_is_tls (self->conn) || wd_net_conn_is_loopback (self->conn))
    return TRUE;
  config = wd_net_service_ref_config (self->server->service);
  return wd_core_config_get_boolean (config, "imap", "allow-plaintext-login");
}

static void
watch (WdImapSession *self)
{
  WdWatch *old = self->watch;

  // The new one first, so that no news of the account is missed.
  self->watch = wd_store_watch (self->server->store, &self->actor.owner,
                                self->view != NULL ? &self->view->mailbox : NULL, on_beacon, self);
  wd_watch_free (old);
}

void
wd_imap_session_authenticate (WdImapSession *self, const WdUser *user)
{
  char id[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (&user->id, id);
  self->actor = WD_ACTOR_SELF (user->id);
  self->session_epoch = user->session_epoch;
  self->state = WD_IMAP_STATE_AUTHENTICATED;
  self->reader.is_trusted = TRUE;
  wd_net_conn_set_phase_deadline_secs (self->conn, 0);
  wd_core_log_context_set (wd_net_conn_get_log (self->conn), "WD_USER", id);
  watch (self);
}

void
wd_imap_session_take_view (WdImapSession *self, WdImapView *view)
{
  if (view == NULL && self->view == NULL)
    return;
  wd_imap_view_free (self->view);
  self->view = view;
  self->state = view != NULL ? WD_IMAP_STATE_SELECTED : WD_IMAP_STATE_AUTHENTICATED;
  watch (self);
  // What came between the reading and the watch had no beacon for us.
  g_atomic_int_set (&self->is_dirty, view != NULL);
}

void
wd_imap_session_enable (WdImapSession *self, guint extension)
{
  gboolean had_condstore = wd_imap_session_is_enabled (self, WD_IMAP_ENABLED_CONDSTORE);

  self->enabled |= extension;
  if ((extension & WD_IMAP_ENABLED_REV2) != 0 && self->view != NULL)
    wd_imap_view_ignore_recent (self->view);
  // RFC 7162 3.1: what enables CONDSTORE while a mailbox is selected tells where it stands.
  if (!had_condstore && (extension & WD_IMAP_ENABLED_CONDSTORE) != 0 && self->view != NULL)
    g_string_append_printf (wd_imap_session_get_output (self),
                            "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] Highest\r\n",
                            self->view->modseq);
}

gboolean
wd_imap_session_is_enabled (WdImapSession *self, guint extensions)
{
  return (self->enabled & extensions) != 0;
}

gboolean
wd_imap_session_is_utf8 (WdImapSession *self)
{
  return wd_imap_session_is_enabled (self, WD_IMAP_ENABLED_UTF8 | WD_IMAP_ENABLED_REV2);
}

void
wd_imap_session_forget_text (WdImapSession *self)
{
  explicit_bzero (self->reader.text->str, self->reader.text->len);
}

void
wd_imap_session_end_lines (WdImapSession *self)
{
  self->take_line = NULL;
  self->cmd->has_run = TRUE;
}

void
wd_imap_session_bye (WdImapSession *self, const char *text)
{
  if (self->is_closing)
    return;
  g_string_append_printf (wd_imap_session_get_output (self), "* BYE %s\r\n", text);
  self->is_closing = TRUE;
}

gsize
wd_imap_session_get_size_bytes (const WdImapSession *self)
{
  return sizeof *self + (self->view != NULL ? wd_imap_view_get_size_bytes (self->view) : 0)
         + (self->reader.text != NULL ? self->reader.text->allocated_len : 0);
}

static gint64
get_timeout_secs (WdImapSession *self, const char *key)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (self->server->service);

  return wd_core_config_get_duration_ms (config, "imap", key) / 1000;
}

static void
begin_login_time (WdImapSession *self)
{
  wd_net_conn_set_phase_deadline_secs (self->conn,
                                       (guint) MAX (get_timeout_secs (self, "login-timeout"), 1));
}

void
wd_imap_session_unauthenticate (WdImapSession *self)
{
  WdLogContext *log = wd_net_conn_get_log (self->conn);

  wd_imap_session_take_view (self, NULL);
  g_clear_pointer (&self->watch, wd_watch_free);
  g_atomic_int_set (&self->is_account_news, FALSE);
  wd_log_info (log, WD_MSG_LOGOUT, NULL, "logged out");
  wd_core_log_context_set (log, "WD_USER", NULL);
  self->actor = (WdActor){ 0 };
  self->enabled = 0;
  self->state = WD_IMAP_STATE_NOT_AUTHENTICATED;
  self->reader.is_trusted = FALSE;
  begin_login_time (self);
}

static void
greet (WdImapSession *self)
{
  GString *out = wd_imap_session_get_output (self);

  begin_login_time (self);
  g_string_append (out, "* OK [");
  wd_imap_capability_append (self, out);
  g_string_append (out, "] Wild Duck ready\r\n");
}

static void
write_tagged (WdImapSession *self, const WdImapCommand *cmd)
{
  static const char *const words[] = { "OK", "NO", "BAD" };
  GString *out = wd_imap_session_get_output (self);

  g_string_append_printf (out, "%s %s ", cmd->tag, words[cmd->status]);
  if (cmd->code != NULL)
    g_string_append_printf (out, "[%s] ", cmd->code);
  else if (cmd->tells_modseq && cmd->status == WD_IMAP_OK && self->view != NULL
           && wd_imap_session_is_enabled (self, WD_IMAP_ENABLED_CONDSTORE))
    g_string_append_printf (out, "[HIGHESTMODSEQ %" G_GUINT64_FORMAT "] ", self->view->modseq);
  if (cmd->text != NULL)
    g_string_append (out, cmd->text);
  else
    g_string_append_printf (out, "%s%s completed", cmd->is_uid ? "UID " : "", cmd->spec->name);
  g_string_append (out, "\r\n");
}

static void
count_bad (WdImapSession *self, gboolean is_bad)
{
  self->n_bad = is_bad ? self->n_bad + 1 : 0;
  if (self->n_bad < WD_LIMIT_IMAP_BAD_COMMANDS)
    return;
  wd_log_notice (wd_net_conn_get_log (self->conn), WD_MSG_CLIENT_MISBEHAVED, NULL,
                 "too many bad commands");
  wd_imap_session_bye (self, "Too many bad commands");
}

void
wd_imap_session_answer_bad (WdImapSession *self, const char *tag, const char *text)
{
  g_string_append_printf (wd_imap_session_get_output (self), "%s BAD %s\r\n",
                          tag != NULL ? tag : "*", text);
  count_bad (self, TRUE);
}

void
wd_imap_session_answer (WdImapSession *self, const WdImapCommand *cmd)
{
  if (!cmd->is_answered)
    write_tagged (self, cmd);
  count_bad (self, cmd->status == WD_IMAP_BAD);
}

static gboolean
wants_sync (WdImapSession *self, const WdImapCommand *cmd)
{
  return self->view != NULL && !self->is_closing
         && (cmd->spec->flags & WD_IMAP_COMMAND_NO_SYNC) == 0;
}

// Runs the handler, then the updates, then answers.
static WdStep
run_command (WdImapSession *self)
{
  WdImapCommand *cmd = self->cmd;
  gboolean allow_expunge = (cmd->spec->flags & WD_IMAP_COMMAND_NO_EXPUNGE) == 0 || cmd->is_uid;

  if (!cmd->has_run)
    {
      WdStep step = cmd->spec->handler (self, cmd);

      if (step != WD_DONE)
        return step;
      // The handler goes on with lines of its own.
      if (self->take_line != NULL)
        return WD_DONE;
      cmd->has_run = TRUE;
      if (wants_sync (self, cmd)
          && ((cmd->spec->flags & WD_IMAP_COMMAND_POLLS) != 0 || g_atomic_int_get (&self->is_dirty))
          && !wd_imap_sync_poll (self))
        return WD_DONE;
    }
  if (wants_sync (self, cmd) && wd_imap_sync_run (self, allow_expunge, cmd->is_uid) == WD_MORE)
    return WD_MORE;
  wd_imap_session_answer (self, cmd);
  self->cmd = NULL;
  wd_imap_command_free (cmd);
  g_clear_pointer (&self->append, wd_imap_append_free);
  wd_imap_reader_reset (&self->reader);
  self->active_us = wd_core_clock_monotonic_us ();
  return WD_DONE;
}

// Tells an idle client what is new.
static WdStep
run_idle (WdImapSession *self)
{
  if (self->view == NULL)
    return WD_DONE;
  if (g_atomic_int_get (&self->is_dirty) && !wd_imap_sync_poll (self))
    return WD_DONE;
  return wd_imap_sync_run (self, TRUE, FALSE);
}

// The account may be disabled or gone, or its sessions may have been ended.
static void
check_account (WdImapSession *self)
{
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_atomic_int_compare_and_exchange (&self->is_account_news, TRUE, FALSE))
    return;
  user = wd_store_get_user (self->server->store, &self->actor.owner,
                            wd_imap_session_get_cancellable (self), &error);
  if (user == NULL && g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    wd_imap_session_bye (self, "Account was removed");
  else if (user == NULL)
    g_atomic_int_set (&self->is_account_news, TRUE); // Not known now: with the next command.
  else if (user->disabled || user->suspended)
    wd_imap_session_bye (self, "Account is disabled");
  else if (user->session_epoch != self->session_epoch)
    wd_imap_session_bye (self, "Logged out by the server");
}

// Work until there is nothing to do but to wait.
static WdRun
loop (WdImapSession *self)
{
  guint rounds = 0;

  for (;;)
    {
      gboolean runs = self->cmd != NULL && self->take_line == NULL;
      WdStep step = WD_DONE;
      WdImapInput what;

      if (!runs)
        check_account (self);
      if (!runs && !self->is_closing && wd_net_conn_is_stopping (self->conn))
        wd_imap_session_bye (self, "Service is stopping");
      if (self->is_closing)
        return WD_RUN_CLOSE;
      if (runs)
        step = run_command (self);
      else if (g_atomic_int_get (&self->is_idling))
        step = run_idle (self);
      if (step == WD_FAIL)
        return WD_RUN_CLOSE;
      if (step == WD_MORE || wd_imap_session_is_output_full (self))
        {
          if (++rounds > MAX_ROUNDS || wd_net_conn_flush (self->conn) != WD_IO_OK)
            return WD_RUN_MORE;
          continue;
        }
      // What a command left behind comes before new input: an answer, or what IDLE has to tell.
      if (runs || self->is_closing)
        continue;
      what = wd_imap_input_next (self);
      if (what == WD_IMAP_INPUT_WAIT)
        return WD_RUN_WAIT;
      if (what == WD_IMAP_INPUT_END)
        return WD_RUN_CLOSE;
    }
}

// Seconds until the client has done nothing for too long, 0 or less if it has.
static gint64
get_patience_secs (WdImapSession *self)
{
  return get_timeout_secs (self, "idle-timeout")
         - (wd_core_clock_monotonic_us () - self->active_us) / G_USEC_PER_SEC;
}

// The time to log in runs on by itself. A client that takes no output has a time of its own, which
// starts anew with each octet that it takes.
static void
set_deadline (WdImapSession *self, WdRun run)
{
  gint64 secs = get_patience_secs (self);

  wd_net_conn_set_deadline_secs (self->conn, run == WD_RUN_MORE ? STALLED_SECS : 0);
  if (self->state == WD_IMAP_STATE_NOT_AUTHENTICATED)
    return;
  if (g_atomic_int_get (&self->is_idling))
    secs = MIN (secs, IDLE_HELLO_SECS);
  wd_net_conn_set_phase_deadline_secs (self->conn, run == WD_RUN_MORE ? 0 : (guint) MAX (secs, 1));
}

static void
on_deadline (WdImapSession *self)
{
  // A client that takes no output hears no goodbye either.
  if (self->cmd != NULL && self->take_line == NULL)
    self->is_closing = TRUE;
  else if (self->state == WD_IMAP_STATE_NOT_AUTHENTICATED)
    wd_imap_session_bye (self, "Login took too long");
  else if (get_patience_secs (self) > 0 && g_atomic_int_get (&self->is_idling))
    g_string_append (wd_imap_session_get_output (self), "* OK Still here\r\n");
}

// A command that comes an octet a minute is no activity.
static void
check_patience (WdImapSession *self)
{
  if (self->cmd != NULL && self->take_line == NULL)
    return;
  if (get_patience_secs (self) <= 0)
    wd_imap_session_bye (self, "Disconnected for inactivity");
}

WdRun
wd_imap_session_run (gpointer session, WdConn *conn, WdWhy why)
{
  WdImapSession *self = session;
  WdRun run;

  g_atomic_pointer_set (&self->owner, g_thread_self ());
  if ((why & WD_WHY_START) != 0)
    greet (self);
  if ((why & WD_WHY_DEADLINE) != 0)
    on_deadline (self);
  check_patience (self);
  run = loop (self);
  wd_imap_reader_trim (&self->reader);
  set_deadline (self, run);
  g_atomic_pointer_set (&self->owner, NULL);
  return run;
}
