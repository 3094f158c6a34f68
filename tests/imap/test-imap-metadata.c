// SPDX-License-Identifier: EUPL-1.2
// Annotations: their limits, and values of any octets.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-fixture.h"

static void
set_up (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_set_up (fixture, NULL, NULL);
  imap_fixture_add_user (fixture, "alice");
}

static void
tear_down (ImapFixture *fixture, gconstpointer data)
{
  imap_fixture_tear_down (fixture);
}

static void
test_value_limit (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autofree char *value = g_strnfill ((gsize) (WD_LIMIT_METADATA_VALUE_BYTES + extra), 'x');

      imap_client_say (client, "a SETMETADATA INBOX (/private/a {%" G_GSIZE_FORMAT "+}",
                       strlen (value));
      imap_client_say (client, "%s)", value);
      imap_client_expect (client, extra <= 0 ? "a OK " : "a NO [METADATA MAXSIZE 16384] ");
    }
}

static void
test_name_limit (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");

  for (int extra = -1; extra <= 1; extra++)
    {
      g_autofree char *name
          = g_strnfill ((gsize) (WD_LIMIT_METADATA_NAME_BYTES + extra) - strlen ("/private/"), 'x');

      imap_client_say (client, "a SETMETADATA INBOX (/private/%s NIL)", name);
      imap_client_expect (client, extra <= 0 ? "a OK " : "a BAD ");
    }
}

static void
test_entry_limit (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  g_autoptr (GString) names = g_string_new (NULL);

  for (int i = 1; i < WD_LIMIT_METADATA_ENTRIES; i++)
    {
      g_string_append_printf (names, " /private/%d", i);
      imap_client_say (client, "a SETMETADATA INBOX (/private/%d \"x\")", i);
      imap_client_expect (client, "a OK ");
    }
  imap_client_say (client, "b SETMETADATA INBOX (/private/100 \"x\" /private/101 \"x\")");
  imap_client_expect (client, "b NO [METADATA TOOMANY] ");
  imap_client_say (client, "c SETMETADATA INBOX (/private/100 \"x\" /private/1 \"y\")");
  imap_client_expect (client, "c OK ");
  imap_client_say (client, "d SETMETADATA INBOX (/private/101 \"x\")");
  imap_client_expect (client, "d NO [METADATA TOOMANY] ");
  // One for another.
  imap_client_say (client, "e SETMETADATA INBOX (/private/101 \"x\" /private/1 NIL)");
  imap_client_expect (client, "e OK ");
  // Names of one command.
  imap_client_say (client, "f GETMETADATA INBOX (/private/a%s)", names->str);
  g_free (imap_client_read_until (client, "f OK "));
  imap_client_say (client, "g GETMETADATA INBOX (/private/a /private/b%s)", names->str);
  imap_client_expect (client, "g BAD Too many entries");
}

static void
test_binary (ImapFixture *fixture, gconstpointer data)
{
  g_autoptr (ImapClient) client = imap_client_new_login (fixture, "alice");
  g_autofree char *value = NULL;

  imap_client_say (client, "a SETMETADATA INBOX (/private/a ~{5+}");
  imap_client_send (client, "a\0b\nc)\r\n", 8, 1);
  imap_client_expect (client, "a OK ");
  imap_client_say (client, "b GETMETADATA INBOX /private/a");
  imap_client_expect (client, "* METADATA \"INBOX\" (/private/a ~{5}");
  value = imap_client_read (client, 5);
  g_assert_cmpmem (value, 5, "a\0b\nc", 5);
  imap_client_expect (client, ")");
  imap_client_expect (client, "b OK ");
}

#define ADD(name, func)                                                                            \
  g_test_add ("/imap/metadata/" name, ImapFixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("value-limit", test_value_limit);
  ADD ("name-limit", test_name_limit);
  ADD ("entry-limit", test_entry_limit);
  ADD ("binary", test_binary);
  return g_test_run ();
}
