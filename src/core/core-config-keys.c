// SPDX-License-Identifier: EUPL-1.2
// The table of every configuration key.
#include "config.h"

#include "core-config.h"

#include "core-limits.h"

#define KIB ((gint64) 1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
#define SECOND ((gint64) 1000)
#define DAY (86400 * SECOND)

#define CONNECTION_KEYS(service)                                                                   \
  { service,                                                                                       \
    "max-connections",                                                                             \
    WD_CONFIG_INTEGER,                                                                             \
    "20000",                                                                                       \
    1,                                                                                             \
    1000000,                                                                                       \
    NULL,                                                                                          \
    "Connections that one process serves; more wait in the kernel's backlog." },                   \
      { service,                                                                                   \
        "max-connections-per-address",                                                             \
        WD_CONFIG_INTEGER,                                                                         \
        "1000",                                                                                    \
        1,                                                                                         \
        1000000,                                                                                   \
        NULL,                                                                                      \
        "Connections from one address; more are closed at once. Loopback is not counted." },       \
      { service,                                                                                   \
        "workers",                                                                                 \
        WD_CONFIG_INTEGER,                                                                         \
        "0",                                                                                       \
        0,                                                                                         \
        1024,                                                                                      \
        NULL,                                                                                      \
        "Worker threads; 0 takes eight a processor." },                                            \
  {                                                                                                \
    service, "idle-exit", WD_CONFIG_DURATION, "0", 0, DAY, NULL,                                   \
        "Exit after so long without a connection, when systemd holds the sockets; 0 stays."        \
  }

static const WdConfigKey keys[] = {
  { "store", "uri", WD_CONFIG_STRING, "sqlite:/var/lib/wildduck", 0, 0, NULL,
    "Where the mail is kept: sqlite:DIRECTORY, or mongodb://… for a cluster." },
  { "store", "redis", WD_CONFIG_STRING, "", 0, 0, NULL,
    "Of a cluster, where the services on all machines tell each other of changes: redis://HOST." },
  { "store", "runtime-dir", WD_CONFIG_STRING, "/run/wildduck", 0, 0, NULL,
    "Where the services on one machine tell each other of changes." },
  { "store", "max-open-users", WD_CONFIG_INTEGER, "256", 4, 100000, NULL,
    "Mail databases that one process keeps open." },
  { "store", "max-message-size", WD_CONFIG_SIZE, "64M", 1024, 1 * TIB, NULL,
    "The largest message that is taken, by any protocol." },
  { "store", "default-quota", WD_CONFIG_SIZE, "0", 0, 1024 * TIB, NULL,
    "Quota of users that have none of their own; 0 is no limit." },
  { "store", "durable-flags", WD_CONFIG_BOOLEAN, "no", 0, 0, NULL,
    "Answer a flag change only once it is on stable storage, as it is for messages." },

  { "log", "debug", WD_CONFIG_BOOLEAN, "no", 0, 0, NULL, "Log at debug level, too." },

  { "tls", "certificate", WD_CONFIG_STRING, "", 0, 0, NULL,
    "PEM file with the certificate chain; empty: TLS is not offered. Read anew on SIGHUP." },
  { "tls", "key", WD_CONFIG_STRING, "", 0, 0, NULL,
    "PEM file with the private key; empty: the credential named tls-key, or the same file as the "
    "certificate." },
  { "tls", "priority", WD_CONFIG_STRING, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", 0, 0, NULL,
    "Versions and ciphers, as a GnuTLS priority string." },

  { "auth", "password-scheme", WD_CONFIG_CHOICE, "yescrypt", 0, 0,
    "yescrypt bcrypt sha512 pbkdf2-sha256", "How new passwords are hashed." },
  { "auth", "cache-time", WD_CONFIG_DURATION, "5min", 0, DAY, NULL,
    "How long a verified password is remembered, under a keyed hash; 0: not at all." },
  { "auth", "max-failures", WD_CONFIG_INTEGER, "12", 1, 100000, NULL,
    "Failed logins of one account before it has to wait." },
  { "auth", "max-failures-per-address", WD_CONFIG_INTEGER, "60", 1, 1000000, NULL,
    "Failed logins from one address before it has to wait." },
  { "auth", "failure-window", WD_CONFIG_DURATION, "2min", SECOND, DAY, NULL,
    "How long a failed login counts." },

  CONNECTION_KEYS ("imap"),
  { "imap", "allow-plaintext-login", WD_CONFIG_BOOLEAN, "no", 0, 0, NULL,
    "Take passwords without TLS from anywhere, not from loopback alone." },
  { "imap", "login-timeout", WD_CONFIG_DURATION, "1min", SECOND, DAY, NULL, "Time to log in." },
  { "imap", "idle-timeout", WD_CONFIG_DURATION, "30min", SECOND, 7 * DAY, NULL,
    "Time without a command before the connection is closed (RFC 3501 5.4: not below 30 min)." },

  CONNECTION_KEYS ("lmtp"),
  { "lmtp", "hostname", WD_CONFIG_STRING, "", 0, 0, NULL,
    "Name in greetings and Received lines; empty takes the machine's." },
  { "lmtp", "timeout", WD_CONFIG_DURATION, "5min", SECOND, DAY, NULL,
    "Time to wait for the client." },
  { "lmtp", "recipient-delimiter", WD_CONFIG_STRING, "+", 0, 0, NULL,
    "What sets the detail off from a local part; empty: nothing does." },
  { "lmtp", "detail-mailbox", WD_CONFIG_BOOLEAN, "yes", 0, 0, NULL,
    "Deliver user+NAME to the mailbox NAME when there is one, else to INBOX." },
  { "lmtp", "over-quota", WD_CONFIG_CHOICE, "temporary", 0, 0, "temporary permanent",
    "Refuse mail over quota with 452 4.2.2 or with 552 5.2.2." },
  { "lmtp", "xclient-from", WD_CONFIG_LIST, "", 0, 0, NULL,
    "Networks (CIDR, or the word unix) whose XCLIENT is believed." },
  { "lmtp", "max-recipients", WD_CONFIG_INTEGER, G_STRINGIFY (WD_LIMIT_RECIPIENTS), 1, 100000, NULL,
    "Recipients of one message." },

  CONNECTION_KEYS ("http"),
  { "http", "require-token", WD_CONFIG_BOOLEAN, "yes", 0, 0, NULL,
    "Refuse requests without the access token." },
  { "http", "max-body-size", WD_CONFIG_SIZE, "1M", 1024, 1 * GIB, NULL,
    "The largest request body." },
  { "http", "timeout", WD_CONFIG_DURATION, "30s", SECOND, DAY, NULL,
    "Time to send a request's head, its body, or the next request." },
  { "http", "email-domain", WD_CONFIG_STRING, "", 0, 0, NULL,
    "Domain of the address of a user that is made without one; empty takes the machine's name." },
};

const WdConfigKey *
wd_core_config_list_keys (gsize *out_n_keys)
{
  *out_n_keys = G_N_ELEMENTS (keys);
  return keys;
}
