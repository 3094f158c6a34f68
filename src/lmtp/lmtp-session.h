// SPDX-License-Identifier: EUPL-1.2
// The service that takes mail in: LMTP (RFC 2033) on the listeners "lmtp" and "lmtp-unix", the SMTP
// drop on "smtp".
#pragma once

#include "net-service.h"

// For wd_net_service_run.
extern const WdServiceSpec wd_lmtp_session_spec;
