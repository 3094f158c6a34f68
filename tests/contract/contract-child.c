// SPDX-License-Identifier: EUPL-1.2
// Another process that delivers, to be killed at any moment.
// contract-child URI RUNTIME-DIR USER MAILBOX COUNT NAME: appends COUNT messages; each UID is
// printed once it is acknowledged.
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static void
fail (const GError *error)
{
  fprintf (stderr, "%s\n", error->message);
  exit (1);
}

// Some are large enough to leave a file, too.
static WdIncoming *
make_message (WdStore *store, const char *name, guint i)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdIncoming) incoming = wd_incoming_new (store);
  g_autofree char *header = g_strdup_printf ("X-Name: %s %u\r\nSubject: storm\r\n\r\n", name, i);
  g_autofree char *body = g_strnfill (i % 5 == 0 ? 60 * 1024 : 3000, (char) ('a' + i % 26));
  g_autofree char *octets = g_strconcat (header, body, "\r\nend\r\n", NULL);

  if (!wd_incoming_write (incoming, octets, strlen (octets), &error)
      || !wd_incoming_finish (incoming, &error))
    fail (error);
  return g_steal_pointer (&incoming);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (WdStore) store = NULL;
  WdStoreOptions options = { .max_open_users = 4 };
  WdId user, mailbox;
  WdActor actor;
  guint n;

  if (argc != 7 || !wd_core_id_from_hex (argv[3], &user)
      || !wd_core_id_from_hex (argv[4], &mailbox))
    return 2;
  options.uri = argv[1];
  options.runtime_dir = argv[2][0] == '\0' ? NULL : argv[2];
  actor = WD_ACTOR_SELF (user);
  n = (guint) g_ascii_strtoull (argv[5], NULL, 10);
  store = wd_store_open (&options, &error);
  if (store == NULL)
    fail (error);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WdIncoming) incoming = make_message (store, argv[6], i);
      WdAppend item = { .incoming = incoming };
      WdAppended out;
      guint32 uidvalidity;

      if (!wd_store_append (store, &actor, &mailbox, &item, 1, &out, &uidvalidity, NULL, &error))
        fail (error);
      printf ("%u\n", out.uid);
      fflush (stdout);
    }
  return 0;
}
