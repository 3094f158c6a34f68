// SPDX-License-Identifier: EUPL-1.2
// Sliding windows.
//
// Plain pthread locks, not GLib's: ThreadSanitizer knows them.
#include "config.h"

#include "auth-limit.h"

#include <pthread.h>

#include "core-clock.h"

#define N_SLOTS 8

typedef struct
{
  GList link; // In `by_age`; its data is the entry.
  char *key;
  gint64 newest_slot;        // Number, since the clock began, of the slot that was last counted in.
  guint counts[N_SLOTS + 1]; // By slot number modulo: the running slot and the window behind it.
} Entry;

struct _WdAuthLimit
{
  guint max_failures;
  guint max_entries;
  gint64 slot_us;
  pthread_mutex_t lock; // Guards what follows; a leaf, held for a table look-up.
  GHashTable *entries;  // (element-type utf8 Entry)
  GQueue by_age;        // The least recent failure first.
};

static void
free_entry (gpointer data)
{
  Entry *entry = data;

  g_free (entry->key);
  g_free (entry);
}

WdAuthLimit *
wd_auth_limit_new (guint max_failures, gint64 window_ms, guint max_entries)
{
  WdAuthLimit *self = g_new0 (WdAuthLimit, 1);

  self->max_failures = max_failures;
  self->max_entries = max_entries;
  self->slot_us = MAX (window_ms * 1000 / N_SLOTS, 1);
  pthread_mutex_init (&self->lock, NULL);
  g_queue_init (&self->by_age);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_entry);
  return self;
}

void
wd_auth_limit_free (WdAuthLimit *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->entries);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

static gint64
get_slot (const WdAuthLimit *self)
{
  return wd_core_clock_monotonic_us () / self->slot_us;
}

// Clears the slots that have gone by since the last failure.
static void
advance (Entry *entry, gint64 slot)
{
  gint64 n_gone = MIN (slot - entry->newest_slot, N_SLOTS + 1);

  for (gint64 i = 0; i < n_gone; i++)
    entry->counts[(slot - i) % (N_SLOTS + 1)] = 0;
  entry->newest_slot = MAX (slot, entry->newest_slot);
}

static guint
count (const Entry *entry)
{
  guint sum = 0;

  for (guint i = 0; i <= N_SLOTS; i++)
    sum += entry->counts[i];
  return sum;
}

static void
forget (WdAuthLimit *self, Entry *entry)
{
  g_queue_unlink (&self->by_age, &entry->link);
  g_hash_table_remove (self->entries, entry->key);
}

gboolean
wd_auth_limit_is_reached (WdAuthLimit *self, const char *key)
{
  Entry *entry;
  guint n_failures = 0;

  pthread_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->entries, key);
  if (entry != NULL)
    {
      advance (entry, get_slot (self));
      n_failures = count (entry);
      if (n_failures == 0)
        forget (self, entry);
    }
  pthread_mutex_unlock (&self->lock);
  return n_failures >= self->max_failures;
}

// Returns (transfer none): the key's entry, taken out of the queue, or a new one.
static Entry *
take_entry (WdAuthLimit *self, const char *key, gint64 slot)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL)
    {
      g_queue_unlink (&self->by_age, &entry->link);
      return entry;
    }
  if (g_hash_table_size (self->entries) >= self->max_entries)
    forget (self, g_queue_peek_head (&self->by_age));
  entry = g_new0 (Entry, 1);
  entry->link.data = entry;
  entry->key = g_strdup (key);
  entry->newest_slot = slot;
  g_hash_table_insert (self->entries, entry->key, entry);
  return entry;
}

void
wd_auth_limit_add (WdAuthLimit *self, const char *key)
{
  gint64 slot;
  Entry *entry;

  pthread_mutex_lock (&self->lock);
  slot = get_slot (self);
  entry = take_entry (self, key, slot);
  advance (entry, slot);
  entry->counts[slot % (N_SLOTS + 1)]++;
  g_queue_push_tail_link (&self->by_age, &entry->link);
  pthread_mutex_unlock (&self->lock);
}

guint
wd_auth_limit_get_n_entries (WdAuthLimit *self)
{
  guint n;

  pthread_mutex_lock (&self->lock);
  n = g_hash_table_size (self->entries);
  pthread_mutex_unlock (&self->lock);
  return n;
}

guint
wd_auth_limit_get_max (const WdAuthLimit *self)
{
  return self->max_failures;
}
