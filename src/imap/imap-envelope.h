// SPDX-License-Identifier: EUPL-1.2
// What SORT and THREAD need of a message's ENVELOPE.
#pragma once

#include <glib.h>

// The first address of a field; all NULL: there is none.
typedef struct
{
  char *name;    // (nullable)
  char *mailbox; // (nullable) Of a group: its name.
  char *host;    // (nullable) Of a group: NULL.
} WdImapEnvelopeAddress;

// Octets as they were sent. All (nullable).
typedef struct
{
  char *date;
  char *subject;
  WdImapEnvelopeAddress from;
  WdImapEnvelopeAddress to;
  WdImapEnvelopeAddress cc;
  char *in_reply_to;
  char *message_id;
} WdImapEnvelope;

void wd_imap_envelope_clear (WdImapEnvelope *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdImapEnvelope, wd_imap_envelope_clear)

// Reads the list as FETCH shows it. What cannot be read is left out.
void wd_imap_envelope_read (const char *text, gsize len, WdImapEnvelope *out_envelope);

// The subject, decoded. Returns (transfer full), "" when there is none.
char *wd_imap_envelope_dup_subject (const WdImapEnvelope *self) G_GNUC_WARN_UNUSED_RESULT;

// What RFC 5957 3 shows of an address: the name, decoded, else the address, else "". Returns
// (transfer full).
char *wd_imap_envelope_dup_display (const WdImapEnvelopeAddress *address) G_GNUC_WARN_UNUSED_RESULT;

// The sent date in milliseconds UTC, or `internal_date_ms` where there is none (RFC 5256 2.2).
gint64 wd_imap_envelope_get_sent_ms (const WdImapEnvelope *self, gint64 internal_date_ms);
