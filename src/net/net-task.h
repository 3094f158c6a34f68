// SPDX-License-Identifier: EUPL-1.2
// A piece of work that stands in one queue at a time: of the worker pool, or of the loop.
#pragma once

#include <glib.h>

typedef struct _WdTask WdTask;

struct _WdTask
{
  WdTask *next;
  void (*func) (WdTask *task); // May free the task.
};

// First in, first out; whoever holds it locks it.
typedef struct
{
  WdTask *head;
  WdTask *last;
} WdTaskList;

static inline void
wd_net_task_list_push (WdTaskList *list, WdTask *task)
{
  task->next = NULL;
  if (list->head == NULL)
    list->head = task;
  else
    list->last->next = task;
  list->last = task;
}

static inline WdTask *
wd_net_task_list_pop (WdTaskList *list)
{
  WdTask *task = list->head;

  if (task != NULL)
    list->head = task->next;
  return task;
}
