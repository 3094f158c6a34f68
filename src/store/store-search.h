// SPDX-License-Identifier: EUPL-1.2
// SEARCH as an expression tree, which a backend compiles to its own queries.
#pragma once

#include <gio/gio.h>

#include "store-types.h"
#include "store-uidset.h"

typedef struct _WdStore WdStore;
typedef struct _WdSearchExpr WdSearchExpr;

typedef enum
{
  WD_SEARCH_ALL,
  WD_SEARCH_AND,          // children
  WD_SEARCH_OR,           // children
  WD_SEARCH_NOT,          // one child
  WD_SEARCH_UIDS,         // uids (sequence numbers are resolved by the session)
  WD_SEARCH_FLAGS_SET,    // flags: all of these bits
  WD_SEARCH_FLAGS_UNSET,  // flags: none of these bits
  WD_SEARCH_LARGER,       // number, octets
  WD_SEARCH_SMALLER,      // number, octets
  WD_SEARCH_MODSEQ,       // number: modseq >=
  WD_SEARCH_BEFORE,       // day: internal date, disregarding time and zone (RFC 3501 6.4.4)
  WD_SEARCH_ON,           // day
  WD_SEARCH_SINCE,        // day
  WD_SEARCH_SENT_BEFORE,  // day: Date: header
  WD_SEARCH_SENT_ON,      // day
  WD_SEARCH_SENT_SINCE,   // day
  WD_SEARCH_SAVED_BEFORE, // day: RFC 8514
  WD_SEARCH_SAVED_ON,     // day
  WD_SEARCH_SAVED_SINCE,  // day
  WD_SEARCH_YOUNGER,      // number, seconds (RFC 5032)
  WD_SEARCH_OLDER,        // number, seconds
  WD_SEARCH_HEADER,       // header, text: decoded; text "" means that the field is there
  WD_SEARCH_BODY,         // text: decoded text parts
  WD_SEARCH_TEXT,         // text: header or body
} WdSearchOp;

struct _WdSearchExpr
{
  WdSearchOp op;
  GPtrArray *children; // (element-type WdSearchExpr) (nullable)
  WdUidSet *uids;
  WdFlags flags;
  guint64 number;
  gint32 day;   // Days since 1970-01-01.
  char *header; // Field name, any case: FROM, TO, CC, BCC and SUBJECT are these too.
  char *text;   // UTF-8, valid. Matched as a case-folded substring.
};

WdSearchExpr *wd_search_expr_new (WdSearchOp op) G_GNUC_WARN_UNUSED_RESULT;
void wd_search_expr_free (WdSearchExpr *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdSearchExpr, wd_search_expr_free)

// Appends (transfer full) `child`, making the array.
void wd_search_expr_take_child (WdSearchExpr *self, WdSearchExpr *child);

// The form under which two texts match: case-folded, canonical composition. Returns (transfer
// full).
char *wd_search_fold (const char *text, gssize len) G_GNUC_WARN_UNUSED_RESULT;

// The matching UIDs. `out_modseq` (optional): the highest of theirs, 0 for none. Text search is
// exact: an index narrows, the stored text decides. `cancellable` stops it between two messages.
gboolean wd_store_search (WdStore *store,
                          const WdActor *actor,
                          const WdId *mailbox,
                          const WdSearchExpr *expr,
                          WdUidSet **out_uids,
                          WdModseq *out_modseq,
                          GCancellable *cancellable,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
