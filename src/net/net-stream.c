// SPDX-License-Identifier: EUPL-1.2
// Connections as streams.
#include "config.h"

#include "net-stream.h"

#include <unistd.h>

struct _WdNetStream
{
  GIOStream parent;
  GSocket *socket;
  GSocketConnection *connection;
  WdHub *hub; // NULL once it is uncounted.
  WdPeer peer;
};

typedef struct
{
  WdHub *hub;
  int fd;
  WdPeer peer;
} Arrival;

G_DEFINE_TYPE (WdNetStream, wd_net_stream, G_TYPE_IO_STREAM)

static GInputStream *
get_input_stream (GIOStream *stream)
{
  return g_io_stream_get_input_stream (G_IO_STREAM (WD_NET_STREAM (stream)->connection));
}

static GOutputStream *
get_output_stream (GIOStream *stream)
{
  return g_io_stream_get_output_stream (G_IO_STREAM (WD_NET_STREAM (stream)->connection));
}

static void
uncount (WdNetStream *self)
{
  WdHub *hub = g_steal_pointer (&self->hub);

  if (hub == NULL)
    return;
  g_hash_table_remove (hub->streams, self);
  wd_net_hub_release_stream (hub, &self->peer);
}

static gboolean
close_fn (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  WdNetStream *self = WD_NET_STREAM (stream);
  gboolean ok = g_io_stream_close (G_IO_STREAM (self->connection), cancellable, error);

  // After the descriptor is free again, so that the accept loop finds it.
  uncount (self);
  return ok;
}

// Closing does not block, so it needs no thread as GIOStream's own would take.
static void
close_async (GIOStream *stream,
             int io_priority,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, data);
  GError *error = NULL;

  if (close_fn (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
close_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
dispose (GObject *object)
{
  WdNetStream *self = WD_NET_STREAM (object);

  // Closes, and so uncounts, one that was only dropped.
  G_OBJECT_CLASS (wd_net_stream_parent_class)->dispose (object);
  uncount (self);
  g_clear_object (&self->connection);
  g_clear_object (&self->socket);
}

static void
wd_net_stream_class_init (WdNetStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = dispose;
  G_IO_STREAM_CLASS (klass)->get_input_stream = get_input_stream;
  G_IO_STREAM_CLASS (klass)->get_output_stream = get_output_stream;
  G_IO_STREAM_CLASS (klass)->close_fn = close_fn;
  G_IO_STREAM_CLASS (klass)->close_async = close_async;
  G_IO_STREAM_CLASS (klass)->close_finish = close_finish;
}

static void
wd_net_stream_init (WdNetStream *self)
{
}

static WdNetStream *
stream_new (Arrival *arrival)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (arrival->fd, NULL);
  WdNetStream *self;

  if (socket == NULL)
    return NULL;
  self = g_object_new (WD_TYPE_NET_STREAM, NULL);
  self->socket = g_object_ref (socket);
  self->connection = g_socket_connection_factory_create_connection (socket);
  self->hub = arrival->hub;
  self->peer = arrival->peer;
  g_hash_table_add (self->hub->streams, self);
  return self;
}

static gboolean
on_arrival (gpointer data)
{
  Arrival *arrival = data;
  WdHub *hub = arrival->hub;
  WdNetStream *stream = stream_new (arrival);
  g_autofree char *remote = wd_net_peer_dup_text (&arrival->peer);

  if (stream == NULL)
    {
      close (arrival->fd);
      wd_net_hub_release_stream (hub, &arrival->peer);
    }
  else
    {
      // One that came just before the stop gets the answer that is under way to it, and no more.
      if (atomic_load (&hub->is_stopping))
        g_socket_shutdown (stream->socket, TRUE, FALSE, NULL);
      hub->spec->accept_stream (hub->service, hub->data, G_IO_STREAM (stream), remote);
    }
  return G_SOURCE_REMOVE;
}

void
wd_net_stream_hand_over (WdHub *hub, GMainContext *context, int fd, const WdPeer *peer)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  Arrival *arrival = g_new0 (Arrival, 1);

  arrival->hub = hub;
  arrival->fd = fd;
  arrival->peer = *peer;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_arrival, arrival, g_free);
  g_source_attach (source, context);
}

void
wd_net_stream_stop_all (WdHub *hub, gboolean now)
{
  GHashTableIter iter;
  gpointer stream;

  g_hash_table_iter_init (&iter, hub->streams);
  while (g_hash_table_iter_next (&iter, &stream, NULL))
    g_socket_shutdown (WD_NET_STREAM (stream)->socket, TRUE, now, NULL);
}
