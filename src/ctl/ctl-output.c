// SPDX-License-Identifier: EUPL-1.2
// Tables, JSON and the progress bar.
#include "config.h"

#include "ctl-output.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define BAR_CELLS 40

struct _WdCtlTable
{
  guint n_columns;
  GPtrArray *cells; // Row after row, the headings first.
};

// A stored name must not move the cursor of the terminal that it is shown on.
static char *
dup_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_string_append_unichar (out, g_unichar_isprint (c) ? c : '?');
    }
  return g_string_free (out, FALSE);
}

WdCtlTable *
wd_ctl_output_table_new (const char *const *columns)
{
  WdCtlTable *self = g_new0 (WdCtlTable, 1);

  self->cells = g_ptr_array_new_with_free_func (g_free);
  for (; columns[self->n_columns] != NULL; self->n_columns++)
    g_ptr_array_add (self->cells, g_strdup (columns[self->n_columns]));
  return self;
}

void
wd_ctl_output_table_free (WdCtlTable *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->cells);
  g_free (self);
}

void
wd_ctl_output_table_add (WdCtlTable *self, ...)
{
  va_list args;

  va_start (args, self);
  for (guint i = 0; i < self->n_columns; i++)
    {
      const char *cell = va_arg (args, const char *);

      g_ptr_array_add (self->cells, dup_printable (cell != NULL ? cell : ""));
    }
  va_end (args);
}

// Cells of a terminal that the text takes.
static gsize
get_width (const char *text)
{
  gsize width = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

char *
wd_ctl_output_table_to_string (const WdCtlTable *self)
{
  g_autofree gsize *widths = g_new0 (gsize, self->n_columns);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < self->cells->len; i++)
    widths[i % self->n_columns]
        = MAX (widths[i % self->n_columns], get_width (self->cells->pdata[i]));
  for (guint i = 0; i < self->cells->len; i++)
    {
      const char *cell = self->cells->pdata[i];
      gboolean is_last = (i + 1) % self->n_columns == 0;

      g_string_append (out, cell);
      if (!is_last)
        g_string_append_printf (out, "%*s",
                                (int) (widths[i % self->n_columns] - get_width (cell) + 2), "");
      else
        {
          // Empty cells at the end leave no spaces.
          while (out->len > 0 && out->str[out->len - 1] == ' ')
            g_string_truncate (out, out->len - 1);
          g_string_append_c (out, '\n');
        }
    }
  return g_string_free (out, FALSE);
}

void
wd_ctl_output_table_print (const WdCtlTable *self)
{
  g_autofree char *text = wd_ctl_output_table_to_string (self);

  g_print ("%s", text);
}

void
wd_ctl_output_print_json (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, TRUE);

  g_print ("%s\n", text);
}

void
wd_ctl_output_add_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value != NULL)
    json_builder_add_string_value (builder, value);
  else
    json_builder_add_null_value (builder);
}

void
wd_ctl_output_add_number (JsonBuilder *builder, const char *name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) MIN (value, G_MAXINT64));
}

void
wd_ctl_output_add_boolean (JsonBuilder *builder, const char *name, gboolean value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, value);
}

void
wd_ctl_output_progress (guint64 done, guint64 total)
{
  char bar[BAR_CELLS + 1];
  guint filled = total == 0 ? BAR_CELLS : (guint) (done * BAR_CELLS / total);

  if (!isatty (STDERR_FILENO))
    return;
  memset (bar, ' ', BAR_CELLS);
  memset (bar, '#', MIN (filled, BAR_CELLS));
  bar[BAR_CELLS] = '\0';
  g_printerr ("\r[%s] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "%s", bar, done, total,
              done >= total ? "\n" : "");
}

void
wd_ctl_output_progress_clear (void)
{
  if (isatty (STDERR_FILENO))
    g_printerr ("\r\033[K");
}
