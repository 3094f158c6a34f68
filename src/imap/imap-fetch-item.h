// SPDX-License-Identifier: EUPL-1.2
// The table of FETCH items that a row alone can answer, and their writers.
#pragma once

#include "imap-fetch-plan.h"

// By its name in upper case. Returns (transfer none) (nullable).
const WdImapFetchItem *wd_imap_fetch_item_find (const char *name);

// Appends the flags, separated by spaces, without parentheses.
void wd_imap_fetch_item_append_flags (
    GString *out, WdFlags flags, gboolean is_recent, const char *const *keywords, guint n_keywords);
