// SPDX-License-Identifier: EUPL-1.2
// Accounts, addresses, settings and their lists.
#include "config.h"

#include <string.h>

#include "contract.h"
#include "core-limits.h"

const char contract_area[] = "account";

static void
assert_found (WdStore *store, const char *login, const WdId *expected)
{
  g_autoptr (WdUser) user = NULL;

  contract_assert_works (wd_store_find_user (store, login, &user, NULL, &error));
  if (expected == NULL)
    g_assert_null (user);
  else
    {
      g_assert_nonnull (user);
      g_assert_true (wd_core_id_is_equal (&user->id, expected));
    }
}

static void
assert_address_found (WdStore *store, const char *text, const WdId *expected_user)
{
  g_autoptr (WdAddress) address = NULL;

  contract_assert_works (wd_store_find_address (store, text, &address, NULL, &error));
  if (expected_user == NULL)
    g_assert_null (address);
  else
    {
      g_assert_nonnull (address);
      g_assert_true (wd_core_id_is_equal (&address->user, expected_user));
    }
}

static WdUser *
get_user (WdStore *store, const WdId *id)
{
  g_autoptr (GError) error = NULL;
  WdUser *user = wd_store_get_user (store, id, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (user);
  return user;
}

static WdId
add_address (Contract *contract, const WdId *user, const char *text)
{
  const WdAddress spec = { .user = *user, .address = (char *) text };
  WdId id = { 0 };

  contract_assert_works (wd_store_create_address (contract->store, &spec, &id, NULL, &error));
  g_assert_false (wd_core_id_is_none (&id));
  return id;
}

static GPtrArray *
list_addresses (Contract *contract, const WdId *user)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *list = wd_store_list_addresses (contract->store, user, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (list);
  return list;
}

static void
test_create (Contract *contract)
{
  char *tags[] = { "one", "Zwei", NULL };
  const WdUser spec = {
    .username = "Bob",
    .name = "Bob Übelacker",
    .address = "Bob.U@Example.com",
    .password_hash = "$y$hash",
    .scram = "keys",
    .quota_bytes = (guint64) 5 << 40,
    .disabled = TRUE,
    .suspended = TRUE,
    .tags = tags,
    .extra_json = "{\"a\":1}",
  };
  WdId id;

  contract_assert_works (wd_store_create_user (contract->store, &spec, &id, NULL, &error));

  // Seen by another process at once, and after opening the store anew.
  wd_test_store_reopen (contract->scratch);
  contract->store = wd_test_store_get (contract->scratch);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (WdUser) user = get_user (i == 0 ? contract->other : contract->store, &id);

      g_assert_true (wd_core_id_is_equal (&user->id, &id));
      g_assert_cmpstr (user->username, ==, "Bob");
      g_assert_cmpstr (user->name, ==, "Bob Übelacker");
      g_assert_cmpstr (user->address, ==, "Bob.U@Example.com");
      g_assert_cmpstr (user->password_hash, ==, "$y$hash");
      g_assert_cmpstr (user->scram, ==, "keys");
      g_assert_cmpint (user->created_ms, >, 0);
      g_assert_cmpuint (user->quota_bytes, ==, (guint64) 5 << 40);
      g_assert_cmpuint (user->used_bytes, ==, 0);
      g_assert_true (user->disabled && user->suspended);
      g_assert_cmpstrv (user->tags, tags);
      g_assert_cmpstr (user->extra_json, ==, "{\"a\":1}");
    }
}

// The default mailboxes are there.
static void
test_create_mailboxes (Contract *contract)
{
  static const struct
  {
    const char *path;
    WdSpecialUse use;
  } expected[] = {
    { "INBOX", WD_SPECIAL_USE_INBOX }, { "Drafts", WD_SPECIAL_USE_DRAFTS },
    { "Junk", WD_SPECIAL_USE_JUNK },   { "Sent Mail", WD_SPECIAL_USE_SENT },
    { "Trash", WD_SPECIAL_USE_TRASH },
  };

  g_autoptr (GPtrArray) list
      = wd_store_list_mailboxes (contract->other, &contract->actor, NULL, NULL);

  g_assert_nonnull (list);
  g_assert_cmpuint (list->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < list->len; i++)
    {
      const WdMailboxInfo *info = list->pdata[i];

      g_assert_cmpstr (info->path, ==, expected[i].path);
      g_assert_cmpint (info->special_use, ==, expected[i].use);
    }
}

static void
test_create_refused (Contract *contract)
{
  static const struct
  {
    const char *username;
    const char *address;
    gint code;
    const char *prefix;
  } cases[] = {
    { "alice", NULL, WD_STORE_ERROR_EXISTS, "username" },
    { "ALICE", NULL, WD_STORE_ERROR_EXISTS, "username" },
    { "bob", "Alice@EXAMPLE.com", WD_STORE_ERROR_EXISTS, "address" },
    { "bob", "alice+x@example.com", WD_STORE_ERROR_EXISTS, "address" },
    // A name may not lead to one user as a user name and to another as an address.
    { "alice@example.com", NULL, WD_STORE_ERROR_EXISTS, "username" },
    { "", NULL, WD_STORE_ERROR_INVALID, "username" },
    { "two words", NULL, WD_STORE_ERROR_INVALID, "username" },
    { "bob", "nonsense", WD_STORE_ERROR_INVALID, "address" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const WdUser spec
          = { .username = (char *) cases[i].username, .address = (char *) cases[i].address };
      g_autoptr (GError) error = NULL;
      WdId id;

      g_assert_false (wd_store_create_user (contract->store, &spec, &id, NULL, &error));
      g_assert_error (error, WD_STORE_ERROR, cases[i].code);
      g_assert_true (g_str_has_prefix (error->message, cases[i].prefix));
    }
  // Nothing of them is left: the name can be had.
  assert_found (contract->store, "bob", NULL);
  wd_test_store_add_user (contract->scratch, "bob", "bob@example.com");
}

static void
test_username_and_address (Contract *contract)
{
  WdId id = wd_test_store_add_user (contract->scratch, "carol@example.com", "carol@example.com");
  const WdUser spec = { .username = "carol2", .address = "carol@example.com" };
  WdId other;

  assert_found (contract->store, "Carol@Example.Com", &id);
  contract_assert_fails (wd_store_create_user (contract->store, &spec, &other, NULL, &error),
                         WD_STORE_ERROR_EXISTS);
}

static void
test_find (Contract *contract)
{
  WdId unicode = wd_test_store_add_user (contract->scratch, "Андрис", "андрис@уайлддак.орг");

  assert_found (contract->store, "alice", &contract->user);
  assert_found (contract->other, "aLiCe", &contract->user);
  assert_found (contract->store, "alice@example.com", &contract->user);
  assert_found (contract->store, "Alice@Example.COM", &contract->user);
  assert_found (contract->store, "андрис", &unicode);
  assert_found (contract->store, "АНДРИС@уайлддак.орг", &unicode);
  assert_found (contract->store, "андрис@xn--80aalaxjd5d.xn--c1avg", &unicode);
  assert_found (contract->store, "nobody", NULL);
  assert_found (contract->store, "nobody@example.com", NULL);
  // What cannot be a name is nobody's.
  assert_found (contract->store, "", NULL);
  assert_found (contract->store, "a b", NULL);
  assert_found (contract->store, "\xff", NULL);
  assert_found (contract->store, "@", NULL);

  assert_address_found (contract->store, "alice@example.com", &contract->user);
  assert_address_found (contract->store, "ALICE+folder@example.com", &contract->user);
  assert_address_found (contract->store, "alice", NULL);
  assert_address_found (contract->store, "bob@example.com", NULL);
  assert_address_found (contract->store, "", NULL);
}

// An address may be longer than a user name.
static void
test_find_long (Contract *contract)
{
  g_autoptr (GString) address = g_string_new ("l");

  while (address->len < 64)
    g_string_append_c (address, 'l');
  g_string_append_c (address, '@');
  while (address->len < 64 + 1 + 200)
    g_string_append (address, "d.");
  g_string_append (address, "example");
  add_address (contract, &contract->user, address->str);
  g_assert_cmpuint (address->len, >, WD_LIMIT_USERNAME_BYTES);
  assert_found (contract->store, address->str, &contract->user);
}

static void
test_get_missing (Contract *contract)
{
  const WdUser changes = { .name = "x" };
  WdId id;
  guint n;

  wd_core_id_new (&id);
  contract_assert_fails (wd_store_get_user (contract->store, &id, NULL, &error) != NULL,
                         WD_STORE_ERROR_NOT_FOUND);
  contract_assert_fails (
      wd_store_update_user (contract->store, &id, &changes, WD_USER_FIELD_NAME, NULL, &error),
      WD_STORE_ERROR_NOT_FOUND);
  contract_assert_fails (wd_store_delete_user (contract->store, &id, &n, NULL, &error),
                         WD_STORE_ERROR_NOT_FOUND);
  contract_assert_fails (wd_store_list_addresses (contract->store, &id, NULL, &error) != NULL,
                         WD_STORE_ERROR_NOT_FOUND);
}

// Each field alone changes that field alone.
static void
test_update (Contract *contract)
{
  char *tags[] = { "t", NULL };
  const WdUser changes = {
    .username = "not-looked-at",
    .name = "Name",
    .password_hash = "hash",
    .scram = "keys",
    .quota_bytes = 12345,
    .disabled = TRUE,
    .suspended = TRUE,
    .tags = tags,
    .extra_json = "{}",
  };

  for (guint bit = 1; bit <= WD_USER_FIELD_SESSIONS; bit <<= 1)
    {
      g_autofree char *name = g_strdup_printf ("user%u", bit);
      WdId id = wd_test_store_add_user (contract->scratch, name, NULL);
      g_autoptr (WdUser) user = NULL;

      contract_assert_works (
          wd_store_update_user (contract->store, &id, &changes, (WdUserFields) bit, NULL, &error));
      user = get_user (contract->other, &id);
      g_assert_cmpstr (user->username, ==, name);
      g_assert_cmpstr (user->name, ==, bit == WD_USER_FIELD_NAME ? "Name" : NULL);
      g_assert_cmpstr (user->password_hash, ==, bit == WD_USER_FIELD_PASSWORD ? "hash" : NULL);
      g_assert_cmpstr (user->scram, ==, bit == WD_USER_FIELD_PASSWORD ? "keys" : NULL);
      g_assert_cmpuint (user->quota_bytes, ==, bit == WD_USER_FIELD_QUOTA ? 12345 : 0);
      g_assert_cmpint (user->disabled, ==, bit == WD_USER_FIELD_DISABLED);
      g_assert_cmpint (user->suspended, ==, bit == WD_USER_FIELD_SUSPENDED);
      g_assert_cmpuint (g_strv_length (user->tags), ==, bit == WD_USER_FIELD_TAGS ? 1 : 0);
      g_assert_cmpstr (user->extra_json, ==, bit == WD_USER_FIELD_EXTRA ? "{}" : NULL);
      g_assert_cmpuint (user->session_epoch, ==, bit == WD_USER_FIELD_SESSIONS ? 1 : 0);
    }
}

// A new hash in place of one that is not there any more is not written.
static void
test_update_if (Contract *contract)
{
  WdUser changes = { .password_hash = "one", .scram = "keys" };
  g_autoptr (WdUser) user = NULL;

  contract_assert_works (wd_store_update_user (contract->store, &contract->user, &changes,
                                               WD_USER_FIELD_PASSWORD, NULL, &error));
  changes = (WdUser){ .password_hash = "two", .if_password_hash = "other" };
  contract_assert_fails (wd_store_update_user (contract->store, &contract->user, &changes,
                                               WD_USER_FIELD_PASSWORD, NULL, &error),
                         WD_STORE_ERROR_CONFLICT);
  user = get_user (contract->other, &contract->user);
  g_assert_cmpstr (user->password_hash, ==, "one");
  g_assert_cmpstr (user->scram, ==, "keys");
  g_clear_pointer (&user, wd_user_free);

  changes.if_password_hash = "one";
  contract_assert_works (wd_store_update_user (contract->store, &contract->user, &changes,
                                               WD_USER_FIELD_PASSWORD, NULL, &error));
  user = get_user (contract->other, &contract->user);
  g_assert_cmpstr (user->password_hash, ==, "two");
  g_assert_null (user->scram);
}

static void
count_beacon (const WdBeacon *beacon, gpointer user_data)
{
  if (beacon->kind == WD_BEACON_ACCOUNT)
    g_atomic_int_inc ((gint *) user_data);
}

static void
test_update_beacon (Contract *contract)
{
  const WdUser changes = { .password_hash = "new" };
  gint n = 0;
  WdWatch *watch = wd_store_watch (contract->store, &contract->user, NULL, count_beacon, &n);

  contract_assert_works (wd_store_update_user (contract->store, &contract->user, &changes,
                                               WD_USER_FIELD_PASSWORD, NULL, &error));
  g_assert_cmpint (g_atomic_int_get (&n), >=, 1);
  wd_watch_free (watch);
}

static void
test_delete (Contract *contract)
{
  guint n = 0;

  add_address (contract, &contract->user, "second@example.com");
  wd_test_store_append (contract->scratch, &contract->user, "INBOX", "Subject: x\r\n\r\nbody\r\n",
                        -1, 0);
  contract_assert_works (wd_store_delete_user (contract->store, &contract->user, &n, NULL, &error));
  g_assert_cmpuint (n, ==, 2);
  contract_assert_fails (wd_store_get_user (contract->other, &contract->user, NULL, &error) != NULL,
                         WD_STORE_ERROR_NOT_FOUND);
  contract_assert_fails (wd_store_list_mailboxes (contract->store, &contract->actor, NULL, &error)
                             != NULL,
                         WD_STORE_ERROR_NOT_FOUND);
  contract_assert_fails (wd_store_list_mailboxes (contract->other, &contract->actor, NULL, &error)
                             != NULL,
                         WD_STORE_ERROR_NOT_FOUND);
  assert_found (contract->store, "alice", NULL);
  assert_found (contract->other, "alice@example.com", NULL);
  assert_address_found (contract->other, "second@example.com", NULL);

  // The names are free, and a new user of the same name has no old mail.
  WdId again = wd_test_store_add_user (contract->scratch, "alice", "alice@example.com");
  const WdActor actor = WD_ACTOR_SELF (again);
  g_autoptr (WdMailboxInfo) inbox = NULL;

  contract_assert_works (
      wd_store_find_mailbox (contract->store, &actor, "INBOX", &inbox, NULL, &error));
  g_assert_cmpuint (inbox->n_messages, ==, 0);
}

static void
test_addresses (Contract *contract)
{
  WdId second = add_address (contract, &contract->user, "Second@example.com");
  g_autoptr (GPtrArray) list = list_addresses (contract, &contract->user);
  const WdAddress *first = list->pdata[0];

  g_assert_cmpuint (list->len, ==, 2);
  g_assert_cmpstr (first->address, ==, "alice@example.com");
  g_assert_true (first->main);
  g_assert_true (wd_core_id_is_equal (&first->user, &contract->user));
  g_assert_cmpstr (((WdAddress *) list->pdata[1])->address, ==, "Second@example.com");
  g_assert_false (((WdAddress *) list->pdata[1])->main);

  // Another becomes the main one.
  const WdAddress changes = { .main = TRUE };
  g_autoptr (WdUser) user = NULL;
  g_autoptr (GPtrArray) after = NULL;

  contract_assert_works (wd_store_update_address (contract->store, &contract->user, &second,
                                                  &changes, WD_ADDRESS_FIELD_MAIN, NULL, &error));
  after = list_addresses (contract, &contract->user);
  g_assert_false (((WdAddress *) after->pdata[0])->main);
  g_assert_true (((WdAddress *) after->pdata[1])->main);
  user = get_user (contract->other, &contract->user);
  g_assert_cmpstr (user->address, ==, "Second@example.com");

  // It may go only as the last.
  contract_assert_fails (
      wd_store_delete_address (contract->store, &contract->user, &second, NULL, &error),
      WD_STORE_ERROR_FORBIDDEN);
  contract_assert_works (
      wd_store_delete_address (contract->store, &contract->user, &first->id, NULL, &error));
  assert_address_found (contract->other, "alice@example.com", NULL);
  contract_assert_works (
      wd_store_delete_address (contract->store, &contract->user, &second, NULL, &error));
  contract_assert_fails (
      wd_store_delete_address (contract->store, &contract->user, &second, NULL, &error),
      WD_STORE_ERROR_NOT_FOUND);

  // And the next is main again.
  g_autoptr (GPtrArray) last = NULL;

  add_address (contract, &contract->user, "third@example.com");
  last = list_addresses (contract, &contract->user);
  g_assert_cmpuint (last->len, ==, 1);
  g_assert_true (((WdAddress *) last->pdata[0])->main);
}

static void
test_address_refused (Contract *contract)
{
  static const struct
  {
    const char *address;
    gint code;
  } cases[] = {
    { "alice@example.com", WD_STORE_ERROR_EXISTS },
    { "ALICE+x@example.com", WD_STORE_ERROR_EXISTS },
    { "bob@example.com", WD_STORE_ERROR_EXISTS },
    { "dave@example.com", WD_STORE_ERROR_EXISTS }, // The user name of another.
    { "nonsense", WD_STORE_ERROR_INVALID },
  };

  WdId bob = wd_test_store_add_user (contract->scratch, "bob", "bob@example.com");
  WdId dave = wd_test_store_add_user (contract->scratch, "dave@example.com", NULL);
  WdId missing;
  WdId id;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const WdAddress spec = { .user = contract->user, .address = (char *) cases[i].address };

      contract_assert_fails (wd_store_create_address (contract->store, &spec, &id, NULL, &error),
                             cases[i].code);
    }
  // One's own user name may be one's address.
  add_address (contract, &dave, "dave@example.com");

  wd_core_id_new (&missing);

  const WdAddress spec = { .user = missing, .address = "new@example.com" };
  const WdAddress changes = { .name = "x" };
  g_autoptr (GPtrArray) of_bob = list_addresses (contract, &bob);

  contract_assert_fails (wd_store_create_address (contract->store, &spec, &id, NULL, &error),
                         WD_STORE_ERROR_NOT_FOUND);
  // Another's address is not there.
  id = ((WdAddress *) of_bob->pdata[0])->id;
  contract_assert_fails (wd_store_update_address (contract->store, &contract->user, &id, &changes,
                                                  WD_ADDRESS_FIELD_NAME, NULL, &error),
                         WD_STORE_ERROR_NOT_FOUND);
  contract_assert_fails (
      wd_store_delete_address (contract->store, &contract->user, &id, NULL, &error),
      WD_STORE_ERROR_NOT_FOUND);
}

static void
test_address_update (Contract *contract)
{
  char *tags[] = { "a", "b", NULL };
  const WdAddress changes
      = { .address = "New.Name@example.com", .name = "Name", .tags = tags, .extra_json = "{}" };
  const WdAddress taken = { .address = "bob@example.com" };
  const WdAddress not_main = { .main = FALSE };
  const WdAddress respelled = { .address = "ALICE@example.com" };
  g_autoptr (GPtrArray) before = list_addresses (contract, &contract->user);
  const WdId id = ((WdAddress *) before->pdata[0])->id;

  wd_test_store_add_user (contract->scratch, "bob", "bob@example.com");
  contract_assert_fails (wd_store_update_address (contract->store, &contract->user, &id, &taken,
                                                  WD_ADDRESS_FIELD_ADDRESS, NULL, &error),
                         WD_STORE_ERROR_EXISTS);
  contract_assert_fails (wd_store_update_address (contract->store, &contract->user, &id, &not_main,
                                                  WD_ADDRESS_FIELD_MAIN, NULL, &error),
                         WD_STORE_ERROR_INVALID);
  // It is no obstacle to itself.
  contract_assert_works (wd_store_update_address (contract->store, &contract->user, &id, &respelled,
                                                  WD_ADDRESS_FIELD_ADDRESS, NULL, &error));
  contract_assert_works (wd_store_update_address (contract->store, &contract->user, &id, &changes,
                                                  WD_ADDRESS_FIELD_ADDRESS | WD_ADDRESS_FIELD_NAME
                                                      | WD_ADDRESS_FIELD_TAGS
                                                      | WD_ADDRESS_FIELD_EXTRA,
                                                  NULL, &error));
  assert_address_found (contract->other, "alice@example.com", NULL);
  assert_found (contract->other, "new.name@example.com", &contract->user);

  g_autoptr (WdAddress) address = NULL;

  contract_assert_works (
      wd_store_find_address (contract->store, "new.name@example.com", &address, NULL, &error));
  g_assert_cmpstr (address->address, ==, "New.Name@example.com");
  g_assert_cmpstr (address->name, ==, "Name");
  g_assert_cmpstrv (address->tags, tags);
  g_assert_cmpstr (address->extra_json, ==, "{}");
  g_assert_true (address->main);
  g_assert_true (wd_core_id_is_equal (&address->id, &id));
}

static WdId
add_numbered (Contract *contract, guint i)
{
  g_autofree char *username = g_strdup_printf ("list%03u", i);
  g_autofree char *address = g_strdup_printf ("Number%03u@Example.org", i);
  g_autofree char *name = g_strdup_printf ("Ünal %03u%%", i);
  char *tags[] = { "all", i % 2 == 0 ? "Even" : "odd", i % 5 == 0 ? "five" : NULL, NULL };
  const WdUser spec = { .username = username, .name = name, .address = address, .tags = tags };
  WdId id;

  contract_assert_works (wd_store_create_user (contract->store, &spec, &id, NULL, &error));
  return id;
}

static guint
list_users (Contract *contract, const WdListQuery *query, gboolean *out_has_more, char **out_first)
{
  g_autoptr (GError) error = NULL;
  guint64 total;
  g_autoptr (GPtrArray) list
      = wd_store_list_users (contract->other, query, &total, out_has_more, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (list);
  g_assert_cmpuint (list->len, <=, query->limit);
  *out_first = g_strdup (list->len == 0 ? NULL : ((WdUser *) list->pdata[0])->username);
  return (guint) total;
}

static void
test_list_filters (Contract *contract)
{
  static const char *const tag_even[] = { "EVEN", NULL };
  static const char *const tag_even_five[] = { "even", "five", NULL };
  static const char *const tag_part[] = { "ev", NULL };

  const struct
  {
    WdListQuery query;
    guint total;
    const char *first;
  } cases[] = {
    { { .limit = 100 }, 21, "alice" },
    { { .query = "", .limit = 100 }, 21, "alice" },
    { { .query = "LIST01", .limit = 100 }, 10, "list010" },
    { { .query = "ünal 019", .limit = 100 }, 1, "list019" },
    { { .query = "number003@", .limit = 100 }, 1, "list003" },
    { { .query = "9%", .limit = 100 }, 2, "list009" },
    { { .query = "l_st", .limit = 100 }, 0, NULL },
    { { .query = "%", .limit = 100 }, 20, "list000" },
    { { .tags = tag_even, .limit = 100 }, 10, "list000" },
    { { .tags = tag_even_five, .limit = 100 }, 12, "list000" },
    { { .required_tags = tag_even_five, .limit = 100 }, 2, "list000" },
    { { .tags = tag_part, .limit = 100 }, 0, NULL },
    { { .query = "list005", .tags = tag_even, .limit = 100 }, 0, NULL },
    { { .query = "list006", .tags = tag_even, .required_tags = tag_even, .limit = 1 },
      1,
      "list006" },
  };

  for (guint i = 0; i < 20; i++)
    add_numbered (contract, i);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *first = NULL;
      gboolean has_more;

      g_assert_cmpuint (list_users (contract, &cases[i].query, &has_more, &first), ==,
                        cases[i].total);
      g_assert_cmpstr (first, ==, cases[i].first);
      g_assert_false (has_more);
    }
}

// Walks all pages forwards, then back; a cursor that is deleted meanwhile still works.
static void
test_list_pages (Contract *contract)
{
  WdId ids[10];
  WdListQuery query = { .query = "list", .limit = 4 };
  guint n_seen = 0;
  gboolean has_more = TRUE;
  guint64 total;
  guint n;

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    ids[i] = add_numbered (contract, i);
  while (has_more)
    {
      g_autoptr (GPtrArray) page
          = wd_store_list_users (contract->store, &query, &total, &has_more, NULL, NULL);

      g_assert_cmpuint (total, ==, G_N_ELEMENTS (ids));
      for (guint i = 0; i < page->len; i++)
        g_assert_true (wd_core_id_is_equal (&((WdUser *) page->pdata[i])->id, &ids[n_seen + i]));
      n_seen += page->len;
      g_assert_cmpint (has_more, ==, n_seen < G_N_ELEMENTS (ids));
      query.after = ((WdUser *) page->pdata[page->len - 1])->id;
    }
  g_assert_cmpuint (n_seen, ==, G_N_ELEMENTS (ids));

  static const struct
  {
    guint before;
    guint first;
    guint len;
    gboolean has_more;
  } backwards[] = { { 9, 5, 4, TRUE }, { 5, 1, 4, TRUE }, { 4, 0, 4, FALSE }, { 1, 0, 1, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (backwards); i++)
    {
      const WdListQuery back = { .query = "list", .limit = 4, .before = ids[backwards[i].before] };
      g_autoptr (GPtrArray) page
          = wd_store_list_users (contract->store, &back, &total, &has_more, NULL, NULL);

      g_assert_cmpuint (page->len, ==, backwards[i].len);
      g_assert_cmpint (has_more, ==, backwards[i].has_more);
      g_assert_true (
          wd_core_id_is_equal (&((WdUser *) page->pdata[0])->id, &ids[backwards[i].first]));
    }

  const WdListQuery gone = { .query = "list", .limit = 4, .after = ids[4] };

  contract_assert_works (wd_store_delete_user (contract->store, &ids[4], &n, NULL, &error));

  g_autoptr (GPtrArray) page
      = wd_store_list_users (contract->store, &gone, &total, &has_more, NULL, NULL);

  g_assert_true (wd_core_id_is_equal (&((WdUser *) page->pdata[0])->id, &ids[5]));
}

static void
test_list_all_addresses (Contract *contract)
{
  WdListQuery query = { .limit = 3 };
  gboolean has_more;
  guint64 total;

  add_numbered (contract, 1);
  add_numbered (contract, 2);
  add_address (contract, &contract->user, "more@example.net");

  g_autoptr (GPtrArray) all
      = wd_store_list_all_addresses (contract->other, &query, &total, &has_more, NULL, NULL);

  g_assert_cmpuint (total, ==, 4);
  g_assert_cmpuint (all->len, ==, 3);
  g_assert_true (has_more);
  g_assert_true (((WdAddress *) all->pdata[0])->main);

  query.query = "MORE@";

  g_autoptr (GPtrArray) some
      = wd_store_list_all_addresses (contract->other, &query, &total, &has_more, NULL, NULL);

  g_assert_cmpuint (total, ==, 1);
  g_assert_cmpstr (((WdAddress *) some->pdata[0])->address, ==, "more@example.net");
  g_assert_false (((WdAddress *) some->pdata[0])->main);
  g_assert_true (wd_core_id_is_equal (&((WdAddress *) some->pdata[0])->user, &contract->user));
}

static void
test_settings (Contract *contract)
{
  static const char *const values[] = { "one", "two", "", NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *value = NULL;

      contract_assert_works (
          wd_store_set_setting (contract->store, "key", values[i], NULL, &error));
      contract_assert_works (wd_store_get_setting (contract->other, "key", &value, NULL, &error));
      g_assert_cmpstr (value, ==, values[i]);
    }
}

static void
test_cancelled (Contract *contract)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const WdUser spec = { .username = "bob" };
  g_autoptr (WdUser) user = NULL;
  WdId id;

  g_cancellable_cancel (cancellable);
  contract_assert_fails (wd_store_create_user (contract->store, &spec, &id, cancellable, &error),
                         WD_STORE_ERROR_CANCELLED);
  contract_assert_fails (wd_store_find_user (contract->store, "alice", &user, cancellable, &error),
                         WD_STORE_ERROR_CANCELLED);
  assert_found (contract->store, "bob", NULL);
}

static void
test_health (Contract *contract)
{
  contract_assert_works (wd_store_check_health (contract->store, NULL, &error));
  contract_assert_works (wd_store_check_notifier (contract->store, &error));
}

// Many threads make users with the same names at once: each name is had once.
static gpointer
create_in_thread (gpointer data)
{
  Contract *contract = data;
  guint n_made = 0;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("race%u", i);
      const WdUser spec = { .username = name };
      g_autoptr (GError) error = NULL;
      WdStore *store = g_random_boolean () ? contract->store : contract->other;
      WdId id;

      if (wd_store_create_user (store, &spec, &id, NULL, &error))
        n_made++;
      else
        g_assert_error (error, WD_STORE_ERROR, WD_STORE_ERROR_EXISTS);
    }
  return GUINT_TO_POINTER (n_made);
}

static void
test_race (Contract *contract)
{
  GThread *threads[4];
  guint n_made = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("create", create_in_thread, contract);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    n_made += GPOINTER_TO_UINT (g_thread_join (threads[i]));
  g_assert_cmpuint (n_made, ==, 10);
}

const ContractCase contract_cases[] = {
  { "create", test_create },
  { "create-mailboxes", test_create_mailboxes },
  { "create-refused", test_create_refused },
  { "username-and-address", test_username_and_address },
  { "find", test_find },
  { "find-long", test_find_long },
  { "get-missing", test_get_missing },
  { "update", test_update },
  { "update-if", test_update_if },
  { "update-beacon", test_update_beacon },
  { "delete", test_delete },
  { "addresses", test_addresses },
  { "address-refused", test_address_refused },
  { "address-update", test_address_update },
  { "list-filters", test_list_filters },
  { "list-pages", test_list_pages },
  { "list-all-addresses", test_list_all_addresses },
  { "settings", test_settings },
  { "cancelled", test_cancelled },
  { "health", test_health },
  { "race", test_race },
  { NULL },
};
