// SPDX-License-Identifier: EUPL-1.2
// Keywords that a client names.
#include "config.h"

#include <string.h>

#include "core-limits.h"
#include "mongo-mailbox.h"

// flag-keyword = atom (RFC 3501 9): no control characters, no specials, nothing beyond ASCII.
static gboolean
is_keyword (const char *name)
{
  if (name[0] == '\0' || strlen (name) > WD_LIMIT_KEYWORD_BYTES)
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (*p <= ' ' || *p >= 0x7f || strchr ("(){%*\"\\]", *p) != NULL)
      return FALSE;
  return TRUE;
}

gboolean
wd_mongo_keyword_intern (WdStore *store,
                         const WdActor *actor,
                         const WdId *mailbox,
                         const char *const *names,
                         gboolean create,
                         WdFlags *out_mask,
                         GCancellable *cancellable,
                         GError **error)
{
  g_auto (WdMongoCall) call = { 0 };
  g_auto (WdMongoKeywordList) keywords = { 0 };
  g_auto (WdMongoMailbox) row = { 0 };

  for (guint i = 0; names[i] != NULL; i++)
    if (!is_keyword (names[i]))
      return wd_mongo_store_fail (WD_STORE_ERROR_INVALID, "no flag-keyword", error);
  if (!wd_mongo_store_begin_as (store, actor, &call, cancellable, error)
      || !wd_mongo_mailbox_load (store, &call, &actor->owner, mailbox, NULL, &row, error))
    return FALSE;
  wd_mongo_keyword_begin (wd_mongo_store_get_keywords (store), &call, &actor->owner, &keywords);
  return wd_mongo_keyword_find (&keywords, names, create, out_mask, error);
}
