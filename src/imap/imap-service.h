// SPDX-License-Identifier: EUPL-1.2
// The IMAP service: what main runs, and the tests too.
#pragma once

#include "net-service.h"

extern const WdServiceSpec wd_imap_service_spec;
