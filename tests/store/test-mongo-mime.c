// SPDX-License-Identifier: EUPL-1.2
// Messages as WildDuck keeps them: lists, texts, and documents that are sound whatever comes in.
#include "config.h"

#include <bson/bson.h>
#include <glib.h>
#include <string.h>

#include "mime-indexer.h"
#include "mongo-imap.h"
#include "mongo-mime.h"

static const struct
{
  const char *text;
  const char *json;
} lists[] = {
  { "()", "{ \"l\" : [  ] }" },
  { "", "{ \"l\" : [  ] }" },
  { "(NIL 12 \"a\\\"b\")", "{ \"l\" : [ null, 12, \"a\\\"b\" ] }" },
  { "((\"x\" NIL) ({3}\r\na)b) nil)", "{ \"l\" : [ [ \"x\", null ], [ \"a)b\" ], null ] }" },
  { "(99999999999 ATOM)", "{ \"l\" : [ 99999999999, \"ATOM\" ] }" },
  { "(\"open", "{ \"l\" : [ \"open\" ] }" },
  { "({99}\r\nab", "{ \"l\" : [ \"ab\" ] }" },
};

static void
test_lists (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autoptr (bson_t) doc = bson_new ();
      char *json;

      wd_mongo_imap_add_list (doc, "l", lists[i].text, strlen (lists[i].text));
      json = bson_as_relaxed_extended_json (doc, NULL);
      g_assert_cmpstr (json, ==, lists[i].json);
      bson_free (json);
    }
}

static void
test_deep_list (void)
{
  g_autofree char *text = g_strnfill (100000, '(');
  g_autoptr (bson_t) doc = bson_new ();

  wd_mongo_imap_add_list (doc, "l", text, strlen (text));
  g_assert_true (bson_validate (doc, BSON_VALIDATE_UTF8, NULL));
}

static WdMongoMime *
make (const char *text, gsize len)
{
  g_autoptr (WdMimeIndexer) indexer = wd_mime_indexer_new ();
  g_autoptr (WdMimeTree) tree = NULL;

  wd_mime_indexer_feed (indexer, text, len);
  tree = wd_mime_indexer_finish (indexer);
  return wd_mongo_mime_new (tree, (const guint8 *) text, len, TRUE);
}

static const struct
{
  const char *message;
  const char *text;
  const char *intro;
  const char *html; // The first.
  guint n_attachments;
  const char *thread_subject;
} views[] = {
  { "Subject: Re: Fwd: a\r\n\r\none\r\ntwo\r\n\r\n<three>\r\n", "one\ntwo\n\n<three>",
    "one two <three>", "<p>one<br/>two</p><p>&lt;three&gt;</p>", 0, "a" },
  { "Content-Type: text/html\r\n\r\n<head><title>t</title></head><p>a &amp; b</p><p>c&#33;</p>",
    "a & b\nc!", "a & b c!", "<head><title>t</title></head><p>a &amp; b</p><p>c&#33;</p>", 0, "" },
  { "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    "<img src=\"cid:i@x\">\r\n--b\r\nContent-Type: image/png\r\nContent-ID: "
    "<i@x>\r\n\r\nx\r\n--b--",
    "", "", "<img src=\"attachment:ATT00001\">", 1, "" },
  { "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\n"
    "Content-Type: text/html\r\n\r\n<b>rich</b>\r\n--b--",
    "plain", "plain", "<b>rich</b>", 0, "" },
  { "Content-Type: application/pdf\r\n\r\nx", "", "", NULL, 1, "" },
};

static void
test_views (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (views); i++)
    {
      g_autoptr (WdMongoMime) mime = make (views[i].message, strlen (views[i].message));
      bson_iter_t iter, at;

      g_assert_cmpstr (wd_mongo_bson_get_text (mime->fields, "text"), ==, views[i].text);
      g_assert_cmpstr (wd_mongo_bson_get_text (mime->fields, "intro"), ==, views[i].intro);
      g_assert_true (bson_iter_init (&iter, mime->fields));
      g_assert_cmpstr (wd_mongo_bson_get_text (mime->fields, "html.0"), ==, views[i].html);
      g_assert_cmpuint (mime->attachments->len, ==, views[i].n_attachments);
      g_assert_cmpstr (mime->thread_subject, ==, views[i].thread_subject);
      g_assert_true (bson_iter_find_descendant (&iter, "bodystructure", &at));
    }
}

// Octets of all kinds in all places: what comes out can be stored, and its header comes back.
static void
test_hostile (void)
{
  static const char seed[]
      = "From: \"a\" <b@c>, g: d@e;\r\nSubject: =?utf-8?q?x?=\r\nMessage-ID: <i@j>\r\n"
        "Content-Type: multipart/mixed; boundary=\"b\"; x*0*=utf-8''%41\r\n\r\npre\r\n--b\r\n"
        "Content-Type: message/rfc822\r\n\r\nTo: x\r\n\r\ny\r\n--b\r\nContent-Type: text/html;\r\n"
        " charset=latin1\r\nContent-ID: <c@d>\r\n\r\n<p>&#x41; <!-- c --> <img src=cid:c@d>\r\n"
        "--b\r\nContent-Disposition: attachment; filename=\"f.x\"\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";

  for (guint round = 0; round < 3000; round++)
    {
      char text[sizeof seed];
      gsize len = (gsize) g_test_rand_int_range (1, sizeof seed);
      guint n = (guint) g_test_rand_int_range (0, 20);

      memcpy (text, seed, sizeof seed);
      for (guint i = 0; i < n; i++)
        text[g_test_rand_int_range (0, (gint32) len)] = (char) g_test_rand_int_range (0, 256);

      g_autoptr (WdMongoMime) mime = make (text, len);

      g_assert_true (
          bson_validate (mime->root, BSON_VALIDATE_UTF8 | BSON_VALIDATE_UTF8_ALLOW_NULL, NULL));
      g_assert_true (
          bson_validate (mime->fields, BSON_VALIDATE_UTF8 | BSON_VALIDATE_UTF8_ALLOW_NULL, NULL));
      for (guint i = 0; i < mime->header->len; i++)
        g_assert_true (g_utf8_validate (mime->header->pdata[i], -1, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mongo-mime/lists", test_lists);
  g_test_add_func ("/mongo-mime/deep-list", test_deep_list);
  g_test_add_func ("/mongo-mime/views", test_views);
  g_test_add_func ("/mongo-mime/hostile", test_hostile);
  return g_test_run ();
}
