// SPDX-License-Identifier: EUPL-1.2
// Names of the store's values.
#include "config.h"

#include "store-types.h"

G_DEFINE_QUARK (wd - store - error - quark, wd_store_error)

static const struct
{
  WdSpecialUse use;
  const char *text;
} special_uses[] = {
  { WD_SPECIAL_USE_ALL, "\\All" },       { WD_SPECIAL_USE_ARCHIVE, "\\Archive" },
  { WD_SPECIAL_USE_DRAFTS, "\\Drafts" }, { WD_SPECIAL_USE_FLAGGED, "\\Flagged" },
  { WD_SPECIAL_USE_JUNK, "\\Junk" },     { WD_SPECIAL_USE_SENT, "\\Sent" },
  { WD_SPECIAL_USE_TRASH, "\\Trash" },
};

const char *
wd_store_special_use_to_string (WdSpecialUse use)
{
  for (gsize i = 0; i < G_N_ELEMENTS (special_uses); i++)
    if (special_uses[i].use == use)
      return special_uses[i].text;
  return NULL;
}

gboolean
wd_store_special_use_from_string (const char *text, WdSpecialUse *out_use)
{
  for (gsize i = 0; i < G_N_ELEMENTS (special_uses); i++)
    if (g_ascii_strcasecmp (special_uses[i].text, text) == 0)
      {
        *out_use = special_uses[i].use;
        return TRUE;
      }
  return FALSE;
}
