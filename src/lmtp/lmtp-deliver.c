// SPDX-License-Identifier: EUPL-1.2
// Delivery of one message to its recipients.
#include "config.h"

#include "lmtp-private.h"

#include <string.h>

#include "core-clock.h"
#include "lmtp-received.h"
#include "lmtp-status.h"

typedef struct
{
  WdLmtpSession *session;
  WdLmtpTraceText trace;
  // Of the connection, taken before there are several threads.
  WdLogContext *log;
  GCancellable *cancellable;
  const char *id;
} Delivery;

void
wd_lmtp_deliver_recipient_free (WdLmtpRecipient *self)
{
  g_free (self->text);
  g_free (self->detail);
  g_free (self);
}

static gboolean
append (Delivery *delivery,
        const WdLmtpRecipient *recipient,
        WdId *out_mailbox,
        WdAppended *out_appended,
        GError **error)
{
  WdLmtpSession *session = delivery->session;
  const WdActor actor = WD_ACTOR_SELF (recipient->user);
  g_autofree char *prefix = wd_lmtp_received_make (&delivery->trace, recipient->text);
  const WdAppend item = { .incoming = session->incoming, .prefix = prefix };

  return wd_store_deliver (session->server->store, &actor, recipient->detail, &item, out_mailbox,
                           out_appended, delivery->cancellable, error);
}

static void
log_delivered (Delivery *delivery,
               const WdLmtpRecipient *recipient,
               const WdId *mailbox,
               const WdAppended *appended)
{
  char user_hex[WD_CORE_ID_HEX_LEN + 1];
  char mailbox_hex[WD_CORE_ID_HEX_LEN + 1];
  char uid[16];

  wd_core_id_to_hex (&recipient->user, user_hex);
  wd_core_id_to_hex (mailbox, mailbox_hex);
  g_snprintf (uid, sizeof uid, "%u", appended->uid);
  wd_log_info (delivery->log, WD_MSG_DELIVERED, "WD_USER", user_hex, "WD_MAILBOX", mailbox_hex,
               "WD_UID", uid, "WD_DELIVERY", delivery->id, NULL,
               "delivered %" G_GUINT64_FORMAT " octets",
               wd_incoming_get_size_bytes (delivery->session->incoming));
}

// What the administrator has to see to has an id of its own; a full mailbox is everyday life.
static void
log_failure (Delivery *delivery, const WdLmtpRecipient *recipient, const GError *error)
{
  gboolean is_damaged = g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_CORRUPT);
  gboolean is_down = g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_UNAVAILABLE);
  char user_hex[WD_CORE_ID_HEX_LEN + 1];

  wd_core_id_to_hex (&recipient->user, user_hex);
  if (is_damaged || is_down)
    wd_log_warning (delivery->log, is_damaged ? WD_MSG_STORE_CORRUPT : WD_MSG_STORE_UNAVAILABLE,
                    "WD_USER", user_hex, "WD_DELIVERY", delivery->id, NULL, "not delivered: %s",
                    error->message);
  else
    wd_log_notice (delivery->log, WD_MSG_DELIVERY_FAILED, "WD_USER", user_hex, "WD_DELIVERY",
                   delivery->id, NULL, "not delivered, answered %.9s: %s", recipient->reply,
                   error->message);
}

// One recipient. Runs on any worker, beside those of the others.
static void
deliver_one (guint index, gpointer data)
{
  Delivery *delivery = data;
  WdLmtpRecipient *recipient = g_ptr_array_index (delivery->session->recipients, index);
  g_autoptr (GError) error = NULL;
  WdId mailbox;
  WdAppended appended;
  gboolean is_done = append (delivery, recipient, &mailbox, &appended, &error);

  if (is_done)
    {
      recipient->reply = "250 2.0.0 Delivered";
      log_delivered (delivery, recipient, &mailbox, &appended);
    }
  else
    {
      recipient->reply
          = wd_lmtp_status_from_error (error, delivery->session->settings.is_quota_permanent);
      log_failure (delivery, recipient, error);
    }
}

void
wd_lmtp_deliver (WdLmtpSession *self)
{
  g_autofree char *id
      = g_strdup_printf ("%s.%u", wd_net_conn_get_session_id (self->conn), self->n_transactions);
  const WdLmtpTrace trace = {
    .hello = self->hello,
    .name = self->client_name,
    .remote = wd_net_conn_get_remote (self->conn),
    .host = self->settings.hostname,
    .tls = wd_net_conn_is_tls (self->conn) ? wd_net_conn_get_tls_name (self->conn) : NULL,
    .id = id,
    .sender = self->mail.path.text,
    .is_lmtp = self->is_lmtp,
    .is_extended = self->is_extended,
    .is_smtputf8 = self->mail.is_smtputf8,
    .now_us = wd_core_clock_now_us (),
  };
  Delivery delivery = {
    .session = self,
    .log = wd_net_conn_get_log (self->conn),
    .cancellable = wd_net_conn_get_cancellable (self->conn),
    .id = id,
  };

  wd_lmtp_received_init (&delivery.trace, &trace);
  if (self->recipients->len == 1)
    deliver_one (0, &delivery);
  else
    wd_net_service_run_parallel (self->service, self->recipients->len, deliver_one, &delivery);
  wd_lmtp_received_clear (&delivery.trace);
}
