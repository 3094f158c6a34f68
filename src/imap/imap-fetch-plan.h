// SPDX-License-Identifier: EUPL-1.2
// What a FETCH asks for, as a table of items and their writers, ready to be run over rows.
#pragma once

#include "imap-date.h"
#include "imap-parse.h"
#include "imap-section.h"
#include "store-message.h"

typedef struct _WdImapRowWriter WdImapRowWriter;

// One item that a row alone can answer. A new one is one line of the table.
typedef struct
{
  const char *name;
  WdFetchFields fields; // What the row has to be read with.
  guint is;             // WD_IMAP_FETCH_IS_…
  // Appends the name and the value.
  void (*write) (WdImapRowWriter *writer, const WdMessageRow *row, GString *out);
} WdImapFetchItem;

enum
{
  WD_IMAP_FETCH_IS_FLAGS = 1 << 0,
  WD_IMAP_FETCH_IS_UID = 1 << 1,
  WD_IMAP_FETCH_IS_MODSEQ = 1 << 2, // Turns CONDSTORE on (RFC 7162 3.1).
};

#define WD_IMAP_FETCH_MAX_ITEMS 16

typedef struct
{
  const WdImapFetchItem *items[WD_IMAP_FETCH_MAX_ITEMS]; // In order, each once.
  guint n_items;
  guint has; // WD_IMAP_FETCH_IS_… of all items.
  WdFetchFields fields;
  gboolean needs_row;  // More than UID, flags and modseq.
  GPtrArray *sections; // (element-type WdImapSection): what needs the octets of the message.
  gboolean marks_seen; // One of them sets \Seen.
} WdImapFetchPlan;

void wd_imap_fetch_plan_free (WdImapFetchPlan *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdImapFetchPlan, wd_imap_fetch_plan_free)

WdImapFetchPlan *wd_imap_fetch_plan_new (void) G_GNUC_WARN_UNUSED_RESULT;

// Reads fetch-att, a list of them or a macro. *out_plan is (transfer full).
gboolean wd_imap_fetch_plan_parse (WdImapParser *parser, WdImapFetchPlan **out_plan)
    G_GNUC_WARN_UNUSED_RESULT;

// Adds an item of the table, unless it is there.
void wd_imap_fetch_plan_add (WdImapFetchPlan *self, const char *name);

// Writes the items of rows, remembering what neighbours share.
struct _WdImapRowWriter
{
  const char *const *keywords; // Name of bit i.
  guint n_keywords;
  gboolean is_utf8; // The client takes UTF-8 (RFC 6855).
  WdImapDateWriter date;

  // FLAGS texts of the masks seen last, by a hash of the mask.
  struct
  {
    WdFlags flags;
    gboolean is_recent;
    guint len; // 0: none.
    char *text;
  } flags_cache[32];

  gboolean is_recent; // Of the row being written.
};

void wd_imap_fetch_plan_writer_init (WdImapRowWriter *self,
                                     const char *const *keywords,
                                     guint n_keywords);
void wd_imap_fetch_plan_writer_clear (WdImapRowWriter *self);

// Appends all items of the plan for `row`, separated by spaces.
void wd_imap_fetch_plan_write (const WdImapFetchPlan *self,
                               WdImapRowWriter *writer,
                               const WdMessageRow *row,
                               GString *out);

// Appends "FLAGS (…)".
void
wd_imap_fetch_plan_write_flags (WdImapRowWriter *writer, const WdMessageRow *row, GString *out);
