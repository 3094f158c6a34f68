// SPDX-License-Identifier: EUPL-1.2
// Progress of long commands.
#include "config.h"

#include "imap-progress.h"

#include "core-clock.h"
#include "imap-format.h"

#define PROGRESS_SECS 10

void
wd_imap_progress_begin (WdImapProgress *self)
{
  self->told_us = wd_core_clock_monotonic_us ();
}

void
wd_imap_progress_tell (WdImapProgress *self,
                       WdImapSession *session,
                       const WdImapCommand *cmd,
                       guint64 n_done,
                       guint64 n_all)
{
  GString *out = wd_imap_session_get_output (session);
  gint64 now_us = wd_core_clock_monotonic_us ();

  if (now_us - self->told_us < PROGRESS_SECS * G_USEC_PER_SEC)
    return;
  self->told_us = now_us;
  g_string_append (out, "* OK [INPROGRESS (");
  wd_imap_format_string (out, cmd->tag);
  g_string_append_printf (out, " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT ")] Still working\r\n",
                          n_done, n_all);
}
