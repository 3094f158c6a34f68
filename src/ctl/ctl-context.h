// SPDX-License-Identifier: EUPL-1.2
// What a command of wildduckctl works with: the configuration and the store, opened when asked for.
#pragma once

#include "core-config.h"
#include "store.h"

typedef enum
{
  WD_CTL_OK = 0,
  WD_CTL_FAILED = 1,
  WD_CTL_USAGE = 2,
  WD_CTL_FINDINGS = 3, // store check: something is wrong, and was not repaired.
} WdCtlStatus;

#define WD_CTL_ERROR (wd_ctl_context_error_quark ())
GQuark wd_ctl_context_error_quark (void);

typedef enum
{
  WD_CTL_ERROR_FAILED, // Exit status 1.
  WD_CTL_ERROR_USAGE,  // Exit status 2: the command line is wrong.
} WdCtlError;

typedef struct
{
  char *config_file; // --config (nullable).
  GStrv overrides;   // --set (nullable).
  WdConfig *config;  // NULL until loaded.
  WdStore *store;    // NULL until opened.
} WdCtl;

void wd_ctl_context_clear (WdCtl *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (WdCtl, wd_ctl_context_clear)

gboolean wd_ctl_context_load_config (WdCtl *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Loads the configuration, too. Root becomes the owner of the store's directory for good, so that
// no file in it is made that the services cannot open.
gboolean wd_ctl_context_open_store (WdCtl *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

// The same, and makes and upgrades what wd_store_prepare does.
gboolean wd_ctl_context_prepare_store (WdCtl *self, WdStorePrepared *out_prepared, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

// Opens another store than that of the configuration. `uri` is one as [store] uri has it; all
// else is the configuration's. Root becomes the owner of the directory of `owner_uri`.
WdStore *wd_ctl_context_open_uri (WdCtl *self,
                                  const char *uri,
                                  const char *owner_uri,
                                  gboolean must_exist,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

// Finds a user by name, address or id. Returns (transfer full): NULL with an error when there is
// none.
WdUser *wd_ctl_context_find_user (WdCtl *self, const char *name, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
