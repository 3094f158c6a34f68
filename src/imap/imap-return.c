// SPDX-License-Identifier: EUPL-1.2
// What a search is to return.
#include "config.h"

#include "imap-return.h"

#include "imap-format.h"
#include "imap-set.h"

static const struct
{
  const char *name;
  guint bit;
} options[] = {
  { "MIN", WD_IMAP_RETURN_MIN },   { "MAX", WD_IMAP_RETURN_MAX },
  { "ALL", WD_IMAP_RETURN_ALL },   { "COUNT", WD_IMAP_RETURN_COUNT },
  { "SAVE", WD_IMAP_RETURN_SAVE }, { "PARTIAL", WD_IMAP_RETURN_PARTIAL },
};

static gboolean
parse_option (WdImapParser *parser, WdImapReturn *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    {
      if (!wd_imap_parse_skip_word (parser, options[i].name))
        continue;
      if (options[i].bit == WD_IMAP_RETURN_PARTIAL
          && ((self->bits & WD_IMAP_RETURN_PARTIAL) != 0 || !wd_imap_parse_space (parser)
              || !wd_imap_partial_parse (parser, &self->partial)))
        return wd_imap_parse_fail (parser, "One range is needed with PARTIAL");
      self->bits |= options[i].bit;
      return TRUE;
    }
  return wd_imap_parse_fail (parser, "Unknown search result");
}

gboolean
wd_imap_return_parse (WdImapParser *parser, WdImapReturn *out_return)
{
  const guint all_or_part = WD_IMAP_RETURN_ALL | WD_IMAP_RETURN_PARTIAL;

  *out_return = (WdImapReturn){ 0 };
  if (!wd_imap_parse_skip_word (parser, "RETURN"))
    return TRUE;
  if (!wd_imap_parse_space (parser) || !wd_imap_parse_open (parser))
    return FALSE;
  while (wd_imap_parse_peek (parser) != ')')
    {
      if (!parse_option (parser, out_return))
        return FALSE;
      if (!wd_imap_parse_skip (parser, ' '))
        break;
    }
  if (out_return->bits == 0)
    out_return->bits = WD_IMAP_RETURN_ALL;
  // RFC 9394 3.1.
  if ((out_return->bits & all_or_part) == all_or_part)
    return wd_imap_parse_fail (parser, "ALL and PARTIAL exclude each other");
  return wd_imap_parse_close (parser) && wd_imap_parse_space (parser);
}

WdUidSet *
wd_imap_return_pick (const WdImapReturn *self, const WdUidSet *found)
{
  WdUidSet *picked = wd_uidset_copy (found);

  if ((self->bits & (WD_IMAP_RETURN_ALL | WD_IMAP_RETURN_COUNT)) != 0
      || (self->bits & ~(guint) WD_IMAP_RETURN_SAVE) == 0 || wd_uidset_is_empty (found))
    return picked;
  if ((self->bits & WD_IMAP_RETURN_PARTIAL) != 0)
    wd_imap_partial_cut (&self->partial, picked);
  else
    wd_uidset_clear (picked);
  if ((self->bits & WD_IMAP_RETURN_MIN) != 0)
    wd_uidset_add (picked, wd_uidset_get_first (found));
  if ((self->bits & WD_IMAP_RETURN_MAX) != 0)
    wd_uidset_add (picked, wd_uidset_get_last (found));
  return picked;
}

static void
append_partial (const WdImapReturn *self, const WdUidSet *numbers, GString *out)
{
  g_autoptr (WdUidSet) slice = wd_uidset_copy (numbers);

  wd_imap_partial_cut (&self->partial, slice);
  g_string_append (out, " PARTIAL (");
  wd_imap_partial_append (&self->partial, out);
  g_string_append_c (out, ' ');
  if (wd_uidset_is_empty (slice))
    g_string_append (out, "NIL");
  else
    wd_uidset_to_string (slice, out);
  g_string_append_c (out, ')');
}

static void
append_results (const WdImapReturn *self, const WdUidSet *numbers, GString *out)
{
  gboolean is_empty = wd_uidset_is_empty (numbers);

  if ((self->bits & WD_IMAP_RETURN_MIN) != 0 && !is_empty)
    g_string_append_printf (out, " MIN %u", wd_uidset_get_first (numbers));
  if ((self->bits & WD_IMAP_RETURN_MAX) != 0 && !is_empty)
    g_string_append_printf (out, " MAX %u", wd_uidset_get_last (numbers));
  if ((self->bits & WD_IMAP_RETURN_ALL) != 0 && !is_empty)
    {
      g_string_append (out, " ALL ");
      wd_uidset_to_string (numbers, out);
    }
  if ((self->bits & WD_IMAP_RETURN_PARTIAL) != 0)
    append_partial (self, numbers, out);
  if ((self->bits & WD_IMAP_RETURN_COUNT) != 0)
    g_string_append_printf (out, " COUNT %u", wd_uidset_get_count (numbers));
}

void
wd_imap_return_write (const WdImapReturn *self,
                      WdImapSession *session,
                      const WdImapCommand *cmd,
                      const WdUidSet *found,
                      WdModseq modseq)
{
  GString *out = wd_imap_session_get_output (session);
  g_autoptr (WdUidSet) numbers = NULL;

  if (self->bits == WD_IMAP_RETURN_SAVE)
    return;
  numbers = cmd->is_uid ? wd_uidset_copy (found) : wd_imap_set_seqs_of (found, session->view->uids);
  g_string_append (out, "* ESEARCH (TAG ");
  wd_imap_format_string (out, cmd->tag);
  g_string_append (out, cmd->is_uid ? ") UID" : ")");
  append_results (self, numbers, out);
  if (modseq != 0)
    g_string_append_printf (out, " MODSEQ %" G_GUINT64_FORMAT, modseq);
  g_string_append (out, "\r\n");
}
