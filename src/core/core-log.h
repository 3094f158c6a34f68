// SPDX-License-Identifier: EUPL-1.2
// Structured logging: the journal's fields when stderr is the journal, else one readable line.
#pragma once

#include <glib.h>

#include "core-msgid.h"

// What is known of the session or process that logs; a child adds to what its parent has.
typedef struct _WdLogContext WdLogContext;

// Sets the writer of this process, which GLib's own messages go through from then on. `service` is
// the name shown, such as "imap". Main thread, before there are others; called again (a reload) it
// only sets `debug`.
void wd_core_log_init (const char *service, gboolean debug);

// Returns (transfer full): a context under `parent` (nullable), which lives on while it has
// children. Any thread, one at a time.
WdLogContext *wd_core_log_context_new (WdLogContext *parent) G_GNUC_WARN_UNUSED_RESULT;
void wd_core_log_context_free (WdLogContext *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdLogContext, wd_core_log_context_free)

// Sets a field (WD_USER, WD_SESSION, WD_REMOTE, WD_MAILBOX, WD_COMMAND, WD_SERVICE); NULL takes it
// away. `field` is a literal.
void wd_core_log_context_set (WdLogContext *self, const char *field, const char *value);

// Logs one event. `ctx` and `msgid` are nullable (a message id is required from INFO up; see
// core-msgid.h). Between them and the format stand pairs of field name and string value, ended by
// NULL: wd_log_info (ctx, WD_MSG_DELIVERED, "WD_UID", uid_text, NULL, "delivered %u", uid).
// Client's octets may stand in values and arguments: what could forge a line is escaped, what is
// long is cut (core-limits.h). Never aborts. Any thread. Never a password, message content or a
// local part above debug.
void wd_core_log (GLogLevelFlags level, WdLogContext *ctx, const char *msgid, ...);

#define wd_log_error(ctx, msgid, ...) wd_core_log (G_LOG_LEVEL_CRITICAL, ctx, msgid, __VA_ARGS__)
#define wd_log_warning(ctx, msgid, ...) wd_core_log (G_LOG_LEVEL_WARNING, ctx, msgid, __VA_ARGS__)
#define wd_log_notice(ctx, msgid, ...) wd_core_log (G_LOG_LEVEL_MESSAGE, ctx, msgid, __VA_ARGS__)
#define wd_log_info(ctx, msgid, ...) wd_core_log (G_LOG_LEVEL_INFO, ctx, msgid, __VA_ARGS__)
#define wd_log_debug(ctx, ...) wd_core_log (G_LOG_LEVEL_DEBUG, ctx, NULL, __VA_ARGS__)
