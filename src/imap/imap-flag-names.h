// SPDX-License-Identifier: EUPL-1.2
// Flags of a command as the store's bits.
#pragma once

#include "imap-flags.h"
#include "imap-session.h"

// `create`: keywords that are new are made, else they are left out. LIMIT.
gboolean wd_imap_flag_names_to_mask (WdImapSession *session,
                                     const WdId *mailbox,
                                     const WdImapFlags *flags,
                                     gboolean create,
                                     WdFlags *out_mask,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
