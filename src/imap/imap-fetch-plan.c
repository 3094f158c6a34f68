// SPDX-License-Identifier: EUPL-1.2
// What a FETCH asks for: parsing, and running a plan over rows.
#include "config.h"

#include "imap-fetch-plan.h"

#include <string.h>

#include "core-limits.h"
#include "imap-fetch-item.h"
#include "imap-format.h"

// Names for several items at once (RFC 3501 6.4.5), which stand alone.
static const struct
{
  const char *name;
  const char *items[6];
} macros[] = {
  { "ALL", { "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", NULL } },
  { "FAST", { "FLAGS", "INTERNALDATE", "RFC822.SIZE", NULL } },
  { "FULL", { "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY", NULL } },
};

// Old names for sections, with labels of their own.
static const struct
{
  const char *name;
  WdImapSectionKind kind;
  gboolean peek;
} section_items[] = {
  { "RFC822", WD_IMAP_SECTION_ALL, FALSE },
  { "RFC822.HEADER", WD_IMAP_SECTION_HEADER, TRUE },
  { "RFC822.TEXT", WD_IMAP_SECTION_TEXT, FALSE },
};

WdImapFetchPlan *
wd_imap_fetch_plan_new (void)
{
  WdImapFetchPlan *self = g_new0 (WdImapFetchPlan, 1);

  self->sections = g_ptr_array_new_with_free_func ((GDestroyNotify) wd_imap_section_free);
  return self;
}

void
wd_imap_fetch_plan_free (WdImapFetchPlan *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->sections);
  g_free (self);
}

static gboolean
add_item (WdImapFetchPlan *self, const WdImapFetchItem *item)
{
  for (guint i = 0; i < self->n_items; i++)
    if (self->items[i] == item)
      return TRUE;
  g_return_val_if_fail (self->n_items < WD_IMAP_FETCH_MAX_ITEMS, FALSE);
  self->items[self->n_items++] = item;
  self->fields |= item->fields;
  self->has |= item->is;
  self->needs_row = self->needs_row || item->is == 0;
  return TRUE;
}

void
wd_imap_fetch_plan_add (WdImapFetchPlan *self, const char *name)
{
  const WdImapFetchItem *item = wd_imap_fetch_item_find (name);

  g_return_if_fail (item != NULL);
  add_item (self, item);
}

// (transfer full) `section`; one that is there already is not added again.
static gboolean
take_section (WdImapParser *parser, WdImapFetchPlan *self, WdImapSection *section)
{
  self->marks_seen |= !section->peek;
  for (guint i = 0; i < self->sections->len; i++)
    {
      const WdImapSection *other = g_ptr_array_index (self->sections, i);

      if (strcmp (other->label, section->label) == 0 && other->max_bytes == section->max_bytes)
        {
          wd_imap_section_free (section);
          return TRUE;
        }
    }
  if (self->sections->len >= WD_LIMIT_IMAP_FETCH_ITEMS)
    {
      wd_imap_section_free (section);
      return wd_imap_parse_fail (parser, "Too many items");
    }
  g_ptr_array_add (self->sections, section);
  self->fields |= WD_FETCH_CONTENT;
  self->needs_row = TRUE;
  return TRUE;
}

static const struct
{
  const char *name;
  gboolean peek;
  gboolean is_size;
} binary_items[] = {
  { "BINARY", FALSE, FALSE },
  { "BINARY.PEEK", TRUE, FALSE },
  { "BINARY.SIZE", TRUE, TRUE },
};

static gboolean
parse_binary (WdImapParser *parser, WdImapFetchPlan *self, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (binary_items); i++)
    if (strcmp (binary_items[i].name, name) == 0)
      {
        WdImapSection *section;

        return wd_imap_section_parse_binary (parser, binary_items[i].peek, binary_items[i].is_size,
                                             &section)
               && take_section (parser, self, section);
      }
  return wd_imap_parse_fail (parser, "Unknown FETCH item");
}

// (LAZY) behind PREVIEW (RFC 8970 3.1), which changes nothing: previews are there. Another
// parenthesis is none of this item.
static void
skip_lazy (WdImapParser *parser)
{
  WdImapParser ahead = *parser;

  if (wd_imap_parse_skip (&ahead, ' ') && wd_imap_parse_skip (&ahead, '(')
      && wd_imap_parse_skip_word (&ahead, "LAZY") && wd_imap_parse_skip (&ahead, ')'))
    *parser = ahead;
}

static gboolean
parse_item (WdImapParser *parser, WdImapFetchPlan *self)
{
  char name[32];
  const WdImapFetchItem *item;

  if (!wd_imap_parse_name (parser, name))
    return FALSE;
  if (wd_imap_parse_peek (parser) == '['
      && (strcmp (name, "BODY") == 0 || strcmp (name, "BODY.PEEK") == 0))
    {
      WdImapSection *section;

      return wd_imap_section_parse (parser, name[4] == '.', &section)
             && take_section (parser, self, section);
    }
  if (g_str_has_prefix (name, "BINARY"))
    return parse_binary (parser, self, name);
  for (gsize i = 0; i < G_N_ELEMENTS (section_items); i++)
    if (strcmp (section_items[i].name, name) == 0)
      return take_section (parser, self,
                           wd_imap_section_new (section_items[i].name, section_items[i].kind,
                                                section_items[i].peek));
  item = wd_imap_fetch_item_find (name);
  if (item == NULL)
    return wd_imap_parse_fail (parser, "Unknown FETCH item");
  if (item->fields == WD_FETCH_PREVIEW)
    skip_lazy (parser);
  return add_item (self, item);
}

static gboolean
parse_macro (WdImapParser *parser, WdImapFetchPlan *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (macros); i++)
    {
      if (!wd_imap_parse_skip_word (parser, macros[i].name))
        continue;
      for (guint j = 0; macros[i].items[j] != NULL; j++)
        wd_imap_fetch_plan_add (self, macros[i].items[j]);
      return TRUE;
    }
  return FALSE;
}

gboolean
wd_imap_fetch_plan_parse (WdImapParser *parser, WdImapFetchPlan **out_plan)
{
  g_autoptr (WdImapFetchPlan) plan = wd_imap_fetch_plan_new ();

  if (wd_imap_parse_peek (parser) == '(')
    {
      if (!wd_imap_parse_open (parser))
        return FALSE;
      do
        if (!parse_item (parser, plan))
          return FALSE;
      while (wd_imap_parse_skip (parser, ' '));
      if (!wd_imap_parse_close (parser))
        return FALSE;
    }
  else if (!parse_macro (parser, plan) && !parse_item (parser, plan))
    return FALSE;
  *out_plan = g_steal_pointer (&plan);
  return TRUE;
}

void
wd_imap_fetch_plan_writer_init (WdImapRowWriter *self,
                                const char *const *keywords,
                                guint n_keywords)
{
  *self = (WdImapRowWriter){ .keywords = keywords, .n_keywords = n_keywords };
}

void
wd_imap_fetch_plan_writer_clear (WdImapRowWriter *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (self->flags_cache); i++)
    g_clear_pointer (&self->flags_cache[i].text, g_free);
}

void
wd_imap_fetch_plan_write (const WdImapFetchPlan *self,
                          WdImapRowWriter *writer,
                          const WdMessageRow *row,
                          GString *out)
{
  for (guint i = 0; i < self->n_items; i++)
    {
      if (i > 0)
        wd_imap_format_commit (out,
                               WD_IMAP_FORMAT_WRITE_LITERAL (wd_imap_format_reserve (out, 1), " "));
      self->items[i]->write (writer, row, out);
    }
}

// "FLAGS (…)" of one mask.
static char *
make_flags (const WdImapRowWriter *writer, WdFlags flags)
{
  GString *text = g_string_new ("FLAGS (");

  wd_imap_fetch_item_append_flags (text, flags, writer->is_recent, writer->keywords,
                                   writer->n_keywords);
  g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

void
wd_imap_fetch_plan_write_flags (WdImapRowWriter *writer, const WdMessageRow *row, GString *out)
{
  guint64 hash
      = (row->flags ^ (guint64) writer->is_recent << 63) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  guint slot = (guint) (hash >> 59);

  if (writer->flags_cache[slot].len == 0 || writer->flags_cache[slot].flags != row->flags
      || writer->flags_cache[slot].is_recent != writer->is_recent)
    {
      g_free (writer->flags_cache[slot].text);
      writer->flags_cache[slot].flags = row->flags;
      writer->flags_cache[slot].is_recent = writer->is_recent;
      writer->flags_cache[slot].text = make_flags (writer, row->flags);
      writer->flags_cache[slot].len = (guint) strlen (writer->flags_cache[slot].text);
    }
  char *p = wd_imap_format_reserve (out, writer->flags_cache[slot].len);
  wd_imap_format_commit (
      out, wd_imap_format_write (p, writer->flags_cache[slot].text, writer->flags_cache[slot].len));
}
