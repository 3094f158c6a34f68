// SPDX-License-Identifier: EUPL-1.2
// SASL exchanges by libgsasl: PLAIN, LOGIN, SCRAM-SHA-256, SCRAM-SHA-256-PLUS. Knows no protocol:
// messages go in and out in base64.
#pragma once

#include <gio/gio.h>

#include "auth.h"

typedef struct _WdSasl WdSasl;

// What the channel allows.
typedef struct
{
  gboolean allow_plain;          // PLAIN and LOGIN: TLS, loopback or [SERVICE] allow-plaintext.
  const guint8 *channel_binding; // 32 octets of tls-exporter (nullable).
  const char *remote;
  const char *service; // "imap", "smtp", "pop".
} WdSaslChannel;

// The mechanisms on offer, separated by spaces. Returns (transfer full).
char *wd_auth_sasl_list_mechanisms (WdAuth *auth, const WdSaslChannel *channel)
    G_GNUC_WARN_UNUSED_RESULT;

// Returns (transfer full): NULL with WD_AUTH_ERROR_INVALID for a mechanism that is not on offer.
WdSasl *wd_auth_sasl_new (WdAuth *auth,
                          const char *mechanism,
                          const WdSaslChannel *channel,
                          WdLogContext *log,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void wd_auth_sasl_free (WdSasl *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSasl, wd_auth_sasl_free)

typedef enum
{
  WD_SASL_CONTINUE, // Send out_reply (may be empty) as a challenge and go on.
  WD_SASL_DONE,     // wd_auth_sasl_take_user has the user; out_reply (nullable) may hold final
                    // data, which a protocol without room for it in its success (IMAP, SMTP, POP3)
                    // sends as a challenge, that the client answers with an empty line.
  WD_SASL_FAILED,   // `error` says why.
} WdSaslStep;

// Takes one message of the client in base64 (NULL: none yet; "=": an empty initial response, RFC
// 4959 3; "*": the client gives up). Errors are WD_AUTH_ERROR; INVALID for bad base64, a malformed
// message and for "*". Worker thread.
WdSaslStep wd_auth_sasl_step (
    WdSasl *self, const char *input, char **out_reply, GCancellable *cancellable, GError **error);

// Returns (transfer full): after WD_SASL_DONE.
WdUser *wd_auth_sasl_take_user (WdSasl *self) G_GNUC_WARN_UNUSED_RESULT;
