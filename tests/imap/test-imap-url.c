// SPDX-License-Identifier: EUPL-1.2
// IMAP URLs: what they name, and what is none.
#include "config.h"

#include "imap-url.h"

static const struct
{
  const char *text;
  const char *path; // NULL: the selected one.
  guint32 uidvalidity;
  guint32 uid;
  const char *section; // Its label.
  guint64 first;
  guint64 max_bytes;
} good[] = {
  { "/INBOX/;UID=20", "INBOX", 0, 20, NULL, 0, G_MAXUINT64 },
  { "/inbox;UIDVALIDITY=385759045/;UID=20", "INBOX", 385759045, 20, NULL, 0, G_MAXUINT64 },
  { "/Drafts;uidvalidity=1/;uid=4294967295/;section=1.2.mime", "Drafts", 1, G_MAXUINT32,
    "BODY[1.2.MIME]", 0, G_MAXUINT64 },
  { "/a/b%20c/d%C3%A4/;UID=1/;SECTION=HEADER/;PARTIAL=0.1024", "a/b c/dä", 0, 1, "BODY[HEADER]", 0,
    1024 },
  { "/a/;UID=1/;SECTION=HEADER.FIELDS%20(To%20Cc)", "a", 0, 1, "BODY[HEADER.FIELDS (To Cc)]", 0,
    G_MAXUINT64 },
  { "/a/;UID=1/;PARTIAL=5", "a", 0, 1, NULL, 5, G_MAXUINT64 },
  { "/;UID=7", NULL, 0, 7, NULL, 0, G_MAXUINT64 },
  { ";UID=7/;SECTION=TEXT", NULL, 0, 7, "BODY[TEXT]", 0, G_MAXUINT64 },
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_auto (WdImapUrl) url = { 0 };

      g_test_message ("%s", good[i].text);
      g_assert_true (wd_imap_url_parse (good[i].text, &url));
      g_assert_cmpstr (url.path, ==, good[i].path);
      g_assert_cmpuint (url.uidvalidity, ==, good[i].uidvalidity);
      g_assert_cmpuint (url.uid, ==, good[i].uid);
      g_assert_cmpstr (url.section != NULL ? url.section->label : NULL, ==, good[i].section);
      g_assert_cmpuint (url.first, ==, good[i].first);
      g_assert_cmpuint (url.max_bytes, ==, good[i].max_bytes);
    }
}

static void
test_bad (void)
{
  static const char *const bad[] = {
    "",
    "/",
    "INBOX",
    "/INBOX",
    "/INBOX/",
    "/INBOX/;UID=0",
    "/INBOX/;UID=x",
    "/INBOX/;UID=4294967296",
    "/INBOX/;UID=1x",
    "/INBOX/;UID=1/",
    "/INBOX;UIDVALIDITY=0/;UID=1",
    "/INBOX;UIDVALIDITY=1x/;UID=1",
    "/INBOX;FOO=1/;UID=1",
    "//example.com/INBOX/;UID=1",
    "imap://example.com/INBOX/;UID=1",
    "/IN%BOX/;UID=1",
    "/%FF/;UID=1",
    "/%00/;UID=1",
    "/INBOX/;UID=1/;SECTION=",
    "/INBOX/;UID=1/;SECTION=FOO",
    "/INBOX/;UID=1/;SECTION=1]x",
    "/INBOX/;UID=1/;SECTION=1]<0.5>",
    "/INBOX/;UID=1/;PARTIAL=",
    "/INBOX/;UID=1/;PARTIAL=1.",
    "/INBOX/;UID=1/;PARTIAL=1.0",
    "/INBOX/;UID=1/;PARTIAL=0.5/;SECTION=1",
    "/INBOX/;UID=1;URLAUTH=anonymous",
    "/INBOX/;UID=1/;URLAUTH=anonymous",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_auto (WdImapUrl) url = { 0 };

      g_test_message ("%s", bad[i]);
      g_assert_false (wd_imap_url_parse (bad[i], &url));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/url/good", test_good);
  g_test_add_func ("/imap/url/bad", test_bad);
  return g_test_run ();
}
