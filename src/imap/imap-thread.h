// SPDX-License-Identifier: EUPL-1.2
// Messages put together into threads (RFC 5256 3, BASE.7.2.THREAD). Knows no session and no store.
#pragma once

#include <glib.h>

typedef struct _WdImapThread WdImapThread;

typedef enum
{
  WD_IMAP_THREAD_ORDEREDSUBJECT,
  WD_IMAP_THREAD_REFERENCES,
} WdImapThreadAlgorithm;

WdImapThread *wd_imap_thread_new (WdImapThreadAlgorithm algorithm) G_GNUC_WARN_UNUSED_RESULT;
void wd_imap_thread_free (WdImapThread *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapThread, wd_imap_thread_free)

// Takes a message. Numbers ascend, and decide between equal dates. `subject` is the key of its base
// subject. `id` (nullable) and `references` (nullable), oldest first, are message ids in normal
// form; only for REFERENCES. FALSE: it is full, with more than WD_LIMIT_IMAP_ORDER_BYTES of texts.
gboolean wd_imap_thread_add (WdImapThread *self,
                             guint32 number,
                             gint64 sent_ms,
                             const char *subject,
                             gboolean is_reply,
                             const char *id,
                             const char *const *references) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_imap_thread_is_full (const WdImapThread *self);

// Makes the threads. Once. O(n log n), whatever the messages say.
void wd_imap_thread_run (WdImapThread *self);

gboolean wd_imap_thread_is_empty (const WdImapThread *self);

// Appends the next thread as a thread-list of the response. FALSE: there is none left. No
// recursion.
gboolean wd_imap_thread_append_next (WdImapThread *self, GString *out);
