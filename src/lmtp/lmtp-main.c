// SPDX-License-Identifier: EUPL-1.2
// wildduck-lmtp.
#include "config.h"

#include "lmtp-session.h"

int
main (int argc, char **argv)
{
  return wd_net_service_run (&wd_lmtp_session_spec, argc, argv);
}
