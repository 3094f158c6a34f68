// SPDX-License-Identifier: EUPL-1.2
// For tests: the HTTP server on a loopback port, over a store of its own, and a client that shows
// what really came over the wire.
#pragma once

#include <gio/gio.h>
#include <pthread.h>
#include <json-glib/json-glib.h>

#include "core-config.h"
#include "http-server.h"
#include "test-store.h"

typedef struct
{
  WdTestStore *test_store;
  WdStore *store; // Of test_store.
  WdConfig *config;
  WdHttpServer *server; // Belongs to the thread.
  guint16 port;
  pthread_t workers[4];
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  GSocket *listener;
  GHashTable *names; // What steps saved.

  pthread_mutex_t mutex; // Guards the rest.
  pthread_cond_t cond;
  struct _Work *work; // What waits for a worker.
  gboolean is_ending;
  // The workers wait while `is_held`.
  gboolean is_held;
  guint n_waiting;
} HttpFixture;

// `overrides` (nullable): more SECTION.KEY=VALUE. Without any no token is needed.
HttpFixture *http_fixture_new (const char *const *overrides);
void http_fixture_free (HttpFixture *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpFixture, http_fixture_free)

// Runs it in the server's thread, and returns when it has.
void http_fixture_run (HttpFixture *self, void (*func) (HttpFixture *self));

// Workers take no request until they are released; waits until `n` of them hold one.
void http_fixture_hold (HttpFixture *self);
void http_fixture_wait_for_held (HttpFixture *self, guint n);
void http_fixture_release (HttpFixture *self);

typedef struct
{
  guint status; // 0: the connection ended without a reply.
  char *head;
  char *body;
  JsonObject *json; // (nullable)
} HttpReply;

void http_reply_free (HttpReply *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (HttpReply, http_reply_free)

// A connection.
GSocketConnection *http_client_new (HttpFixture *fixture);
// FALSE when the peer hung up.
gboolean http_client_send (GSocketConnection *client, const char *data, gssize len);
HttpReply *http_client_receive (GSocketConnection *client, gboolean is_head_only);
// Waits for the end of the connection.
gboolean http_client_is_closed (GSocketConnection *client);

// On a connection of its own, or on `client`. `body` (nullable).
HttpReply *
http_client_call (HttpFixture *fixture, const char *method, const char *path, const char *body);
HttpReply *http_client_call_on (GSocketConnection *client,
                                const char *method,
                                const char *path,
                                const char *headers,
                                const char *body);

// The member at "limits.quota.allowed" or "results.0.id" as compact JSON; "-" when it is not there.
char *http_json_dup_at (JsonObject *object, const char *path);

typedef struct
{
  const char *method;
  const char *path; // $NAME stands for a saved value, in the body, too.
  const char *body;
  guint status;
  const char *save;      // The reply's id under this name.
  const char *checks[8]; // Pairs: where, and what stands there.
} HttpStep;

// Ends with a method of NULL.
void http_fixture_run_steps (HttpFixture *self, const HttpStep *steps);
