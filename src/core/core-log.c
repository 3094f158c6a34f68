// SPDX-License-Identifier: EUPL-1.2
// The log of this process: its contexts, and the writer that GLib's own messages go through, too.
#include "config.h"

#include "core-log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core-limits.h"
#include "core-log-private.h"

typedef struct
{
  const char *field; // A literal.
  char *value;
} Field;

struct _WdLogContext
{
  gatomicrefcount ref_count; // One for the owner and one for each child.
  WdLogContext *parent;
  guint n_fields;
  Field *fields;
};

// Fields of the context and of the call, and the five that every entry has.
#define MAX_FIELDS (2 * WD_LIMIT_LOG_FIELDS + 5)

typedef struct
{
  GLogField fields[MAX_FIELDS];
  gsize n;
} Entry;

static char service_name[32] = "wildduck"; // Set before there are threads.
static char identifier[48] = "wildduck";
static gboolean is_journal;
static GLogLevelFlags fatal_levels;
static atomic_bool is_debug;
static WdLogSink test_sink;
static gpointer test_sink_data;
// Set while this thread writes, so that a complaint from inside the writer is dropped.
static _Thread_local gboolean is_writing;

WdLogContext *
wd_core_log_context_new (WdLogContext *parent)
{
  WdLogContext *self = g_new0 (WdLogContext, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->parent = parent;
  if (parent != NULL)
    g_atomic_ref_count_inc (&parent->ref_count);
  return self;
}

void
wd_core_log_context_free (WdLogContext *self)
{
  while (self != NULL && g_atomic_ref_count_dec (&self->ref_count))
    {
      WdLogContext *parent = self->parent;

      for (guint i = 0; i < self->n_fields; i++)
        g_free (self->fields[i].value);
      g_free (self->fields);
      g_free (self);
      self = parent;
    }
}

void
wd_core_log_context_set (WdLogContext *self, const char *field, const char *value)
{
  guint i = 0;

  while (i < self->n_fields && strcmp (self->fields[i].field, field) != 0)
    i++;
  if (i < self->n_fields)
    g_free (self->fields[i].value);
  else if (value == NULL)
    return;
  else
    {
      g_return_if_fail (self->n_fields < WD_LIMIT_LOG_FIELDS);
      self->fields = g_renew (Field, self->fields, ++self->n_fields);
    }

  if (value != NULL)
    self->fields[i] = (Field){ field, g_strndup (value, WD_LIMIT_LOG_FIELD_BYTES) };
  else
    self->fields[i] = self->fields[--self->n_fields];
}

// The first to set a field wins; what is past the bounds is left out.
static void
entry_add (Entry *self, const char *field, const char *value)
{
  if (value == NULL || self->n == MAX_FIELDS)
    return;
  for (gsize i = 0; i < self->n; i++)
    if (strcmp (self->fields[i].key, field) == 0)
      return;
  self->fields[self->n++] = (GLogField){ field, value, -1 };
}

static void
entry_add_context (Entry *self, const WdLogContext *ctx)
{
  for (; ctx != NULL; ctx = ctx->parent)
    for (guint i = 0; i < ctx->n_fields; i++)
      entry_add (self, ctx->fields[i].field, ctx->fields[i].value);
}

// One write, so that lines of several threads and processes do not run into each other.
static void
write_line (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  g_autoptr (GString) line = g_string_sized_new (256);
  const char *at;
  gsize left;

  wd_core_log_text_append_line (line, level, service_name, fields, n_fields);
  for (at = line->str, left = line->len; left > 0;)
    {
      ssize_t n = write (STDERR_FILENO, at, left);

      if (n < 0 && errno != EINTR)
        return;
      at += MAX (n, 0);
      left -= (gsize) MAX (n, 0);
    }
}

// journald's own form: values as they are, cleaned of what would break a terminal.
static gboolean
write_journal (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  g_autofree GLogField *copy = g_new (GLogField, n_fields);
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < n_fields; i++)
    {
      gsize max = strcmp (fields[i].key, "MESSAGE") == 0 ? WD_LIMIT_LOG_MESSAGE_BYTES
                                                         : WD_LIMIT_LOG_FIELD_BYTES;
      GString *value = g_string_new (NULL);

      wd_core_log_text_append (value, fields[i].value, fields[i].length, max);
      copy[i] = (GLogField){ fields[i].key, value->str, (gssize) value->len };
      g_ptr_array_add (values, g_string_free (value, FALSE));
    }
  return g_log_writer_journald (level, copy, n_fields, NULL) == G_LOG_WRITER_HANDLED;
}

static void
write_entry (GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
  if (is_writing)
    return;
  is_writing = TRUE;
  if (test_sink != NULL)
    test_sink (level, fields, n_fields, test_sink_data);
  else if (!is_journal || !write_journal (level, fields, n_fields))
    write_line (level, fields, n_fields);
  is_writing = FALSE;
}

static const char *
get_priority (GLogLevelFlags level)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
    return "3";
  if ((level & G_LOG_LEVEL_WARNING) != 0)
    return "4";
  if ((level & G_LOG_LEVEL_MESSAGE) != 0)
    return "5";
  return (level & G_LOG_LEVEL_INFO) != 0 ? "6" : "7";
}

static void
entry_add_common (Entry *self, GLogLevelFlags level)
{
  entry_add (self, "PRIORITY", get_priority (level));
  entry_add (self, "SYSLOG_IDENTIFIER", identifier);
  entry_add (self, "WD_SERVICE", service_name);
}

// The format is data here, which the callers' macros cannot have checked behind the pairs.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static char *
format_message (const char *format, va_list args)
{
  return format != NULL ? g_strdup_vprintf (format, args) : g_strdup ("");
}

#pragma GCC diagnostic pop

void
wd_core_log (GLogLevelFlags level, WdLogContext *ctx, const char *msgid, ...)
{
  Entry entry = { .n = 0 };
  g_autofree char *message = NULL;
  const char *field;
  va_list args;

  if (level == G_LOG_LEVEL_DEBUG && !atomic_load_explicit (&is_debug, memory_order_relaxed))
    return;

  va_start (args, msgid);
  while ((field = va_arg (args, const char *)) != NULL)
    entry_add (&entry, field, va_arg (args, const char *));
  message = format_message (va_arg (args, const char *), args);
  va_end (args);

  entry_add_context (&entry, ctx);
  entry.n = MIN (entry.n, MAX_FIELDS - 5);
  entry_add (&entry, "MESSAGE", message);
  entry_add (&entry, "MESSAGE_ID", msgid);
  entry_add_common (&entry, level);
  write_entry (level, entry.fields, entry.n);
}

static const char *
find_value (const GLogField *fields, gsize n_fields, const char *key)
{
  for (gsize i = 0; i < n_fields; i++)
    if (strcmp (fields[i].key, key) == 0)
      return fields[i].value;
  return NULL;
}

static gboolean
is_dropped (GLogLevelFlags level, const char *domain)
{
  if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) == 0)
    return FALSE;
  return g_strcmp0 (domain, G_LOG_DOMAIN) == 0 ? !atomic_load (&is_debug)
                                               : g_log_writer_default_would_drop (level, domain);
}

// GLib's writer: what libraries and g_warning () say. Those are bugs, and stay fatal where the
// environment wants them so; wd_core_log never comes here.
static GLogWriterOutput
write_glib (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  const char *domain = find_value (fields, n_fields, "GLIB_DOMAIN");
  Entry entry = { .n = 0 };

  if (is_dropped (level, domain))
    return G_LOG_WRITER_HANDLED;
  for (gsize i = 0; i < n_fields && entry.n < MAX_FIELDS - 5; i++)
    if (strcmp (fields[i].key, "PRIORITY") != 0)
      entry.fields[entry.n++] = fields[i];
  entry_add_common (&entry, level);
  write_entry (level, entry.fields, entry.n);

  if ((level & fatal_levels) != 0)
    abort ();
  return G_LOG_WRITER_HANDLED;
}

// Is stderr the socket that systemd connected to the journal? (systemd.exec(5), JOURNAL_STREAM)
static gboolean
is_stderr_journal (void)
{
  const char *stream = g_getenv ("JOURNAL_STREAM");
  struct stat about;
  g_autofree char *own = NULL;

  if (stream == NULL || fstat (STDERR_FILENO, &about) < 0)
    return FALSE;
  own = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) about.st_dev,
                         (guint64) about.st_ino);
  return strcmp (stream, own) == 0;
}

void
wd_core_log_init (const char *service, gboolean debug)
{
  static gboolean is_set;

  atomic_store (&is_debug, debug);
  if (is_set)
    return;
  is_set = TRUE;
  g_strlcpy (service_name, service, sizeof service_name);
  g_snprintf (identifier, sizeof identifier, "wildduck-%s", service);
  is_journal = is_stderr_journal ();
  // There is no call that only reads it; G_DEBUG and g_test_init () have set it by now.
  fatal_levels = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_always_fatal (fatal_levels);
  g_log_set_writer_func (write_glib, NULL, NULL);
}

void
wd_core_log_set_sink_for_test (WdLogSink sink, gpointer user_data)
{
  test_sink = sink;
  test_sink_data = user_data;
}
