// SPDX-License-Identifier: EUPL-1.2
// Values of replies in the API's spelling.
#pragma once

#include <json-glib/json-glib.h>

#include "core-id.h"

void wd_http_show_id (JsonObject *out, const char *name, const WdId *id);

// Left out when NULL.
void wd_http_show_text (JsonObject *out, const char *name, const char *text);

// An array; empty when NULL.
void wd_http_show_texts (JsonObject *out, const char *name, const char *const *texts);

// "2024-05-01T10:00:00.123Z".
void wd_http_show_date (JsonObject *out, const char *name, gint64 ms);
