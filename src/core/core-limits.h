// SPDX-License-Identifier: EUPL-1.2
// Every limit on what a client can make grow. Where a site would want to move one, the
// configuration key is named beside it and the value here is its default.
#pragma once

// One command line without its literals, and one response-free SMTP line (RFC 5321 4.5.3.1.4).
#define WD_LIMIT_IMAP_LINE_BYTES (64 * 1024)
#define WD_LIMIT_SMTP_LINE_BYTES 4096

// Literals that are not a message: mailbox names, search strings, passwords.
#define WD_LIMIT_IMAP_LITERAL_BYTES (64 * 1024)
// All of one command, message literals left out.
#define WD_LIMIT_IMAP_COMMAND_BYTES (256 * 1024)
// A line, and a command with its literals, before the client has logged in.
#define WD_LIMIT_IMAP_LOGIN_BYTES (16 * 1024)
// Parentheses in one command, and SEARCH keys in one tree.
#define WD_LIMIT_IMAP_NESTING 32
#define WD_LIMIT_IMAP_SEARCH_KEYS 1000
// Ranges in one sequence set.
#define WD_LIMIT_IMAP_SET_RANGES 10000
// BADs in a row before BYE.
#define WD_LIMIT_IMAP_BAD_COMMANDS 20
// Failed logins of one connection before BYE.
#define WD_LIMIT_IMAP_FAILED_LOGINS 10
// Octets of refused commands in a row that are read and thrown away before BYE.
#define WD_LIMIT_IMAP_SWALLOW_BYTES (256 * 1024 * 1024)
// Items of one FETCH, names in one HEADER.FIELDS, patterns of one LIST, fields of one ID.
#define WD_LIMIT_IMAP_FETCH_ITEMS 100
#define WD_LIMIT_IMAP_HEADER_FIELDS 250
#define WD_LIMIT_IMAP_LIST_PATTERNS 100
#define WD_LIMIT_IMAP_ID_FIELDS 30

// Messages of one APPEND, and octets of all of them when there are several.
#define WD_LIMIT_IMAP_APPEND_MESSAGES 100
#define WD_LIMIT_IMAP_APPEND_BYTES (256 * 1024 * 1024)
// Parts of one CATENATE.
#define WD_LIMIT_IMAP_CATENATE_PARTS 1000

// Octets of a text that SORT and THREAD compare, and ids of one References that THREAD follows.
#define WD_LIMIT_IMAP_SORT_KEY_BYTES 1024
#define WD_LIMIT_IMAP_REFERENCES 1000
// Octets of all texts that one SORT or THREAD compares; and, of THREAD, what it keeps of the
// messages that are referred to besides the direct ones.
#define WD_LIMIT_IMAP_ORDER_BYTES (128 * 1024 * 1024)
#define WD_LIMIT_IMAP_REFERENCES_BYTES (64 * 1024 * 1024)

// Octets that are read ahead of the running command (pipelining), and octets of output that are
// held before a command is told to wait for the client.
#define WD_LIMIT_INPUT_BUFFER_BYTES (64 * 1024)
#define WD_LIMIT_OUTPUT_HIGH_WATER_BYTES (256 * 1024)
// Octets of compressed input that are held besides.
#define WD_LIMIT_DEFLATED_INPUT_BYTES (16 * 1024)

// A message ([store] max-message-size).
#define WD_LIMIT_MESSAGE_BYTES (64 * 1024 * 1024)
// Held in memory while it arrives; beyond that it is spooled to a file.
#define WD_LIMIT_SPOOL_MEMORY_BYTES (1024 * 1024)

// The indexer: what goes beyond becomes one opaque part, never an error.
#define WD_LIMIT_MIME_DEPTH 64
#define WD_LIMIT_MIME_PARTS 2000
#define WD_LIMIT_MIME_HEADER_BYTES (256 * 1024)
// Of all headers within one message together; then so much of each further one. What the index of
// a message can take is some ten times as much.
#define WD_LIMIT_MIME_HEADERS_BYTES (1024 * 1024)
#define WD_LIMIT_MIME_LATE_HEADER_BYTES 1024
// Addresses in one envelope field: those beyond are left out of the envelope.
#define WD_LIMIT_MIME_ENVELOPE_ADDRESSES 2000
// A multipart with a longer boundary (RFC 2046 5.1.1 allows 70) is opaque.
#define WD_LIMIT_MIME_BOUNDARY_BYTES 1000
// A longer type is read as application/octet-stream, a longer charset as none.
#define WD_LIMIT_MIME_TYPE_BYTES 255
#define WD_LIMIT_MIME_CHARSET_BYTES 64

// A longer message id is none.
#define WD_LIMIT_MIME_MESSAGE_ID_BYTES 1000

// Parts of at least so many octets leave the message and are shared by content.
#define WD_LIMIT_LARGE_PART_BYTES (50 * 1024)

// The store, a user.
#define WD_LIMIT_MAILBOXES 1500
#define WD_LIMIT_MAILBOX_PATH_BYTES 1000
#define WD_LIMIT_MAILBOX_LEVELS 128
#define WD_LIMIT_KEYWORDS 55
#define WD_LIMIT_KEYWORD_BYTES 100
#define WD_LIMIT_ADDRESSES 1000
// Stretches of a mailbox by which a search goes from contents to messages; one that is more of a
// mix is walked through.
#define WD_LIMIT_SEARCH_MAP_RUNS 16384
// Annotations of one mailbox, or of the account.
#define WD_LIMIT_METADATA_ENTRIES 100
#define WD_LIMIT_METADATA_NAME_BYTES 255
#define WD_LIMIT_METADATA_VALUE_BYTES (16 * 1024)
#define WD_LIMIT_USERNAME_BYTES 128
#define WD_LIMIT_ADDRESS_BYTES 320
// Tags of one user or address, and in one query.
#define WD_LIMIT_TAGS 100

// Passwords and SASL messages.
#define WD_LIMIT_PASSWORD_BYTES 256
#define WD_LIMIT_SASL_LINE_BYTES 12288
#define WD_LIMIT_SASL_STEPS 8
// Rounds of a PBKDF2 or SCRAM hash that was brought along; more would hold a worker for minutes.
#define WD_LIMIT_PBKDF2_ROUNDS 10000000
// Logins: remembered passwords, accounts and addresses with failures, and those that wait for a
// processor to hash on.
#define WD_LIMIT_AUTH_CACHE_ENTRIES 32768
#define WD_LIMIT_AUTH_FAILURE_ENTRIES 65536
#define WD_LIMIT_AUTH_WAITING_PER_PROCESSOR 4

// Mail in: recipients of a message ([lmtp] max-recipients).
#define WD_LIMIT_RECIPIENTS 1000
#define WD_LIMIT_SMTP_BAD_COMMANDS 20

// HTTP.
#define WD_LIMIT_HTTP_HEAD_BYTES (16 * 1024)
// The largest request body ([http] max-body-size).
#define WD_LIMIT_HTTP_BODY_BYTES (1024 * 1024)
#define WD_LIMIT_HTTP_PAGE_RESULTS 250
#define WD_LIMIT_HTTP_JSON_DEPTH 32
#define WD_LIMIT_HTTP_ARRAY_ITEMS 1000
// Complaints in one reply, and what is shown of a field's name in each.
#define WD_LIMIT_HTTP_COMPLAINTS 100
#define WD_LIMIT_HTTP_FIELD_NAME_BYTES 200
// Octets of a refused body that are read and thrown away, so that the client sees the reply.
#define WD_LIMIT_HTTP_DRAIN_BYTES (16 * 1024 * 1024)
// Requests of one process that wait for a worker or have one, and octets of all the bodies that it
// holds: past them 503.
#define WD_LIMIT_HTTP_REQUESTS 256
#define WD_LIMIT_HTTP_BODIES_BYTES (64 * 1024 * 1024)

// Connections of one process and of one address ([SERVICE] max-connections,
// max-connections-per-address).
#define WD_LIMIT_CONNECTIONS 20000
#define WD_LIMIT_CONNECTIONS_PER_ADDRESS 1000
// Time for a TLS handshake, from the first octet to the last.
#define WD_LIMIT_TLS_HANDSHAKE_SECS 30
// Time to log in, however busy the client is meanwhile ([imap] login-timeout); then time without a
// command ([imap] idle-timeout).
#define WD_LIMIT_IMAP_LOGIN_SECS 60
#define WD_LIMIT_IMAP_IDLE_SECS (30 * 60)
// Time to wait for the client's next line or octets ([lmtp] timeout); for a request's head, its
// body, or the next request ([http] timeout).
#define WD_LIMIT_SMTP_WAIT_SECS (5 * 60)
#define WD_LIMIT_HTTP_WAIT_SECS 30

// One log entry: its text, and each of its fields. What goes beyond is cut.
#define WD_LIMIT_LOG_MESSAGE_BYTES 2048
#define WD_LIMIT_LOG_FIELD_BYTES 512
#define WD_LIMIT_LOG_FIELDS 16

// One configuration file.
#define WD_LIMIT_CONFIG_FILE_BYTES (1024 * 1024)
