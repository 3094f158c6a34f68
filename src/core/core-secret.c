// SPDX-License-Identifier: EUPL-1.2
// Secrets in memory.
#include "config.h"

#include "core-secret.h"

#include <string.h>
#include <sys/mman.h>

struct _WdSecret
{
  gsize len;
  char *data;
};

WdSecret *
wd_core_secret_new (const void *data, gsize len)
{
  WdSecret *self = g_new0 (WdSecret, 1);

  self->len = len;
  self->data = g_malloc (len + 1);
  // Locking is best effort: RLIMIT_MEMLOCK may be small, and the wiping below does not depend on
  // it.
  (void) mlock (self->data, len + 1);
  if (len > 0)
    memcpy (self->data, data, len);
  self->data[len] = '\0';
  return self;
}

void
wd_core_secret_free (WdSecret *self)
{
  if (self == NULL)
    return;

  explicit_bzero (self->data, self->len + 1);
  (void) munlock (self->data, self->len + 1);
  g_free (self->data);
  g_free (self);
}

const char *
wd_core_secret_get (const WdSecret *self)
{
  return self->data;
}

gsize
wd_core_secret_get_len (const WdSecret *self)
{
  return self->len;
}

gboolean
wd_core_secret_is_equal_data (const void *a, gsize a_len, const void *b, gsize b_len)
{
  const volatile guint8 *x = a;
  const volatile guint8 *y = b;
  guint8 differ = 0;

  if (a_len != b_len)
    return FALSE;
  for (gsize i = 0; i < a_len; i++)
    differ |= (guint8) (x[i] ^ y[i]);
  return differ == 0;
}

gboolean
wd_core_secret_is_equal (const WdSecret *a, const WdSecret *b)
{
  return wd_core_secret_is_equal_data (a->data, a->len, b->data, b->len);
}

WdSecret *
wd_core_secret_load_credential (const char *name, GError **error)
{
  const char *directory = g_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *path = NULL;
  g_autoptr (GError) local_error = NULL;
  char *data = NULL;
  gsize len = 0;
  WdSecret *secret;

  if (directory == NULL)
    return NULL;

  path = g_build_filename (directory, name, NULL);
  if (!g_file_get_contents (path, &data, &len, &local_error))
    {
      if (!g_error_matches (local_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        g_propagate_prefixed_error (error, g_steal_pointer (&local_error), "credential %s: ", name);
      return NULL;
    }

  secret = wd_core_secret_new (data, len > 0 && data[len - 1] == '\n' ? len - 1 : len);
  explicit_bzero (data, len);
  g_free (data);
  return secret;
}
