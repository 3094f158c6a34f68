// SPDX-License-Identifier: EUPL-1.2
// What the files of the log share with each other and with their tests.
#pragma once

#include <glib.h>

#include "core-log.h"

// Appends `text` (of `len` octets, -1: up to its NUL) so that it cannot be taken for anything but
// text: control, format and separator characters and octets that are not UTF-8 become \xNN or
// \u{NNNN}. At most `max_bytes` are added; what is cut is told by "…".
void wd_core_log_text_append (GString *out, const char *text, gssize len, gsize max_bytes);

// The same for a value of the plain line: one with spaces, quotes or "=" in it is put in quotes.
void wd_core_log_text_append_value (GString *out, const char *value, gsize max_bytes);

// The plain line with its newline. `fields` may hold anything; WD_… are shown, WD_REMOTE last, and
// not once more where the message ends with them.
void wd_core_log_text_append_line (GString *out,
                                   GLogLevelFlags level,
                                   const char *service,
                                   const GLogField *fields,
                                   gsize n_fields);

// For tests: from now on entries go to `sink` alone (NULL: as before).
typedef void (*WdLogSink) (GLogLevelFlags level,
                           const GLogField *fields,
                           gsize n_fields,
                           gpointer user_data);
void wd_core_log_set_sink_for_test (WdLogSink sink, gpointer user_data);
