// SPDX-License-Identifier: EUPL-1.2
// Coding of UIDs and the modseqs at which they came, as varints of their differences.
#include "config.h"

#include "sqlite-journal.h"

#include "sqlite-varint.h"

static void
put_varint (GByteArray *out, guint64 n)
{
  guint8 octets[WD_SQLITE_VARINT_MAX_BYTES];

  g_byte_array_append (out, octets, (guint) (wd_sqlite_varint_put (octets, n) - octets));
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

      if (!wd_sqlite_varint_get (&p, end, &uid_step)
          || !wd_sqlite_varint_get (&p, end, &created_step) || uid_step > G_MAXUINT32
          || uid + uid_step > G_MAXUINT32 || created_step > (guint64) G_MAXINT64 - created)
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
