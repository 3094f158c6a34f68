// SPDX-License-Identifier: EUPL-1.2
// The configuration: vendor file, /etc file, its drop-ins (*.conf in wildduck.conf.d, sorted by
// name) and the environment, the later one winning. Immutable once loaded: any thread may read it,
// and a reload makes a new one.
#pragma once

#include <glib.h>

typedef enum
{
  WD_CONFIG_ERROR_SYNTAX,      // A file is not a key file.
  WD_CONFIG_ERROR_UNKNOWN_KEY, // A section or key that does not exist; the message says where.
  WD_CONFIG_ERROR_BAD_VALUE,   // Not of the key's type, or out of its range.
  WD_CONFIG_ERROR_IO,          // A file that is there could not be read.
} WdConfigError;

#define WD_CONFIG_ERROR (wd_core_config_error_quark ())
GQuark wd_core_config_error_quark (void);

typedef enum
{
  WD_CONFIG_STRING,
  WD_CONFIG_BOOLEAN,
  WD_CONFIG_INTEGER,
  WD_CONFIG_SIZE,     // Octets; K, M, G and T are powers of 1024.
  WD_CONFIG_DURATION, // Milliseconds inside; written as 500ms, 30s, 10min, 2h, 1d.
  WD_CONFIG_LIST,     // Strings separated by spaces, commas or semicolons.
  WD_CONFIG_CHOICE,   // One of `choices`.
} WdConfigType;

typedef struct
{
  const char *section;
  const char *key;
  WdConfigType type;
  const char *value; // The default, as it would be written.
  gint64 min;        // For numbers.
  gint64 max;
  const char *choices; // For WD_CONFIG_CHOICE, separated by spaces.
  const char *help;    // One sentence.
} WdConfigKey;

typedef struct _WdConfig WdConfig;

// Every key there is, in the order in which it is documented. The name of a key in the environment
// is WILDDUCK_SECTION_KEY in upper case with hyphens as underscores.
const WdConfigKey *wd_core_config_list_keys (gsize *out_n_keys);

// Loads the configuration. `site_file` (nullable) takes the place of /etc/wildduck/wildduck.conf,
// and must then exist; `overrides` (nullable) are SECTION.KEY=VALUE strings, stronger than all.
// Returns (transfer full): NULL with WD_CONFIG_ERROR, whose message names file and line, or the
// variable.
WdConfig *wd_core_config_load (const char *site_file, const char *const *overrides, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

WdConfig *wd_core_config_ref (WdConfig *self);
void wd_core_config_unref (WdConfig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdConfig, wd_core_config_unref)

// The values. A key that is not in the table, or is of another type, is a programming error.
const char *wd_core_config_get_string (const WdConfig *self, const char *section, const char *key);
gboolean wd_core_config_get_boolean (const WdConfig *self, const char *section, const char *key);
gint64 wd_core_config_get_integer (const WdConfig *self, const char *section, const char *key);
guint64 wd_core_config_get_size (const WdConfig *self, const char *section, const char *key);
gint64 wd_core_config_get_duration_ms (const WdConfig *self, const char *section, const char *key);
const char *const *
wd_core_config_get_list (const WdConfig *self, const char *section, const char *key);

// The value of a key of any type as it was written, for showing it. Returns (transfer none).
const char *wd_core_config_get_text (const WdConfig *self, const char *section, const char *key);

// The key's name in the environment. Returns (transfer full).
char *wd_core_config_dup_variable (const WdConfigKey *key) G_GNUC_WARN_UNUSED_RESULT;

// Where the value came from: "default", "FILE:LINE", "environment" or "command line", for
// wildduckctl config. Returns (transfer none).
const char *wd_core_config_get_origin (const WdConfig *self, const char *section, const char *key);
