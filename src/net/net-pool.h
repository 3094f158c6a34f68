// SPDX-License-Identifier: EUPL-1.2
// The worker threads: a first-in-first-out queue and up to so many threads, which are started when
// they are first needed.
#pragma once

#include "net-task.h"

typedef struct _WdPool WdPool;

// `n_workers` 0: eight a processor.
WdPool *wd_net_pool_new (guint n_workers) G_GNUC_WARN_UNUSED_RESULT;

// Works off what is queued, then ends and joins the threads. NULL is fine.
void wd_net_pool_free (WdPool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdPool, wd_net_pool_free)

// Any thread.
void wd_net_pool_push (WdPool *self, WdTask *task);

// As push, for a function of its own. Any thread.
void wd_net_pool_push_func (WdPool *self, void (*func) (gpointer data), gpointer data);

// TRUE while nothing is queued and a worker is to be had at once: then the calling one may dally.
// A hint only; no lock. Any thread.
gboolean wd_net_pool_is_slack (WdPool *self);

// As wd_net_service_run_parallel.
void wd_net_pool_run_parallel (WdPool *self,
                               guint n,
                               void (*func) (guint index, gpointer data),
                               gpointer data);

// FALSE when work is waiting and none was begun since the last call: all workers are stuck. For the
// watchdog alone, since each call is the start of the next span.
gboolean wd_net_pool_has_progressed (WdPool *self);
