// SPDX-License-Identifier: EUPL-1.2
// Users and addresses as plain data.
#include "config.h"

#include "store-account.h"

#include <string.h>

// Hashes and keys are worth a dictionary attack: they do not stay in freed memory.
static void
free_secret (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

void
wd_user_free (WdUser *self)
{
  if (self == NULL)
    return;
  g_free (self->username);
  g_free (self->name);
  g_free (self->address);
  free_secret (self->password_hash);
  free_secret (self->scram);
  g_strfreev (self->disabled_scopes);
  g_strfreev (self->tags);
  g_free (self->extra_json);
  g_free (self);
}

void
wd_store_free_app_password (WdAppPassword *self)
{
  if (self == NULL)
    return;
  free_secret (self->hash);
  g_free (self->selector);
  g_strfreev (self->scopes);
  g_free (self);
}

void
wd_address_free (WdAddress *self)
{
  if (self == NULL)
    return;
  g_free (self->address);
  g_free (self->name);
  g_strfreev (self->tags);
  g_free (self->extra_json);
  g_free (self);
}

static void
reverse (GPtrArray *rows)
{
  for (guint i = 0; i < rows->len / 2; i++)
    {
      gpointer row = rows->pdata[i];

      rows->pdata[i] = rows->pdata[rows->len - 1 - i];
      rows->pdata[rows->len - 1 - i] = row;
    }
}

gboolean
wd_list_query_trim (const WdListQuery *self, GPtrArray *rows)
{
  gboolean has_more = rows->len > self->limit;

  if (has_more)
    g_ptr_array_set_size (rows, (gint) self->limit);
  if (!wd_core_id_is_none (&self->before))
    reverse (rows);
  return has_more;
}
