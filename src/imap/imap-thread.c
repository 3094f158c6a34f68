// SPDX-License-Identifier: EUPL-1.2
// Threads: their messages, their order, and how they are written.
#include "config.h"

#include "imap-thread-private.h"

#include <string.h>

#include "core-limits.h"

WdImapThread *
wd_imap_thread_new (WdImapThreadAlgorithm algorithm)
{
  WdImapThread *self = g_new0 (WdImapThread, 1);

  self->algorithm = algorithm;
  self->nodes = g_array_new (FALSE, FALSE, sizeof (WdImapThreadNode));
  self->roots = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->links = g_array_new (FALSE, FALSE, sizeof (WdImapThreadLink));
  self->texts = g_string_chunk_new (4096);
  self->ids = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
wd_imap_thread_free (WdImapThread *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->nodes);
  g_array_unref (self->links);
  g_array_unref (self->roots);
  g_hash_table_unref (self->ids);
  g_string_chunk_free (self->texts);
  g_free (self);
}

const char *
wd_imap_thread_keep (WdImapThread *self, const char *text)
{
  self->n_bytes += strlen (text) + 1;
  return g_string_chunk_insert (self->texts, text);
}

guint32
wd_imap_thread_add_dummy (WdImapThread *self)
{
  WdImapThreadNode node = {
    .subject = "",
    .parent = WD_IMAP_THREAD_NONE,
    .top = self->nodes->len,
    .hint = WD_IMAP_THREAD_NONE,
    .first_child = WD_IMAP_THREAD_NONE,
    .last_child = WD_IMAP_THREAD_NONE,
    .next = WD_IMAP_THREAD_NONE,
  };

  g_array_append_val (self->nodes, node);
  return self->nodes->len - 1;
}

// The node of a message. Others may have referred to it already; a second message with the same id
// is one without any.
static guint32
take_node (WdImapThread *self, const char *id)
{
  guint32 found = id != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (self->ids, id)) : 0;
  guint32 node;

  if (found != 0 && wd_imap_thread_node (self, found - 1)->number == 0)
    return found - 1;
  node = wd_imap_thread_add_dummy (self);
  if (id != NULL && found == 0)
    g_hash_table_insert (self->ids, (gpointer) wd_imap_thread_keep (self, id),
                         GUINT_TO_POINTER (node + 1));
  return node;
}

gboolean
wd_imap_thread_is_full (const WdImapThread *self)
{
  return self->n_bytes > WD_LIMIT_IMAP_ORDER_BYTES;
}

gboolean
wd_imap_thread_add (WdImapThread *self,
                    guint32 number,
                    gint64 sent_ms,
                    const char *subject,
                    gboolean is_reply,
                    const char *id,
                    const char *const *references)
{
  guint32 i = take_node (self, id);
  WdImapThreadNode *node = wd_imap_thread_node (self, i);

  node->number = number;
  node->sent_ms = sent_ms;
  node->subject = wd_imap_thread_keep (self, subject);
  node->is_reply = is_reply;
  // What was said of it before it came does not count.
  node->hint = WD_IMAP_THREAD_NONE;
  if (self->algorithm == WD_IMAP_THREAD_REFERENCES)
    wd_imap_thread_refer (self, i, references);
  return !wd_imap_thread_is_full (self);
}

// The message whose date a node has.
static const WdImapThreadNode *
get_dated (const WdImapThread *self, guint32 i)
{
  const WdImapThreadNode *node = wd_imap_thread_node (self, i);

  if (node->number == 0 && node->first_child != WD_IMAP_THREAD_NONE)
    node = wd_imap_thread_node (self, node->first_child);
  return node;
}

// A dummy is as old as its first child.
static int
compare_nodes (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const WdImapThreadNode *left = get_dated (user_data, *(const guint32 *) a);
  const WdImapThreadNode *right = get_dated (user_data, *(const guint32 *) b);

  if (left->sent_ms != right->sent_ms)
    return left->sent_ms < right->sent_ms ? -1 : 1;
  return (left->number > right->number) - (left->number < right->number);
}

static void
append_child (WdImapThread *self, guint32 parent, guint32 child)
{
  WdImapThreadNode *node = wd_imap_thread_node (self, parent);

  if (node->last_child == WD_IMAP_THREAD_NONE)
    node->first_child = child;
  else
    wd_imap_thread_node (self, node->last_child)->next = child;
  node->last_child = child;
}

// All that have a parent, which no dummy has.
static void
append_in_order (WdImapThread *self)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 i = 0; i < self->nodes->len; i++)
    if (wd_imap_thread_node (self, i)->parent != WD_IMAP_THREAD_NONE)
      g_array_append_val (order, i);
  g_array_sort_with_data (order, compare_nodes, self);
  for (guint i = 0; i < order->len; i++)
    {
      guint32 child = g_array_index (order, guint32, i);

      append_child (self, wd_imap_thread_node (self, child)->parent, child);
    }
}

void
wd_imap_thread_link_children (WdImapThread *self)
{
  for (guint32 i = 0; i < self->nodes->len; i++)
    {
      WdImapThreadNode *node = wd_imap_thread_node (self, i);

      node->first_child = node->last_child = node->next = WD_IMAP_THREAD_NONE;
    }
  append_in_order (self);
  g_array_set_size (self->roots, 0);
  for (guint32 i = 0; i < self->nodes->len; i++)
    {
      const WdImapThreadNode *node = wd_imap_thread_node (self, i);

      if (node->parent == WD_IMAP_THREAD_NONE
          && (node->number != 0 || node->first_child != WD_IMAP_THREAD_NONE))
        g_array_append_val (self->roots, i);
    }
  g_array_sort_with_data (self->roots, compare_nodes, self);
}

// ORDEREDSUBJECT: the oldest message of a subject has the others as its children.
static void
group_subjects (WdImapThread *self)
{
  g_autoptr (GHashTable) subjects = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->roots->len; i++)
    {
      guint32 root = g_array_index (self->roots, guint32, i);
      WdImapThreadNode *node = wd_imap_thread_node (self, root);
      guint32 first = GPOINTER_TO_UINT (g_hash_table_lookup (subjects, node->subject));

      if (first == 0)
        g_hash_table_insert (subjects, (gpointer) node->subject, GUINT_TO_POINTER (root + 1));
      else
        node->parent = first - 1;
    }
}

void
wd_imap_thread_run (WdImapThread *self)
{
  wd_imap_thread_follow_links (self);
  wd_imap_thread_prune (self);
  wd_imap_thread_link_children (self);
  if (self->algorithm == WD_IMAP_THREAD_REFERENCES)
    wd_imap_thread_merge (self);
  else
    group_subjects (self);
  wd_imap_thread_link_children (self);
}

gboolean
wd_imap_thread_is_empty (const WdImapThread *self)
{
  return self->roots->len == 0;
}

// thread-members: a message and its only child and so on. Returns the first child of where it ends.
static guint32
append_members (const WdImapThread *self, guint32 i, GString *out)
{
  const WdImapThreadNode *node = wd_imap_thread_node (self, i);

  if (node->number == 0)
    return node->first_child;
  g_string_append_printf (out, "%u", node->number);
  while (node->first_child != WD_IMAP_THREAD_NONE && node->first_child == node->last_child)
    {
      node = wd_imap_thread_node (self, node->first_child);
      g_string_append_printf (out, " %u", node->number);
    }
  if (node->first_child != WD_IMAP_THREAD_NONE)
    g_string_append_c (out, ' ');
  return node->first_child;
}

gboolean
wd_imap_thread_append_next (WdImapThread *self, GString *out)
{
  g_autoptr (GArray) open = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 i;

  if (self->next_root >= self->roots->len)
    return FALSE;
  i = g_array_index (self->roots, guint32, self->next_root++);
  // `open` has, for each parenthesis, what comes in it next.
  for (;;)
    {
      guint32 child;

      g_string_append_c (out, '(');
      child = append_members (self, i, out);
      g_array_append_val (open, child);
      while (open->len > 0 && g_array_index (open, guint32, open->len - 1) == WD_IMAP_THREAD_NONE)
        {
          g_string_append_c (out, ')');
          g_array_set_size (open, open->len - 1);
        }
      if (open->len == 0)
        return TRUE;
      i = g_array_index (open, guint32, open->len - 1);
      g_array_index (open, guint32, open->len - 1) = wd_imap_thread_node (self, i)->next;
    }
}
