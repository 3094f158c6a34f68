// SPDX-License-Identifier: EUPL-1.2
// wildduck-imap: serves IMAP to any number of clients.
#include "config.h"

#include "imap-service.h"

int
main (int argc, char **argv)
{
  return wd_net_service_run (&wd_imap_service_spec, argc, argv);
}
