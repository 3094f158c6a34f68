// SPDX-License-Identifier: EUPL-1.2
// Names of keywords, each of which is in memory once, however many sessions know it. Any thread.
#pragma once

#include <glib.h>

// Returns (transfer full): to be given back by wd_imap_keyword_unref.
const char *wd_imap_keyword_ref (const char *name) G_GNUC_WARN_UNUSED_RESULT;
// `name` is what the above returned.
void wd_imap_keyword_unref (const char *name);
// Names that are in memory.
guint wd_imap_keyword_get_count (void);
