// SPDX-License-Identifier: EUPL-1.2
// The documents of messages, by sets of UIDs.
#include "config.h"

#include "mongo-message.h"

#include "mongo-schema.h"

// A run of at least so many is asked for by its ends; shorter ones are named, so many in a query.
#define LONG_RUN 64
#define NAMED_UIDS 500
// Documents in one round trip, where nobody says otherwise.
#define DEFAULT_BATCH 1000
// Of a span in which fewer than one in so many UIDs are there, the next is so many times as long.
#define SPARSE 8

void
wd_mongo_message_begin (WdMongoPieces *self, const WdId *mailbox, const WdUidSet *uids)
{
  *self = (WdMongoPieces){ .uids = uids, .mailbox = mailbox };
}

static void
add_named (
    bson_t *by_uid, const WdUidRange *ranges, guint n_ranges, guint32 n_most, guint *inout_range)
{
  bson_t array;
  guint32 n = 0;

  BSON_APPEND_ARRAY_BEGIN (by_uid, "$in", &array);
  for (; *inout_range < n_ranges && n + LONG_RUN <= n_most; (*inout_range)++)
    {
      const WdUidRange *run = &ranges[*inout_range];

      if (run->last - run->first >= LONG_RUN)
        break;
      for (guint64 uid = run->first; uid <= run->last; uid++)
        {
          char buffer[16];
          const char *name;

          bson_uint32_to_string (n++, &name, buffer, sizeof buffer);
          BSON_APPEND_INT64 (&array, name, (gint64) uid);
        }
    }
  bson_append_array_end (by_uid, &array);
}

bson_t *
wd_mongo_message_next (WdMongoPieces *self, const bson_t *more)
{
  guint n_ranges = 0;
  const WdUidRange *ranges
      = self->uids == NULL ? NULL : wd_uidset_get_ranges (self->uids, &n_ranges);
  bson_t *filter;
  bson_t by_uid;

  if (self->is_done || (self->uids != NULL && self->range >= n_ranges))
    return NULL;
  filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (self->mailbox)));
  if (self->uids == NULL)
    {
      self->is_done = TRUE;
      BCON_APPEND (filter, "uid", "{", "$gte", BCON_INT64 (1), "}");
    }
  else
    {
      const WdUidRange *run = &ranges[self->range];

      BSON_APPEND_DOCUMENT_BEGIN (filter, "uid", &by_uid);
      if (run->last - run->first >= LONG_RUN)
        {
          BCON_APPEND (&by_uid, "$gte", BCON_INT64 (run->first), "$lte", BCON_INT64 (run->last));
          self->range++;
        }
      else
        add_named (&by_uid, ranges, n_ranges, NAMED_UIDS, &self->range);
      bson_append_document_end (filter, &by_uid);
    }
  if (more != NULL)
    bson_concat (filter, more);
  return filter;
}

bson_t *
wd_mongo_message_next_by_ids (const WdId *mailbox, GArray *ids, guint *inout_at, const bson_t *more)
{
  guint n = MIN (WD_MONGO_MESSAGE_IDS_MAX, ids->len - *inout_at);
  bson_t *filter;
  bson_t by_id, array;

  if (n == 0)
    return NULL;
  filter = bson_new ();
  BSON_APPEND_DOCUMENT_BEGIN (filter, "_id", &by_id);
  BSON_APPEND_ARRAY_BEGIN (&by_id, "$in", &array);
  for (guint i = 0; i < n; i++)
    {
      char buffer[16];
      const char *name;

      bson_uint32_to_string (i, &name, buffer, sizeof buffer);
      wd_mongo_bson_add_id (&array, name, &g_array_index (ids, WdId, *inout_at + i));
    }
  *inout_at += n;
  bson_append_array_end (&by_id, &array);
  bson_append_document_end (filter, &by_id);
  wd_mongo_bson_add_id (filter, "mailbox", mailbox);
  if (more != NULL)
    bson_concat (filter, more);
  return filter;
}

// --- Finding. The documents are large, and the database reads the whole of each for each thing
// that it looks at in it. So it is told which index to take and does not sort: what is found in a
// span of UIDs is put in order here.

typedef struct
{
  WdMongoCall *call;
  const WdId *mailbox;
  const WdUidSet *uids; // (nullable)
  const bson_t *more;   // (nullable)
  const bson_t *options;
  gint64 batch;
  GPtrArray *docs; // (element-type bson_t) Of the span.
  guint n_found;
  WdMongoDocFunc func;
  gpointer user_data;
  gboolean is_stopped;
} Finding;

static guint64
get_uid (const bson_t *doc)
{
  return (guint64) wd_mongo_bson_get_int (doc, "uid", 0);
}

static gboolean
pass (const bson_t *doc, gpointer user_data, GError **error)
{
  Finding *self = user_data;

  self->n_found++;
  if (self->uids != NULL && !wd_uidset_has (self->uids, (WdUid) get_uid (doc)))
    return TRUE;
  self->is_stopped = !self->func (doc, self->user_data, error);
  return !self->is_stopped;
}

static gboolean
keep (const bson_t *doc, gpointer user_data, GError **error)
{
  g_ptr_array_add (user_data, bson_copy (doc));
  return TRUE;
}

static gint
compare_docs (gconstpointer a, gconstpointer b)
{
  guint64 one = get_uid (*(const bson_t *const *) a), two = get_uid (*(const bson_t *const *) b);

  return (one > two) - (one < two);
}

static gboolean
is_in_order (GPtrArray *docs)
{
  for (guint i = 1; i < docs->len; i++)
    if (compare_docs (&docs->pdata[i - 1], &docs->pdata[i]) > 0)
      return FALSE;
  return TRUE;
}

static gboolean
pass_kept (Finding *self, GError **error)
{
  if (!is_in_order (self->docs))
    g_ptr_array_sort (self->docs, compare_docs);
  for (guint i = 0; i < self->docs->len && !self->is_stopped; i++)
    {
      GError *failure = NULL;

      if (!pass (self->docs->pdata[i], self, &failure) && failure != NULL)
        {
          g_propagate_error (error, failure);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
find_filtered (Finding *self, const bson_t *filter, gboolean is_sorted, GError **error)
{
  g_autoptr (bson_t) options = bson_new ();
  gboolean ok;

  bson_copy_to_excluding_noinit (self->options, options, "batchSize", NULL);
  // One more, so that the reply says that there are none.
  BSON_APPEND_INT64 (options, "batchSize", self->batch + 1);
  if (!bson_has_field (options, "hint"))
    BSON_APPEND_UTF8 (options, "hint", WD_MONGO_MESSAGES_BY_UID);
  self->n_found = 0;
  if (is_sorted)
    {
      BCON_APPEND (options, "sort", "{", "uid", BCON_INT32 (1), "}");
      return wd_mongo_call_find (self->call, WD_MONGO_MESSAGES, filter, options, pass, self, error);
    }
  ok = wd_mongo_call_find (self->call, WD_MONGO_MESSAGES, filter, options, keep, self->docs, error)
       && pass_kept (self, error);
  g_ptr_array_set_size (self->docs, 0);
  return ok;
}

static gboolean
find_span (Finding *self, guint64 first, guint64 last, gboolean is_sorted, GError **error)
{
  g_autoptr (bson_t) filter
      = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (self->mailbox)), "uid", "{", "$gte",
                  BCON_INT64 ((gint64) first), "$lte", BCON_INT64 ((gint64) last), "}");

  if (self->more != NULL)
    bson_concat (filter, self->more);
  return find_filtered (self, filter, is_sorted, error);
}

// Where there is little in a long run, the spans grow: how much is in such a one is not known, and
// the database sorts it.
static gboolean
find_run (Finding *self, guint64 first, guint64 last, GError **error)
{
  guint64 batch = (guint64) self->batch;
  guint64 span = batch;

  while (first <= last && !self->is_stopped)
    {
      guint64 end = MIN (last, first + span - 1);

      if (!find_span (self, first, end, span > batch, error))
        return FALSE;
      span = self->n_found < batch / SPARSE ? MIN (span * SPARSE, G_MAXUINT32) : batch;
      first = end + 1;
    }
  return TRUE;
}

// UIDs that stand alone.
static gboolean
find_named (
    Finding *self, const WdUidRange *ranges, guint n_ranges, guint *inout_range, GError **error)
{
  g_autoptr (bson_t) filter = BCON_NEW ("mailbox", BCON_OID (wd_mongo_bson_oid (self->mailbox)));
  bson_t by_uid;

  BSON_APPEND_DOCUMENT_BEGIN (filter, "uid", &by_uid);
  add_named (&by_uid, ranges, n_ranges, (guint32) CLAMP (self->batch, LONG_RUN, NAMED_UIDS),
             inout_range);
  bson_append_document_end (filter, &by_uid);
  if (self->more != NULL)
    bson_concat (filter, self->more);
  return find_filtered (self, filter, FALSE, error);
}

// As many runs as fit into one span that is at least half full. Returns the index of the last.
static guint
join_runs (const Finding *self, const WdUidRange *ranges, guint n_ranges, guint from)
{
  guint64 first = ranges[from].first, n = 0;
  guint best = from;

  for (guint i = from; i < n_ranges && ranges[i].last - first < (guint64) self->batch; i++)
    {
      n += (guint64) ranges[i].last - ranges[i].first + 1;
      if (n * 2 > ranges[i].last - first)
        best = i;
    }
  return best;
}

static gboolean
find_ranges (Finding *self, const WdUidRange *ranges, guint n_ranges, GError **error)
{
  for (guint i = 0; i < n_ranges && !self->is_stopped;)
    {
      guint last = join_runs (self, ranges, n_ranges, i);
      gboolean is_long = ranges[last].last - ranges[i].first >= LONG_RUN;

      if (n_ranges > 1 && !is_long)
        {
          if (!find_named (self, ranges, n_ranges, &i, error))
            return FALSE;
          continue;
        }
      if (!find_run (self, ranges[i].first, ranges[last].last, error))
        return FALSE;
      i = last + 1;
    }
  return TRUE;
}

gboolean
wd_mongo_message_find (WdMongoCall *call,
                       const WdId *mailbox,
                       const WdUidSet *uids,
                       const bson_t *more,
                       const bson_t *options,
                       WdMongoDocFunc func,
                       gpointer user_data,
                       GError **error)
{
  static const WdUidRange all = { 1, G_MAXUINT32 };
  g_autoptr (GPtrArray) docs = g_ptr_array_new_with_free_func ((GDestroyNotify) bson_destroy);
  Finding self = {
    .call = call,
    .mailbox = mailbox,
    .uids = uids,
    .more = more,
    .options = options,
    .batch = wd_mongo_bson_get_int (options, "batchSize", DEFAULT_BATCH),
    .docs = docs,
    .func = func,
    .user_data = user_data,
  };
  guint n_ranges = 1;
  const WdUidRange *ranges = uids == NULL ? &all : wd_uidset_get_ranges (uids, &n_ranges);

  if (n_ranges == 0)
    return TRUE;
  if (bson_has_field (options, "hint"))
    return find_span (&self, ranges[0].first, ranges[n_ranges - 1].last, TRUE, error);
  return find_ranges (&self, ranges, n_ranges, error);
}

gint64
wd_mongo_message_get_created (const bson_t *doc, const WdId *mailbox)
{
  WdId home = wd_mongo_bson_get_id (doc, "wd.b");

  return wd_core_id_is_equal (&home, mailbox) ? wd_mongo_bson_get_int (doc, "wd.m0", 0) : 0;
}
