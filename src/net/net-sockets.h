// SPDX-License-Identifier: EUPL-1.2
// The sockets of a service: those that systemd passed, by name, and those of --listen.
#pragma once

#include "net-acceptor.h"
#include "net-options.h"

// Takes the sockets passed by systemd, once. FALSE with WD_NET_ERROR when one of them is not the
// service's.
gboolean wd_net_sockets_inherit (WdAcceptor *acceptor,
                                 const WdServiceSpec *spec,
                                 guint *out_n,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Opens those of --listen.
gboolean wd_net_sockets_open (WdAcceptor *acceptor,
                              const WdServiceSpec *spec,
                              const WdOptions *options,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

// TRUE when one of them begins with a handshake.
gboolean wd_net_sockets_need_tls (WdAcceptor *acceptor, const WdServiceSpec *spec);
