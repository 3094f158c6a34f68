// SPDX-License-Identifier: EUPL-1.2
// The envelope: MAIL and RCPT.
#include "config.h"

#include "lmtp-private.h"

#include <string.h>

#include "lmtp-status.h"

void
wd_lmtp_cmd_mail_mail (WdLmtpSession *self, const WdLmtpLine *line)
{
  const char *reply;

  if (self->hello == NULL)
    {
      wd_lmtp_session_reply_bad (self, self->is_lmtp ? "503 5.5.1 Say LHLO first"
                                                     : "503 5.5.1 Say EHLO first");
      return;
    }
  if (self->has_mail)
    {
      wd_lmtp_session_reply_bad (self, "503 5.5.1 There is a sender already");
      return;
    }
  reply = wd_lmtp_parse_mail (line->args, line->args_len, wd_lmtp_session_get_max_bytes (self),
                              &self->mail);
  if (reply != NULL)
    {
      wd_lmtp_session_reply_bad (self, reply);
      return;
    }
  self->has_mail = TRUE;
  self->n_transactions++;
  wd_lmtp_session_reply (self, "250 2.1.0 OK");
}

// Where the detail is set off: at the first delimiter behind the first octet of the local part. 0
// when there is none.
static gsize
find_delimiter (const char *address, const char *delimiters, gsize *out_local_len)
{
  const char *domain = strrchr (address, '@');
  gsize at;

  *out_local_len = domain != NULL ? (gsize) (domain - address) : strlen (address);
  if (*out_local_len == 0)
    return 0;
  at = 1 + strcspn (address + 1, delimiters);
  return at < *out_local_len ? at : 0;
}

// Returns (transfer full) (nullable).
static char *
dup_detail (const char *address, const char *delimiters)
{
  gsize local_len;
  gsize at = find_delimiter (address, delimiters, &local_len);

  return at > 0 && at + 1 < local_len ? g_strndup (address + at + 1, local_len - at - 1) : NULL;
}

// The address without its detail. Returns (transfer full) (nullable): NULL when it has none.
static char *
dup_base_address (const char *address, const char *delimiters)
{
  gsize local_len;
  gsize at = find_delimiter (address, delimiters, &local_len);

  return at > 0 ? g_strdup_printf ("%.*s%s", (int) at, address, address + local_len) : NULL;
}

// As it is given, then without the detail: an address may have a delimiter of its own.
static gboolean
find_user (WdLmtpSession *self, const char *address, WdUser **out_user, GError **error)
{
  GCancellable *cancellable = wd_net_conn_get_cancellable (self->conn);
  g_autofree char *base = NULL;

  if (!wd_store_find_user (self->server->store, address, out_user, cancellable, error))
    return FALSE;
  if (*out_user != NULL || (base = dup_base_address (address, self->settings.delimiters)) == NULL)
    return TRUE;
  return wd_store_find_user (self->server->store, base, out_user, cancellable, error);
}

// Whether the message can fit, as far as one knows by now. The drop has one reply for all, so here
// is where it can refuse a single one; LMTP leaves it to the delivery.
static const char *
check_quota (WdLmtpSession *self, const WdUser *user)
{
  g_autoptr (GError) error = NULL;
  const WdActor actor = WD_ACTOR_SELF (user->id);
  gboolean is_permanent = self->settings.is_quota_permanent;
  WdQuota quota;

  if (!wd_store_get_quota (self->server->store, &actor, &quota,
                           wd_net_conn_get_cancellable (self->conn), &error))
    return wd_lmtp_status_from_error (error, is_permanent);
  if (quota.limit_bytes != 0
      && (quota.used_bytes >= quota.limit_bytes
          || self->mail.size_bytes > quota.limit_bytes - quota.used_bytes))
    return wd_lmtp_status_from_code (WD_STORE_ERROR_OVER_QUOTA, is_permanent);
  return NULL;
}

// Why the user gets no mail, or NULL. Those who only may not log in (suspended) still do.
static const char *
check_user (WdLmtpSession *self, const WdUser *user)
{
  if (user == NULL)
    return wd_lmtp_status_from_code (WD_STORE_ERROR_NOT_FOUND, FALSE);
  if (user->disabled)
    return "550 5.2.1 Mailbox disabled";
  return self->is_lmtp ? NULL : check_quota (self, user);
}

static void
add_recipient (WdLmtpSession *self, const WdUser *user, WdLmtpPath *path)
{
  WdLmtpRecipient *recipient = g_new0 (WdLmtpRecipient, 1);

  recipient->user = user->id;
  recipient->text = g_steal_pointer (&path->text);
  if (self->settings.is_detail_mailbox)
    recipient->detail = dup_detail (path->address, self->settings.delimiters);
  if (self->recipients == NULL)
    self->recipients
        = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_lmtp_deliver_recipient_free);
  g_ptr_array_add (self->recipients, recipient);
}

static void
take_path (WdLmtpSession *self, WdLmtpPath *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdUser) user = NULL;
  const char *reply;

  if (!find_user (self, path->address, &user, &error))
    reply = wd_lmtp_status_from_error (error, FALSE);
  else
    reply = check_user (self, user);

  if (error != NULL && !g_error_matches (error, WD_STORE_ERROR, WD_STORE_ERROR_INVALID))
    wd_log_warning (wd_net_conn_get_log (self->conn), WD_MSG_DELIVERY_FAILED, NULL,
                    "recipient not looked up: %s", error->message);
  if (reply == NULL)
    add_recipient (self, user, path);
  wd_lmtp_session_reply (self, reply != NULL ? reply : "250 2.1.5 OK");
}

void
wd_lmtp_cmd_mail_rcpt (WdLmtpSession *self, const WdLmtpLine *line)
{
  WdLmtpPath path = { 0 };
  const char *reply;

  if (!self->has_mail || self->incoming != NULL)
    {
      wd_lmtp_session_reply_bad (self, "503 5.5.1 Say MAIL first");
      return;
    }
  if (self->recipients != NULL && self->recipients->len >= self->settings.max_recipients)
    {
      wd_lmtp_session_reply (self, "452 4.5.3 Too many recipients");
      return;
    }
  reply = wd_lmtp_parse_rcpt (line->args, line->args_len, self->mail.is_smtputf8, &path);
  if (reply != NULL)
    {
      wd_lmtp_session_reply_bad (self, reply);
      return;
    }
  take_path (self, &path);
  wd_lmtp_parse_path_clear (&path);
}
