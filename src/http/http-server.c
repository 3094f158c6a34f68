// SPDX-License-Identifier: EUPL-1.2
// libsoup's side: bounds, hand-over to the workers and back, replies. Main thread only.
#include "config.h"

#include "http-server.h"

#include <libsoup/soup.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth.h"
#include "core-limits.h"
#include "http-access.h"
#include "http-json.h"
#include "http-stream.h"
#include "http-task.h"

struct _WdHttpServer
{
  guint n_refs; // Calls and jobs hold one, too.
  SoupServer *soup;
  WdStore *store;
  WdAuth *auth;
  WdConfig *config;
  WdHttpQueueFunc queue_func;
  gpointer queue;
  GMainContext *context;
  GCancellable *cancellable;
  GHashTable *streams; // (element-type WdHttpStream): those that are open.
  int silent_fd;       // The far end of the listener that never hears anything, or -1.
  guint n_requests;    // That a worker has, or is to have.
  gsize body_bytes;    // Of all bodies that are held.
  gboolean is_stopping;
};

// What we know of a SoupServerMessage; lives as long as it does.
typedef struct
{
  WdHttpServer *server; // (transfer full)
  WdHttpStream *stream; // (transfer full)
  gsize body_bytes;     // Counted in the server's.
  gsize drained_bytes;
  gboolean is_refused;
  gboolean is_gone; // The connection is.
} Call;

typedef struct
{
  WdHttpTask task;
  WdHttpServer *server;   // (transfer full)
  SoupServerMessage *msg; // (transfer full)
  Call *call;             // Lives with msg.
  // Hands `task` back to the main thread.
  atomic_bool is_done;
} Job;

static const char stream_key[] = "wd-http-stream";
static const char call_key[] = "wd-http-call";
static const char content_type[] = "application/json; charset=utf-8";

static WdHttpServer *
server_ref (WdHttpServer *self)
{
  self->n_refs++;
  return self;
}

static void
server_unref (WdHttpServer *self)
{
  if (--self->n_refs > 0)
    return;
  g_clear_object (&self->soup);
  if (self->silent_fd >= 0)
    close (self->silent_fd);
  g_clear_pointer (&self->streams, g_hash_table_unref);
  g_clear_pointer (&self->auth, wd_auth_free);
  g_clear_object (&self->store);
  g_clear_pointer (&self->config, wd_core_config_unref);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}

static void
release_body (Call *self)
{
  self->server->body_bytes -= self->body_bytes;
  self->body_bytes = 0;
}

static void
call_free (gpointer data)
{
  Call *self = data;

  release_body (self);
  g_object_unref (self->stream);
  server_unref (self->server);
  g_free (self);
}

static guint
get_timeout_ms (const WdHttpServer *self)
{
  return (guint) wd_core_config_get_duration_ms (self->config, "http", "timeout");
}

// Replies.

static void
send_reply (Call *call, SoupServerMessage *msg, const WdHttpReply *reply)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (msg);
  gsize len;
  char *text = wd_http_json_dup_pretty (reply->body, &len);

  soup_server_message_set_status (msg, reply->status, NULL);
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  if (reply->allow != NULL)
    soup_message_headers_replace (headers, "Allow", reply->allow);
  if (reply->retry_after_secs > 0)
    {
      g_autofree char *secs = g_strdup_printf ("%u", reply->retry_after_secs);

      soup_message_headers_replace (headers, "Retry-After", secs);
    }
  if (call->server->is_stopping || call->is_refused)
    soup_message_headers_replace (headers, "Connection", "close");
  soup_message_body_truncate (soup_server_message_get_response_body (msg));
  soup_server_message_set_response (msg, content_type, SOUP_MEMORY_TAKE, text, len);
}

static void
send_error (Call *call,
            SoupServerMessage *msg,
            guint status,
            const char *code,
            const char *text,
            char *allow)
{
  g_autoptr (WdHttpReply) reply = wd_http_reply_new_error (status, code, text);

  reply->allow = allow;
  if (status == 503)
    reply->retry_after_secs = 1;
  // As restify, and so the original, spells its own errors.
  if (status == 404 || status == 405)
    json_object_set_string_member (reply->body, "message", text);
  send_reply (call, msg, reply);
}

// The head is here.

// The reply is set, but libsoup sends it after the body only, of which nothing is kept from now on.
static void
refuse_body (Call *call, SoupServerMessage *msg, guint status, const char *code, const char *text)
{
  SoupMessageBody *body = soup_server_message_get_request_body (msg);

  call->is_refused = TRUE;
  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
  release_body (call);
  send_error (call, msg, status, code, text, NULL);
}

// `more` octets are coming, or have come.
static gboolean
check_body (Call *call, SoupServerMessage *msg, guint64 more)
{
  WdHttpServer *self = call->server;

  if (more + call->body_bytes > wd_core_config_get_size (self->config, "http", "max-body-size"))
    refuse_body (call, msg, 413, "RequestEntityTooLarge", "The request's body is too large");
  else if (more + self->body_bytes > WD_LIMIT_HTTP_BODIES_BYTES)
    refuse_body (call, msg, 503, "TemporarilyUnavailable", "Too many requests at once");
  return !call->is_refused;
}

static void
on_chunk (SoupServerMessage *msg, GBytes *chunk, gpointer data)
{
  Call *call = data;
  gsize len = g_bytes_get_size (chunk);

  if (!call->is_refused && check_body (call, msg, len))
    {
      call->body_bytes += len;
      call->server->body_bytes += len;
      return;
    }
  call->drained_bytes += len;
  if (call->drained_bytes > WD_LIMIT_HTTP_DRAIN_BYTES)
    wd_http_stream_expire (call->stream);
}

static void
on_head (
    SoupServer *soup, SoupServerMessage *msg, const char *path, GHashTable *query, gpointer data)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  Call *call = g_object_get_data (G_OBJECT (msg), call_key);

  wd_http_stream_set_phase (call->stream, WD_HTTP_PHASE_BODY, get_timeout_ms (data));
  // libsoup would cut a reply to it.
  soup_message_headers_remove (headers, "Range");
  if (soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH)
    (void) check_body (call, msg, (guint64) soup_message_headers_get_content_length (headers));
  g_signal_connect (msg, "got-chunk", G_CALLBACK (on_chunk), call);
}

// The request is here.

static void
job_free (Job *self)
{
  wd_http_task_clear (&self->task);
  g_object_unref (self->msg);
  server_unref (self->server);
  g_free (self);
}

static gboolean
finish_job (gpointer data)
{
  Job *self = data;

  g_return_val_if_fail (atomic_load (&self->is_done), G_SOURCE_REMOVE);
  self->server->n_requests--;
  release_body (self->call);
  if (!self->call->is_gone)
    {
      wd_http_stream_set_phase (self->call->stream, WD_HTTP_PHASE_SEND,
                                get_timeout_ms (self->server));
      send_reply (self->call, self->msg, self->task.reply);
      soup_server_message_unpause (self->msg);
    }
  return G_SOURCE_REMOVE;
}

static void
run_job (gpointer data)
{
  Job *self = data;
  // Not g_main_context_invoke: it may run the function right here.
  g_autoptr (GSource) source = g_idle_source_new ();
  g_autoptr (GMainContext) context = g_main_context_ref (self->server->context);

  wd_http_task_run (&self->task);
  atomic_store (&self->is_done, TRUE);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, finish_job, self, (GDestroyNotify) job_free);
  g_source_attach (source, context);
}

static GBytes *
flatten_body (SoupServerMessage *msg)
{
  SoupMessageBody *body = soup_server_message_get_request_body (msg);

  return body->length == 0 ? NULL : soup_message_body_flatten (body);
}

static void
start_job (WdHttpServer *self,
           SoupServerMessage *msg,
           Call *call,
           const WdHttpRoute *route,
           JsonObject *params)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  const char *query = g_uri_get_query (soup_server_message_get_uri (msg));
  const char *type = soup_message_headers_get_content_type (headers, NULL);
  Job *job = g_new0 (Job, 1);

  job->server = server_ref (self);
  job->msg = g_object_ref (msg);
  job->call = call;
  job->task = (WdHttpTask){
    .store = self->store,
    .auth = self->auth,
    .cancellable = self->cancellable,
    .route = route,
    .config = wd_core_config_ref (self->config),
    .params = params,
    .query = g_strdup (query),
    .content_type = type == NULL ? NULL : g_ascii_strdown (type, -1),
    .token
    = wd_http_access_dup_token (query, soup_message_headers_get_one (headers, "X-Access-Token"),
                                soup_message_headers_get_one (headers, "Authorization")),
    .remote = g_strdup (wd_http_stream_get_remote (call->stream)),
    .body = flatten_body (msg),
  };
  self->n_requests++;
  wd_http_stream_set_phase (call->stream, WD_HTTP_PHASE_WORK, 0);
  soup_server_message_pause (msg);
  self->queue_func (self->queue, run_job, job);
}

static void
on_request (
    SoupServer *soup, SoupServerMessage *msg, const char *path, GHashTable *query, gpointer data)
{
  WdHttpServer *self = data;
  Call *call = g_object_get_data (G_OBJECT (msg), call_key);
  JsonObject *params = NULL;
  char *allow = NULL;
  const WdHttpRoute *route
      = wd_http_route_find (soup_server_message_get_method (msg), path, &params, &allow);

  wd_http_stream_set_phase (call->stream, WD_HTTP_PHASE_SEND, get_timeout_ms (self));
  if (route == NULL && allow != NULL)
    send_error (call, msg, 405, "MethodNotAllowed", "The path does not have this method", allow);
  else if (route == NULL)
    send_error (call, msg, 404, "ResourceNotFound", "There is no such path", NULL);
  else if (self->n_requests >= WD_LIMIT_HTTP_REQUESTS)
    {
      json_object_unref (params);
      send_error (call, msg, 503, "TemporarilyUnavailable", "Too many requests at once", NULL);
    }
  else
    start_job (self, msg, call, route, params);
}

// Connections.

static void
on_finished (SoupServerMessage *msg, gpointer data)
{
  Call *call = data;

  wd_http_stream_set_phase (call->stream, WD_HTTP_PHASE_HEAD, get_timeout_ms (call->server));
  if (call->server->is_stopping)
    wd_http_stream_expire (call->stream);
}

static void
on_disconnected (SoupServerMessage *msg, gpointer data)
{
  Call *call = data;

  call->is_gone = TRUE;
}

static void
on_request_started (SoupServer *soup, SoupServerMessage *msg, gpointer data)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (msg);
  static const char malformed[] = "{\n"
                                  "  \"error\": \"The request is malformed\",\n"
                                  "  \"code\": \"BadRequest\"\n"
                                  "}";
  Call *call;

  if (g_object_get_data (G_OBJECT (msg), call_key) != NULL)
    return;
  // What libsoup refuses by itself has this body; every other reply has its own.
  soup_server_message_set_response (msg, content_type, SOUP_MEMORY_STATIC, malformed,
                                    strlen (malformed));
  call = g_new0 (Call, 1);
  call->server = server_ref (data);
  call->stream = g_object_ref (g_object_get_data (G_OBJECT (remote), stream_key));
  g_object_set_data_full (G_OBJECT (msg), call_key, call, call_free);
  g_signal_connect (msg, "finished", G_CALLBACK (on_finished), call);
  g_signal_connect (msg, "disconnected", G_CALLBACK (on_disconnected), call);
}

static void
on_stream_gone (gpointer data, GObject *stream)
{
  WdHttpServer *self = data;

  g_hash_table_remove (self->streams, stream);
  server_unref (self);
}

void
wd_http_server_accept (WdHttpServer *self, GIOStream *stream, const char *remote)
{
  g_autoptr (WdHttpStream) wrapped = wd_http_stream_new (stream, remote, get_timeout_ms (self));
  g_autoptr (GInetAddress) any = g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) local = g_inet_socket_address_new (any, 0);
  g_autoptr (GSocketAddress) peer = g_inet_socket_address_new (any, 0);

  // libsoup wants addresses, and gives the peer's back with each request: it carries the stream.
  g_object_set_data_full (G_OBJECT (peer), stream_key, g_object_ref (wrapped), g_object_unref);
  g_hash_table_add (self->streams, wrapped);
  g_object_weak_ref (G_OBJECT (wrapped), on_stream_gone, server_ref (self));
  if (self->is_stopping
      || !soup_server_accept_iostream (self->soup, G_IO_STREAM (wrapped), local, peer, NULL))
    (void) g_io_stream_close (G_IO_STREAM (wrapped), NULL, NULL);
}

// SoupServer ends every connection after one request unless it has a listener of its own: gives it
// one end of a socket pair, of which nothing is ever heard.
static void
add_silent_listener (WdHttpServer *self)
{
  int fds[2];
  g_autoptr (GSocket) socket = NULL;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
    return;
  self->silent_fd = fds[1];
  socket = g_socket_new_from_fd (fds[0], NULL);
  if (socket != NULL)
    (void) soup_server_listen_socket (self->soup, socket, 0, NULL);
}

WdHttpServer *
wd_http_server_new (WdStore *store, WdConfig *config, WdHttpQueueFunc queue_func, gpointer queue)
{
  WdHttpServer *self = g_new0 (WdHttpServer, 1);

  self->n_refs = 1;
  self->store = g_object_ref (store);
  self->auth = wd_auth_new (store, config);
  self->config = wd_core_config_ref (config);
  self->silent_fd = -1;
  self->queue_func = queue_func;
  self->queue = queue;
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
  self->streams = g_hash_table_new (NULL, NULL);
  self->soup = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_early_handler (self->soup, NULL, on_head, self, NULL);
  soup_server_add_handler (self->soup, NULL, on_request, self, NULL);
  g_signal_connect (self->soup, "request-started", G_CALLBACK (on_request_started), self);
  add_silent_listener (self);
  return self;
}

void
wd_http_server_set_config (WdHttpServer *self, WdConfig *config)
{
  wd_core_config_ref (config);
  wd_core_config_unref (self->config);
  self->config = config;
}

void
wd_http_server_stop (WdHttpServer *self)
{
  GHashTableIter iter;
  gpointer stream;

  self->is_stopping = TRUE;
  // Expiring only marks a stream and wakes the loop, so that the table stays as it is.
  g_hash_table_iter_init (&iter, self->streams);
  while (g_hash_table_iter_next (&iter, &stream, NULL))
    if (wd_http_stream_get_phase (stream) == WD_HTTP_PHASE_HEAD)
      wd_http_stream_expire (stream);
}

void
wd_http_server_free (WdHttpServer *self)
{
  if (self == NULL)
    return;

  self->is_stopping = TRUE;
  g_cancellable_cancel (self->cancellable);
  soup_server_disconnect (self->soup);
  server_unref (self);
}
