// SPDX-License-Identifier: EUPL-1.2
// The server under load: many at once, the bounds of all together, and the slow.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "http-fixture.h"

static void
assert_code (HttpReply *reply, guint status, const char *code)
{
  g_autofree char *found = NULL;

  g_assert_cmpuint (reply->status, ==, status);
  g_assert_nonnull (reply->json);
  found = http_json_dup_at (reply->json, "code");
  g_assert_cmpstr (found, ==, code);
}

// A JSON body of exactly that many octets.
static char *
make_body (gsize len)
{
  static const char before[] = "{\"sess\":\"";
  static const char after[] = "\"}";
  g_autofree char *fill = g_strnfill (len - strlen (before) - strlen (after), 'x');

  return g_strconcat (before, fill, after, NULL);
}

// A refused body is drained so far, and no further.
static void
test_drain_limit (void)
{
  static const char *const small[] = { "http.require-token=no", "http.max-body-size=1024", NULL };
  g_autoptr (HttpFixture) fixture = http_fixture_new (small);
  g_autofree char *data = g_malloc0 (1024 * 1024);

  for (int extra = -1; extra <= 1; extra++)
    {
      gsize len = (gsize) (WD_LIMIT_HTTP_DRAIN_BYTES + extra * 1024 * 1024);
      g_autoptr (GSocketConnection) client = http_client_new (fixture);
      g_autofree char *head
          = g_strdup_printf ("POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", len);
      gboolean is_sent = http_client_send (client, head, -1);
      g_autoptr (HttpReply) reply = NULL;

      for (gsize i = 0; is_sent && i < len; i += 1024 * 1024)
        is_sent = http_client_send (client, data, 1024 * 1024);
      reply = http_client_receive (client, FALSE);
      g_assert_cmpuint (reply->status, ==, extra <= 0 ? 413 : 0);
    }
}

// Past the limit of requests 503; those within it are all answered.
static void
test_request_limit (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (HttpReply) refused = NULL;
  g_autoptr (GSocketConnection) late = NULL;

  http_fixture_hold (fixture);
  for (guint i = 0; i < WD_LIMIT_HTTP_REQUESTS; i++)
    {
      GSocketConnection *client = http_client_new (fixture);

      g_ptr_array_add (clients, client);
      g_assert_true (http_client_send (client, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", -1));
    }
  // The server takes them in the order in which they came.
  late = http_client_new (fixture);
  refused = http_client_call_on (late, "GET", "/health", NULL, NULL);
  assert_code (refused, 503, "\"TemporarilyUnavailable\"");
  g_assert_nonnull (strstr (refused->head, "\r\nRetry-After: 1\r\n"));

  http_fixture_release (fixture);
  for (guint i = 0; i < clients->len; i++)
    {
      g_autoptr (HttpReply) reply = http_client_receive (g_ptr_array_index (clients, i), FALSE);

      g_assert_cmpuint (reply->status, ==, 200);
    }
  g_clear_pointer (&refused, http_reply_free);
  refused = http_client_call_on (late, "GET", "/health", NULL, NULL);
  g_assert_cmpuint (refused->status, ==, 200);
}

// All bodies together are bounded, too, and what is over is free again.
static void
test_bodies_limit (void)
{
  static const char *const large_body[]
      = { "http.require-token=no", "http.max-body-size=1G", NULL };
  g_autoptr (HttpFixture) fixture = http_fixture_new (large_body);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GSocketConnection) above = http_client_new (fixture);
      g_autoptr (GSocketConnection) below = http_client_new (fixture);
      g_autofree char *body = make_body (WD_LIMIT_HTTP_BODIES_BYTES - 1);
      g_autofree char *head
          = g_strdup_printf ("POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
                             "Expect: 100-continue\r\n\r\n",
                             WD_LIMIT_HTTP_BODIES_BYTES + 1);
      g_autoptr (HttpReply) reply = NULL;
      g_autoptr (HttpReply) fine = NULL;

      g_assert_true (http_client_send (above, head, -1));
      reply = http_client_receive (above, FALSE);
      assert_code (reply, 503, "\"TemporarilyUnavailable\"");
      fine = http_client_call_on (below, "POST", "/users", NULL, body);
      assert_code (fine, 400, "\"InputValidationError\"");
    }
}

static gpointer
hammer (gpointer data)
{
  HttpFixture *fixture = data;
  g_autoptr (GSocketConnection) client = http_client_new (fixture);
  static gint counter;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"username\":\"u%d\",\"password\":false}",
                                               g_atomic_int_add (&counter, 1));
      g_autoptr (HttpReply) reply = http_client_call_on (client, "POST", "/users", NULL, body);
      g_autoptr (HttpReply) same = NULL;

      g_assert_cmpuint (reply->status, ==, 200);
      same = http_client_call_on (client, "POST", "/users", NULL, body);
      assert_code (same, 400, "\"UserExistsError\"");
    }
  return NULL;
}

static void
test_concurrent (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (HttpReply) reply = NULL;
  g_autofree char *total = NULL;
  GThread *threads[8];

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("client", hammer, fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  reply = http_client_call (fixture, "GET", "/users?limit=1", NULL);
  total = http_json_dup_at (reply->json, "total");
  g_assert_cmpstr (total, ==, "80");
}

// Of one name, made by many at once, there is one.
static gpointer
create_same (gpointer data)
{
  g_autoptr (HttpReply) reply
      = http_client_call (data, "POST", "/users", "{\"username\":\"same\",\"password\":false}");

  return GUINT_TO_POINTER (reply->status);
}

static void
test_same_name (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  GThread *threads[8];
  guint n_made = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("client", create_same, fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    n_made += GPOINTER_TO_UINT (g_thread_join (threads[i])) == 200;
  g_assert_cmpuint (n_made, ==, 1);
}

// Who is too slow with the head, the body, or the next request, is hung up on.
static void
test_deadlines (void)
{
  static const char *const quick[] = { "http.require-token=no", "http.timeout=1s", NULL };
  static const char *const parts[] = {
    "",
    "GET /health HTTP/1.1\r\n",
    "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
  };
  static const char *const next_parts[] = { "", "GE", "GET /health HTTP/1.1\r\nHo" };
  g_autoptr (HttpFixture) fixture = http_fixture_new (quick);
  g_autoptr (GPtrArray) clients = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 begin = g_get_monotonic_time ();

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      GSocketConnection *client = http_client_new (fixture);

      g_ptr_array_add (clients, client);
      g_assert_true (http_client_send (client, parts[i], -1));
    }

  for (gsize i = 0; i < G_N_ELEMENTS (next_parts); i++)
    {
      GSocketConnection *client = http_client_new (fixture);
      g_autoptr (HttpReply) reply = http_client_call_on (client, "GET", "/health", NULL, NULL);

      g_ptr_array_add (clients, client);
      g_assert_cmpuint (reply->status, ==, 200);
      g_assert_true (http_client_send (client, next_parts[i], -1));
    }
  for (guint i = 0; i < clients->len; i++)
    g_assert_true (http_client_is_closed (g_ptr_array_index (clients, i)));
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 900 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 15 * G_USEC_PER_SEC);
}

// A worker has no deadline of the connection.
static void
test_slow_worker (void)
{
  static const char *const quick[] = { "http.require-token=no", "http.timeout=1s", NULL };
  g_autoptr (HttpFixture) fixture = http_fixture_new (quick);
  g_autoptr (GSocketConnection) held = http_client_new (fixture);
  g_autoptr (GSocketConnection) idle = http_client_new (fixture);
  g_autoptr (HttpReply) reply = NULL;

  http_fixture_hold (fixture);
  g_assert_true (http_client_send (held, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", -1));
  http_fixture_wait_for_held (fixture, 1);
  // By the time that this one is hung up on, the other's time would have been up, too.
  g_assert_true (http_client_is_closed (idle));
  http_fixture_release (fixture);
  reply = http_client_receive (held, FALSE);
  g_assert_cmpuint (reply->status, ==, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/load/drain-limit", test_drain_limit);
  g_test_add_func ("/http/load/request-limit", test_request_limit);
  g_test_add_func ("/http/load/bodies-limit", test_bodies_limit);
  g_test_add_func ("/http/load/concurrent", test_concurrent);
  g_test_add_func ("/http/load/same-name", test_same_name);
  g_test_add_func ("/http/load/deadlines", test_deadlines);
  g_test_add_func ("/http/load/slow-worker", test_slow_worker);
  return g_test_run ();
}
