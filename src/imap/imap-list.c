// SPDX-License-Identifier: EUPL-1.2
// The mailbox names of a user as a tree.
#include "config.h"

#include "imap-list.h"

#include <string.h>

#include "imap-name.h"

static void
node_free (gpointer data)
{
  g_free (data);
}

void
wd_imap_list_free (WdImapList *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->nodes, g_ptr_array_unref);
  g_clear_pointer (&self->by_path, g_hash_table_unref);
  g_clear_pointer (&self->infos, g_ptr_array_unref);
  g_clear_pointer (&self->subscriptions, g_ptr_array_unref);
  g_free (self);
}

// The node of a path, made if it is new. `path` is copied then.
static WdImapListNode *
ensure (WdImapList *self, const char *path)
{
  WdImapListNode *node = g_hash_table_lookup (self->by_path, path);
  char *key;

  if (node != NULL)
    return node;
  key = g_strdup (path);
  node = g_new0 (WdImapListNode, 1);
  node->path = key;
  g_hash_table_insert (self->by_path, key, node);
  return node;
}

// The levels above a path. Stops at one that is known to have children: those above it are too.
static void
ensure_levels (WdImapList *self, const char *path)
{
  g_autofree char *level = g_strdup (path);
  char *slash;

  while ((slash = strrchr (level, '/')) != NULL && slash != level)
    {
      WdImapListNode *node;

      *slash = '\0';
      node = ensure (self, level);
      if (node->has_children)
        return;
      node->has_children = TRUE;
    }
}

static gint
compare_nodes (gconstpointer a, gconstpointer b)
{
  const WdImapListNode *x = *(const WdImapListNode *const *) a;
  const WdImapListNode *y = *(const WdImapListNode *const *) b;
  gboolean x_inbox = strcmp (x->path, "INBOX") == 0;
  gboolean y_inbox = strcmp (y->path, "INBOX") == 0;

  if (x_inbox != y_inbox)
    return x_inbox ? -1 : 1;
  return strcmp (x->path, y->path);
}

static void
build (WdImapList *self)
{
  GHashTableIter iter;
  gpointer node;

  self->by_path = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, node_free);
  for (guint i = 0; i < self->infos->len; i++)
    {
      const WdMailboxInfo *info = g_ptr_array_index (self->infos, i);
      WdImapListNode *made = ensure (self, info->path);

      made->info = info;
      made->is_subscribed = info->subscribed;
      ensure_levels (self, info->path);
    }
  for (guint i = 0; self->subscriptions != NULL && i < self->subscriptions->len; i++)
    {
      const char *path = g_ptr_array_index (self->subscriptions, i);

      // Levels above a name that does not exist have no children by it.
      ensure (self, path)->is_subscribed = TRUE;
    }
  self->nodes = g_ptr_array_sized_new (g_hash_table_size (self->by_path));
  g_hash_table_iter_init (&iter, self->by_path);
  while (g_hash_table_iter_next (&iter, NULL, &node))
    g_ptr_array_add (self->nodes, node);
  g_ptr_array_sort (self->nodes, compare_nodes);
}

WdImapList *
wd_imap_list_new (WdImapSession *session, gboolean with_subscriptions, GError **error)
{
  g_autoptr (WdImapList) self = g_new0 (WdImapList, 1);
  WdStore *store = session->server->store;
  GCancellable *cancellable = wd_imap_session_get_cancellable (session);

  self->infos = wd_store_list_mailboxes (store, &session->actor, cancellable, error);
  if (self->infos == NULL)
    return NULL;
  if (with_subscriptions)
    {
      self->subscriptions
          = wd_store_list_subscriptions (store, &session->actor, cancellable, error);
      if (self->subscriptions == NULL)
        return NULL;
    }
  build (self);
  return g_steal_pointer (&self);
}

WdImapListNode *
wd_imap_list_get_parent (const WdImapList *self, const WdImapListNode *node)
{
  const char *slash = strrchr (node->path, '/');
  g_autofree char *path = NULL;

  if (slash == NULL || slash == node->path)
    return NULL;
  path = g_strndup (node->path, (gsize) (slash - node->path));
  return g_hash_table_lookup (self->by_path, path);
}

GPtrArray *
wd_imap_list_new_patterns (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) wd_imap_pattern_free);
}

void
wd_imap_list_add_pattern (GPtrArray *patterns,
                          const char *reference,
                          const char *pattern,
                          gboolean is_utf8)
{
  g_autofree char *wire = g_strconcat (reference, pattern, NULL);
  g_autofree char *path = wd_imap_name_decode (wire, is_utf8);

  if (path != NULL)
    g_ptr_array_add (patterns, wd_imap_pattern_new (path));
}

gboolean
wd_imap_list_matches (const GPtrArray *patterns, const char *path)
{
  for (guint i = 0; i < patterns->len; i++)
    if (wd_imap_pattern_matches (g_ptr_array_index (patterns, i), path))
      return TRUE;
  return FALSE;
}
