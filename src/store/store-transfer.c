// SPDX-License-Identifier: EUPL-1.2
// Moving one user: who it is, the account, and in which order.
//
// A setting of the target says how far it is. "copying" stands there before the user does; from
// then on the account is disabled, and everything can be done again. "done" with a digest of the
// mailboxes' counters is written before the account is enabled: who finds another digest knows that
// the account was used, and leaves it alone.
#include "config.h"

#include "store-transfer.h"

#include <string.h>

#include "store-transfer-private.h"

#define COPYING "copying"

void
wd_transfer_step (WdTransfer *self, guint64 n)
{
  self->n_done = MIN (self->n_done + n, self->n_total);
  if (self->funcs != NULL && self->funcs->progress != NULL)
    self->funcs->progress (self->n_done, self->n_total, self->funcs->user_data);
}

static char *
dup_marker_key (const WdId *user)
{
  g_autofree char *hex = wd_core_id_dup_hex (user);

  return g_strconcat ("transfer-", hex, NULL);
}

static gboolean
set_marker (WdTransfer *self, const char *value, GError **error)
{
  g_autofree char *key = dup_marker_key (&self->actor.owner);

  return wd_store_set_setting (self->to, key, value, self->cancellable, error);
}

// What any use of the mail changes. Returns (transfer full).
static char *
make_digest (WdTransfer *self, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (GPtrArray) mailboxes
      = wd_store_list_mailboxes (self->to, &self->actor, self->cancellable, error);

  if (mailboxes == NULL)
    return NULL;
  for (guint i = 0; i < mailboxes->len; i++)
    {
      const WdMailboxInfo *info = mailboxes->pdata[i];
      g_autofree char *hex = wd_core_id_dup_hex (&info->id);
      g_autofree char *line = g_strdup_printf ("%s %s %u %u %" G_GUINT64_FORMAT " %u\n", hex,
                                               info->path, info->uidvalidity, info->uidnext,
                                               info->highest_modseq, info->n_messages);

      g_checksum_update (sum, (const guchar *) line, -1);
    }
  return g_strconcat ("done ", g_checksum_get_string (sum), NULL);
}

static gboolean
fail (WdStoreError code, const char *what, GError **error)
{
  g_set_error_literal (error, WD_STORE_ERROR, (gint) code, what);
  return FALSE;
}

// The user who is there already must have got there by this, and must not have been used since.
static gboolean
check_known (WdTransfer *self, GError **error)
{
  g_autofree char *key = dup_marker_key (&self->actor.owner);
  g_autofree char *marker = NULL;
  g_autofree char *digest = NULL;

  if (!wd_store_get_setting (self->to, key, &marker, self->cancellable, error))
    return FALSE;
  if (marker == NULL)
    return fail (WD_STORE_ERROR_EXISTS, "the target has this user, who was not copied there",
                 error);
  if (strcmp (marker, COPYING) == 0)
    return TRUE;
  digest = make_digest (self, error);
  if (digest == NULL)
    return FALSE;
  return strcmp (digest, marker) == 0
         || fail (WD_STORE_ERROR_CONFLICT,
                  "the user's mail was changed in the target since it was copied there", error);
}

// TRUE with NULL in `out_user` when there is none.
static gboolean
find_target (WdTransfer *self, const WdUser *source, WdUser **out_user, GError **error)
{
  g_autoptr (WdUser) named = NULL;
  g_autoptr (GError) failure = NULL;

  *out_user = wd_store_get_user (self->to, &source->id, self->cancellable, &failure);
  if (*out_user == NULL && !g_error_matches (failure, WD_STORE_ERROR, WD_STORE_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (*out_user != NULL)
    return TRUE;
  if (!wd_store_find_user (self->to, source->username, &named, self->cancellable, error))
    return FALSE;
  return named == NULL
         || fail (WD_STORE_ERROR_EXISTS, "the target has another user of this name", error);
}

static gboolean
create_target (WdTransfer *self, const WdUser *source, GError **error)
{
  WdUser spec = *source;
  WdId id;

  spec.address = NULL;
  spec.disabled = TRUE;
  spec.is_import = TRUE;
  return set_marker (self, COPYING, error)
         && wd_store_create_user (self->to, &spec, &id, self->cancellable, error);
}

static gboolean
update_account (WdTransfer *self, const WdUser *source, gboolean disabled, GError **error)
{
  WdUser changes = *source;

  changes.disabled = disabled;
  return wd_store_update_user (self->to, &source->id, &changes,
                               WD_USER_FIELD_NAME | WD_USER_FIELD_PASSWORD | WD_USER_FIELD_QUOTA
                                   | WD_USER_FIELD_DISABLED | WD_USER_FIELD_SUSPENDED
                                   | WD_USER_FIELD_TAGS | WD_USER_FIELD_EXTRA,
                               self->cancellable, error);
}

// From here on nobody else is there.
static gboolean
begin (WdTransfer *self, const WdUser *source, GError **error)
{
  g_autoptr (WdUser) target = NULL;

  if (!find_target (self, source, &target, error))
    return FALSE;
  if (target == NULL)
    return create_target (self, source, error);
  if (strcmp (target->username, source->username) != 0)
    return fail (WD_STORE_ERROR_EXISTS, "the target has this user under another name", error);
  return check_known (self, error) && set_marker (self, COPYING, error)
         && update_account (self, source, TRUE, error);
}

static const WdAddress *
find_address (GPtrArray *addresses, const WdId *id)
{
  for (guint i = 0; i < addresses->len; i++)
    if (wd_core_id_is_equal (&((WdAddress *) addresses->pdata[i])->id, id))
      return addresses->pdata[i];
  return NULL;
}

static gboolean
put_address (WdTransfer *self, const WdAddress *source, const WdAddress *target, GError **error)
{
  const WdAddressFields fields = WD_ADDRESS_FIELD_NAME | WD_ADDRESS_FIELD_TAGS
                                 | WD_ADDRESS_FIELD_EXTRA
                                 | (source->main ? WD_ADDRESS_FIELD_MAIN : 0);
  WdAddress spec = *source;
  WdId id;

  spec.is_import = TRUE;
  return target == NULL
             ? wd_store_create_address (self->to, &spec, &id, self->cancellable, error)
             : wd_store_update_address (self->to, &self->actor.owner, &source->id, source,
                                        strcmp (source->address, target->address) == 0
                                            ? fields
                                            : fields | WD_ADDRESS_FIELD_ADDRESS,
                                        self->cancellable, error);
}

static gboolean
copy_addresses (WdTransfer *self, GError **error)
{
  g_autoptr (GPtrArray) from
      = wd_store_list_addresses (self->from, &self->actor.owner, self->cancellable, error);
  g_autoptr (GPtrArray) to = NULL;

  if (from == NULL
      || (to = wd_store_list_addresses (self->to, &self->actor.owner, self->cancellable, error))
             == NULL)
    return FALSE;
  for (guint i = 0; i < from->len; i++)
    {
      const WdAddress *source = from->pdata[i];

      if (!put_address (self, source, find_address (to, &source->id), error))
        {
          g_prefix_error (error, "%s: ", source->address);
          return FALSE;
        }
    }
  for (guint i = 0; i < to->len; i++)
    {
      const WdAddress *old = to->pdata[i];

      if (find_address (from, &old->id) == NULL
          && !wd_store_delete_address (self->to, &self->actor.owner, &old->id, self->cancellable,
                                       error))
        return FALSE;
    }
  return TRUE;
}

// WdStoreFindingFunc. What was interrupted can have left the quota too high.
static void
note_finding (const WdStoreFinding *finding, gpointer user_data)
{
  if (!finding->is_repaired)
    wd_transfer_verify_note (user_data, "%s: %s", finding->what, finding->detail);
}

static gboolean
finish (WdTransfer *self, const WdUser *source, GError **error)
{
  g_autofree char *digest = NULL;

  if (self->report.n_differences > 0)
    return TRUE;
  digest = make_digest (self, error);
  return digest != NULL && set_marker (self, digest, error)
         && update_account (self, source, source->disabled, error);
}

static gboolean
run (WdTransfer *self, const WdUser *source, GError **error)
{
  g_autoptr (GPtrArray) mailboxes
      = wd_store_list_mailboxes (self->from, &self->actor, self->cancellable, error);

  if (mailboxes == NULL)
    return FALSE;
  self->report.n_mailboxes = mailboxes->len;
  for (guint i = 0; i < mailboxes->len; i++)
    self->report.n_messages += ((WdMailboxInfo *) mailboxes->pdata[i])->n_messages;
  // Each is copied, and compared.
  self->n_total = 2 * self->report.n_messages;
  return begin (self, source, error) && copy_addresses (self, error)
         && wd_transfer_mail_copy (self, mailboxes, error)
         && wd_store_check (self->to, &source->id, TRUE, note_finding, NULL, self,
                            self->cancellable, error)
         && wd_transfer_verify_all (self, mailboxes, error) && finish (self, source, error);
}

gboolean
wd_transfer_user (WdStore *from,
                  WdStore *to,
                  const WdId *user,
                  const WdTransferFuncs *funcs,
                  WdTransferReport *out_report,
                  GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (WdUser) source = wd_store_get_user (from, user, cancellable, error);
  WdTransfer self = {
    .from = from,
    .to = to,
    .actor = WD_ACTOR_SELF (*user),
    .funcs = funcs,
    .cancellable = cancellable,
  };

  if (source == NULL || !run (&self, source, error))
    return FALSE;
  *out_report = self.report;
  return TRUE;
}
