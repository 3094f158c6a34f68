// SPDX-License-Identifier: EUPL-1.2
// Looking again at mailboxes in which an operation is in the making: should its instance have died,
// nobody else would say when what stands behind it may be shown.
#pragma once

#include "store-notify.h"

typedef struct _WdMongoLater WdMongoLater;

// `func` is called with a beacon for each mailbox that is due, on a thread of its own, which starts
// with the first one.
WdMongoLater *wd_mongo_later_new (WdWatchFunc func, gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

// On return `func` is not running and will not run again.
void wd_mongo_later_free (WdMongoLater *self);

// Remembers a mailbox for `delay_us` from now on, unless it is remembered already. Any thread.
void
wd_mongo_later_add (WdMongoLater *self, const WdId *owner, const WdId *mailbox, gint64 delay_us);
