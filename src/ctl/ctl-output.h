// SPDX-License-Identifier: EUPL-1.2
// What wildduckctl prints: aligned tables for people, JSON for programs, progress for the patient.
#pragma once

#include <json-glib/json-glib.h>

typedef struct _WdCtlTable WdCtlTable;

// `columns` are the headings, ended by NULL.
WdCtlTable *wd_ctl_output_table_new (const char *const *columns) G_GNUC_WARN_UNUSED_RESULT;
void wd_ctl_output_table_free (WdCtlTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdCtlTable, wd_ctl_output_table_free)

// One row: as many strings as there are columns.
void wd_ctl_output_table_add (WdCtlTable *self, ...);

// Returns (transfer full): the table as text, its columns aligned.
char *wd_ctl_output_table_to_string (const WdCtlTable *self) G_GNUC_WARN_UNUSED_RESULT;
void wd_ctl_output_table_print (const WdCtlTable *self);

// Prints what was built, as indented JSON.
void wd_ctl_output_print_json (JsonBuilder *builder);

// Adds a member to the object that is being built; NULL becomes null.
void wd_ctl_output_add_string (JsonBuilder *builder, const char *name, const char *value);
void wd_ctl_output_add_number (JsonBuilder *builder, const char *name, guint64 value);
void wd_ctl_output_add_boolean (JsonBuilder *builder, const char *name, gboolean value);

// A bar on stderr when that is a terminal, else nothing. `done` == `total` ends its line.
void wd_ctl_output_progress (guint64 done, guint64 total);
// Removes an unfinished bar, so that something else can be printed.
void wd_ctl_output_progress_clear (void);
