// SPDX-License-Identifier: EUPL-1.2
// A message as WildDuck keeps it: the tree of its parts with their headers, texts in place and all
// else as attachments, and the fields that its lists and its search are made of.
#pragma once

#include "mime-tree.h"
#include "mongo-view.h"
#include "store-sha.h"

#include "mongo-bson.h"

// Of all texts and headers that stand in the document.
#define WD_MONGO_MIME_INLINE_BYTES_MAX (4 * 1024 * 1024)
#define WD_MONGO_MIME_DEPTH_MAX 30
#define WD_MONGO_MIME_ATTACHMENTS_MAX 500

typedef struct
{
  char id[12]; // ATT00001
  guint part;  // In the tree.
  guint64 offset;
  gsize len;
  WdStoreSha sha; // Of the octets as they stand in the message.
} WdMongoAttachment;

typedef struct
{
  GPtrArray *header;   // (element-type utf8): of the message, a field each.
  GArray *attachments; // (element-type WdMongoAttachment)
  bson_t *root;        // The fields of the tree's root but its header and its attachmentMap.
  bson_t *fields;      // Those of the message that are the same for all copies.
  // By which WildDuck finds the thread: the subject without what replies put before it, and the
  // hashes of the message ids that the message names.
  char *thread_subject;
  GPtrArray *thread_ids; // (element-type utf8)
} WdMongoMime;

// Without the view the preview is the only field, and threads are not found by the subject.
WdMongoMime *
wd_mongo_mime_new (const WdMimeTree *tree, const guint8 *octets, gsize len, gboolean with_view)
    G_GNUC_WARN_UNUSED_RESULT;
void wd_mongo_mime_free (WdMongoMime *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdMongoMime, wd_mongo_mime_free)

// The name of a part's transfer encoding as WildDuck has it.
const char *wd_mongo_mime_get_encoding (const WdMimePart *part);

// Appends the octets of header lines, each as text: an octet is a character of the same number.
void wd_mongo_mime_add_lines (GPtrArray *lines, const char *header, gsize len);
