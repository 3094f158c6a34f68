// SPDX-License-Identifier: EUPL-1.2
// The HTTP server in a thread of its own, as a fixture.
#include "config.h"

#include "http-fixture.h"

#include <string.h>

// What a worker is given.
typedef struct _Work
{
  struct _Work *next;
  void (*func) (gpointer data);
  gpointer data;
} Work;

// Under the lock: the next one, or NULL at the end.
static Work *
wait_for_work (HttpFixture *self)
{
  Work *work;

  while (self->work == NULL && !self->is_ending)
    pthread_cond_wait (&self->cond, &self->mutex);
  work = self->work;
  if (work != NULL)
    self->work = work->next;
  return work;
}

// Locks of pthread, not of GLib, so that ThreadSanitizer sees them.
static void *
run_worker (void *data)
{
  HttpFixture *self = data;
  Work *work;

  pthread_mutex_lock (&self->mutex);
  while ((work = wait_for_work (self)) != NULL)
    {
      self->n_waiting++;
      pthread_cond_broadcast (&self->cond);
      while (self->is_held)
        pthread_cond_wait (&self->cond, &self->mutex);
      self->n_waiting--;
      pthread_mutex_unlock (&self->mutex);
      work->func (work->data);
      g_free (work);
      pthread_mutex_lock (&self->mutex);
    }
  pthread_mutex_unlock (&self->mutex);
  return NULL;
}

static void
queue (gpointer data, void (*func) (gpointer data), gpointer func_data)
{
  HttpFixture *self = data;
  Work *item = g_new0 (Work, 1);
  Work **end;

  item->func = func;
  item->data = func_data;
  pthread_mutex_lock (&self->mutex);
  for (end = (Work **) &self->work; *end != NULL; end = &(*end)->next)
    ;
  *end = item;
  pthread_cond_broadcast (&self->cond);
  pthread_mutex_unlock (&self->mutex);
}

void
http_fixture_hold (HttpFixture *self)
{
  pthread_mutex_lock (&self->mutex);
  self->is_held = TRUE;
  pthread_mutex_unlock (&self->mutex);
}

void
http_fixture_wait_for_held (HttpFixture *self, guint n)
{
  pthread_mutex_lock (&self->mutex);
  while (self->n_waiting < n)
    pthread_cond_wait (&self->cond, &self->mutex);
  pthread_mutex_unlock (&self->mutex);
}

void
http_fixture_release (HttpFixture *self)
{
  pthread_mutex_lock (&self->mutex);
  self->is_held = FALSE;
  pthread_cond_broadcast (&self->cond);
  pthread_mutex_unlock (&self->mutex);
}

static gboolean
on_incoming (GSocket *socket, GIOCondition condition, gpointer data)
{
  HttpFixture *self = data;
  g_autoptr (GSocket) accepted = g_socket_accept (socket, NULL, NULL);
  g_autoptr (GSocketConnection) stream = NULL;

  g_assert_nonnull (accepted);
  stream = g_socket_connection_factory_create_connection (accepted);
  wd_http_server_accept (self->server, G_IO_STREAM (stream), "127.0.0.1");
  return G_SOURCE_CONTINUE;
}

static gpointer
serve (gpointer data)
{
  HttpFixture *self = data;
  g_autoptr (GSource) source = g_socket_create_source (self->listener, G_IO_IN, NULL);

  g_main_context_push_thread_default (self->context);
  self->server = wd_http_server_new (self->store, self->config, queue, self);
  g_source_set_callback (source, G_SOURCE_FUNC (on_incoming), self, NULL);
  g_source_attach (source, self->context);
  g_main_loop_run (self->loop);
  g_source_destroy (source);
  wd_http_server_free (self->server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
listen (HttpFixture *self)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  self->listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (self->listener, any_port, TRUE, &error));
  g_socket_set_listen_backlog (self->listener, 512);
  g_assert_true (g_socket_listen (self->listener, &error));
  bound = g_socket_get_local_address (self->listener, &error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

HttpFixture *
http_fixture_new (const char *const *overrides)
{
  HttpFixture *self = g_new0 (HttpFixture, 1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  g_autoptr (GError) error = NULL;

  self->test_store = wd_test_store_new (NULL);
  self->store = wd_test_store_get (self->test_store);
  g_strv_builder_add (builder, "auth.password-scheme=sha512");
  g_strv_builder_add (builder, "http.email-domain=example.net");
  if (overrides == NULL)
    g_strv_builder_add (builder, "http.require-token=no");
  else
    g_strv_builder_addv (builder, (const char **) overrides);
  all = g_strv_builder_end (builder);
  self->config = wd_core_config_load (NULL, (const char *const *) all, &error);
  g_assert_no_error (error);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  pthread_mutex_init (&self->mutex, NULL);
  pthread_cond_init (&self->cond, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (self->workers); i++)
    g_assert_cmpint (pthread_create (&self->workers[i], NULL, run_worker, self), ==, 0);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  listen (self);
  self->thread = g_thread_new ("http", serve, self);
  return self;
}

static gboolean
quit (gpointer data)
{
  HttpFixture *self = data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

void
http_fixture_free (HttpFixture *self)
{
  g_main_context_invoke (self->context, quit, self);
  g_thread_join (self->thread);
  pthread_mutex_lock (&self->mutex);
  self->is_ending = TRUE;
  pthread_cond_broadcast (&self->cond);
  pthread_mutex_unlock (&self->mutex);
  for (gsize i = 0; i < G_N_ELEMENTS (self->workers); i++)
    pthread_join (self->workers[i], NULL);
  // What the workers handed back after the loop ended.
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_object_unref (self->listener);
  wd_test_store_free (self->test_store);
  wd_core_config_unref (self->config);
  g_hash_table_unref (self->names);
  pthread_mutex_destroy (&self->mutex);
  pthread_cond_destroy (&self->cond);
  g_free (self);
}

typedef struct
{
  HttpFixture *fixture;
  void (*func) (HttpFixture *self);
  gboolean is_done;
} Run;

static gboolean
run_in_thread (gpointer data)
{
  Run *run = data;

  run->func (run->fixture);
  pthread_mutex_lock (&run->fixture->mutex);
  run->is_done = TRUE;
  pthread_cond_broadcast (&run->fixture->cond);
  pthread_mutex_unlock (&run->fixture->mutex);
  return G_SOURCE_REMOVE;
}

void
http_fixture_run (HttpFixture *self, void (*func) (HttpFixture *self))
{
  Run run = { .fixture = self, .func = func };

  g_main_context_invoke (self->context, run_in_thread, &run);
  pthread_mutex_lock (&self->mutex);
  while (!run.is_done)
    pthread_cond_wait (&self->cond, &self->mutex);
  pthread_mutex_unlock (&self->mutex);
}

static char *
substitute (HttpFixture *self, const char *text)
{
  GString *out;
  GHashTableIter iter;
  gpointer name, value;

  if (text == NULL)
    return NULL;
  out = g_string_new (text);
  g_hash_table_iter_init (&iter, self->names);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      g_autofree char *variable = g_strconcat ("$", name, NULL);

      g_string_replace (out, variable, value, 0);
    }
  return g_string_free (out, FALSE);
}

static void
check_step (HttpFixture *self, const HttpStep *step, HttpReply *reply)
{
  for (gsize i = 0; i + 1 < G_N_ELEMENTS (step->checks) && step->checks[i] != NULL; i += 2)
    {
      g_autofree char *found = http_json_dup_at (reply->json, step->checks[i]);
      g_autofree char *expected = substitute (self, step->checks[i + 1]);

      g_test_message ("  %s", step->checks[i]);
      g_assert_cmpstr (found, ==, expected);
    }
}

void
http_fixture_run_steps (HttpFixture *self, const HttpStep *steps)
{
  for (const HttpStep *step = steps; step->method != NULL; step++)
    {
      g_autofree char *path = substitute (self, step->path);
      g_autofree char *body = substitute (self, step->body);
      g_autoptr (HttpReply) reply = http_client_call (self, step->method, path, body);

      g_test_message ("%s %s %s -> %u %s", step->method, path, body == NULL ? "" : body,
                      reply->status, reply->body);
      g_assert_cmpuint (reply->status, ==, step->status);
      g_assert_nonnull (reply->json);
      if (step->status == 200)
        g_assert_true (json_object_get_boolean_member (reply->json, "success"));
      else
        {
          g_assert_true (json_object_has_member (reply->json, "code"));
          g_assert_true (json_object_has_member (reply->json, "error"));
        }
      check_step (self, step, reply);
      if (step->save != NULL)
        g_hash_table_replace (self->names, g_strdup (step->save),
                              g_strdup (json_object_get_string_member (reply->json, "id")));
    }
}
