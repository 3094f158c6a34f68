// SPDX-License-Identifier: EUPL-1.2
// The checker: for the mongo-check files. It runs on a database in use, so that what looks wrong is
// looked at again after a moment, and mended only if it still is as it was.
#pragma once

#include "mongo-store-private.h"

typedef struct
{
  WdStore *store;
  WdMongoCall *call;
  gboolean repair;
  WdId user; // Whose data is looked at; none: nobody's.
  WdStoreFindingFunc func;
  gpointer user_data;
} WdMongoCheck;

void wd_mongo_check_add (WdMongoCheck *self,
                         const char *what,
                         gboolean is_repaired,
                         const char *format,
                         ...) G_GNUC_PRINTF (4, 5);

// Lets operations that are under way come to their end.
void wd_mongo_check_wait (void);

// mongo-check-user.c: counters, messages without a mailbox, quota.
gboolean wd_mongo_check_user (WdMongoCheck *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-check-view.c: messages that WildDuck cannot show.
gboolean wd_mongo_check_view (WdMongoCheck *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// mongo-check-orphans.c: what belongs to nobody, and how often blobs are referred to.
gboolean wd_mongo_check_orphans (WdMongoCheck *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean wd_mongo_check_blobs (WdMongoCheck *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
