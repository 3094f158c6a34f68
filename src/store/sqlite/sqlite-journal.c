// SPDX-License-Identifier: EUPL-1.2
// Coding of UIDs and the modseqs at which they came, as varints of their differences.
#include "config.h"

#include "sqlite-journal.h"

static void
put_varint (GByteArray *out, guint64 n)
{
  guint8 octets[10];
  guint len = 0;

  for (; n >= 0x80; n >>= 7)
    octets[len++] = (guint8) (n | 0x80);
  octets[len++] = (guint8) n;
  g_byte_array_append (out, octets, len);
}

static gboolean
get_varint (const guint8 **inout_p, const guint8 *end, guint64 *out_n)
{
  guint64 n = 0;

  for (guint shift = 0; *inout_p < end && shift < 63; shift += 7)
    {
      guint8 octet = *(*inout_p)++;

      n |= (guint64) (octet & 0x7f) << shift;
      if (octet < 0x80)
        {
          *out_n = n;
          return TRUE;
        }
    }
  return FALSE;
}

void
wd_sqlite_journal_add (WdSqliteJournalCreated *self, WdUid uid, gint64 created)
{
  if (self->coded == NULL)
    self->coded = g_byte_array_new ();
  else if (created <= self->last_created)
    return;
  put_varint (self->coded, uid - self->last_uid);
  put_varint (self->coded, (guint64) (created - self->last_created));
  self->last_uid = uid;
  self->last_created = created;
}

gboolean
wd_sqlite_journal_find (const void *data, gsize len, gint64 since, WdUid *out_uid)
{
  const guint8 *p = data, *end = p + len;
  guint64 uid = 0, created = 0;

  while (p < end)
    {
      guint64 uid_step, created_step;

      if (!get_varint (&p, end, &uid_step) || !get_varint (&p, end, &created_step)
          || uid_step > G_MAXUINT32 || uid + uid_step > G_MAXUINT32
          || created_step > (guint64) G_MAXINT64 - created)
        return FALSE;
      uid += uid_step;
      created += created_step;
      if ((gint64) created > since)
        {
          *out_uid = (WdUid) uid;
          return TRUE;
        }
    }
  *out_uid = 0;
  return TRUE;
}
