// SPDX-License-Identifier: EUPL-1.2
// One request on its way through a worker: access, fields, handler, log.
#pragma once

#include "http-route.h"

typedef struct
{
  // Borrowed.
  WdStore *store;
  WdAuth *auth;
  GCancellable *cancellable;
  const WdHttpRoute *route;

  // Owned.
  WdConfig *config;
  JsonObject *params;
  char *query;        // (nullable)
  char *content_type; // (nullable)
  char *token;        // (nullable)
  char *remote;
  GBytes *body; // (nullable)

  // What comes out.
  WdHttpReply *reply;
} WdHttpTask;

// Sets task->reply. Worker thread.
void wd_http_task_run (WdHttpTask *self);

// Frees what it owns.
void wd_http_task_clear (WdHttpTask *self);
