// SPDX-License-Identifier: EUPL-1.2
// The shell of a service.
#include "config.h"

#include "net-service.h"

#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "net-acceptor.h"
#include "net-notify.h"
#include "net-options.h"
#include "net-service-private.h"
#include "net-sockets.h"
#include "net-stream.h"

// What still runs after so long is cancelled, and given up a little later.
#define STOP_SECS 10
#define GIVE_UP_SECS 5

struct _WdService
{
  const WdServiceSpec *spec;
  WdOptions options;
  WdTls *tls;
  WdHub *hub;
  gpointer data;
  gboolean has_data; // `start` succeeded.
  gboolean is_for_test;

  // Guards `config`. Rank 3.
  pthread_mutex_t lock;
  WdConfig *config;

  // Main thread.
  GMainContext *context;
  GMainLoop *main_loop;
  guint n_inherited;
  gboolean is_stopping;
  gboolean is_drained; // All connections are gone, and none will come.
  GSource *timer;      // Of the idle exit, then of the stop.
  GPtrArray *sources;  // Of GSource.

  // Of the test's thread.
  GThread *thread;
  int status;
  _Atomic guint n_reloads;
};

WdConfig *
wd_net_service_ref_config (WdService *self)
{
  WdConfig *config;

  pthread_mutex_lock (&self->lock);
  config = wd_core_config_ref (self->config);
  pthread_mutex_unlock (&self->lock);
  return config;
}

void
wd_net_service_run_parallel (WdService *self,
                             guint n,
                             void (*func) (guint index, gpointer data),
                             gpointer data)
{
  wd_net_pool_run_parallel (self->hub->pool, n, func, data);
}

void
wd_net_service_queue (WdService *self, void (*func) (gpointer data), gpointer data)
{
  wd_net_pool_push_func (self->hub->pool, func, data);
}

static void
set_timer (WdService *self, gint64 ms, GSourceFunc func)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  if (func == NULL)
    return;

  self->timer = g_timeout_source_new ((guint) MIN (ms, G_MAXINT));
  g_source_set_callback (self->timer, func, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
call_main (WdService *self, GSourceFunc func)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, self->context);
}

static gboolean
on_give_up (gpointer data)
{
  WdService *self = data;

  wd_log_warning (NULL, WD_MSG_STOPPING, NULL, "%u connections did not end",
                  atomic_load (&self->hub->n_conns));
  g_main_loop_quit (self->main_loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_stop_deadline (gpointer data)
{
  WdService *self = data;

  set_timer (self, GIVE_UP_SECS * 1000, on_give_up);
  wd_net_hub_cancel (self->hub);
  wd_net_stream_stop_all (self->hub, TRUE);
  return G_SOURCE_REMOVE;
}

static void
stop (WdService *self)
{
  if (self->is_stopping)
    return;

  self->is_stopping = TRUE;
  wd_log_notice (NULL, WD_MSG_STOPPING, NULL, "stopping with %u connections",
                 atomic_load (&self->hub->n_conns));
  wd_net_notify_stopping ();
  set_timer (self, STOP_SECS * 1000, on_stop_deadline);
  wd_net_hub_stop (self->hub);
  wd_net_stream_stop_all (self->hub, FALSE);
}

static gboolean
on_idle_exit (gpointer data)
{
  WdService *self = data;

  // A connection that is being accepted now wins: the loop decides.
  wd_net_hub_stop_if_empty (self->hub);
  set_timer (self, 0, NULL);
  return G_SOURCE_REMOVE;
}

static void
start_idle_timer (WdService *self)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (self);
  gint64 ms = wd_core_config_get_duration_ms (config, self->spec->name, "idle-exit");

  if (ms > 0 && self->n_inherited > 0 && !self->is_stopping)
    set_timer (self, ms, on_idle_exit);
}

static gboolean
on_empty_main (gpointer data)
{
  start_idle_timer (data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_drained_main (gpointer data)
{
  WdService *self = data;

  self->is_drained = TRUE;
  g_main_loop_quit (self->main_loop);
  return G_SOURCE_REMOVE;
}

static void
on_empty (WdService *self, gboolean is_final)
{
  if (is_final)
    call_main (self, on_drained_main);
  else if (self->n_inherited > 0)
    call_main (self, on_empty_main);
}

static void
on_stream (WdService *self, int fd, const WdPeer *peer)
{
  wd_net_stream_hand_over (self->hub, self->context, fd, peer);
}

static gboolean
on_terminate (gpointer data)
{
  stop (data);
  return G_SOURCE_CONTINUE;
}

// A listener that begins with TLS needs a certificate, at the start and after a reload.
static gboolean
check_certificate (WdService *self, WdConfig *config, GError **error)
{
  if (wd_core_config_get_string (config, "tls", "certificate")[0] != '\0'
      || !wd_net_sockets_need_tls (self->hub->acceptor, self->spec))
    return TRUE;
  g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE,
               "a listener begins with TLS, and there is no [tls] certificate");
  return FALSE;
}

static gboolean
load_config (WdService *self, GError **error)
{
  g_autoptr (WdConfig) config = wd_core_config_load (
      self->options.config_file, (const char *const *) self->options.set, error);

  if (config == NULL)
    return FALSE;
  if (self->hub != NULL && !check_certificate (self, config, error))
    return FALSE;
  if (!wd_net_tls_load (self->tls, config, error))
    return FALSE;

  if (!self->is_for_test)
    wd_core_log_init (self->spec->name, wd_core_config_get_boolean (config, "log", "debug"));
  pthread_mutex_lock (&self->lock);
  if (self->config != NULL)
    wd_core_config_unref (self->config);
  self->config = wd_core_config_ref (config);
  pthread_mutex_unlock (&self->lock);
  return TRUE;
}

static void
reload (WdService *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdConfig) config = NULL;

  wd_net_notify_reloading ();
  if (load_config (self, &error))
    {
      config = wd_net_service_ref_config (self);
      wd_net_hub_configure (self->hub, config);
      if (self->spec->reload != NULL)
        self->spec->reload (self, self->data);
      wd_log_notice (NULL, WD_MSG_CONFIG_RELOADED, NULL, "the configuration was read anew");
    }
  else
    {
      wd_log_error (NULL, WD_MSG_CONFIG_INVALID, NULL,
                    "the configuration cannot be used, and the old one stays: %s", error->message);
    }
  wd_net_notify_ready (self->hub);
  atomic_fetch_add (&self->n_reloads, 1);
}

void
wd_net_service_set_deaf (gboolean is_deaf, gpointer service)
{
  WdService *self = service;

  if (is_deaf)
    wd_log_warning (NULL, WD_MSG_NOTIFIER_AWAY, NULL,
                    "the notifier is away: changes made elsewhere are noticed seconds late");
  else
    wd_log_notice (NULL, WD_MSG_NOTIFIER_BACK, NULL, "the notifier is back");
  atomic_store (&self->hub->is_deaf, is_deaf);
  wd_net_notify_status (self->hub);
}

static gboolean
on_reload (gpointer data)
{
  reload (data);
  return G_SOURCE_CONTINUE;
}

static void
add_source (WdService *self, GSource *source, GSourceFunc func)
{
  if (source == NULL)
    return;
  if (func != NULL)
    {
      g_source_set_callback (source, func, self, NULL);
      g_source_attach (source, self->context);
    }
  g_ptr_array_add (self->sources, source);
}

static void
source_free (gpointer data)
{
  g_source_destroy (data);
  g_source_unref (data);
}

// Each connection costs a descriptor, and the soft limit of 1024 is there for select() alone.
static void
raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

static void
set_up_process (WdService *self)
{
  signal (SIGPIPE, SIG_IGN);
  raise_descriptor_limit ();
  add_source (self, g_unix_signal_source_new (SIGTERM), on_terminate);
  add_source (self, g_unix_signal_source_new (SIGINT), on_terminate);
  add_source (self, g_unix_signal_source_new (SIGHUP), on_reload);
}

static gboolean
open_sockets (WdService *self, GError **error)
{
  WdAcceptor *acceptor = self->hub->acceptor;
  g_autoptr (WdConfig) config = NULL;

  if (!self->is_for_test
      && !wd_net_sockets_inherit (acceptor, self->spec, &self->n_inherited, error))
    return FALSE;
  if (!wd_net_sockets_open (acceptor, self->spec, &self->options, error))
    return FALSE;

  if (wd_net_acceptor_get_n_listeners (acceptor) == 0)
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_SOCKETS,
                   "there is no socket to serve: start wildduck-%s.socket, or give --listen",
                   self->spec->name);
      return FALSE;
    }
  config = wd_net_service_ref_config (self);
  return check_certificate (self, config, error);
}

static gboolean
make_hub (WdService *self, GError **error)
{
  g_autoptr (WdConfig) config = wd_net_service_ref_config (self);
  gint64 n_workers = wd_core_config_get_integer (config, self->spec->name, "workers");

  self->hub = wd_net_hub_new (self->spec, self, (guint) n_workers, self->tls);
  if (self->hub == NULL)
    {
      g_set_error (error, WD_NET_ERROR, WD_NET_ERROR_SYSTEM, "the event loop: %s",
                   g_strerror (errno));
      return FALSE;
    }
  self->hub->on_empty = on_empty;
  self->hub->on_stream = on_stream;
  wd_net_hub_configure (self->hub, config);
  return TRUE;
}

static gboolean
start (WdService *self, GError **error)
{
  if (!load_config (self, error) || !make_hub (self, error) || !open_sockets (self, error))
    return FALSE;
  if (self->spec->start != NULL && !self->spec->start (self, &self->data, error))
    return FALSE;

  self->has_data = TRUE;
  self->hub->data = self->data;
  return wd_net_acceptor_start (self->hub->acceptor, error);
}

static void
tell_started (WdService *self)
{
  WdAcceptor *acceptor = self->hub->acceptor;
  guint n = wd_net_acceptor_get_n_listeners (acceptor);

  for (guint i = 0; i < n && isatty (STDERR_FILENO); i++)
    {
      g_autofree char *address = wd_net_acceptor_dup_address (acceptor, i);

      g_printerr ("%s: listening on %s\n", wd_net_acceptor_get_name (acceptor, i), address);
    }
  wd_log_notice (NULL, WD_MSG_STARTED, NULL, "version " WD_VERSION " serves %u sockets", n);
  wd_net_notify_ready (self->hub);
}

static WdService *
service_new (const WdServiceSpec *spec, WdOptions *options, gboolean is_for_test)
{
  WdService *self = g_new0 (WdService, 1);

  pthread_mutex_init (&self->lock, NULL);
  self->spec = spec;
  self->options = *options;
  *options = (WdOptions){ 0 };
  self->is_for_test = is_for_test;
  self->tls = wd_net_tls_new ();
  self->context = is_for_test ? g_main_context_new () : g_main_context_ref_thread_default ();
  self->main_loop = g_main_loop_new (self->context, FALSE);
  self->sources = g_ptr_array_new_with_free_func (source_free);
  return self;
}

static void
service_free (WdService *self)
{
  set_timer (self, 0, NULL);
  g_ptr_array_unref (self->sources);
  wd_net_hub_free (self->hub);
  if (self->has_data && self->spec->stop != NULL)
    self->spec->stop (self->data);
  wd_net_tls_free (self->tls);
  if (self->config != NULL)
    wd_core_config_unref (self->config);
  wd_net_options_clear (&self->options);
  g_main_loop_unref (self->main_loop);
  g_main_context_unref (self->context);
  pthread_mutex_destroy (&self->lock);
  g_free (self);
}

// Until it is stopped. Returns FALSE when something did not end, and nothing can be freed.
static gboolean
serve (WdService *self)
{
  add_source (self, wd_net_notify_start_watchdog (self->hub, self->context), NULL);
  tell_started (self);
  start_idle_timer (self);
  g_main_loop_run (self->main_loop);
  return self->is_drained;
}

static int
get_exit_status (const GError *error)
{
  if (error->domain == G_OPTION_ERROR)
    return EX_USAGE;
  if (error->domain == WD_CONFIG_ERROR
      || g_error_matches (error, WD_NET_ERROR, WD_NET_ERROR_CERTIFICATE))
    return EX_CONFIG;
  if (error->domain == WD_NET_ERROR)
    return EX_UNAVAILABLE;
  return EXIT_FAILURE;
}

static int
report (const GError *error)
{
  int status = get_exit_status (error);
  const char *msgid = status == EX_CONFIG ? WD_MSG_CONFIG_INVALID : WD_MSG_START_FAILED;

  wd_log_error (NULL, msgid, NULL, "%s", error->message);
  return status;
}

int
wd_net_service_run (const WdServiceSpec *spec, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  WdOptions options = { 0 };
  WdService *self;
  int status = EXIT_SUCCESS;

  if (!wd_net_options_parse (&options, spec, argc, argv, &error))
    {
      g_printerr ("wildduck-%s: %s\n", spec->name, error->message);
      return EX_USAGE;
    }
  if (options.version)
    {
      g_print ("wildduck-%s %s\n", spec->name, WD_VERSION);
      wd_net_options_clear (&options);
      return EXIT_SUCCESS;
    }

  wd_core_log_init (spec->name, FALSE);
  self = service_new (spec, &options, FALSE);
  set_up_process (self);
  if (!start (self, &error))
    status = report (error);
  else if (!serve (self))
    // Workers still run: what exit() would tear down is theirs.
    _exit (EXIT_FAILURE);
  service_free (self);
  return status;
}

static gpointer
run_for_test (gpointer data)
{
  WdService *self = data;

  g_main_context_push_thread_default (self->context);
  self->status = serve (self) ? EXIT_SUCCESS : EXIT_FAILURE;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

WdService *
wd_net_service_start_for_test (const WdServiceSpec *spec, const char *const *args, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  WdOptions options = { 0 };
  WdService *self;

  g_ptr_array_add (argv, (char *) spec->name);
  for (guint i = 0; args != NULL && args[i] != NULL; i++)
    g_ptr_array_add (argv, (char *) args[i]);
  if (!wd_net_options_parse (&options, spec, (int) argv->len, (char **) argv->pdata, error))
    return NULL;

  self = service_new (spec, &options, TRUE);
  if (!start (self, error))
    {
      service_free (self);
      return NULL;
    }
  self->thread = g_thread_new ("main", run_for_test, self);
  return self;
}

static gboolean
on_stop_for_test (gpointer data)
{
  stop (data);
  return G_SOURCE_REMOVE;
}

int
wd_net_service_stop_for_test (WdService *self)
{
  int status;

  call_main (self, on_stop_for_test);
  g_thread_join (self->thread);
  status = self->status;
  if (status == EXIT_SUCCESS)
    service_free (self);
  return status;
}

void
wd_net_service_cancel_for_test (WdService *self)
{
  wd_net_hub_cancel (self->hub);
}

static gboolean
on_reload_for_test (gpointer data)
{
  reload (data);
  return G_SOURCE_REMOVE;
}

void
wd_net_service_reload_for_test (WdService *self)
{
  guint n_reloads = atomic_load (&self->n_reloads);

  call_main (self, on_reload_for_test);
  while (atomic_load (&self->n_reloads) == n_reloads)
    g_thread_yield ();
}

guint
wd_net_service_get_port_for_test (WdService *self, const char *listener)
{
  WdAcceptor *acceptor = self->hub->acceptor;

  for (guint i = 0; i < wd_net_acceptor_get_n_listeners (acceptor); i++)
    {
      g_autofree char *address = wd_net_acceptor_dup_address (acceptor, i);
      const char *colon = strrchr (address, ':');
      guint64 port;

      if (g_str_equal (wd_net_acceptor_get_name (acceptor, i), listener) && colon != NULL
          && g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
        return (guint) port;
    }
  return 0;
}

void
wd_net_service_kick_for_test (WdService *self)
{
  wd_net_loop_wake (self->hub->loop);
}

typedef struct
{
  WdHub *hub;
  _Atomic gint answer; // 0: none yet.
} Question;

static void
ask_on_loop (gpointer data)
{
  Question *question = data;

  atomic_store (&question->answer, wd_net_hub_is_quiet (question->hub) ? 1 : -1);
}

void
wd_net_service_wait_parked_for_test (WdService *self)
{
  Question question = { .hub = self->hub };

  do
    {
      atomic_store (&question.answer, 0);
      wd_net_loop_post_func (self->hub->loop, ask_on_loop, &question);
      while (atomic_load (&question.answer) == 0)
        g_thread_yield ();
    }
  while (atomic_load (&question.answer) < 0);
}

guint
wd_net_service_get_n_connections_for_test (WdService *self)
{
  return atomic_load (&self->hub->n_conns);
}

guint64
wd_net_service_get_n_accepts_for_test (WdService *self)
{
  return wd_net_acceptor_get_n_accepts (self->hub->acceptor);
}
