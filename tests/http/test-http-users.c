// SPDX-License-Identifier: EUPL-1.2
// The routes of users over the wire.
#include "config.h"

#include <string.h>

#include "auth.h"
#include "core-limits.h"
#include "http-fixture.h"

#define NOBODY "0123456789abcdef01234567"
#define MOST G_STRINGIFY (WD_LIMIT_HTTP_PAGE_RESULTS)
#define ABOVE "251"
#define REASON_16 "sixteen octets.."
#define REASON_64 REASON_16 REASON_16 REASON_16 REASON_16
#define REASON_MOST REASON_64 REASON_64
#define INVALID "\"InputValidationError\""
// Of "secretpass".
#define HASH                                                                                       \
  "$6$rounds=1000$abcdefgh$E4XX28Aunsk0hM0gQdZ96CUoptIXz3xtmqygqslcbXuV80lImvL."                   \
  "8GKdpndPDvMNYmua2Su"                                                                            \
  "R2QbItQHeqN5wL/"

static const HttpStep create_steps[] = {
  { "POST",
    "/user/create",
    "{\"username\":\"username@example.com\",\"password\":\"secretpass\"}",
    200,
    "first",
    { "success", "true", "username", "\"username@example.com\"" } },
  { "GET",
    "/users/$first",
    NULL,
    200,
    NULL,
    { "username", "\"username@example.com\"", "address", "\"username@example.com\"",
      "hasPasswordSet", "true", "limits.quota.used", "0" } },
  { "GET", "/addresses/resolve/username%40example.com", NULL, 200, NULL, { "user", "\"$first\"" } },
  { "GET", "/users/resolve/USERNAME@example.com", NULL, 200, NULL, { "id", "\"$first\"" } },
  { "GET",
    "/users/$first/mailboxes",
    NULL,
    200,
    NULL,
    { "results.0.path", "\"INBOX\"", "results.4.path", "\"Trash\"", "results.5", "-" } },

  // A plain name gets an address at the site's domain; a form does, too.
  { "POST", "/users", "username=plain&password=secretpass&name=Plain+Name", 200, "plain", { 0 } },
  { "GET",
    "/users/$plain",
    NULL,
    200,
    NULL,
    { "address", "\"plain@example.net\"", "name", "\"Plain Name\"", "spamLevel", "50" } },
  { "POST",
    "/users",
    "{\"username\":\"bare\",\"password\":false,\"emptyAddress\":true}",
    200,
    "bare",
    { "username", "-" } },
  { "GET",
    "/users/$bare",
    NULL,
    200,
    NULL,
    { "address", "-", "hasPasswordSet", "false", "tags", "[]" } },
  { "POST",
    "/users",
    "{\"username\":\"hashed\",\"password\":\"" HASH "\",\"hashedPassword\":1}",
    200,
    "hashed",
    { 0 } },
  { "POST",
    "/users",
    "{\"username\":\"андрис@уайлддак.орг\",\"password\":\"пароль\"}",
    200,
    "andris",
    { 0 } },
  { "GET",
    "/addresses/resolve/%D0%B0%D0%BD%D0%B4%D1%80%D0%B8%D1%81@xn--80aalaxjd5d.xn--c1avg",
    NULL,
    200,
    NULL,
    { "user", "\"$andris\"" } },
  { "GET",
    "/addresses/resolve/"
    "%D0%B0%D0%BD%D0%B4%D1%80%D0%B8%D1%81@%D1%83%D0%B0%D0%B9%D0%BB%D0%B4%D0%B4%D0"
    "%B0%D0%BA.%D0%BE%D1%80%D0%B3",
    NULL,
    200,
    NULL,
    { "user", "\"$andris\"", "address", "\"андрис@уайлддак.орг\"" } },

  { "POST",
    "/users",
    "{\"username\":\"PLAIN\",\"password\":\"secretpass\"}",
    400,
    NULL,
    { "code", "\"UserExistsError\"" } },
  { "POST",
    "/users",
    "{\"username\":\"other\",\"password\":\"secretpass\",\"address\":\"Username@EXAMPLE.com\"}",
    400,
    NULL,
    { "code", "\"AddressExistsError\"" } },
  { "POST",
    "/users",
    "{\"username\":\"other\",\"password\":\"secretpass\",\"address\":\"other\"}",
    400,
    NULL,
    { "code", INVALID, "details.address", "\"is not a valid email address\"" } },
  { "POST",
    "/users",
    "{\"username\":\"an other\",\"password\":\"secretpass\"}",
    400,
    NULL,
    { "code", INVALID, "details.username", "\"is not a valid user name\"" } },
  { "POST",
    "/users",
    "{\"username\":\"other\",\"password\":\"x\",\"hashedPassword\":true}",
    400,
    NULL,
    { "details.password", "\"is not a password hash that is known here\"" } },
  { NULL },
};

static void
test_create (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  http_fixture_run_steps (fixture, create_steps);
}

static const HttpStep invalid_steps[] = {
  { "POST",
    "/users",
    NULL,
    400,
    NULL,
    { "code", INVALID, "details.username", "\"is required\"", "details.password",
      "\"is required\"" } },
  { "POST",
    "/users",
    "{\"username\":1,\"password\":2,\"quota\":-1,\"nonsense\":0}",
    400,
    NULL,
    { "details.username", "\"must be a string\"", "details.password",
      "\"must be a string, or false\"", "details.quota", "\"must be at least 0\"",
      "details.nonsense", "\"is not a field of this request\"" } },
  { "POST",
    "/users",
    "{\"username\":\"a\",\"username\":\"b\",\"password\":\"x\",\"quota\":-1}",
    400,
    NULL,
    { "code", INVALID, "details.username", "\"is there twice\"", "details.quota",
      "\"must be at least 0\"" } },
  { "POST",
    "/users",
    "username=a&username=b&password=x",
    400,
    NULL,
    { "details.username", "\"is there twice\"" } },
  { "POST",
    "/users",
    "{\"username\":\"a\"",
    400,
    NULL,
    { "details.body", "\"is not valid JSON\"", "details.password", "-" } },
  { "POST", "/users", "[]", 400, NULL, { "details.body", "\"must be an object\"" } },
  { "POST",
    "/users?query=x",
    "{\"username\":\"a\",\"password\":\"b\"}",
    400,
    NULL,
    { "details.query", "\"is not a field of this request\"" } },
  { "POST",
    "/users",
    "{\"username\":\"a\",\"password\":\"b\",\"spamLevel\":101}",
    400,
    NULL,
    { "details.spamLevel", "\"must be at most 100\"" } },
  { "POST",
    "/users",
    "{\"username\":\"a\",\"password\":\"b\",\"mailboxes\":{\"inbox\":\"x\"}}",
    400,
    NULL,
    { "details.mailboxes.inbox", "\"is not a field of this request\"" } },
  { "GET", "/users?limit=0", NULL, 400, NULL, { "details.limit", "\"must be at least 1\"" } },
  { "GET", "/users?limit=" ABOVE, NULL, 400, NULL, { "details.limit", "\"must be at most 250\"" } },
  { "GET", "/users?limit=" MOST, NULL, 200, NULL, { "total", "0", "results", "[]" } },
  { "GET",
    "/users?limit=x&page=0",
    NULL,
    400,
    NULL,
    { "details.limit", "\"must be a whole number\"", "details.page", "\"must be at least 1\"" } },
  { "GET",
    "/users?next=x",
    NULL,
    400,
    NULL,
    { "details.next", "\"must be 24 hexadecimal digits\"" } },
  { "GET", "/users?limit=1&limit=2", NULL, 400, NULL, { "details.limit", "\"is there twice\"" } },
  { "GET", "/users/me", NULL, 400, NULL, { "details.user", "\"must be 24 hexadecimal digits\"" } },
  { "GET", "/users/" NOBODY, NULL, 404, NULL, { "code", "\"UserNotFound\"" } },
  { "PUT", "/users/" NOBODY, "{\"name\":\"x\"}", 404, NULL, { "code", "\"UserNotFound\"" } },
  { "DELETE", "/users/" NOBODY, NULL, 404, NULL, { "code", "\"UserNotFound\"" } },
  { "PUT", "/users/" NOBODY "/logout", NULL, 404, NULL, { "code", "\"UserNotFound\"" } },
  { "GET", "/users/resolve/nobody", NULL, 404, NULL, { "code", "\"UserNotFound\"" } },
  { "GET", "/users/resolve/a%20b", NULL, 404, NULL, { "code", "\"UserNotFound\"" } },
  { NULL },
};

static void
test_invalid (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  http_fixture_run_steps (fixture, invalid_steps);
}

static const HttpStep kept_steps[] = {
  { "POST",
    "/users",
    "{\"username\":\"kept\",\"password\":\"secretpass\",\"name\":\"Ke\\tpt\"}",
    400,
    NULL,
    { "details.name", "\"must not contain control characters\"" } },
  { "POST",
    "/users",
    "{\"username\":\"kept\",\"password\":\"secretpass\",\"tags\":[\"green\",\"blue\"],"
    "\"addTagsToAddress\":true,\"quota\":1000000,\"spamLevel\":7,\"retention\":3600000,"
    "\"targets\":[\"a@example.org\"],\"language\":\"et\",\"recipients\":5,\"receivedMax\":6,"
    "\"metaData\":{\"a\":[1,{\"b\":null}]},\"internalData\":\"{\\\"c\\\":true}\","
    "\"pubKey\":\"-----BEGIN\\nabc\\n\",\"featureFlags\":{\"indexing\":true},"
    "\"mailboxes\":{\"sent\":\"Saadetud\",\"trash\":\"Prügikast\"}}",
    200,
    "kept",
    { 0 } },
  { "GET",
    "/users/$kept",
    NULL,
    200,
    NULL,
    { "tags", "[\"green\",\"blue\"]", "metaData", "{\"a\":[1,{\"b\":null}]}", "internalData",
      "{\"c\":true}", "spamLevel", "7" } },
  { "GET",
    "/users/$kept",
    NULL,
    200,
    NULL,
    { "limits.quota.allowed", "1000000", "limits.recipients.allowed", "5",
      "limits.received.allowed", "6", "targets", "[\"a@example.org\"]" } },
  { "GET",
    "/users/$kept",
    NULL,
    200,
    NULL,
    { "retention", "3600000", "language", "\"et\"", "pubKey", "\"-----BEGIN\\nabc\\n\"",
      "featureFlags", "{\"indexing\":true}" } },
  { "GET",
    "/users/$kept/addresses",
    NULL,
    200,
    NULL,
    { "results.0.tags", "[\"green\",\"blue\"]" } },
  { "GET",
    "/users/$kept/mailboxes/resolve?path=Saadetud",
    NULL,
    200,
    NULL,
    { "specialUse", "\"\\\\Sent\"" } },
  { "GET",
    "/users/$kept/mailboxes/resolve?path=Pr%C3%BCgikast",
    NULL,
    200,
    NULL,
    { "specialUse", "\"\\\\Trash\"" } },

  { "PUT", "/users/$kept", "{}", 400, NULL, { "code", "\"NoUpdates\"" } },
  { "PUT",
    "/users/$kept",
    "{\"sess\":\"x\",\"ip\":\"127.0.0.1\"}",
    400,
    NULL,
    { "code", "\"NoUpdates\"" } },
  { "PUT",
    "/users/$kept",
    "{\"name\":\"New\",\"tags\":[],\"quota\":5,\"disabled\":true,\"suspended\":\"yes\","
    "\"metaData\":{},\"spamLevel\":\"9\"}",
    200,
    NULL,
    { 0 } },
  { "GET",
    "/users/$kept",
    NULL,
    200,
    NULL,
    { "name", "\"New\"", "tags", "[]", "limits.quota.allowed", "5", "disabled", "true" } },
  { "GET",
    "/users/$kept",
    NULL,
    200,
    NULL,
    { "suspended", "true", "metaData", "{}", "internalData", "{\"c\":true}", "spamLevel", "9" } },
  { "PUT", "/users/$kept", "{\"name\":\"\"}", 200, NULL, { 0 } },
  { "GET", "/users/$kept", NULL, 200, NULL, { "name", "\"\"", "quota", "-" } },
  { "PUT",
    "/users/$kept",
    "{\"username\":\"other\"}",
    400,
    NULL,
    { "details.username", "\"is not a field of this request\"" } },

  { "PUT", "/users/$kept/logout", NULL, 200, NULL, { "success", "true" } },
  { "PUT",
    "/users/$kept/logout",
    "{\"reason\":\"" REASON_MOST "\"}",
    200,
    NULL,
    { "success", "true" } },
  { "PUT",
    "/users/$kept/logout",
    "{\"reason\":\"" REASON_MOST "x\"}",
    400,
    NULL,
    { "code", INVALID } },
  { "PUT", "/users/$kept/logout", "{\"reasons\":\"\"}", 400, NULL, { "code", INVALID } },
  { "GET", "/users/$kept/logout", NULL, 405, NULL, { 0 } },
  { "DELETE", "/users/$kept?deleteAfter=2038-01-01", NULL, 400, NULL, { "code", INVALID } },
  { "DELETE", "/users/$kept", NULL, 200, NULL, { "user", "\"$kept\"", "addresses.deleted", "1" } },
  { "GET", "/users/$kept", NULL, 404, NULL, { 0 } },
  { "GET", "/users/$kept/addresses", NULL, 404, NULL, { "code", "\"UserNotFound\"" } },
  { NULL },
};

static void
test_kept (void)
{
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  http_fixture_run_steps (fixture, kept_steps);
}

// What the API stores is what a login is checked against.
static gboolean
can_log_in (HttpFixture *fixture, const char *login, const char *password)
{
  g_autoptr (WdAuth) auth = wd_auth_new (fixture->store, fixture->config);
  g_autoptr (WdSecret) secret = wd_core_secret_new (password, strlen (password));
  g_autoptr (WdUser) user
      = wd_auth_check_password (auth, login, secret, "imap", "127.0.0.1", NULL, NULL, NULL);

  return user != NULL;
}

static void
test_password (void)
{
  static const HttpStep create[] = {
    { "POST",
      "/user/create",
      "{\"username\":\"username@example.com\",\"password\":\"secretpass\"}",
      200,
      "user",
      { 0 } },
    { NULL },
  };
  static const HttpStep update[] = {
    { "PUT",
      "/users/$user",
      "{\"existingPassword\":\"wrong\",\"password\":\"new\"}",
      403,
      NULL,
      { "code", "\"AuthFailed\"" } },
    { "PUT",
      "/users/$user",
      "{\"existingPassword\":\"secretpass\",\"password\":\"new\"}",
      200,
      NULL,
      { 0 } },
    { NULL },
  };
  static const HttpStep hashed[] = {
    { "PUT",
      "/users/$user",
      "{\"password\":\"" HASH "\",\"hashedPassword\":true}",
      200,
      NULL,
      { 0 } },
    { NULL },
  };
  static const HttpStep clear[] = {
    { "PUT", "/users/$user", "{\"password\":false}", 200, NULL, { 0 } },
    { "GET", "/users/$user", NULL, 200, NULL, { "hasPasswordSet", "false" } },
    { NULL },
  };
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);

  http_fixture_run_steps (fixture, create);
  g_assert_true (can_log_in (fixture, "username@example.com", "secretpass"));
  http_fixture_run_steps (fixture, update);
  g_assert_false (can_log_in (fixture, "username@example.com", "secretpass"));
  g_assert_true (can_log_in (fixture, "username@example.com", "new"));
  http_fixture_run_steps (fixture, hashed);
  g_assert_true (can_log_in (fixture, "username@example.com", "secretpass"));
  http_fixture_run_steps (fixture, clear);
  g_assert_false (can_log_in (fixture, "username@example.com", "secretpass"));
  g_assert_false (can_log_in (fixture, "username@example.com", ""));
}

static void
create_users (HttpFixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *body = g_strdup_printf (
          "{\"username\":\"user%02u\",\"password\":false,\"tags\":[\"%s\",\"all\"]}", i,
          i % 2 == 0 ? "even" : "odd");
      g_autoptr (HttpReply) reply = http_client_call (fixture, "POST", "/users", body);

      g_assert_cmpuint (reply->status, ==, 200);
    }
}

// Walks all pages from `path` on by one of the cursors; appends the user names.
static char *
walk (HttpFixture *fixture, const char *path, const char *cursor, const char *parameter)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *next = g_strdup (path);

  while (next != NULL)
    {
      g_autoptr (HttpReply) reply = http_client_call (fixture, "GET", next, NULL);
      JsonArray *results = json_object_get_array_member (reply->json, "results");
      JsonNode *found = json_object_get_member (reply->json, cursor);

      for (guint i = 0; i < json_array_get_length (results); i++)
        g_string_append_printf (
            names, "%s ",
            json_object_get_string_member (json_array_get_object_element (results, i), "username")
                + strlen ("user"));
      g_free (next);
      next = json_node_get_value_type (found) == G_TYPE_STRING
                 ? g_strdup_printf ("/users?limit=2&page=2&%s=%s", parameter,
                                    json_node_get_string (found))
                 : NULL;
    }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
test_list (void)
{
  static const HttpStep steps[] = {
    { "GET",
      "/users",
      NULL,
      200,
      NULL,
      { "total", "5", "page", "1", "previousCursor", "false", "nextCursor", "false" } },
    { "GET", "/users?page=7", NULL, 200, NULL, { "page", "1" } },
    { "GET",
      "/users?query=SER03",
      NULL,
      200,
      NULL,
      { "total", "1", "query", "\"SER03\"", "results.0.username", "\"user03\"" } },
    { "GET", "/users?tags=odd", NULL, 200, NULL, { "total", "2" } },
    { "GET", "/users?tags=odd,even", NULL, 200, NULL, { "total", "5" } },
    { "GET", "/users?requiredTags=all,Even", NULL, 200, NULL, { "total", "3" } },
    { "GET", "/users?requiredTags=odd,even", NULL, 200, NULL, { "total", "0" } },
    { "GET",
      "/users?limit=1",
      NULL,
      200,
      NULL,
      { "results.0.address", "\"user00@example.net\"", "results.0.quota.used", "0",
        "results.0.tags", "[\"even\",\"all\"]", "results.1", "-" } },
    { NULL },
  };
  g_autoptr (HttpFixture) fixture = http_fixture_new (NULL);
  g_autofree char *forward = NULL;
  g_autofree char *backward = NULL;
  g_autofree char *last = NULL;
  g_autofree char *path = NULL;

  create_users (fixture, 5);
  http_fixture_run_steps (fixture, steps);
  forward = walk (fixture, "/users?limit=2", "nextCursor", "next");
  g_assert_cmpstr (forward, ==, "00 01 02 03 04 ");

  // Back from the last one of all.
  g_autoptr (HttpReply) all = http_client_call (fixture, "GET", "/users", NULL);
  last = http_json_dup_at (all->json, "results.4.id");
  path = g_strdup_printf ("/users?limit=2&previous=%.24s", last + 1);
  backward = walk (fixture, path, "previousCursor", "previous");
  g_assert_cmpstr (backward, ==, "02 03 00 01 ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/users/create", test_create);
  g_test_add_func ("/http/users/invalid", test_invalid);
  g_test_add_func ("/http/users/kept", test_kept);
  g_test_add_func ("/http/users/password", test_password);
  g_test_add_func ("/http/users/list", test_list);
  return g_test_run ();
}
