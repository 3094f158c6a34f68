// SPDX-License-Identifier: EUPL-1.2
// THREAD and UID THREAD (RFC 5256).
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "imap-envelope.h"
#include "imap-error.h"
#include "imap-find.h"
#include "imap-search-keys.h"
#include "imap-set.h"
#include "imap-subject.h"
#include "imap-thread.h"
#include "mime-header.h"
#include "mime-message-id.h"

static const struct
{
  const char *name;
  WdImapThreadAlgorithm algorithm;
  WdFetchFields fields;
} algorithms[] = {
  { "ORDEREDSUBJECT", WD_IMAP_THREAD_ORDEREDSUBJECT, WD_FETCH_INDEX },
  { "REFERENCES", WD_IMAP_THREAD_REFERENCES, WD_FETCH_INDEX | WD_FETCH_CONTENT },
};

typedef struct
{
  WdImapSession *session;
  gboolean is_uid;
  WdFetchFields fields;
  WdImapFind find;
  WdImapThread *thread;
  gboolean is_writing;
  GError *error;
} Thread;

static void
thread_free (gpointer data)
{
  Thread *self = data;

  wd_imap_find_clear (&self->find);
  wd_imap_thread_free (self->thread);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
parse (WdImapSession *session, WdImapCommand *cmd, Thread *self)
{
  g_autoptr (WdSearchExpr) expr = NULL;
  gboolean has_modseq;
  char name[32];

  if (!wd_imap_parse_space (&cmd->args) || !wd_imap_parse_name (&cmd->args, name)
      || !wd_imap_parse_space (&cmd->args))
    {
      wd_imap_command_bad_args (cmd);
      return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (strcmp (algorithms[i].name, name) == 0)
      {
        self->thread = wd_imap_thread_new (algorithms[i].algorithm);
        self->fields = algorithms[i].fields;
        if (!wd_imap_search_keys_parse (session, cmd, TRUE, &expr, &has_modseq))
          return FALSE;
        if (has_modseq)
          wd_imap_session_enable (session, WD_IMAP_ENABLED_CONDSTORE);
        wd_imap_find_begin (&self->find, session, g_steal_pointer (&expr), FALSE, TRUE);
        return TRUE;
      }
  wd_imap_command_bad (cmd, "Unknown threading algorithm");
  return FALSE;
}

// The ids that a message refers to: its References, else the first of In-Reply-To.
static GPtrArray *
list_references (const char *header, gsize len, const WdImapEnvelope *envelope)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  WdMimeField field;
  gsize offset = 0;

  while (ids->len == 0 && wd_mime_header_next (header, len, &offset, &field))
    if (wd_mime_header_is_named (&field, "References", 10))
      wd_mime_message_id_append (field.start + field.value_start, field.len - field.value_start,
                                 WD_LIMIT_IMAP_REFERENCES, ids);
  if (ids->len == 0 && envelope->in_reply_to != NULL)
    wd_mime_message_id_append (envelope->in_reply_to, strlen (envelope->in_reply_to), 1, ids);
  g_ptr_array_add (ids, NULL);
  return ids;
}

static char *
dup_message_id (const WdImapEnvelope *envelope)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  if (envelope->message_id != NULL)
    wd_mime_message_id_append (envelope->message_id, strlen (envelope->message_id), 1, ids);
  return ids->len > 0 ? g_ptr_array_steal_index (ids, 0) : NULL;
}

static gboolean
read_header (WdContent *content, GString *header, GError **error)
{
  const WdMimeTree *tree = wd_content_get_tree (content);
  guint n_parts;
  guint64 len;

  if (tree == NULL)
    return TRUE;
  len = wd_mime_tree_get_parts (tree, &n_parts)->body_start;
  return wd_content_read (content, 0, (gsize) MIN (len, WD_LIMIT_MIME_HEADER_BYTES), header, error);
}

static gboolean
take_row (WdMessageRow *row, gpointer user_data)
{
  Thread *self = user_data;
  g_auto (WdImapEnvelope) envelope = { 0 };
  g_autoptr (GString) header = g_string_new (NULL);
  g_autoptr (GPtrArray) references = NULL;
  g_autofree char *subject = NULL;
  g_autofree char *base = NULL;
  g_autofree char *key = NULL;
  g_autofree char *id = NULL;
  gboolean is_reply;

  if (row->envelope != NULL)
    wd_imap_envelope_read (row->envelope, row->envelope_len, &envelope);
  if (row->content != NULL && !read_header (row->content, header, &self->error))
    return FALSE;
  subject = wd_imap_envelope_dup_subject (&envelope);
  base = wd_imap_subject_dup_base (subject, &is_reply);
  key = wd_imap_subject_dup_key (base);
  id = dup_message_id (&envelope);
  references = list_references (header->str, header->len, &envelope);
  return wd_imap_thread_add (
      self->thread,
      self->is_uid ? row->uid : wd_uidset_get_seq (self->session->view->uids, row->uid).n,
      wd_imap_envelope_get_sent_ms (&envelope, row->internal_date_ms), key, is_reply, id,
      (const char *const *) references->pdata);
}

// Finds or reads the next of them.
static gboolean
run_piece (WdImapSession *session, Thread *self, GError **error)
{
  if (!wd_imap_find_is_found (&self->find))
    return wd_imap_find_run (&self->find, session, error);
  if (!wd_imap_find_read (&self->find, session, self->fields, take_row, self, error))
    return FALSE;
  if (wd_imap_thread_is_full (self->thread))
    g_set_error_literal (&self->error, WD_STORE_ERROR, WD_STORE_ERROR_LIMIT, "too much to sort");
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

static gboolean
begin (WdImapSession *session, WdImapCommand *cmd)
{
  Thread *self = g_new0 (Thread, 1);

  cmd->state = self;
  cmd->state_free = thread_free;
  self->session = session;
  self->is_uid = cmd->is_uid;
  return parse (session, cmd, self);
}

// As far as there is room.
static WdStep
write_threads (WdImapSession *session, Thread *self)
{
  GString *out = wd_imap_session_get_output (session);

  if (!self->is_writing)
    {
      g_string_append (out, wd_imap_thread_is_empty (self->thread) ? "* THREAD" : "* THREAD ");
      self->is_writing = TRUE;
    }
  while (wd_imap_thread_append_next (self->thread, out))
    if (wd_imap_session_is_output_full (session))
      return WD_MORE;
  g_string_append (out, "\r\n");
  return WD_DONE;
}

WdStep
wd_imap_cmd_thread (WdImapSession *session, WdImapCommand *cmd)
{
  g_autoptr (GError) error = NULL;
  Thread *self;

  if (cmd->state == NULL && !begin (session, cmd))
    return WD_DONE;
  self = cmd->state;
  if (self->is_writing)
    return write_threads (session, self);
  if (!run_piece (session, self, &error))
    return wd_imap_error_reply (session, cmd, error);
  if (wd_imap_find_is_read (&self->find))
    {
      wd_imap_thread_run (self->thread);
      return write_threads (session, self);
    }
  wd_imap_find_tell_progress (&self->find, session, cmd);
  return WD_MORE;
}
