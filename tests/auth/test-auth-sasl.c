// SPDX-License-Identifier: EUPL-1.2
// SASL exchanges against libgsasl's client: every mechanism, and everything that must not get in.
#include "config.h"

#include "auth-sasl.h"

#include <gsasl.h>
#include <string.h>

#include "auth-password-private.h"
#include "auth-scram.h"
#include "core-limits.h"
#include "core-log-private.h"
#include "fake-store.h"

#define CHEAP_HASH "$2b$05$abcdefghijklmnopqrstuukKUbFk1Z4SJ.AKilR7aOpM5ZP6auir2"
#define SALT "0123456789abcdef"

static const guint8 binding[32] = { 1, 2, 3 };
static const guint8 other_binding[32] = { 1, 2, 4 };

typedef struct
{
  FakeStore *store;
  WdConfig *config;
  WdAuth *auth;
  WdUser *user;
  Gsasl *client;
  WdSaslChannel channel;
  guint n_logins; // Lines in the log.
  guint n_failures;
} Fixture;

static void
catch_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  Fixture *f = data;

  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, "MESSAGE_ID") == 0)
      {
        f->n_logins += strcmp (fields[i].value, WD_MSG_LOGIN) == 0;
        f->n_failures += strcmp (fields[i].value, WD_MSG_LOGIN_FAILED) == 0;
      }
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const char *const overrides[] = { "auth.password-scheme=sha512", "auth.max-failures=3",
                                           "auth.max-failures-per-address=50", NULL };
  g_autoptr (WdSecret) password = wd_core_secret_new ("secretpass", 10);
  g_autofree char *scram = wd_auth_scram_make_with (password, 4096, SALT, 16);
  g_autoptr (GError) error = NULL;

  wd_core_log_set_sink_for_test (catch_log, f);
  f->store = fake_store_new ();
  f->config = wd_core_config_load (NULL, overrides, &error);
  g_assert_no_error (error);
  f->auth = wd_auth_new (WD_STORE (f->store), f->config);
  f->user = fake_store_add (f->store, "anna", CHEAP_HASH, scram);
  fake_store_add (f->store, "bert", CHEAP_HASH, scram);
  f->channel = (WdSaslChannel){ TRUE, binding, "192.0.2.7", "imap" };
  g_assert_cmpint (gsasl_init (&f->client), ==, GSASL_OK);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  wd_core_log_set_sink_for_test (NULL, NULL);
  gsasl_done (f->client);
  wd_auth_free (f->auth);
  wd_core_config_unref (f->config);
  g_object_unref (f->store);
}

typedef struct
{
  const char *mechanism;
  const char *authid;
  const char *password;
  const char *authzid;   // (nullable)
  const guint8 *binding; // The client's (nullable).
  gboolean waits;        // Sends nothing with the command, where it may choose.
} Login;

static Gsasl_session *
start_client (Fixture *f, const Login *login)
{
  Gsasl_session *session;

  g_autofree char *name = g_ascii_strup (login->mechanism, -1);

  g_assert_cmpint (gsasl_client_start (f->client, name, &session), ==, GSASL_OK);
  gsasl_property_set (session, GSASL_AUTHID, login->authid);
  gsasl_property_set (session, GSASL_PASSWORD, login->password);
  if (login->authzid != NULL)
    gsasl_property_set (session, GSASL_AUTHZID, login->authzid);
  if (login->binding != NULL)
    {
      g_autofree char *text = g_base64_encode (login->binding, 32);

      gsasl_property_set (session, GSASL_CB_TLS_EXPORTER, text);
    }
  return session;
}

// Runs an exchange to its end. Returns 0 for a success, else the error's code + 1.
static guint
run (Fixture *f, const Login *login)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSasl) sasl = wd_auth_sasl_new (f->auth, login->mechanism, &f->channel, NULL, &error);
  Gsasl_session *client;
  g_autofree char *reply = NULL;
  WdSaslStep step = WD_SASL_CONTINUE;
  int status = GSASL_NEEDS_MORE;
  guint result = 0;

  if (sasl == NULL)
    return (guint) error->code + 1;
  client = start_client (f, login);
  if (login->waits)
    step = wd_auth_sasl_step (sasl, NULL, &reply, NULL, &error);
  while (step == WD_SASL_CONTINUE)
    {
      char *output = NULL;

      if (reply != NULL && reply[0] == '\0')
        g_clear_pointer (&reply, g_free);
      status = gsasl_step64 (client, reply, &output);
      if (status != GSASL_OK && status != GSASL_NEEDS_MORE)
        {
          gsasl_finish (client);
          return 100;
        }
      g_clear_pointer (&reply, g_free);
      step = wd_auth_sasl_step (sasl, output, &reply, NULL, &error);
      gsasl_free (output);
    }

  if (step == WD_SASL_FAILED)
    {
      g_assert_nonnull (error);
      g_assert_null (reply);
      g_assert_null (wd_auth_sasl_take_user (sasl));
      result = (guint) error->code + 1;
    }
  else
    {
      g_autoptr (WdUser) user = wd_auth_sasl_take_user (sasl);

      g_assert_no_error (error);
      g_assert_true (wd_core_id_is_equal (&user->id, &f->user->id));
      // The server proves itself, too.
      if (reply != NULL)
        {
          char *output = NULL;

          status = gsasl_step64 (client, reply, &output);
          gsasl_free (output);
        }
      g_assert_cmpint (status, ==, GSASL_OK);
    }
  gsasl_finish (client);
  return result;
}

#define OK 0u
#define FAILED (WD_AUTH_ERROR_FAILED + 1u)
#define LIMITED (WD_AUTH_ERROR_RATE_LIMITED + 1u)
#define UNAVAILABLE (WD_AUTH_ERROR_UNAVAILABLE + 1u)
#define INVALID (WD_AUTH_ERROR_INVALID + 1u)
#define FORBIDDEN (WD_AUTH_ERROR_FORBIDDEN + 1u)

static const struct
{
  Login login;
  guint expected;
} cases[] = {
  { { "PLAIN", "anna", "secretpass" }, OK },
  { { "PLAIN", "anna", "secretpass", NULL, NULL, TRUE }, OK },
  { { "PLAIN", "anna@example.com", "secretpass" }, OK },
  { { "PLAIN", "anna", "secretpass", "anna" }, OK },
  { { "PLAIN", "anna", "secretpass", "ANNA@example.com" }, FORBIDDEN },
  { { "PLAIN", "anna", "secretpass", "anna@example.com" }, OK },
  { { "PLAIN", "anna", "secretpass", "bert" }, FORBIDDEN },
  { { "PLAIN", "anna", "secretpass", "nobody" }, FORBIDDEN },
  { { "PLAIN", "anna", "wrong", "bert" }, FAILED },
  { { "PLAIN", "anna", "wrong" }, FAILED },
  { { "PLAIN", "nobody", "secretpass" }, FAILED },
  { { "LOGIN", "anna", "secretpass", NULL, NULL, TRUE }, OK },
  { { "LOGIN", "anna", "wrong", NULL, NULL, TRUE }, FAILED },
  { { "login", "nobody", "secretpass", NULL, NULL, TRUE }, FAILED },
  { { "SCRAM-SHA-256", "anna", "secretpass" }, OK },
  { { "SCRAM-SHA-256", "anna", "secretpass", NULL, NULL, TRUE }, OK },
  { { "SCRAM-SHA-256", "anna", "secretpass", "anna" }, OK },
  { { "SCRAM-SHA-256", "anna", "secretpass", "bert" }, FORBIDDEN },
  { { "SCRAM-SHA-256", "anna", "wrong" }, FAILED },
  { { "SCRAM-SHA-256", "nobody", "secretpass" }, FAILED },
  { { "SCRAM-SHA-256-PLUS", "anna", "secretpass", NULL, binding }, OK },
  { { "SCRAM-SHA-256-PLUS", "anna", "wrong", NULL, binding }, FAILED },
  { { "SCRAM-SHA-256-PLUS", "anna", "secretpass", NULL, other_binding }, FAILED },
  { { "CRAM-MD5", "anna", "secretpass" }, INVALID },
  { { "ANONYMOUS", "anna", "secretpass" }, INVALID },
  { { "EXTERNAL", "anna", "secretpass" }, INVALID },
  { { "", "anna", "secretpass" }, INVALID },
};

static void
test_mechanisms (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const Login *login = &cases[i].login;

      // Anew, so that failures do not add up.
      tear_down (f, NULL);
      set_up (f, NULL);
      f->n_logins = f->n_failures = 0;
      g_test_message ("%s %s/%s as %s", login->mechanism, login->authid, login->password,
                      login->authzid);
      g_assert_cmpuint (run (f, login), ==, cases[i].expected);
      g_assert_cmpuint (f->n_logins, ==, cases[i].expected == OK);
      g_assert_cmpuint (f->n_failures, ==,
                        cases[i].expected == FAILED || cases[i].expected == FORBIDDEN);
    }
}

static void
test_list (Fixture *f, gconstpointer data)
{
  static const struct
  {
    gboolean plain;
    const guint8 *binding;
    const char *expected;
  } lists[] = {
    { TRUE, binding, "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN" },
    { TRUE, NULL, "SCRAM-SHA-256 PLAIN LOGIN" },
    { FALSE, NULL, "SCRAM-SHA-256" },
  };

  static const Login plain = { "PLAIN", "anna", "secretpass" };
  static const Login plus = { "SCRAM-SHA-256-PLUS", "anna", "secretpass", NULL, binding };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *list = NULL;

      f->channel.allow_plain = lists[i].plain;
      f->channel.channel_binding = lists[i].binding;
      list = wd_auth_sasl_list_mechanisms (f->auth, &f->channel);
      g_assert_cmpstr (list, ==, lists[i].expected);
    }
  // What is not on offer is refused, too.
  g_assert_cmpuint (run (f, &plain), ==, INVALID);
  g_assert_cmpuint (run (f, &plus), ==, INVALID);
}

// One message each, as it is, in base64 or not.
static const struct
{
  const char *mechanism;
  const char *raw;  // To be encoded, or:
  const char *line; // sent as it is.
} bad[] = {
  { "PLAIN", NULL, "*" },
  { "PLAIN", NULL, "====" },
  { "PLAIN", NULL, "AGFubmEAc2VjcmV0cGFzcw" }, // No padding.
  { "PLAIN", NULL, "AGFubmEAc2VjcmV0cGFzcw==x" },
  { "PLAIN", NULL, "AGFub mEAc2VjcmV0cGFzcw==" },
  { "PLAIN", NULL, "AGFubmEAc2VjcmV0cGFzcw==\r\n" },
  { "PLAIN", NULL, "AGFu=mEAc2VjcmV0cGFzcw==" },
  { "PLAIN", "anna", NULL },
  { "SCRAM-SHA-256", "hello", NULL },
  { "SCRAM-SHA-256", "n,,n=anna", NULL },
  { "SCRAM-SHA-256", "n,,n=,r=abcdef", NULL },
  { "SCRAM-SHA-256", "n,,m=ext,n=anna,r=abcdef", NULL },
  { "SCRAM-SHA-256", "y,,n=anna,r=abcdef", NULL }, // A downgrade: PLUS was on offer.
  { "SCRAM-SHA-256-PLUS", "y,,n=anna,r=abcdef", NULL },
  { "SCRAM-SHA-256-PLUS", "n,,n=anna,r=abcdef", NULL },
  { "SCRAM-SHA-256-PLUS", "p=tls-unique,,n=anna,r=abcdef", NULL },
  { "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=anna,r=abcdef", NULL },
};

static void
test_bad_messages (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WdSasl) sasl
          = wd_auth_sasl_new (f->auth, bad[i].mechanism, &f->channel, NULL, &error);
      g_autofree char *encoded
          = bad[i].raw != NULL ? g_base64_encode ((const guchar *) bad[i].raw, strlen (bad[i].raw))
                               : g_strdup (bad[i].line);
      g_autofree char *reply = NULL;

      g_test_message ("%s %s", bad[i].mechanism, bad[i].raw != NULL ? bad[i].raw : bad[i].line);
      g_assert_cmpint (wd_auth_sasl_step (sasl, encoded, &reply, NULL, &error), ==, WD_SASL_FAILED);
      g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID);
      g_assert_null (reply);
      g_assert_null (wd_auth_sasl_take_user (sasl));
    }
  g_assert_cmpuint (f->n_logins, ==, 0);
}

// An empty message is asked for again, but not for ever.
static void
test_empty (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSasl) sasl = wd_auth_sasl_new (f->auth, "PLAIN", &f->channel, NULL, NULL);
  guint n_steps = 0;

  for (;;)
    {
      g_autofree char *reply = NULL;

      n_steps++;
      if (wd_auth_sasl_step (sasl, n_steps == 1 ? "=" : "", &reply, NULL, &error)
          != WD_SASL_CONTINUE)
        break;
      g_assert_cmpstr (reply, ==, "");
    }
  g_assert_cmpuint (n_steps, ==, WD_LIMIT_SASL_STEPS + 1);
  g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID);
}

// Gives up in the middle.
static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSasl) sasl = wd_auth_sasl_new (f->auth, "LOGIN", &f->channel, NULL, NULL);
  g_autofree char *question = NULL;
  g_autofree char *next = NULL;
  g_autofree char *none = NULL;

  g_assert_cmpint (wd_auth_sasl_step (sasl, NULL, &question, NULL, &error), ==, WD_SASL_CONTINUE);
  g_assert_cmpstr (question, ==, "VXNlciBOYW1l");
  g_assert_cmpint (wd_auth_sasl_step (sasl, "YW5uYQ==", &next, NULL, &error), ==, WD_SASL_CONTINUE);
  g_assert_cmpint (wd_auth_sasl_step (sasl, "*", &none, NULL, &error), ==, WD_SASL_FAILED);
  g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_INVALID);
  g_assert_cmpuint (f->n_failures, ==, 0);
}

// The name came with the command: only the password is asked for.
static void
test_login_initial (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdSasl) sasl = wd_auth_sasl_new (f->auth, "LOGIN", &f->channel, NULL, NULL);
  g_autofree char *question = NULL;
  g_autofree char *reply = NULL;
  g_autoptr (WdUser) user = NULL;

  g_assert_cmpint (wd_auth_sasl_step (sasl, "YW5uYQ==", &question, NULL, &error), ==,
                   WD_SASL_CONTINUE);
  g_assert_cmpstr (question, ==, "UGFzc3dvcmQ=");
  g_assert_cmpint (wd_auth_sasl_step (sasl, "c2VjcmV0cGFzcw==", &reply, NULL, &error), ==,
                   WD_SASL_DONE);
  user = wd_auth_sasl_take_user (sasl);
  g_assert_nonnull (user);
}

static void
test_line_limit (Fixture *f, gconstpointer data)
{
  for (gsize len = WD_LIMIT_SASL_LINE_BYTES - 4; len <= WD_LIMIT_SASL_LINE_BYTES + 4; len += 4)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (WdSasl) sasl = wd_auth_sasl_new (f->auth, "LOGIN", &f->channel, NULL, NULL);
      g_autofree char *line = g_strnfill (len, 'A');
      g_autofree char *reply = NULL;

      memset (line, 'x', len);
      g_assert_cmpint (wd_auth_sasl_step (sasl, line, &reply, NULL, &error), ==,
                       len <= WD_LIMIT_SASL_LINE_BYTES ? WD_SASL_CONTINUE : WD_SASL_FAILED);
    }
}

// The first answer of the server, without its nonce.
static char *
ask_salt (Fixture *f, const char *login)
{
  g_autoptr (WdSasl) sasl = wd_auth_sasl_new (f->auth, "SCRAM-SHA-256", &f->channel, NULL, NULL);
  g_autofree char *first = g_strdup_printf ("n,,n=%s,r=abcdef", login);
  g_autofree char *encoded = g_base64_encode ((const guchar *) first, strlen (first));
  g_autofree char *reply = NULL;
  gsize len;
  g_autofree char *answer = NULL;

  g_assert_cmpint (wd_auth_sasl_step (sasl, encoded, &reply, NULL, NULL), ==, WD_SASL_CONTINUE);
  answer = (char *) g_base64_decode (reply, &len);
  answer = g_realloc (answer, len + 1);
  answer[len] = '\0';
  return g_strdup (strstr (answer, ",s="));
}

static void
test_unknown_salt (Fixture *f, gconstpointer data)
{
  g_autofree char *real = ask_salt (f, "anna");
  g_autofree char *first = ask_salt (f, "nobody");
  g_autofree char *again = ask_salt (f, "Nobody");
  g_autofree char *other = ask_salt (f, "nobody2");
  g_autofree char *later = NULL;
  g_autofree char *disabled = NULL;

  g_assert_cmpstr (first, ==, again);
  g_assert_cmpstr (first, !=, other);
  g_assert_cmpuint (strlen (first), >=, strlen (real));

  // Another process, with the same store, says the same.
  wd_auth_free (f->auth);
  f->auth = wd_auth_new (WD_STORE (f->store), f->config);
  later = ask_salt (f, "nobody");
  g_assert_cmpstr (first, ==, later);

  f->user->disabled = TRUE;
  disabled = ask_salt (f, "anna");
  g_assert_cmpstr (disabled, !=, real);
}

// A step that ends after a change is judged by what is true then.
static void
test_changed_meanwhile (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      const Login login = { "SCRAM-SHA-256", "anna", "secretpass" };
      g_autoptr (GError) error = NULL;
      g_autoptr (WdSasl) sasl
          = wd_auth_sasl_new (f->auth, "SCRAM-SHA-256", &f->channel, NULL, NULL);
      Gsasl_session *client = start_client (f, &login);
      char *first = NULL;
      char *final = NULL;
      g_autofree char *challenge = NULL;
      g_autofree char *reply = NULL;

      g_assert_cmpint (gsasl_step64 (client, NULL, &first), ==, GSASL_NEEDS_MORE);
      g_assert_cmpint (wd_auth_sasl_step (sasl, first, &challenge, NULL, NULL), ==,
                       WD_SASL_CONTINUE);
      g_assert_cmpint (gsasl_step64 (client, challenge, &final), ==, GSASL_NEEDS_MORE);
      if (i == 0)
        f->user->disabled = TRUE;
      else
        {
          f->user->disabled = FALSE;
          g_clear_pointer (&f->user->scram, g_free);
        }
      g_assert_cmpint (wd_auth_sasl_step (sasl, final, &reply, NULL, &error), ==, WD_SASL_FAILED);
      g_assert_error (error, WD_AUTH_ERROR, WD_AUTH_ERROR_FAILED);
      g_assert_null (reply);
      gsasl_free (first);
      gsasl_free (final);
      gsasl_finish (client);
      if (i == 0)
        f->user->disabled = FALSE;
    }
}

static void
test_limit (Fixture *f, gconstpointer data)
{
  static const Login wrong = { "SCRAM-SHA-256", "anna", "wrong" };
  static const Login right = { "SCRAM-SHA-256", "anna", "secretpass" };
  static const Login plain = { "PLAIN", "anna", "secretpass" };
  static const Login unknown = { "SCRAM-SHA-256", "nobody", "wrong" };

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (run (f, &wrong), ==, FAILED);
      g_assert_cmpuint (run (f, &unknown), ==, FAILED);
    }
  g_assert_cmpuint (run (f, &wrong), ==, LIMITED);
  g_assert_cmpuint (run (f, &right), ==, LIMITED);
  g_assert_cmpuint (run (f, &plain), ==, LIMITED);
  g_assert_cmpuint (run (f, &unknown), ==, LIMITED);
}

static void
test_store_failure (Fixture *f, gconstpointer data)
{
  static const Login logins[] = { { "SCRAM-SHA-256", "anna", "secretpass" },
                                  { "SCRAM-SHA-256", "nobody", "secretpass" },
                                  { "PLAIN", "anna", "secretpass" } };

  f->store->fail_with = WD_STORE_ERROR_BUSY;
  for (gsize i = 0; i < G_N_ELEMENTS (logins); i++)
    g_assert_cmpuint (run (f, &logins[i]), ==, UNAVAILABLE);
}

#define ADD(name, func) g_test_add ("/auth/sasl/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("mechanisms", test_mechanisms);
  ADD ("list", test_list);
  ADD ("bad-messages", test_bad_messages);
  ADD ("empty", test_empty);
  ADD ("cancel", test_cancel);
  ADD ("login-initial", test_login_initial);
  ADD ("line-limit", test_line_limit);
  ADD ("unknown-salt", test_unknown_salt);
  ADD ("changed-meanwhile", test_changed_meanwhile);
  ADD ("limit", test_limit);
  ADD ("store-failure", test_store_failure);
  return g_test_run ();
}
