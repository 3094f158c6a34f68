// SPDX-License-Identifier: EUPL-1.2
// Reading an ENVELOPE.
#include "config.h"

#include "imap-envelope.h"

#include <string.h>

#include "imap-parse.h"
#include "mime-date.h"
#include "mime-header.h"

static void
address_clear (WdImapEnvelopeAddress *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->mailbox, g_free);
  g_clear_pointer (&self->host, g_free);
}

void
wd_imap_envelope_clear (WdImapEnvelope *self)
{
  g_clear_pointer (&self->date, g_free);
  g_clear_pointer (&self->subject, g_free);
  address_clear (&self->from);
  address_clear (&self->to);
  address_clear (&self->cc);
  g_clear_pointer (&self->in_reply_to, g_free);
  g_clear_pointer (&self->message_id, g_free);
}

static gboolean
read_address (WdImapParser *parser, WdImapEnvelopeAddress *out_address)
{
  g_autofree char *route = NULL;

  return wd_imap_parse_open (parser) && wd_imap_parse_nstring (parser, &out_address->name)
         && wd_imap_parse_space (parser) && wd_imap_parse_nstring (parser, &route)
         && wd_imap_parse_space (parser) && wd_imap_parse_nstring (parser, &out_address->mailbox)
         && wd_imap_parse_space (parser) && wd_imap_parse_nstring (parser, &out_address->host)
         && wd_imap_parse_close (parser);
}

// NIL or a list of addresses, of which the first is kept.
static gboolean
read_addresses (WdImapParser *parser, WdImapEnvelopeAddress *out_first)
{
  if (wd_imap_parse_skip_word (parser, "NIL"))
    return TRUE;
  if (!wd_imap_parse_open (parser) || !read_address (parser, out_first))
    return FALSE;
  while (wd_imap_parse_peek (parser) == '(')
    {
      WdImapEnvelopeAddress other = { 0 };
      gboolean ok = read_address (parser, &other);

      address_clear (&other);
      if (!ok)
        return FALSE;
    }
  return wd_imap_parse_close (parser);
}

void
wd_imap_envelope_read (const char *text, gsize len, WdImapEnvelope *out_envelope)
{
  WdImapEnvelopeAddress others[3] = { 0 };
  // From, Sender, Reply-To, To, Cc, Bcc (RFC 3501 7.4.2).
  WdImapEnvelopeAddress *const lists[] = {
    &out_envelope->from, &others[0], &others[1], &out_envelope->to, &out_envelope->cc, &others[2],
  };
  WdImapParser parser;
  gboolean ok;

  *out_envelope = (WdImapEnvelope){ 0 };
  wd_imap_parse_init (&parser, text, len);
  ok = wd_imap_parse_open (&parser) && wd_imap_parse_nstring (&parser, &out_envelope->date)
       && wd_imap_parse_space (&parser) && wd_imap_parse_nstring (&parser, &out_envelope->subject);
  for (gsize i = 0; ok && i < G_N_ELEMENTS (lists); i++)
    ok = wd_imap_parse_space (&parser) && read_addresses (&parser, lists[i]);
  if (ok && wd_imap_parse_space (&parser)
      && wd_imap_parse_nstring (&parser, &out_envelope->in_reply_to)
      && wd_imap_parse_space (&parser)
      && !wd_imap_parse_nstring (&parser, &out_envelope->message_id))
    out_envelope->message_id = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    address_clear (&others[i]);
}

// Text of a header, decoded. Plain text is not looked at twice.
static char *
dup_decoded (const char *text)
{
  if (text == NULL)
    return g_strdup ("");
  if (strstr (text, "=?") == NULL && g_str_is_ascii (text))
    return g_strdup (text);
  return wd_mime_header_dup_text (text, strlen (text));
}

char *
wd_imap_envelope_dup_subject (const WdImapEnvelope *self)
{
  return dup_decoded (self->subject);
}

char *
wd_imap_envelope_dup_display (const WdImapEnvelopeAddress *address)
{
  if (address->name != NULL && *address->name != '\0')
    return dup_decoded (address->name);
  if (address->mailbox == NULL)
    return g_strdup ("");
  // A group has a name alone.
  if (address->host == NULL)
    return dup_decoded (address->mailbox);
  return g_strdup_printf ("%s@%s", address->mailbox, address->host);
}

gint64
wd_imap_envelope_get_sent_ms (const WdImapEnvelope *self, gint64 internal_date_ms)
{
  gint32 day;
  gint64 ms;

  if (self->date == NULL
      || !wd_mime_date_read ((WdMimeSlice){ self->date, strlen (self->date) }, &day, &ms))
    return internal_date_ms;
  return ms;
}
