// SPDX-License-Identifier: EUPL-1.2
// Input of an IMAP client: however it is cut, the same commands come out, and their arguments are
// read or refused, by every reader that there is.
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core-limits.h"
#include "fuzz.h"
#include "imap-append-private.h"
#include "imap-command.h"
#include "imap-date.h"
#include "imap-fetch-plan.h"
#include "imap-flags.h"
#include "imap-list.h"
#include "imap-name.h"
#include "imap-reader.h"
#include "imap-search.h"
#include "imap-set.h"

static gboolean
find_keyword (const char *name, WdFlags *out_flag, gpointer user_data)
{
  *out_flag = WD_FLAG_KEYWORD (0);
  return *name == 'k';
}

static void
read_search (WdImapParser parser)
{
  g_autoptr (WdUidSet) known = wd_uidset_new_range (5, 50);
  g_autoptr (WdUidSet) recent = wd_uidset_new ();
  WdImapSearch search = { .known = known, .recent = recent, .find_keyword = find_keyword };
  g_autoptr (WdSearchExpr) expr = NULL;

  if (wd_imap_search_parse (&search, &parser, &expr) != (expr != NULL)
      || (expr == NULL) != (parser.error != NULL))
    abort ();
  wd_imap_search_clear (&search);
}

static void
read_fetch (WdImapParser parser)
{
  g_autoptr (WdImapSet) set = NULL;
  g_autoptr (WdImapFetchPlan) plan = NULL;
  g_autoptr (WdUidSet) known = wd_uidset_new_range (5, 50);

  wd_uidset_remove_range (known, 20, 25);
  if (!wd_imap_set_parse (&parser, &set))
    return;
  for (guint is_uid = 0; is_uid < 2; is_uid++)
    {
      gboolean is_valid;
      g_autoptr (WdUidSet) uids = wd_imap_set_resolve (set, known, is_uid != 0, &is_valid);
      g_autoptr (WdUidSet) seqs = wd_imap_set_seqs_of (uids, known);

      if (wd_uidset_get_count (uids) != wd_uidset_get_count (seqs))
        abort ();
    }
  if (wd_imap_parse_space (&parser) && wd_imap_fetch_plan_parse (&parser, &plan)
      && plan->n_items == 0 && plan->sections->len == 0)
    abort ();
}

// A pattern matches itself where it has no wildcards.
static void
read_names (WdImapParser parser)
{
  g_autofree char *path = NULL;
  g_autofree char *pattern = NULL;
  g_autoptr (GPtrArray) patterns = wd_imap_list_new_patterns ();
  g_autoptr (GString) wire = g_string_new (NULL);

  if (!wd_imap_name_parse (&parser, &path, NULL) || path == NULL)
    return;
  if (!g_utf8_validate (path, -1, NULL))
    abort ();
  wd_imap_name_append (wire, path, FALSE);
  if (strlen (path) <= WD_LIMIT_MAILBOX_PATH_BYTES)
    {
      g_autoptr (WdImapPattern) self = wd_imap_pattern_new (path);

      if (!wd_imap_pattern_matches (self, path))
        abort ();
    }
  if (wd_imap_parse_space (&parser) && wd_imap_parse_list_mailbox (&parser, &pattern))
    {
      wd_imap_list_add_pattern (patterns, path, pattern, FALSE);
      wd_imap_list_matches (patterns, "INBOX/a/b");
    }
}

static void
read_append (WdImapParser parser)
{
  g_autofree char *path = NULL;
  g_auto (WdImapAppendMessage) message = { 0 };
  gboolean is_catenate;

  if (wd_imap_name_parse (&parser, &path, NULL)
      && !wd_imap_append_parse_message (&parser, &message, &is_catenate) && parser.error == NULL)
    abort ();
}

static void
read_flags (WdImapParser parser)
{
  g_auto (WdImapFlags) flags = { 0 };

  if (wd_imap_flags_parse (&parser, TRUE, &flags)
      && g_ptr_array_index (flags.keywords, flags.keywords->len - 1) != NULL)
    abort ();
}

// What was read as a date-time is written as one that is read as the same.
static void
read_date (WdImapParser parser)
{
  WdImapDateWriter writer = { 0 };
  char text[WD_IMAP_DATE_TIME_LEN];
  WdImapParser again;
  gint64 ms;
  gint64 ms_again;
  gint16 zone;
  gint16 zone_again;
  gint32 day;

  again = parser;
  if (wd_imap_date_parse (&again, &day) && (day < -719528 || day > 2932896))
    abort ();
  if (!wd_imap_date_parse_time (&parser, &ms, &zone))
    return;
  wd_imap_date_write (&writer, ms, zone, text);
  wd_imap_parse_init (&again, text, sizeof text);
  if (!wd_imap_date_parse_time (&again, &ms_again, &zone_again) || ms != ms_again
      || zone != zone_again)
    abort ();
}

static void
read_arguments (const GString *text)
{
  WdImapParser parser;
  g_autofree char *tag = NULL;

  wd_imap_parse_init (&parser, text->str, text->len);
  g_autoptr (WdImapCommand) cmd = wd_imap_command_new (&parser, &tag);
  if ((cmd == NULL) != (parser.error != NULL))
    abort ();
  if (cmd == NULL || !wd_imap_parse_space (&cmd->args))
    return;
  read_search (cmd->args);
  read_fetch (cmd->args);
  read_names (cmd->args);
  read_append (cmd->args);
  read_flags (cmd->args);
  read_date (cmd->args);
}

// Reads all of it in pieces of `step` octets. Returns (transfer full): the commands.
static GString *
read_all (const char *data, gsize size, gsize step, gboolean with_arguments)
{
  WdImapReader reader = { .is_trusted = TRUE };
  GString *log = g_string_new (NULL);
  gsize at = 0;

  for (;;)
    {
      gsize used;
      WdImapReaderEvent event
          = wd_imap_reader_feed (&reader, data + at, MIN (step, size - at), &used);

      at += used;
      if (event == WD_IMAP_READER_NEED_INPUT && at >= size)
        break;
      if (event == WD_IMAP_READER_COMMAND || event == WD_IMAP_READER_TOO_LONG)
        {
          g_string_append_printf (log, "%d:", event);
          g_string_append_len (log, reader.text->str,
                               event == WD_IMAP_READER_COMMAND ? (gssize) reader.text->len : 0);
          if (with_arguments)
            read_arguments (reader.text);
          wd_imap_reader_reset (&reader);
        }
      else if (event == WD_IMAP_READER_LITERAL && reader.literal.is_literal8)
        wd_imap_reader_stream (&reader);
      else if (event == WD_IMAP_READER_LITERAL && wd_imap_reader_may_keep (&reader))
        wd_imap_reader_keep (&reader);
      else if (event == WD_IMAP_READER_LITERAL && !wd_imap_reader_refuse (&reader))
        break;
    }
  wd_imap_reader_clear (&reader);
  return log;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  gsize step = size > 0 ? 1 + data[0] % 23 : 1;
  GString *whole = read_all ((const char *) data, size, size, TRUE);
  GString *cut = read_all ((const char *) data, size, step, FALSE);

  if (!g_string_equal (whole, cut))
    abort ();
  g_string_free (whole, TRUE);
  g_string_free (cut, TRUE);
  return 0;
}
