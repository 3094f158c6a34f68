// SPDX-License-Identifier: EUPL-1.2
// What the files of the configuration share with each other and with their tests.
#pragma once

#include "core-config.h"

// One value in all its forms. `origin` is NULL only while nothing has set it.
typedef struct
{
  char *text;
  char *origin;
  gint64 number; // Of booleans, integers, sizes and durations.
  GStrv list;
} WdConfigValue;

void wd_core_config_value_clear (WdConfigValue *self);

// Reads `text` as a value of `key` into `out_value` (what it held is freed), but for the origin.
// FALSE with BAD_VALUE, whose message names key and value, and `out_value` as it was.
gboolean wd_core_config_value_parse (const WdConfigKey *key,
                                     const char *text,
                                     WdConfigValue *out_value,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

// One assignment. FALSE with an error that does not name the place yet.
typedef gboolean (*WdConfigSetFunc) (const char *section,
                                     const char *key,
                                     const char *value,
                                     const char *origin,
                                     gpointer user_data,
                                     GError **error);

// Reads a key file and calls `set` for each assignment, in order; `origin` is "FILE:LINE". Errors
// begin with "FILE:LINE: ". A file that is not there is an error only if `must_exist`.
gboolean wd_core_config_file_read (const char *path,
                                   gboolean must_exist,
                                   WdConfigSetFunc set,
                                   gpointer user_data,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

// wd_core_config_load with the vendor file and the environment of a test. `site_file` must exist
// if `site_must_exist`.
WdConfig *wd_core_config_load_from (const char *vendor_file,
                                    const char *site_file,
                                    gboolean site_must_exist,
                                    const char *const *environment,
                                    const char *const *overrides,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
