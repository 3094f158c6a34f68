// SPDX-License-Identifier: EUPL-1.2
// Fields of requests: what a route takes, as a table, and the one validator for all of them.
#pragma once

#include <json-glib/json-glib.h>

typedef enum
{
  WD_HTTP_TEXT,     // min and max: characters.
  WD_HTTP_BOOLEAN,  // Also Y, yes, on, 1 and the like; an empty text is no value.
  WD_HTTP_INTEGER,  // min and max: the value. Also as a text of digits.
  WD_HTTP_ID,       // 24 hex digits.
  WD_HTTP_PASSWORD, // max: octets. FALSE: none.
  WD_HTTP_TEXTS,    // An array; max: characters of each.
  WD_HTTP_TAGS,     // The same, WD_LIMIT_TAGS at most; or one text with commas, max: all of it.
  WD_HTTP_OBJECT,   // With `children`.
  WD_HTTP_META,     // Any object, or a text that is one in JSON; max: octets.
} WdHttpType;

typedef enum
{
  WD_HTTP_PATH,
  WD_HTTP_QUERY,
  WD_HTTP_BODY,
} WdHttpPlace;

typedef enum
{
  WD_HTTP_REQUIRED = 1 << 0,
  WD_HTTP_KEPT = 1 << 1,      // Goes into extra_json as it is.
  WD_HTTP_EMPTY_OK = 1 << 2,  // An empty text is a value, not an absent field.
  WD_HTTP_MULTILINE = 1 << 3, // Line ends may be in it.
} WdHttpFieldFlags;

typedef struct _WdHttpField WdHttpField;

// A table of them ends with an empty name.
struct _WdHttpField
{
  const char *name;
  WdHttpPlace place;
  WdHttpType type;
  WdHttpFieldFlags flags;
  gint64 min;
  gint64 max;        // 0: none, but for the limits of core-limits.h.
  const char *value; // The default (nullable), for TEXT, BOOLEAN and INTEGER.
  const WdHttpField *children;
};

// Where the values come from. A member of path and query is a text.
typedef struct
{
  JsonObject *path;
  JsonObject *query;
  JsonObject *body;
} WdHttpInput;

// Checks all fields of `input`, and that it has no others but those that every route takes (sess,
// ip, and accessToken in the query). Returns (transfer full): one member a field that is there or
// has a default, of the field's own type (TAGS as an array). `details` gets a complaint for every
// field that is not as it should be.
JsonObject *wd_http_field_validate (const WdHttpField *fields,
                                    const WdHttpInput *input,
                                    JsonObject *details) G_GNUC_WARN_UNUSED_RESULT;

// "a=b&c=d" (application/x-www-form-urlencoded) as an object of texts. Returns (transfer full).
JsonObject *wd_http_field_parse_pairs (const char *text, gsize len, JsonObject *details)
    G_GNUC_WARN_UNUSED_RESULT;

// Decodes %xx. Returns (transfer full): NULL for what is not UTF-8, or has NUL.
char *wd_http_field_unescape (const char *text, gsize len, gboolean plus_is_space)
    G_GNUC_WARN_UNUSED_RESULT;

// The field of that name (nullable).
const WdHttpField *wd_http_field_find (const WdHttpField *fields, const char *name);
