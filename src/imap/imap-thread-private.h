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
  guint32 n_children; // While references are followed.
  // Once the parents are known: the children, in order of date.
  guint32 first_child;
  guint32 last_child;
  guint32 next;
} WdImapThreadNode;

struct _WdImapThread
{
  WdImapThreadAlgorithm algorithm;
  GArray *nodes;   // (element-type WdImapThreadNode)
  GHashTable *ids; // (nullable) Of message ids: index of the node, plus 1.
  GStringChunk *texts;
  GArray *roots; // (element-type guint32): threads, in order.
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

// BASE.7.2.THREAD steps 1 to 3: the parents that the references say.
void wd_imap_thread_refer (WdImapThread *self, guint32 node, const char *const *references);
void wd_imap_thread_prune (WdImapThread *self);
// Step 5: threads of the same subject.
void wd_imap_thread_merge (WdImapThread *self);
