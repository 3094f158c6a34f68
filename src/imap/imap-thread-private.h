// SPDX-License-Identifier: EUPL-1.2
// The forest of one THREAD: what the files of the algorithms share.
#pragma once

#include "imap-thread.h"

#define WD_IMAP_THREAD_NONE G_MAXUINT32

// A message, or one that others refer to and that is not there (a dummy).
typedef struct
{
  guint32 number; // 0: a dummy.
  gboolean is_reply;
  gint64 sent_ms;
  const char *subject;
  guint32 parent;
  guint32 top;        // Itself without a parent, else one above it: the way to its root.
  guint32 hint;       // The parent that the last reference to it spoke of.
  guint32 n_children; // While dummies are pruned.
  // Once the parents are known: the children, in order of date.
  guint32 first_child;
  guint32 last_child;
  guint32 next;
} WdImapThreadNode;

// That `parent` comes before `child` in the references of message `number`.
typedef struct
{
  guint32 child;
  guint32 parent;
  guint32 number;
} WdImapThreadLink;

struct _WdImapThread
{
  WdImapThreadAlgorithm algorithm;
  GArray *nodes;   // (element-type WdImapThreadNode)
  GHashTable *ids; // Of message ids: index of the node, plus 1.
  GArray *links;   // (element-type WdImapThreadLink)
  GStringChunk *texts;
  gsize n_bytes;       // Of the texts.
  gsize n_extra_bytes; // Of what is kept for the links.
  GArray *roots;       // (element-type guint32): threads, in order.
  guint next_root;
};

static inline WdImapThreadNode *
wd_imap_thread_node (const WdImapThread *self, guint32 i)
{
  return &g_array_index (self->nodes, WdImapThreadNode, i);
}

// Adds a dummy without a parent.
guint32 wd_imap_thread_add_dummy (WdImapThread *self);

// Children of all nodes, and the roots, in order of date, from the parents. Dummies without a
// message below them are no roots.
void wd_imap_thread_link_children (WdImapThread *self);

// The text, kept. Counts its octets.
const char *wd_imap_thread_keep (WdImapThread *self, const char *text);

// BASE.7.2.THREAD steps 1 to 3: the parents that the references say. First what each message says
// of itself, then, with all messages there, what they say of others.
void wd_imap_thread_refer (WdImapThread *self, guint32 node, const char *const *references);
void wd_imap_thread_follow_links (WdImapThread *self);
void wd_imap_thread_prune (WdImapThread *self);
// Step 5: threads of the same subject.
void wd_imap_thread_merge (WdImapThread *self);
