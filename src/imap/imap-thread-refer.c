// SPDX-License-Identifier: EUPL-1.2
// Who answers whom: the steps of REFERENCES (RFC 5256 3).
#include "config.h"

#include "imap-thread-private.h"

#include <string.h>

#include "core-limits.h"

// The node with this id, made if need be.
static guint32
find_node (WdImapThread *self, const char *id)
{
  guint32 found = GPOINTER_TO_UINT (g_hash_table_lookup (self->ids, id));

  if (found != 0)
    return found - 1;
  found = wd_imap_thread_add_dummy (self);
  g_hash_table_insert (self->ids, (gpointer) wd_imap_thread_keep (self, id),
                       GUINT_TO_POINTER (found + 1));
  return found;
}

// The root above a node. Halves the way for those who come later.
static guint32
find_top (WdImapThread *self, guint32 i)
{
  WdImapThreadNode *node = wd_imap_thread_node (self, i);

  while (node->top != i)
    {
      node->top = wd_imap_thread_node (self, node->top)->top;
      i = node->top;
      node = wd_imap_thread_node (self, i);
    }
  return i;
}

// A parent that is known already stays, and nothing becomes its own ancestor.
static void
set_parent (WdImapThread *self, guint32 child, guint32 parent)
{
  WdImapThreadNode *node = wd_imap_thread_node (self, child);

  if (node->parent != WD_IMAP_THREAD_NONE || find_top (self, parent) == child)
    return;
  node->parent = parent;
  node->top = parent;
}

// Keeps what a message says of others.
static void
add_link (WdImapThread *self, guint32 child, guint32 parent, guint32 number)
{
  const WdImapThreadLink link = { child, parent, number };
  WdImapThreadNode *node = wd_imap_thread_node (self, child);

  // In a thread, most messages say the same.
  if (node->hint == parent)
    return;
  node->hint = parent;
  g_array_append_val (self->links, link);
  self->n_extra_bytes += sizeof link;
}

void
wd_imap_thread_refer (WdImapThread *self, guint32 node, const char *const *references)
{
  guint32 number = wd_imap_thread_node (self, node)->number;
  guint32 last = WD_IMAP_THREAD_NONE;

  for (guint i = 0; references != NULL && references[i] != NULL; i++)
    {
      guint n_nodes = self->nodes->len;
      guint32 next;

      // Too much of that: the parent alone counts.
      if (references[i + 1] != NULL && self->n_extra_bytes >= WD_LIMIT_IMAP_REFERENCES_BYTES)
        continue;
      next = find_node (self, references[i]);
      if (self->nodes->len > n_nodes && references[i + 1] != NULL)
        self->n_extra_bytes += sizeof (WdImapThreadNode) + strlen (references[i]);
      if (last != WD_IMAP_THREAD_NONE && last != next)
        add_link (self, next, last, number);
      last = next;
    }
  if (last != WD_IMAP_THREAD_NONE)
    set_parent (self, node, last);
}

void
wd_imap_thread_follow_links (WdImapThread *self)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      const WdImapThreadLink *link = &g_array_index (self->links, WdImapThreadLink, i);

      // A message that comes later knows its parent best, or that there is none (RFC 5256 3, step
      // 1.B).
      if (wd_imap_thread_node (self, link->child)->number < link->number)
        set_parent (self, link->child, link->parent);
    }
}

// The nearest message above, or the dummy at the top. Halves the way for those who come later.
static guint32
find_holder (WdImapThread *self, guint32 node)
{
  guint32 parent = wd_imap_thread_node (self, node)->parent;

  while (parent != WD_IMAP_THREAD_NONE)
    {
      WdImapThreadNode *holder = wd_imap_thread_node (self, parent);

      if (holder->number != 0 || holder->parent == WD_IMAP_THREAD_NONE)
        return parent;
      wd_imap_thread_node (self, node)->parent = holder->parent;
      node = parent;
      parent = holder->parent;
    }
  return WD_IMAP_THREAD_NONE;
}

void
wd_imap_thread_prune (WdImapThread *self)
{
  for (guint32 i = 0; i < self->nodes->len; i++)
    wd_imap_thread_node (self, i)->n_children = 0;
  for (guint32 i = 0; i < self->nodes->len; i++)
    {
      WdImapThreadNode *node = wd_imap_thread_node (self, i);

      if (node->number == 0)
        continue;
      node->parent = find_holder (self, i);
      if (node->parent != WD_IMAP_THREAD_NONE)
        wd_imap_thread_node (self, node->parent)->n_children++;
    }
  // A dummy at the top stays only to hold several together.
  for (guint32 i = 0; i < self->nodes->len; i++)
    {
      WdImapThreadNode *node = wd_imap_thread_node (self, i);

      if (node->number == 0)
        {
          node->parent = WD_IMAP_THREAD_NONE;
          continue;
        }
      if (node->parent == WD_IMAP_THREAD_NONE)
        continue;
      const WdImapThreadNode *parent = wd_imap_thread_node (self, node->parent);

      if (parent->number == 0 && parent->n_children == 1)
        node->parent = WD_IMAP_THREAD_NONE;
    }
}

// The message that speaks for a root: a dummy's first child, as long as that is none itself.
static guint32
get_speaker (WdImapThread *self, guint32 root)
{
  guint32 first = wd_imap_thread_node (self, root)->first_child;

  return wd_imap_thread_node (self, root)->number != 0 || first == WD_IMAP_THREAD_NONE ? root
                                                                                       : first;
}

// Whether `root` is the better one to stand for its subject than `other`.
static gboolean
is_better (WdImapThread *self, guint32 root, guint32 other)
{
  const WdImapThreadNode *a = wd_imap_thread_node (self, root);
  const WdImapThreadNode *b = wd_imap_thread_node (self, other);

  if (a->number == 0)
    return b->number != 0;
  return b->number != 0 && b->is_reply && !a->is_reply;
}

static const char *
get_subject (WdImapThread *self, guint32 root)
{
  return wd_imap_thread_node (self, get_speaker (self, root))->subject;
}

static void
move_children (WdImapThread *self, guint32 from, guint32 to)
{
  for (guint32 i = wd_imap_thread_node (self, from)->first_child; i != WD_IMAP_THREAD_NONE;
       i = wd_imap_thread_node (self, i)->next)
    wd_imap_thread_node (self, i)->parent = to;
}

// Step 5.C: `root` and the one that stands for its subject become one. Returns that which stands
// for the subject from here on.
static guint32
merge_two (WdImapThread *self, guint32 root, guint32 first)
{
  const WdImapThreadNode *a = wd_imap_thread_node (self, root);
  const WdImapThreadNode *b = wd_imap_thread_node (self, first);
  const char *subject = get_subject (self, root);
  guint32 dummy;

  if (a->number == 0 && b->number == 0)
    {
      move_children (self, root, first);
      return first;
    }
  if (b->number == 0 || (a->is_reply && !b->is_reply))
    {
      wd_imap_thread_node (self, root)->parent = first;
      return first;
    }
  dummy = wd_imap_thread_add_dummy (self);
  wd_imap_thread_node (self, dummy)->subject = subject;
  wd_imap_thread_node (self, root)->parent = dummy;
  wd_imap_thread_node (self, first)->parent = dummy;
  return dummy;
}

void
wd_imap_thread_merge (WdImapThread *self)
{
  g_autoptr (GHashTable) subjects = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->roots->len; i++)
    {
      guint32 root = g_array_index (self->roots, guint32, i);
      const char *subject = get_subject (self, root);
      guint32 other = GPOINTER_TO_UINT (g_hash_table_lookup (subjects, subject));

      if (*subject != '\0' && (other == 0 || is_better (self, root, other - 1)))
        g_hash_table_insert (subjects, (gpointer) subject, GUINT_TO_POINTER (root + 1));
    }
  for (guint i = 0; i < self->roots->len; i++)
    {
      guint32 root = g_array_index (self->roots, guint32, i);
      const char *subject = get_subject (self, root);
      guint32 first = GPOINTER_TO_UINT (g_hash_table_lookup (subjects, subject));

      if (*subject == '\0' || first == root + 1
          || wd_imap_thread_node (self, root)->parent != WD_IMAP_THREAD_NONE)
        continue;
      first = merge_two (self, root, first - 1);
      g_hash_table_insert (subjects, (gpointer) subject, GUINT_TO_POINTER (first + 1));
    }
}
