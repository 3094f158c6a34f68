// SPDX-License-Identifier: EUPL-1.2
// One value from the wire as the type of its field.
#pragma once

#include "http-field.h"

// TRUE for an empty text where that counts as no value.
gboolean wd_http_field_convert_is_absent (const WdHttpField *field, JsonNode *value);

// Returns (transfer full): NULL, with a complaint about `path` in `details` (nullable), when it is
// not what `field` takes.
JsonNode *wd_http_field_convert_value (const WdHttpField *field,
                                       JsonNode *value,
                                       const char *path,
                                       JsonObject *details) G_GNUC_WARN_UNUSED_RESULT;
