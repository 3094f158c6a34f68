// SPDX-License-Identifier: EUPL-1.2
// The event loop: one thread in epoll_wait. It tells sources that they are ready, runs tasks that
// were posted to it, and looks after deadlines. It does no I/O on connections.
#pragma once

#include "net-task.h"

typedef struct _WdLoop WdLoop;
typedef struct _WdSource WdSource;

// What is registered with epoll. Loop thread.
struct _WdSource
{
  void (*ready) (WdSource *source, guint32 events);
};

// Never: a deadline that does not come.
#define WD_NET_LOOP_NEVER G_MAXINT64

// `tick` is called on the loop when the time of wd_net_loop_need_by has come; it returns when it
// wants to be called again, or WD_NET_LOOP_NEVER.
WdLoop *wd_net_loop_new (gint64 (*tick) (gpointer data, gint64 now_us), gpointer data)
    G_GNUC_WARN_UNUSED_RESULT;

// Ends the thread, after all that was posted has run. NULL is fine.
void wd_net_loop_free (WdLoop *self);

// Registers `fd` (`add`), or arms it again, for one event of `events`. Any thread.
gboolean wd_net_loop_arm (WdLoop *self, int fd, WdSource *source, guint32 events, gboolean add);

// Takes `fd` out. Any thread; an event of it may still be on its way until the loop has run what is
// posted next.
void wd_net_loop_remove (WdLoop *self, int fd);

// Runs `task` on the loop, after the events that it holds now. Any thread.
void wd_net_loop_post (WdLoop *self, WdTask *task);
void wd_net_loop_post_func (WdLoop *self, void (*func) (gpointer data), gpointer data);

// Calls `tick` no later than at `when_us`, rounded up to a whole second, so that many deadlines
// cost one look a second at most, and far ones none. Any thread.
void wd_net_loop_need_by (WdLoop *self, gint64 when_us);

// Makes the loop go round once. Any thread.
void wd_net_loop_wake (WdLoop *self);

// How often it went round: the watchdog's sign of life.
guint64 wd_net_loop_get_n_rounds (WdLoop *self);
