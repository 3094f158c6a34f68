// SPDX-License-Identifier: EUPL-1.2
// The mailbox names of a user as a tree: those that exist, those only subscribed to, and the levels
// above either. What LIST and LSUB choose from.
#pragma once

#include "imap-pattern.h"
#include "imap-session.h"

typedef struct
{
  const char *path;
  const WdMailboxInfo *info; // (nullable) No such mailbox: a level above others, or a subscription.
  gboolean is_subscribed;
  gboolean has_children;
  // Of RECURSIVEMATCH, set by its caller.
  gboolean is_selected;
  gboolean is_matched;
  gboolean has_selected; // Below it one is selected …
  gboolean has_hidden;   // … that is not matched itself.
} WdImapListNode;

typedef struct
{
  GPtrArray *infos;         // (element-type WdMailboxInfo)
  GPtrArray *subscriptions; // (nullable) (element-type utf8)
  GHashTable *by_path;      // (element-type utf8 WdImapListNode)
  GPtrArray *nodes;         // (element-type WdImapListNode), sorted, INBOX first.
} WdImapList;

void wd_imap_list_free (WdImapList *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapList, wd_imap_list_free)

// Reads the user's mailboxes, and with `with_subscriptions` the names subscribed to.
WdImapList *wd_imap_list_new (WdImapSession *session, gboolean with_subscriptions, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// The node one level up. Returns (transfer none) (nullable).
WdImapListNode *wd_imap_list_get_parent (const WdImapList *self, const WdImapListNode *node);

// Patterns of one command.
GPtrArray *wd_imap_list_new_patterns (void) G_GNUC_WARN_UNUSED_RESULT;

// Adds reference and pattern, both as on the wire, as one. A name that is not valid matches
// nothing.
void wd_imap_list_add_pattern (GPtrArray *patterns,
                               const char *reference,
                               const char *pattern,
                               gboolean is_utf8);

gboolean wd_imap_list_matches (const GPtrArray *patterns, const char *path);
