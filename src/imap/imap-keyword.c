// SPDX-License-Identifier: EUPL-1.2
// A table of names with counts. GLib's interned GRefString is no such thing before 2.82: between
// its last release and its removal from the table, another thread may get it.
#include "config.h"

#include "imap-keyword.h"

#include <string.h>

typedef struct
{
  guint n_refs;
  char text[]; // The key of the table.
} Keyword;

// Guards the table and all counts. A leaf: nothing is locked and nothing waits under it.
static GMutex mutex;
static GHashTable *keywords; // (element-type utf8 Keyword) (nullable)

static Keyword *
keyword_new (const char *name)
{
  gsize len = strlen (name) + 1;
  Keyword *self = g_malloc (sizeof *self + len);

  self->n_refs = 0;
  memcpy (self->text, name, len);
  return self;
}

const char *
wd_imap_keyword_ref (const char *name)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  Keyword *self;

  if (keywords == NULL)
    keywords = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  self = g_hash_table_lookup (keywords, name);
  if (self == NULL)
    {
      self = keyword_new (name);
      g_hash_table_insert (keywords, self->text, self);
    }
  self->n_refs++;
  return self->text;
}

void
wd_imap_keyword_unref (const char *name)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  Keyword *self = g_hash_table_lookup (keywords, name);

  g_return_if_fail (self != NULL && self->text == name);
  if (--self->n_refs == 0)
    g_hash_table_remove (keywords, name);
  // The last frees the table, too.
  if (g_hash_table_size (keywords) == 0)
    g_clear_pointer (&keywords, g_hash_table_unref);
}

guint
wd_imap_keyword_get_count (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);

  return keywords != NULL ? g_hash_table_size (keywords) : 0;
}
