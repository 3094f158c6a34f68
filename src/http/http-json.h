// SPDX-License-Identifier: EUPL-1.2
// JSON from the wire, checked before json-glib sees it: json-glib keeps the last of two members of
// one name, takes JavaScript, and recurses as deep as the text does.
#pragma once

#include <json-glib/json-glib.h>

// Notes what is wrong with the field `path` ("mailboxes.sent"), in `details`, which becomes the
// member of that name in the reply. The first complaint about a field stays, and no more than
// WD_LIMIT_HTTP_COMPLAINTS are kept.
void wd_http_json_complain (JsonObject *details, const char *path, const char *complaint);

// TRUE for a text of RFC 8259 that is UTF-8, nested no deeper than WD_LIMIT_HTTP_JSON_DEPTH,
// without two members of one name in an object, NUL characters, and numbers that a gint64 or a
// finite double cannot hold. Else `details` names each field in question; a syntax error ends the
// check.
gboolean wd_http_json_check (const char *text, gsize len, JsonObject *details);

// The same, parsed. Returns (transfer full): NULL, with `details` set, unless the text is one
// object; of one that is no more than unsound (two members of one name, …) `details` tells, too.
// `field` is what a complaint about the text as a whole names.
JsonObject *
wd_http_json_parse_object (const char *text, gsize len, const char *field, JsonObject *details)
    G_GNUC_WARN_UNUSED_RESULT;

// Reads what the store kept. Returns (transfer full): an empty object for NULL and for what is no
// object.
JsonObject *wd_http_json_parse_kept (const char *text) G_GNUC_WARN_UNUSED_RESULT;

// Without spaces, and as it is sent: indented by two, as JSON.stringify does. `out_len` (optional).
// Returns (transfer full).
char *wd_http_json_dup_compact (JsonObject *object) G_GNUC_WARN_UNUSED_RESULT;
char *wd_http_json_dup_pretty (JsonObject *object, gsize *out_len) G_GNUC_WARN_UNUSED_RESULT;
