// SPDX-License-Identifier: EUPL-1.2
// Sort criteria as a table of keys, each made once a message.
#include "config.h"

#include "imap-sort.h"

#include <string.h>

#include "core-limits.h"
#include "imap-envelope.h"
#include "imap-subject.h"

// What a message has under one criterion.
typedef union
{
  gint64 number;
  const char *text;
} Value;

// A message on its way into order. `row` and `envelope` are borrowed.
typedef struct
{
  const WdMessageRow *row;
  const WdImapEnvelope *envelope;
} Message;

typedef struct
{
  const char *name;
  WdFetchFields fields;
  // Either.
  gint64 (*get_number) (const Message *message);
  char *(*dup_text) (const Message *message);
} Key;

typedef struct
{
  const Key *key;
  gboolean is_reverse;
} Criterion;

static gint64
get_arrival (const Message *message)
{
  return message->row->internal_date_ms;
}

static gint64
get_date (const Message *message)
{
  return wd_imap_envelope_get_sent_ms (message->envelope, message->row->internal_date_ms);
}

static gint64
get_size (const Message *message)
{
  return (gint64) message->row->size_bytes;
}

static char *
dup_subject (const Message *message)
{
  g_autofree char *subject = wd_imap_envelope_dup_subject (message->envelope);
  gboolean is_reply;

  return wd_imap_subject_dup_base (subject, &is_reply);
}

static char *
dup_mailbox (const WdImapEnvelopeAddress *address)
{
  return g_strdup (address->mailbox != NULL ? address->mailbox : "");
}

static char *
dup_from (const Message *message)
{
  return dup_mailbox (&message->envelope->from);
}

static char *
dup_to (const Message *message)
{
  return dup_mailbox (&message->envelope->to);
}

static char *
dup_cc (const Message *message)
{
  return dup_mailbox (&message->envelope->cc);
}

static char *
dup_display_from (const Message *message)
{
  return wd_imap_envelope_dup_display (&message->envelope->from);
}

static char *
dup_display_to (const Message *message)
{
  return wd_imap_envelope_dup_display (&message->envelope->to);
}

static const Key keys[] = {
  { "ARRIVAL", WD_FETCH_FLAGS, get_arrival, NULL },
  { "CC", WD_FETCH_INDEX, NULL, dup_cc },
  { "DATE", WD_FETCH_INDEX, get_date, NULL },
  { "DISPLAYFROM", WD_FETCH_INDEX, NULL, dup_display_from },
  { "DISPLAYTO", WD_FETCH_INDEX, NULL, dup_display_to },
  { "FROM", WD_FETCH_INDEX, NULL, dup_from },
  { "SIZE", WD_FETCH_FLAGS, get_size, NULL },
  { "SUBJECT", WD_FETCH_INDEX, NULL, dup_subject },
  { "TO", WD_FETCH_INDEX, NULL, dup_to },
};

struct _WdImapSort
{
  Criterion criteria[G_N_ELEMENTS (keys)]; // In order, each key once.
  guint n_criteria;
  WdFetchFields fields;
  GArray *uids;   // (element-type WdUid)
  GArray *values; // (element-type Value): n_criteria of each message.
  GStringChunk *texts;
  gsize n_bytes; // Of the texts.
};

void
wd_imap_sort_free (WdImapSort *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->uids);
  g_array_unref (self->values);
  g_string_chunk_free (self->texts);
  g_free (self);
}

// A key that was there before decides nothing any more.
static void
add_criterion (WdImapSort *self, const Key *key, gboolean is_reverse)
{
  for (guint i = 0; i < self->n_criteria; i++)
    if (self->criteria[i].key == key)
      return;
  self->criteria[self->n_criteria++] = (Criterion){ key, is_reverse };
  self->fields |= key->fields;
}

static gboolean
parse_criterion (WdImapParser *parser, WdImapSort *self)
{
  gboolean is_reverse = wd_imap_parse_skip_word (parser, "REVERSE");
  char name[32];

  if ((is_reverse && !wd_imap_parse_space (parser)) || !wd_imap_parse_name (parser, name))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      {
        add_criterion (self, &keys[i], is_reverse);
        return TRUE;
      }
  return wd_imap_parse_fail (parser, "Unknown sort key");
}

gboolean
wd_imap_sort_parse (WdImapParser *parser, WdImapSort **out_sort)
{
  g_autoptr (WdImapSort) self = g_new0 (WdImapSort, 1);

  self->uids = g_array_new (FALSE, FALSE, sizeof (WdUid));
  self->values = g_array_new (FALSE, FALSE, sizeof (Value));
  self->texts = g_string_chunk_new (4096);
  if (!wd_imap_parse_open (parser))
    return FALSE;
  do
    if (!parse_criterion (parser, self))
      return FALSE;
  while (wd_imap_parse_skip (parser, ' '));
  if (!wd_imap_parse_close (parser))
    return FALSE;
  *out_sort = g_steal_pointer (&self);
  return TRUE;
}

WdFetchFields
wd_imap_sort_get_fields (const WdImapSort *self)
{
  return self->fields;
}

static Value
make_value (WdImapSort *self, const Key *key, const Message *message)
{
  g_autofree char *text = NULL;
  g_autofree char *collated = NULL;

  if (key->get_number != NULL)
    return (Value){ .number = key->get_number (message) };
  text = key->dup_text (message);
  collated = wd_imap_subject_dup_key (text);
  self->n_bytes += strlen (collated) + 1;
  return (Value){ .text = g_string_chunk_insert (self->texts, collated) };
}

gboolean
wd_imap_sort_is_full (const WdImapSort *self)
{
  return self->n_bytes > WD_LIMIT_IMAP_ORDER_BYTES;
}

gboolean
wd_imap_sort_add (WdImapSort *self, const WdMessageRow *row)
{
  g_auto (WdImapEnvelope) envelope = { 0 };
  const Message message = { row, &envelope };

  if ((self->fields & WD_FETCH_INDEX) != 0 && row->envelope != NULL)
    wd_imap_envelope_read (row->envelope, row->envelope_len, &envelope);
  for (guint i = 0; i < self->n_criteria; i++)
    {
      Value value = make_value (self, self->criteria[i].key, &message);

      g_array_append_val (self->values, value);
    }
  g_array_append_val (self->uids, row->uid);
  return !wd_imap_sort_is_full (self);
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const WdImapSort *self = user_data;
  guint i = *(const guint *) a;
  guint j = *(const guint *) b;
  const Value *left = &g_array_index (self->values, Value, i * self->n_criteria);
  const Value *right = &g_array_index (self->values, Value, j * self->n_criteria);

  for (guint k = 0; k < self->n_criteria; k++)
    {
      int order = self->criteria[k].key->get_number != NULL
                      ? (left[k].number > right[k].number) - (left[k].number < right[k].number)
                      : strcmp (left[k].text, right[k].text);

      if (order != 0)
        return self->criteria[k].is_reverse ? -order : order;
    }
  // Equals stay in their order, which REVERSE does not turn (RFC 5256 3).
  return (i > j) - (i < j);
}

GArray *
wd_imap_sort_run (WdImapSort *self)
{
  guint n = self->uids->len;
  GArray *sorted = g_array_sized_new (FALSE, FALSE, sizeof (WdUid), n);
  g_autofree guint *order = g_new (guint, MAX (n, 1));

  for (guint i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, (int) n, sizeof *order, compare, self);
  for (guint i = 0; i < n; i++)
    g_array_append_val (sorted, g_array_index (self->uids, WdUid, order[i]));
  return sorted;
}
