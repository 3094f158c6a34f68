// SPDX-License-Identifier: EUPL-1.2
// What systemd is told.
#include "config.h"

#include "net-notify.h"

#include <systemd/sd-daemon.h>

typedef struct
{
  WdHub *hub;
  guint64 n_rounds;
} Watch;

static void
notify (const WdHub *hub, const char *state)
{
  sd_notifyf (0, "%sSTATUS=Serving %u connections.%s", state, atomic_load (&hub->n_conns),
              atomic_load (&hub->is_deaf)
                  ? " The notifier is away: changes made elsewhere show seconds late."
                  : "");
}

void
wd_net_notify_ready (const WdHub *hub)
{
  notify (hub, "READY=1\n");
}

void
wd_net_notify_status (const WdHub *hub)
{
  notify (hub, "");
}

void
wd_net_notify_reloading (void)
{
  // systemd compares it with its own clock, so it is not that of core-clock.h.
  sd_notifyf (0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT "\nSTATUS=Reloading.",
              g_get_monotonic_time ());
}

void
wd_net_notify_stopping (void)
{
  sd_notify (0, "STOPPING=1\nSTATUS=Stopping.");
}

static gboolean
on_watchdog (gpointer data)
{
  Watch *watch = data;
  guint64 n_rounds = wd_net_loop_get_n_rounds (watch->hub->loop);
  gboolean is_loop_alive = n_rounds != watch->n_rounds;
  gboolean is_pool_alive = wd_net_pool_has_progressed (watch->hub->pool);

  if (is_loop_alive && is_pool_alive)
    notify (watch->hub, "WATCHDOG=1\n");
  watch->n_rounds = n_rounds;
  // So that a loop without events goes round, too, before it is looked at again.
  wd_net_loop_wake (watch->hub->loop);
  return G_SOURCE_CONTINUE;
}

GSource *
wd_net_notify_start_watchdog (WdHub *hub, GMainContext *context)
{
  guint64 span_us = 0;
  GSource *source;
  Watch *watch;

  if (sd_watchdog_enabled (0, &span_us) <= 0)
    return NULL;

  watch = g_new0 (Watch, 1);
  watch->hub = hub;
  watch->n_rounds = G_MAXUINT64;
  source = g_timeout_source_new ((guint) CLAMP (span_us / 2000, 1, G_MAXUINT / 2));
  g_source_set_callback (source, on_watchdog, watch, g_free);
  g_source_attach (source, context);
  return source;
}
