// SPDX-License-Identifier: EUPL-1.2
// Coding of flags and modseqs as runs.
#include "config.h"

#include "sqlite-flag-coding.h"

gboolean
wd_sqlite_flag_coding_decode (const guint8 *data,
                              gsize len,
                              WdSqliteFlagEntry *entries,
                              guint n_entries)
{
  const guint8 *p = data, *end = data + len;
  guint64 at = 0;

  while (p < end)
    {
      guint64 skip, n, flags, modseq;

      if (!wd_sqlite_varint_get (&p, end, &skip) || !wd_sqlite_varint_get (&p, end, &n)
          || !wd_sqlite_varint_get (&p, end, &flags) || !wd_sqlite_varint_get (&p, end, &modseq)
          || skip > n_entries || n > n_entries || at + skip + n > n_entries)
        return FALSE;
      at += skip;
      for (guint64 i = 0; i < n; i++)
        entries[at++] = (WdSqliteFlagEntry){
          .flags = flags,
          .modseq = (gint64) modseq,
          .state = WD_SQLITE_FLAG_CHANGED,
        };
    }
  return TRUE;
}

static gboolean
is_same (const WdSqliteFlagEntry *a, const WdSqliteFlagEntry *b)
{
  return a->state == b->state && a->flags == b->flags && a->modseq == b->modseq;
}

gsize
wd_sqlite_flag_coding_encode (const WdSqliteFlagEntry *entries, guint n_entries, guint8 *out)
{
  guint8 *p = out;
  guint end = 0; // Of the run before.

  for (guint first = 0, last; first < n_entries; first = last)
    {
      const WdSqliteFlagEntry *entry = &entries[first];

      last = first + 1;
      if (entry->state != WD_SQLITE_FLAG_CHANGED)
        continue;
      while (last < n_entries && is_same (&entries[last], entry))
        last++;
      p = wd_sqlite_varint_put (p, first - end);
      p = wd_sqlite_varint_put (p, last - first);
      p = wd_sqlite_varint_put (p, entry->flags);
      p = wd_sqlite_varint_put (p, (guint64) entry->modseq);
      end = last;
    }
  return (gsize) (p - out);
}
