// SPDX-License-Identifier: EUPL-1.2
// The server under the routes: bounds, deadlines, keep-alive, many at once, access, the stop.
#include "config.h"

#include "http-server.h"

#include <string.h>

#include "core-limits.h"
#include "http-access.h"
#include "http-fixture.h"

#define SMALL_BODY 1024

// libsoup 3.2 forgets the path of a request whose framing it does not know.
const char *__lsan_default_suppressions (void);
const char *__asan_default_options (void);

const char *
__lsan_default_suppressions (void)
{
  return "leak:soup_headers_parse_request\n";
}

// So that the stack of a leak reaches as far as that.
const char *
__asan_default_options (void)
{
  return "fast_unwind_on_malloc=0";
}

static const char *const small_body[]
    = { "http.require-token=no", "http.max-body-size=1024", "http.timeout=30s", NULL };

static void
assert_code (HttpReply *reply, guint status, const char *code)
{
  g_autofree char *found = NULL;

  g_assert_cmpuint (reply->status, ==, status);
  g_assert_nonnull (reply->json);
  found = http_json_dup_at (reply->json, "code");
  g_assert_cmpstr (found, ==, code);
}

static void
test_paths (void)
{
  static const HttpStep steps[] = {
    { "GET", "/health", NULL, 200, NULL, { "success", "true" } },
    { "GET", "/nothing", NULL, 404, NULL, { "code", "\"ResourceNotFound\"" } },
    { "GET", "/users/%ff", NULL, 404, NULL, { "code", "\"ResourceNotFound\"" } },
    { "GET", "/users/%zz", NULL, 400, NULL, { "code", "\"BadRequest\"" } },
    { "PATCH", "/users", "{}", 405, NULL, { "code", "\"MethodNotAllowed\"" } },
    { "OPTIONS", "/health", NULL, 405, NULL, { "code", "\"MethodNotAllowed\"" } },
    { NULL },
  };
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (HttpReply) reply = NULL;

  http_fixture_run_steps (fixture, steps);
  reply = http_client_call (fixture, "PATCH", "/users", NULL);
  g_assert_nonnull (strstr (reply->head, "\r\nAllow: GET, HEAD, POST\r\n"));
  g_assert_nonnull (strstr (reply->head, "\r\nCache-Control: no-store\r\n"));
  g_assert_nonnull (strstr (reply->head, "\r\nX-Content-Type-Options: nosniff\r\n"));
  g_assert_nonnull (strstr (reply->head, "\r\nContent-Type: application/json; charset=utf-8\r\n"));
}

static void
test_openapi (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (HttpReply) reply = http_client_call (fixture, "GET", "/openapi.json", NULL);
  static const char *const checks[][2] = {
    { "openapi", "\"3.0.3\"" },
    { "success", "-" },
    { "paths./users.get.parameters.0.name", "\"query\"" },
    { "paths./users.get.requestBody", "-" },
    { "paths./users.post.requestBody.content.application/json.schema.required",
      "[\"username\",\"password\"]" },
    { "paths./users/{user}/mailboxes/{mailbox}.delete.parameters.1.in", "\"path\"" },
  };

  g_assert_cmpuint (reply->status, ==, 200);
  for (gsize i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autofree char *found = http_json_dup_at (reply->json, checks[i][0]);

      g_assert_cmpstr (found, ==, checks[i][1]);
    }
}

static void
test_keep_alive (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (GSocketConnection) client = http_client_new (fixture);

  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (HttpReply) reply
          = http_client_call_on (client, i % 2 == 0 ? "GET" : "HEAD", "/health", NULL, NULL);

      g_assert_cmpuint (reply->status, ==, 200);
    }

  g_autoptr (HttpReply) last
      = http_client_call_on (client, "GET", "/health", "Connection: close\r\n", NULL);

  g_assert_cmpuint (last->status, ==, 200);
  g_assert_true (http_client_is_closed (client));
}

static void
do_nothing (HttpFixture *fixture)
{
}

static guint
count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

// A client that hangs up between two requests leaves nothing behind.
static void
test_idle_hang_up (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (HttpReply) warm = http_client_call (fixture, "GET", "/health", NULL);
  guint before = count_fds ();

  g_assert_cmpuint (warm->status, ==, 200);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (HttpReply) reply = http_client_call (fixture, "GET", "/health", NULL);
      g_autoptr (GSocketConnection) silent = http_client_new (fixture);
      g_autoptr (GSocketConnection) half = http_client_new (fixture);
      g_autoptr (HttpReply) half_reply = http_client_call_on (half, "GET", "/health", NULL, NULL);

      g_assert_cmpuint (reply->status, ==, 200);
      g_assert_cmpuint (half_reply->status, ==, 200);
      g_assert_true (http_client_send (half, "GET /hea", -1));
    }
  for (guint i = 0; count_fds () > before && i < 1000; i++)
    http_fixture_run (fixture, do_nothing);
  g_assert_cmpuint (count_fds (), <=, before);
}

static void
test_pipelined (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (GSocketConnection) client = http_client_new (fixture);
  static const char two[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
                            "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";

  g_assert_true (http_client_send (client, two, -1));
  g_autoptr (HttpReply) first = http_client_receive (client, FALSE);
  g_autoptr (HttpReply) second = http_client_receive (client, FALSE);
  g_assert_cmpuint (first->status, ==, 200);
  g_assert_cmpuint (second->status, ==, 404);
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *text;
    guint status; // 0: hung up on.
  } rows[] = {
    { "nonsense\r\n\r\n", 400 },
    { "GET /health HTTP/1.1\r\n\r\n", 400 }, // No Host.
    { "GET /health HTTP/1.0\r\n\r\n", 200 },
    { "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400 },
    { "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n", 501 },
    { "GET http://x/health HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
    { "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
    { "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 404 },
    { "GET /health HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n", 200 },
  };

  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GSocketConnection) client = http_client_new (fixture);
      g_autoptr (HttpReply) reply = NULL;

      g_test_message ("%s", rows[i].text);
      g_assert_true (http_client_send (client, rows[i].text, -1));
      reply = http_client_receive (client, FALSE);
      g_assert_cmpuint (reply->status, ==, rows[i].status);
      g_assert_nonnull (reply->json);
    }
}

// A head of exactly that many octets.
static char *
make_head (gsize len)
{
  static const char before[] = "GET /health HTTP/1.1\r\nHost: x\r\nX: ";
  static const char after[] = "\r\n\r\n";
  g_autofree char *fill = g_strnfill (len - strlen (before) - strlen (after), 'x');

  return g_strconcat (before, fill, after, NULL);
}

static void
test_head_limit (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autoptr (GSocketConnection) client = http_client_new (fixture);
      g_autofree char *head = make_head ((gsize) (WD_LIMIT_HTTP_HEAD_BYTES + extra));
      g_autoptr (HttpReply) reply = NULL;

      (void) http_client_send (client, head, -1);
      reply = http_client_receive (client, FALSE);
      g_assert_cmpuint (reply->status, ==, extra <= 0 ? 200 : 431);
      if (extra > 0)
        assert_code (reply, 431, "\"HeadTooLarge\"");
    }

  // Each request of a connection has the whole of it, and no more.
  g_autoptr (GSocketConnection) client = http_client_new (fixture);

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *head = make_head (WD_LIMIT_HTTP_HEAD_BYTES - 100);
      g_autoptr (HttpReply) reply = NULL;

      g_assert_true (http_client_send (client, head, -1));
      reply = http_client_receive (client, FALSE);
      g_assert_cmpuint (reply->status, ==, 200);
    }

  g_autofree char *endless = g_strnfill (WD_LIMIT_HTTP_HEAD_BYTES + 1, 'x');
  g_autoptr (HttpReply) refused = NULL;

  (void) http_client_send (client, endless, -1);
  refused = http_client_receive (client, FALSE);
  assert_code (refused, 431, "\"HeadTooLarge\"");
  g_assert_true (http_client_is_closed (client));
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

static void
test_body_limit (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (small_body);

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autofree char *body = make_body ((gsize) (SMALL_BODY + extra));
      g_autoptr (HttpReply) reply = http_client_call (fixture, "POST", "/users", body);

      if (extra <= 0)
        assert_code (reply, 400, "\"InputValidationError\"");
      else
        assert_code (reply, 413, "\"RequestEntityTooLarge\"");
    }
}

static void
test_default_body_limit (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autofree char *body = make_body ((gsize) (WD_LIMIT_HTTP_BODY_BYTES + extra));
      g_autoptr (HttpReply) reply = http_client_call (fixture, "POST", "/users", body);

      assert_code (reply, extra <= 0 ? 400 : 413,
                   extra <= 0 ? "\"InputValidationError\"" : "\"RequestEntityTooLarge\"");
    }
}

// Chunked, its length is not known beforehand.
static void
test_chunked_limit (void)
{
  static const char head[]
      = "POST /users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  g_autoptr (HttpFixture) fixture = http_fixture_new (small_body);

  for (int extra = 0; extra <= 1; extra++)
    {
      g_autoptr (GSocketConnection) client = http_client_new (fixture);
      g_autofree char *body = make_body ((gsize) (SMALL_BODY + extra));
      g_autoptr (GString) text = g_string_new (head);
      g_autoptr (HttpReply) reply = NULL;

      for (const char *at = body; *at != '\0'; at += MIN (strlen (at), 100))
        g_string_append_printf (text, "%zx\r\n%.100s\r\n", MIN (strlen (at), 100), at);
      g_string_append (text, "0\r\n\r\n");
      g_assert_true (http_client_send (client, text->str, (gssize) text->len));
      reply = http_client_receive (client, FALSE);
      g_assert_cmpuint (reply->status, ==, extra == 0 ? 400 : 413);
    }
}

// Whoever asks first is told before the body is on its way.
static void
test_expect (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (small_body);
  g_autoptr (GSocketConnection) client = http_client_new (fixture);
  g_autoptr (GSocketConnection) fine = http_client_new (fixture);
  g_autoptr (HttpReply) reply = NULL;
  g_autoptr (HttpReply) fine_reply = NULL;

  g_assert_true (http_client_send (client,
                                   "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n"
                                   "Expect: 100-continue\r\n\r\n",
                                   -1));
  reply = http_client_receive (client, FALSE);
  assert_code (reply, 413, "\"RequestEntityTooLarge\"");

  g_assert_true (http_client_send (fine,
                                   "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                                   "Expect: 100-continue\r\n\r\n{}",
                                   -1));
  fine_reply = http_client_receive (fine, FALSE);
  assert_code (fine_reply, 400, "\"InputValidationError\"");
}

// The client is gone before the worker is done: the change is made, the reply is nobody's.
static void
test_gone_client (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (HttpReply) reply = NULL;

  http_fixture_hold (fixture);
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GSocketConnection) client = http_client_new (fixture);
      g_autofree char *body = g_strdup_printf ("{\"username\":\"gone%u\",\"password\":false}", i);
      g_autofree char *text = g_strdup_printf (
          "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", strlen (body), body);

      g_assert_true (http_client_send (client, text, -1));
    }
  http_fixture_wait_for_held (fixture, 4);
  http_fixture_release (fixture);
  do
    {
      g_clear_pointer (&reply, http_reply_free);
      reply = http_client_call (fixture, "GET", "/users?limit=1", NULL);
      g_assert_cmpuint (reply->status, ==, 200);
    }
  while (json_object_get_int_member (reply->json, "total") < 4);
}

static void
stop (HttpFixture *fixture)
{
  wd_http_server_stop (fixture->server);
}

static void
test_stop (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autoptr (GSocketConnection) busy = http_client_new (fixture);
  g_autoptr (GSocketConnection) idle = http_client_new (fixture);
  g_autoptr (GSocketConnection) late = NULL;
  g_autoptr (HttpReply) reply = http_client_call_on (idle, "GET", "/health", NULL, NULL);
  g_autoptr (HttpReply) last = NULL;

  g_assert_cmpuint (reply->status, ==, 200);
  http_fixture_hold (fixture);
  g_assert_true (http_client_send (busy, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", -1));
  http_fixture_wait_for_held (fixture, 1);
  http_fixture_run (fixture, stop);
  g_assert_true (http_client_is_closed (idle));

  http_fixture_release (fixture);
  last = http_client_receive (busy, FALSE);
  g_assert_cmpuint (last->status, ==, 200);
  g_assert_nonnull (strstr (last->head, "\r\nConnection: close\r\n"));
  g_assert_true (http_client_is_closed (busy));
  late = http_client_new (fixture);
  g_assert_true (http_client_is_closed (late));
}

// The server is freed while workers have requests.
static void
test_free_while_busy (void)
{
  HttpFixture *fixture = http_fixture_new (NULL);
  g_autoptr (GSocketConnection) client = http_client_new (fixture);

  http_fixture_hold (fixture);
  g_assert_true (http_client_send (client, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n", -1));
  http_fixture_wait_for_held (fixture, 1);
  g_main_loop_quit (fixture->loop);
  g_assert_true (http_client_is_closed (client));
  http_fixture_release (fixture);
  http_fixture_free (fixture);
}

static void
check_token (HttpFixture *fixture, const char *path, const char *headers, guint status)
{
  g_autoptr (GSocketConnection) client = http_client_new (fixture);
  g_autoptr (HttpReply) reply = http_client_call_on (client, "GET", path, headers, NULL);

  g_test_message ("%s %s", path, headers == NULL ? "" : headers);
  g_assert_cmpuint (reply->status, ==, status);
  if (status == 403)
    assert_code (reply, 403, "\"InvalidToken\"");
}

#define TOKEN "0123456789abcdef0123456789abcdef01234567"

static void
test_access (void)
{
  static const char *const required[] = { "http.require-token=yes", NULL };
  g_autoptr (HttpFixture) fixture = http_fixture_new (required);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, TOKEN, -1);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *header_hash = g_strdup_printf ("X-Access-Token: %s\r\n", hash);

  // None made yet: nobody may.
  check_token (fixture, "/health", NULL, 403);
  check_token (fixture, "/health", "X-Access-Token: " TOKEN "\r\n", 403);

  g_assert_true (wd_http_access_prepare (fixture->store, fixture->config, NULL, NULL));
  g_assert_true (
      wd_store_get_setting (fixture->store, WD_HTTP_ACCESS_SETTING, &before, NULL, NULL));
  g_assert_cmpuint (strlen (before), ==, 64);
  g_assert_true (wd_http_access_prepare (fixture->store, fixture->config, NULL, NULL));
  g_assert_true (wd_store_get_setting (fixture->store, WD_HTTP_ACCESS_SETTING, &after, NULL, NULL));
  g_assert_cmpstr (before, ==, after);

  g_assert_true (wd_store_set_setting (fixture->store, WD_HTTP_ACCESS_SETTING, hash, NULL, NULL));
  check_token (fixture, "/health", NULL, 403);
  check_token (fixture, "/health", "X-Access-Token: " TOKEN "\r\n", 200);
  check_token (fixture, "/health", "Authorization: Bearer " TOKEN "\r\n", 200);
  check_token (fixture, "/health", "Authorization: bearer  " TOKEN "\r\n", 200);
  check_token (fixture, "/health?accessToken=" TOKEN, NULL, 200);
  check_token (fixture, "/users?limit=1&accessToken=" TOKEN "&page=1", NULL, 200);
  check_token (fixture, "/health?accessToken=x", "X-Access-Token: " TOKEN "\r\n", 403);
  check_token (fixture, "/health?accessToken=", "X-Access-Token: " TOKEN "\r\n", 403);
  check_token (fixture, "/health", "X-Access-Token: \r\n", 403);
  check_token (fixture, "/health", "Authorization: Basic " TOKEN "\r\n", 403);
  check_token (fixture, "/health", "X-Access-Token: " TOKEN "0\r\n", 403);
  check_token (fixture, "/health?xaccessToken=" TOKEN, NULL, 403);
  // The hash that the store keeps opens nothing.
  check_token (fixture, "/health", header_hash, 403);
  // What is wrong with a request is not told to strangers.
  check_token (fixture, "/users?limit=x", NULL, 403);
  check_token (fixture, "/health?accessToken=" TOKEN "&accessToken=" TOKEN, NULL, 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/server/paths", test_paths);
  g_test_add_func ("/http/server/openapi", test_openapi);
  g_test_add_func ("/http/server/keep-alive", test_keep_alive);
  g_test_add_func ("/http/server/idle-hang-up", test_idle_hang_up);
  g_test_add_func ("/http/server/pipelined", test_pipelined);
  g_test_add_func ("/http/server/malformed", test_malformed);
  g_test_add_func ("/http/server/head-limit", test_head_limit);
  g_test_add_func ("/http/server/body-limit", test_body_limit);
  g_test_add_func ("/http/server/default-body-limit", test_default_body_limit);
  g_test_add_func ("/http/server/chunked-limit", test_chunked_limit);
  g_test_add_func ("/http/server/expect", test_expect);
  g_test_add_func ("/http/server/gone-client", test_gone_client);
  g_test_add_func ("/http/server/stop", test_stop);
  g_test_add_func ("/http/server/free-while-busy", test_free_while_busy);
  g_test_add_func ("/http/server/access", test_access);
  return g_test_run ();
}
