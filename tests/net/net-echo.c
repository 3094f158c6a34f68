// SPDX-License-Identifier: EUPL-1.2
// The service of net-fixture.c as a program.
#include "config.h"

#include "net-fixture.h"

int
main (int argc, char **argv)
{
  return wd_net_service_run (&net_fixture_spec, argc, argv);
}
