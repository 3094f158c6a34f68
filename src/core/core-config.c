// SPDX-License-Identifier: EUPL-1.2
// The configuration in its layers.
#include "config.h"

#include "core-config.h"

#include <string.h>

#include "core-config-private.h"

#define VARIABLE_PREFIX "WILDDUCK_"

struct _WdConfig
{
  gatomicrefcount ref_count;
  gsize n_values;
  WdConfigValue *values; // In the order of the table of keys.
};

G_DEFINE_QUARK (wd - core - config - error - quark, wd_core_config_error)

// The index of the key, or -1.
static gssize
find_key (const char *section, const char *key)
{
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);

  for (gsize i = 0; i < n_keys; i++)
    if (strcmp (keys[i].key, key) == 0 && strcmp (keys[i].section, section) == 0)
      return (gssize) i;
  return -1;
}

static gboolean
has_section (const char *section)
{
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);

  for (gsize i = 0; i < n_keys; i++)
    if (strcmp (keys[i].section, section) == 0)
      return TRUE;
  return FALSE;
}

// A WdConfigSetFunc; no key is a section's beginning.
static gboolean
set_value (const char *section,
           const char *key,
           const char *text,
           const char *origin,
           gpointer user_data,
           GError **error)
{
  WdConfig *self = user_data;
  gssize i;

  if (!has_section (section))
    {
      g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_UNKNOWN_KEY, "there is no section [%s]",
                   section);
      return FALSE;
    }
  if (key == NULL)
    return TRUE;

  i = find_key (section, key);
  if (i < 0)
    {
      g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_UNKNOWN_KEY,
                   "section [%s] has no key \"%s\"", section, key);
      return FALSE;
    }
  if (!wd_core_config_value_parse (wd_core_config_list_keys (&self->n_values) + i, text,
                                   &self->values[i], error))
    return FALSE;
  self->values[i].origin = g_strdup (origin);
  return TRUE;
}

static gboolean
apply_defaults (WdConfig *self, GError **error)
{
  const WdConfigKey *keys = wd_core_config_list_keys (&self->n_values);

  for (gsize i = 0; i < self->n_values; i++)
    if (!set_value (keys[i].section, keys[i].key, keys[i].value, "default", self, error))
      return FALSE;
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

// Returns (transfer full): the names of the drop-ins, sorted; empty when there is no directory.
static GPtrArray *
list_drop_ins (const char *directory, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, &local_error);
  const char *name;

  if (dir == NULL && !g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error_literal (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_IO, local_error->message);
      return NULL;
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (name[0] != '.' && g_str_has_suffix (name, ".conf"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

static gboolean
apply_drop_ins (WdConfig *self, const char *site_file, GError **error)
{
  g_autofree char *directory = g_strconcat (site_file, ".d", NULL);
  g_autoptr (GPtrArray) names = list_drop_ins (directory, error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, names->pdata[i], NULL);

      if (!wd_core_config_file_read (path, TRUE, set_value, self, error))
        return FALSE;
    }
  return TRUE;
}

char *
wd_core_config_dup_variable (const WdConfigKey *key)
{
  g_autofree char *name = g_strconcat (VARIABLE_PREFIX, key->section, "_", key->key, NULL);
  char *upper = g_ascii_strup (name, -1);

  return g_strdelimit (upper, "-", '_');
}

static gboolean
apply_variable (WdConfig *self, const char *name, const char *value, GError **error)
{
  const WdConfigKey *keys = wd_core_config_list_keys (&self->n_values);

  for (gsize i = 0; i < self->n_values; i++)
    {
      g_autofree char *candidate = wd_core_config_dup_variable (&keys[i]);

      if (strcmp (candidate, name) == 0)
        return set_value (keys[i].section, keys[i].key, value, "environment", self, error);
    }
  g_set_error_literal (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_UNKNOWN_KEY,
                       "there is no key of this name");
  return FALSE;
}

static gboolean
apply_environment (WdConfig *self, const char *const *environment, GError **error)
{
  for (; *environment != NULL; environment++)
    {
      const char *equals = strchr (*environment, '=');
      g_autofree char *name = NULL;

      if (equals == NULL || !g_str_has_prefix (*environment, VARIABLE_PREFIX))
        continue;
      name = g_strndup (*environment, (gsize) (equals - *environment));
      if (!apply_variable (self, name, equals + 1, error))
        {
          g_prefix_error (error, "environment variable %s: ", name);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
apply_override (WdConfig *self, const char *override, GError **error)
{
  const char *dot = strchr (override, '.');
  const char *equals = dot == NULL ? NULL : strchr (dot, '=');
  g_autofree char *section = NULL;
  g_autofree char *key = NULL;

  if (equals == NULL)
    {
      g_set_error (error, WD_CONFIG_ERROR, WD_CONFIG_ERROR_SYNTAX,
                   "\"%s\" is not SECTION.KEY=VALUE", override);
      return FALSE;
    }
  section = g_strndup (override, (gsize) (dot - override));
  key = g_strndup (dot + 1, (gsize) (equals - dot - 1));
  return set_value (section, key, equals + 1, "command line", self, error);
}

static gboolean
apply_overrides (WdConfig *self, const char *const *overrides, GError **error)
{
  for (; overrides != NULL && *overrides != NULL; overrides++)
    if (!apply_override (self, *overrides, error))
      {
        g_prefix_error (error, "command line: ");
        return FALSE;
      }
  return TRUE;
}

WdConfig *
wd_core_config_load_from (const char *vendor_file,
                          const char *site_file,
                          gboolean site_must_exist,
                          const char *const *environment,
                          const char *const *overrides,
                          GError **error)
{
  g_autoptr (WdConfig) self = g_new0 (WdConfig, 1);

  g_atomic_ref_count_init (&self->ref_count);
  (void) wd_core_config_list_keys (&self->n_values);
  self->values = g_new0 (WdConfigValue, self->n_values);

  if (!apply_defaults (self, error)
      || !wd_core_config_file_read (vendor_file, FALSE, set_value, self, error)
      || !wd_core_config_file_read (site_file, site_must_exist, set_value, self, error)
      || !apply_drop_ins (self, site_file, error) || !apply_environment (self, environment, error)
      || !apply_overrides (self, overrides, error))
    return NULL;
  return g_steal_pointer (&self);
}

WdConfig *
wd_core_config_load (const char *site_file, const char *const *overrides, GError **error)
{
  g_auto (GStrv) environment = g_get_environ ();

  return wd_core_config_load_from (WD_VENDOR_CONFIG, site_file != NULL ? site_file : WD_SITE_CONFIG,
                                   site_file != NULL, (const char *const *) environment, overrides,
                                   error);
}

WdConfig *
wd_core_config_ref (WdConfig *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
wd_core_config_unref (WdConfig *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (gsize i = 0; i < self->n_values; i++)
    wd_core_config_value_clear (&self->values[i]);
  g_free (self->values);
  g_free (self);
}

// The value of a key whose type is in the mask; NULL, with a complaint, for a caller's mistake.
static const WdConfigValue *
get_value (const WdConfig *self, const char *section, const char *key, guint types)
{
  gsize n_keys;
  const WdConfigKey *keys = wd_core_config_list_keys (&n_keys);
  gssize i = find_key (section, key);

  if (i < 0 || (types & (1U << keys[i].type)) == 0)
    {
      g_critical ("[%s] %s is no configuration key of this type", section, key);
      return NULL;
    }
  return &self->values[i];
}

const char *
wd_core_config_get_string (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value
      = get_value (self, section, key, 1U << WD_CONFIG_STRING | 1U << WD_CONFIG_CHOICE);

  return value != NULL ? value->text : "";
}

gboolean
wd_core_config_get_boolean (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value = get_value (self, section, key, 1U << WD_CONFIG_BOOLEAN);

  return value != NULL && value->number != 0;
}

gint64
wd_core_config_get_integer (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value = get_value (self, section, key, 1U << WD_CONFIG_INTEGER);

  return value != NULL ? value->number : 0;
}

guint64
wd_core_config_get_size (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value = get_value (self, section, key, 1U << WD_CONFIG_SIZE);

  return value != NULL ? (guint64) value->number : 0;
}

gint64
wd_core_config_get_duration_ms (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value = get_value (self, section, key, 1U << WD_CONFIG_DURATION);

  return value != NULL ? value->number : 0;
}

const char *const *
wd_core_config_get_list (const WdConfig *self, const char *section, const char *key)
{
  static const char *const empty[] = { NULL };
  const WdConfigValue *value = get_value (self, section, key, 1U << WD_CONFIG_LIST);

  return value != NULL ? (const char *const *) value->list : empty;
}

const char *
wd_core_config_get_text (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value = get_value (self, section, key, G_MAXUINT);

  return value != NULL ? value->text : "";
}

const char *
wd_core_config_get_origin (const WdConfig *self, const char *section, const char *key)
{
  const WdConfigValue *value = get_value (self, section, key, G_MAXUINT);

  return value != NULL ? value->origin : "";
}
