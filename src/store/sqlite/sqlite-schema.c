// SPDX-License-Identifier: EUPL-1.2
// The steps of the schema of a user's mail.db.
#include "config.h"

#include "sqlite-schema.h"

#include "sqlite-schema-flags.h"

// `mailbox`: what changes with each delivery comes first in the row, and row 0 (the owner: all
// messages, all octets, the next content id in uidnext, the last uidvalidity given) shares its page
// with INBOX, so that a delivery touches one page for both.
//
// `map` is apart, for a fragmented one is long. It holds the UIDs below `upto`; from there to
// uidnext - 1 all are there. Only an expunge rewrites it.
//
// `message` never changes, and has no secondary index. `flags` are those that it came with, and
// `created` is the modseq at which it came; `save_delta_ms` is the save date less the internal
// date. What a search looks at comes first in the row.
//
// `changed` had what flags and modseq have become since, for the messages of a chunk of 256 UIDs as
// runs: see flags_sql.
//
// `meta` and `data` are apart, so that ENVELOPE and BODYSTRUCTURE are read from compact pages.
static const char mail_sql[]
    = "CREATE TABLE mailbox ("
      "  id INTEGER PRIMARY KEY,"
      "  uidnext INTEGER NOT NULL,"
      "  modseq INTEGER NOT NULL,"
      "  n_messages INTEGER NOT NULL,"
      "  n_unseen INTEGER NOT NULL,"
      "  n_deleted INTEGER NOT NULL,"
      "  size_bytes INTEGER NOT NULL,"
      "  first_recent INTEGER NOT NULL,"
      "  unseen_hint INTEGER NOT NULL,"
      "  journal_floor INTEGER NOT NULL,"
      "  journal_bytes INTEGER NOT NULL,"
      "  uidvalidity INTEGER NOT NULL,"
      "  special_use INTEGER NOT NULL,"
      "  oid BLOB NOT NULL,"
      "  path TEXT NOT NULL,"
      "  extra TEXT);"
      "CREATE UNIQUE INDEX mailbox_oid ON mailbox (oid);"
      "CREATE UNIQUE INDEX mailbox_path ON mailbox (path);"
      "CREATE TABLE map ("
      "  mailbox INTEGER PRIMARY KEY,"
      "  upto INTEGER NOT NULL,"
      "  uids BLOB NOT NULL);"
      "CREATE TABLE message ("
      "  mailbox INTEGER NOT NULL,"
      "  uid INTEGER NOT NULL,"
      "  content INTEGER NOT NULL,"
      "  created INTEGER NOT NULL,"
      "  flags INTEGER NOT NULL,"
      "  size INTEGER NOT NULL,"
      "  date_ms INTEGER NOT NULL,"
      "  zone INTEGER NOT NULL,"
      "  save_delta_ms INTEGER NOT NULL,"
      "  id BLOB NOT NULL,"
      "  PRIMARY KEY (mailbox, uid)) WITHOUT ROWID;"
      "CREATE TABLE changed ("
      "  mailbox INTEGER NOT NULL,"
      "  chunk INTEGER NOT NULL,"
      "  runs BLOB NOT NULL,"
      "  PRIMARY KEY (mailbox, chunk)) WITHOUT ROWID;"
      "CREATE TABLE meta ("
      "  content INTEGER PRIMARY KEY,"
      "  envelope BLOB NOT NULL,"
      "  body BLOB NOT NULL,"
      "  structure BLOB NOT NULL,"
      "  sent_day INTEGER,"
      "  tree BLOB NOT NULL);"
      "CREATE TABLE data ("
      "  content INTEGER PRIMARY KEY,"
      "  coding INTEGER NOT NULL," // 0: as it is; 1: zstd.
      "  text_len INTEGER NOT NULL,"
      "  prefix BLOB NOT NULL,"
      "  parts BLOB," // What was taken out, NULL when nothing was.
      "  text BLOB NOT NULL);"
      "CREATE TABLE part ("
      "  sha BLOB NOT NULL,"
      "  content INTEGER NOT NULL,"
      "  PRIMARY KEY (sha, content)) WITHOUT ROWID;"
      "CREATE TABLE journal ("
      "  mailbox INTEGER NOT NULL,"
      "  modseq INTEGER NOT NULL,"
      "  kind INTEGER NOT NULL,"
      "  uids BLOB NOT NULL,"
      "  created BLOB,"
      "  PRIMARY KEY (mailbox, modseq, kind)) WITHOUT ROWID;"
      "CREATE TABLE keyword ("
      "  bit INTEGER PRIMARY KEY,"
      "  name TEXT NOT NULL UNIQUE COLLATE NOCASE);"
      "CREATE TABLE subscription (path TEXT PRIMARY KEY) WITHOUT ROWID;"
      // An id is never given again: who clears the queue up to one must not meet a later entry.
      "CREATE TABLE garbage (id INTEGER PRIMARY KEY AUTOINCREMENT, contents BLOB NOT NULL);"
      "CREATE TABLE part_garbage (sha BLOB PRIMARY KEY) WITHOUT ROWID;"
      // Decoded and folded, to decide about what the index has narrowed.
      "CREATE TABLE header_text ("
      "  content INTEGER PRIMARY KEY,"
      "  h_from TEXT, h_to TEXT, h_cc TEXT, h_bcc TEXT, h_subject TEXT);"
      // Contents too long to be indexed: always looked into.
      "CREATE TABLE unindexed (content INTEGER PRIMARY KEY);"
      // The text index itself (FTS5) is made when the first text is indexed. Contents up to
      // indexed_upto are in it.
      "CREATE TABLE owner ("
      "  id INTEGER PRIMARY KEY CHECK (id = 1),"
      "  quota_bytes INTEGER NOT NULL,"
      "  indexed_upto INTEGER NOT NULL,"
      "  n_index_stale INTEGER NOT NULL,"
      "  is_searched INTEGER NOT NULL);";

// Annotations of a mailbox; those of row 0 are the account's.
static const char metadata_sql[] = "CREATE TABLE metadata ("
                                   "  mailbox INTEGER NOT NULL,"
                                   "  name TEXT NOT NULL,"
                                   "  value BLOB NOT NULL,"
                                   "  PRIMARY KEY (mailbox, name)) WITHOUT ROWID;";

// What flags and modseq have become, for the messages of a chunk of UIDs as runs
// (sqlite-flag-runs.h): changing the flags of all writes few octets, and a delivery none.
static const char flags_sql[] = "CREATE TABLE flags ("
                                "  id INTEGER PRIMARY KEY," // WD_SQLITE_SCHEMA_CHUNK_ID
                                "  runs BLOB NOT NULL);";

// The beginning of the text, made when the message came in; of those that came before, NULL: made
// when it is asked for.
static const char preview_sql[] = "ALTER TABLE meta ADD COLUMN preview TEXT;";

static const WdSqliteStep steps[] = {
  { .sql = mail_sql },
  { .sql = metadata_sql },
  { .sql = flags_sql, .func = wd_sqlite_schema_flags_upgrade },
  { .sql = preview_sql },
};

const WdSqliteSchema *
wd_sqlite_schema_get (void)
{
  static const WdSqliteSchema schema = { steps, G_N_ELEMENTS (steps) };

  return &schema;
}
