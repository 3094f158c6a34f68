// SPDX-License-Identifier: EUPL-1.2
// From format 2 to 3: changed flags go from chunks of 256 UIDs (`changed`) to smaller ones
// (`flags`).
#pragma once

#include "sqlite-db.h"

// Within the upgrade's transaction. Octets that cannot be read stay so, to be found by a check.
gboolean wd_sqlite_schema_flags_upgrade (WdSqliteDb *db, GError **error) G_GNUC_WARN_UNUSED_RESULT;
