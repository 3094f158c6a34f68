// SPDX-License-Identifier: EUPL-1.2
// The documentation of the configuration, made from the table of keys.
#pragma once

#include <glib.h>

// Prints docs/config.md ("markdown"), wildduck.conf(5) ("man") or the default configuration file
// ("file"). FALSE with WD_CTL_ERROR_USAGE for another format.
gboolean wd_ctl_config_docs_print (const char *format, GError **error) G_GNUC_WARN_UNUSED_RESULT;
