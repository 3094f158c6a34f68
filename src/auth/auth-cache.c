// SPDX-License-Identifier: EUPL-1.2
// Verified passwords.
//
// Plain pthread locks, not GLib's: ThreadSanitizer knows them.
#include "config.h"

#include "auth-cache.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <string.h>

#include "core-clock.h"

#define KEY_BYTES 32

typedef struct
{
  guint8 key[KEY_BYTES]; // First: the table's key is the entry.
  gint64 until_us;
  GList link;
} Entry;

struct _WdAuthCache
{
  gint64 ttl_us;
  guint max_entries;
  WdSecret *secret;     // Of this process; never leaves it.
  pthread_mutex_t lock; // Guards what follows; a leaf, held for a table look-up.
  GHashTable *entries;  // Set of Entry.
  GQueue by_age;        // Oldest first, which also ends first.
};

static guint
hash_entry (gconstpointer data)
{
  guint hash;

  memcpy (&hash, data, sizeof hash);
  return hash;
}

static gboolean
are_equal_entries (gconstpointer a, gconstpointer b)
{
  return wd_core_secret_is_equal_data (a, KEY_BYTES, b, KEY_BYTES);
}

WdAuthCache *
wd_auth_cache_new (gint64 ttl_ms, guint max_entries)
{
  WdAuthCache *self = g_new0 (WdAuthCache, 1);
  guint8 secret[KEY_BYTES];

  // Without a random key nothing is remembered.
  if (gnutls_rnd (GNUTLS_RND_KEY, secret, sizeof secret) == GNUTLS_E_SUCCESS)
    self->ttl_us = ttl_ms * 1000;
  self->max_entries = max_entries;
  self->secret = wd_core_secret_new (secret, sizeof secret);
  explicit_bzero (secret, sizeof secret);
  pthread_mutex_init (&self->lock, NULL);
  g_queue_init (&self->by_age);
  self->entries = g_hash_table_new_full (hash_entry, are_equal_entries, g_free, NULL);
  return self;
}

void
wd_auth_cache_free (WdAuthCache *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->entries);
  pthread_mutex_destroy (&self->lock);
  wd_core_secret_free (self->secret);
  g_free (self);
}

static gboolean
make_key (WdAuthCache *self,
          const WdId *user,
          const char *stored_hash,
          const WdSecret *password,
          guint8 out_key[KEY_BYTES])
{
  gnutls_hmac_hd_t hmac;

  if (self->ttl_us == 0
      || gnutls_hmac_init (&hmac, GNUTLS_MAC_SHA256, wd_core_secret_get (self->secret),
                           wd_core_secret_get_len (self->secret))
             != GNUTLS_E_SUCCESS)
    return FALSE;

  // The NUL behind the hash keeps the three apart.
  gnutls_hmac (hmac, user->bytes, sizeof user->bytes);
  gnutls_hmac (hmac, stored_hash, strlen (stored_hash) + 1);
  gnutls_hmac (hmac, wd_core_secret_get (password), wd_core_secret_get_len (password));
  gnutls_hmac_deinit (hmac, out_key);
  return TRUE;
}

static void
forget_oldest (WdAuthCache *self)
{
  Entry *entry = g_queue_peek_head (&self->by_age);

  g_queue_unlink (&self->by_age, &entry->link);
  g_hash_table_remove (self->entries, entry);
}

static void
forget_ended (WdAuthCache *self)
{
  gint64 now_us = wd_core_clock_monotonic_us ();

  while (!g_queue_is_empty (&self->by_age)
         && ((Entry *) g_queue_peek_head (&self->by_age))->until_us <= now_us)
    forget_oldest (self);
}

gboolean
wd_auth_cache_has (WdAuthCache *self,
                   const WdId *user,
                   const char *stored_hash,
                   const WdSecret *password)
{
  guint8 key[KEY_BYTES];
  gboolean is_there;

  if (!make_key (self, user, stored_hash, password, key))
    return FALSE;
  pthread_mutex_lock (&self->lock);
  forget_ended (self);
  is_there = g_hash_table_contains (self->entries, key);
  pthread_mutex_unlock (&self->lock);
  return is_there;
}

void
wd_auth_cache_add (WdAuthCache *self,
                   const WdId *user,
                   const char *stored_hash,
                   const WdSecret *password)
{
  g_autofree Entry *entry = g_new0 (Entry, 1);

  if (!make_key (self, user, stored_hash, password, entry->key))
    return;
  entry->until_us = wd_core_clock_monotonic_us () + self->ttl_us;
  entry->link.data = entry;

  pthread_mutex_lock (&self->lock);
  forget_ended (self);
  if (!g_hash_table_contains (self->entries, entry))
    {
      if (g_hash_table_size (self->entries) >= self->max_entries)
        forget_oldest (self);
      g_queue_push_tail_link (&self->by_age, &entry->link);
      g_hash_table_add (self->entries, g_steal_pointer (&entry));
    }
  pthread_mutex_unlock (&self->lock);
}

guint
wd_auth_cache_get_n_entries (WdAuthCache *self)
{
  guint n;

  pthread_mutex_lock (&self->lock);
  n = g_hash_table_size (self->entries);
  pthread_mutex_unlock (&self->lock);
  return n;
}
