// SPDX-License-Identifier: EUPL-1.2
// Deadlines and the bound of the head, around a pollable stream.
#include "config.h"

#include "http-stream.h"

#include <string.h>

#include "core-limits.h"

// What the two directions and the timer share.
typedef struct
{
  GCancellable *expired;
  WdHttpPhase phase;
  gsize head_bytes;
  gboolean is_ended; // The head is not to come any more.
} Meter;

static void
meter_clear (gpointer data)
{
  Meter *self = data;

  g_object_unref (self->expired);
}

static void
meter_unref (Meter *self)
{
  g_rc_box_release_full (self, meter_clear);
}

static gboolean
meter_check (const Meter *self, GError **error)
{
  if (!g_cancellable_is_cancelled (self->expired))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the deadline has passed");
  return FALSE;
}

// Input.

#define WD_TYPE_HTTP_STREAM_INPUT (wd_http_stream_input_get_type ())
G_DECLARE_FINAL_TYPE (WdHttpStreamInput, wd_http_stream_input, WD, HTTP_STREAM_INPUT, GInputStream)

struct _WdHttpStreamInput
{
  GInputStream parent;
  GIOStream *base;
  Meter *meter;
};

static void input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WdHttpStreamInput,
                               wd_http_stream_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      input_pollable_init))

static GPollableInputStream *
get_base_input (gpointer self)
{
  return G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (WD_HTTP_STREAM_INPUT (self)->base));
}

// libsoup answers it by hanging up, so this reply is written past it.
static void
refuse_head (WdHttpStreamInput *self)
{
  static const char body[] = "{\n"
                             "  \"error\": \"The head of the request is too large\",\n"
                             "  \"code\": \"HeadTooLarge\"\n"
                             "}\n";
  g_autofree char *reply = g_strdup_printf ("HTTP/1.1 431 Request Header Fields Too Large\r\n"
                                            "Connection: close\r\n"
                                            "Content-Type: application/json; charset=utf-8\r\n"
                                            "Content-Length: %zu\r\n"
                                            "\r\n"
                                            "%s",
                                            strlen (body), body);

  (void) !g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (self->base)), reply, strlen (reply),
      NULL, NULL);
}

// libsoup (3.2) never lets go of a connection that ends between two requests, in whatever way,
// because nobody asked it for the next one yet: it takes an octet of a head to begin with that, and
// then the end, which errors before the first line end would hide.
static gssize
end_head (WdHttpStreamInput *self, char *buffer)
{
  self->meter->is_ended = TRUE;
  if (self->meter->head_bytes > 0)
    return 0;
  *buffer = '?';
  return 1;
}

static gssize
read_head (WdHttpStreamInput *self, char *buffer, gsize count, GError **error)
{
  Meter *meter = self->meter;
  g_autoptr (GError) local_error = NULL;
  gssize n_read;

  if (meter->is_ended || count == 0)
    return 0;
  if (!meter_check (meter, NULL))
    return end_head (self, buffer);
  if (meter->head_bytes >= WD_LIMIT_HTTP_HEAD_BYTES)
    {
      refuse_head (self);
      return end_head (self, buffer);
    }

  count = MIN (count, WD_LIMIT_HTTP_HEAD_BYTES - meter->head_bytes);
  n_read = g_pollable_input_stream_read_nonblocking (get_base_input (self), buffer, count, NULL,
                                                     &local_error);
  if (n_read > 0)
    meter->head_bytes += (gsize) n_read;
  else if (!g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return end_head (self, buffer);
  else
    g_propagate_error (error, g_steal_pointer (&local_error));
  return n_read;
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  WdHttpStreamInput *self = WD_HTTP_STREAM_INPUT (stream);

  if (self->meter->phase == WD_HTTP_PHASE_HEAD)
    return read_head (self, buffer, count, error);
  if (!meter_check (self->meter, error))
    return -1;
  return g_pollable_input_stream_read_nonblocking (get_base_input (self), buffer, count, NULL,
                                                   error);
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  return g_cancellable_is_cancelled (WD_HTTP_STREAM_INPUT (stream)->meter->expired)
         || g_pollable_input_stream_is_readable (get_base_input (stream));
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) base
      = g_pollable_input_stream_create_source (get_base_input (stream), cancellable);

  return g_pollable_source_new_full (stream, base, WD_HTTP_STREAM_INPUT (stream)->meter->expired);
}

// libsoup polls; a blocking read would hold up the main thread.
static gssize
input_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return input_read_nonblocking (G_POLLABLE_INPUT_STREAM (stream), buffer, count, error);
}

static void
wd_http_stream_input_finalize (GObject *object)
{
  WdHttpStreamInput *self = WD_HTTP_STREAM_INPUT (object);

  g_object_unref (self->base);
  meter_unref (self->meter);
  G_OBJECT_CLASS (wd_http_stream_input_parent_class)->finalize (object);
}

static void
wd_http_stream_input_class_init (WdHttpStreamInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wd_http_stream_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = input_read;
}

static void
wd_http_stream_input_init (WdHttpStreamInput *self)
{
}

static void
input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

// Output.

#define WD_TYPE_HTTP_STREAM_OUTPUT (wd_http_stream_output_get_type ())
G_DECLARE_FINAL_TYPE (
    WdHttpStreamOutput, wd_http_stream_output, WD, HTTP_STREAM_OUTPUT, GOutputStream)

struct _WdHttpStreamOutput
{
  GOutputStream parent;
  GIOStream *base;
  Meter *meter;
};

static void output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WdHttpStreamOutput,
                               wd_http_stream_output,
                               G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      output_pollable_init))

static GPollableOutputStream *
get_base_output (gpointer self)
{
  return G_POLLABLE_OUTPUT_STREAM (
      g_io_stream_get_output_stream (WD_HTTP_STREAM_OUTPUT (self)->base));
}

static gssize
output_write_nonblocking (GPollableOutputStream *stream,
                          const void *buffer,
                          gsize count,
                          GError **error)
{
  if (!meter_check (WD_HTTP_STREAM_OUTPUT (stream)->meter, error))
    return -1;
  return g_pollable_output_stream_write_nonblocking (get_base_output (stream), buffer, count, NULL,
                                                     error);
}

static gboolean
output_is_writable (GPollableOutputStream *stream)
{
  return g_cancellable_is_cancelled (WD_HTTP_STREAM_OUTPUT (stream)->meter->expired)
         || g_pollable_output_stream_is_writable (get_base_output (stream));
}

static GSource *
output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) base
      = g_pollable_output_stream_create_source (get_base_output (stream), cancellable);

  return g_pollable_source_new_full (stream, base, WD_HTTP_STREAM_OUTPUT (stream)->meter->expired);
}

static gssize
output_write (GOutputStream *stream,
              const void *buffer,
              gsize count,
              GCancellable *cancellable,
              GError **error)
{
  return output_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream), buffer, count, error);
}

static void
wd_http_stream_output_finalize (GObject *object)
{
  WdHttpStreamOutput *self = WD_HTTP_STREAM_OUTPUT (object);

  g_object_unref (self->base);
  meter_unref (self->meter);
  G_OBJECT_CLASS (wd_http_stream_output_parent_class)->finalize (object);
}

static void
wd_http_stream_output_class_init (WdHttpStreamOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wd_http_stream_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = output_write;
}

static void
wd_http_stream_output_init (WdHttpStreamOutput *self)
{
}

static void
output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

// Both.

struct _WdHttpStream
{
  GIOStream parent;
  GIOStream *base;
  GInputStream *input;
  GOutputStream *output;
  Meter *meter;
  GSource *timer; // (nullable)
  char *remote;
};

G_DEFINE_FINAL_TYPE (WdHttpStream, wd_http_stream, G_TYPE_IO_STREAM)

static void
stop_timer (WdHttpStream *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static GInputStream *
stream_get_input (GIOStream *stream)
{
  return WD_HTTP_STREAM (stream)->input;
}

static GOutputStream *
stream_get_output (GIOStream *stream)
{
  return WD_HTTP_STREAM (stream)->output;
}

static gboolean
stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  stop_timer (WD_HTTP_STREAM (stream));
  return g_io_stream_close (WD_HTTP_STREAM (stream)->base, cancellable, error);
}

static void
wd_http_stream_finalize (GObject *object)
{
  WdHttpStream *self = WD_HTTP_STREAM (object);

  stop_timer (self);
  g_object_unref (self->input);
  g_object_unref (self->output);
  g_object_unref (self->base);
  meter_unref (self->meter);
  g_free (self->remote);
  G_OBJECT_CLASS (wd_http_stream_parent_class)->finalize (object);
}

static void
wd_http_stream_class_init (WdHttpStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = wd_http_stream_finalize;
  G_IO_STREAM_CLASS (klass)->get_input_stream = stream_get_input;
  G_IO_STREAM_CLASS (klass)->get_output_stream = stream_get_output;
  G_IO_STREAM_CLASS (klass)->close_fn = stream_close;
}

static void
wd_http_stream_init (WdHttpStream *self)
{
}

WdHttpStream *
wd_http_stream_new (GIOStream *base, const char *remote, guint timeout_ms)
{
  WdHttpStream *self = g_object_new (WD_TYPE_HTTP_STREAM, NULL);
  WdHttpStreamInput *input = g_object_new (WD_TYPE_HTTP_STREAM_INPUT, NULL);
  WdHttpStreamOutput *output = g_object_new (WD_TYPE_HTTP_STREAM_OUTPUT, NULL);

  self->base = g_object_ref (base);
  self->remote = g_strdup (remote);
  self->meter = g_rc_box_new0 (Meter);
  self->meter->expired = g_cancellable_new ();
  input->base = g_object_ref (base);
  input->meter = g_rc_box_acquire (self->meter);
  self->input = G_INPUT_STREAM (input);
  output->base = g_object_ref (base);
  output->meter = g_rc_box_acquire (self->meter);
  self->output = G_OUTPUT_STREAM (output);
  wd_http_stream_set_phase (self, WD_HTTP_PHASE_HEAD, timeout_ms);
  return self;
}

static gboolean
on_timeout (gpointer data)
{
  WdHttpStream *self = data;

  stop_timer (self);
  g_cancellable_cancel (self->meter->expired);
  return G_SOURCE_REMOVE;
}

void
wd_http_stream_set_phase (WdHttpStream *self, WdHttpPhase phase, guint timeout_ms)
{
  stop_timer (self);
  self->meter->phase = phase;
  if (phase == WD_HTTP_PHASE_HEAD)
    self->meter->head_bytes = 0;
  if (phase == WD_HTTP_PHASE_WORK || g_io_stream_is_closed (G_IO_STREAM (self)))
    return;
  self->timer = g_timeout_source_new (timeout_ms);
  g_source_set_callback (self->timer, on_timeout, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

WdHttpPhase
wd_http_stream_get_phase (WdHttpStream *self)
{
  return self->meter->phase;
}

void
wd_http_stream_expire (WdHttpStream *self)
{
  stop_timer (self);
  g_cancellable_cancel (self->meter->expired);
}

const char *
wd_http_stream_get_remote (WdHttpStream *self)
{
  return self->remote;
}
