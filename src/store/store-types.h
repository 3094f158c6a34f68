// SPDX-License-Identifier: EUPL-1.2
// The vocabulary of the store: ids, flags, outcomes, and who acts on whose mail.
#pragma once

#include <glib.h>

#include "core-id.h"

typedef guint32 WdUid; // 0 is no UID.

// A message sequence number, wrapped so that it cannot be taken for a UID. 0 is no number.
typedef struct
{
  guint32 n;
} WdSeq;

typedef guint64 WdModseq; // 63 bits (RFC 7162 3.1); a mailbox begins at 1.

// Who acts, and whose mail it is: equal until a mailbox is shared.
typedef struct
{
  WdId accessor;
  WdId owner;
} WdActor;

#define WD_ACTOR_SELF(user_id) ((WdActor){ .accessor = (user_id), .owner = (user_id) })

// The outcomes of every store call. A protocol maps them in one switch without a default.
typedef enum
{
  WD_STORE_ERROR_NOT_FOUND,   // No such user, address, mailbox or message.
  WD_STORE_ERROR_EXISTS,      // The name is taken.
  WD_STORE_ERROR_FORBIDDEN,   // The accessor may not, or the thing is protected (INBOX).
  WD_STORE_ERROR_OVER_QUOTA,  // It would exceed the user's quota.
  WD_STORE_ERROR_TOO_LARGE,   // The message exceeds [store] max-message-size.
  WD_STORE_ERROR_EXPUNGED,    // The message was there, and is gone.
  WD_STORE_ERROR_CONFLICT,    // Somebody else changed it first.
  WD_STORE_ERROR_LIMIT,       // A named limit (core-limits.h) is reached.
  WD_STORE_ERROR_BUSY,        // Locked by others for too long: retry.
  WD_STORE_ERROR_UNAVAILABLE, // The backend is down, or its disk is full or failing.
  WD_STORE_ERROR_CORRUPT,     // This user's data is damaged; others are fine.
  WD_STORE_ERROR_INVALID,     // The argument is not a valid name, address or value.
  WD_STORE_ERROR_CANCELLED,   // The cancellable was cancelled.
} WdStoreError;

#define WD_STORE_ERROR (wd_store_error_quark ())
GQuark wd_store_error_quark (void);

// Flags of a message. The low bits are the system flags; bit WD_FLAG_KEYWORD_SHIFT + i is the i-th
// keyword of the mailbox's table (WdMailboxState.keywords, wd_store_intern_keywords). \Recent is
// not here: it belongs to a session, which gets its first recent UID from wd_store_select_mailbox.
typedef guint64 WdFlags;

enum
{
  WD_FLAG_SEEN = 1 << 0,
  WD_FLAG_ANSWERED = 1 << 1,
  WD_FLAG_FLAGGED = 1 << 2,
  WD_FLAG_DELETED = 1 << 3,
  WD_FLAG_DRAFT = 1 << 4,
};

#define WD_FLAGS_SYSTEM ((WdFlags) 0x1f)
#define WD_FLAG_KEYWORD_SHIFT 8
#define WD_FLAG_KEYWORD(i) ((WdFlags) 1 << (WD_FLAG_KEYWORD_SHIFT + (i)))

typedef enum
{
  WD_FLAG_OP_REPLACE,
  WD_FLAG_OP_ADD,
  WD_FLAG_OP_REMOVE,
} WdFlagOp;

// RFC 6154.
typedef enum
{
  WD_SPECIAL_USE_NONE,
  WD_SPECIAL_USE_INBOX, // INBOX itself, which has no RFC 6154 attribute.
  WD_SPECIAL_USE_ALL,
  WD_SPECIAL_USE_ARCHIVE,
  WD_SPECIAL_USE_DRAFTS,
  WD_SPECIAL_USE_FLAGGED,
  WD_SPECIAL_USE_JUNK,
  WD_SPECIAL_USE_SENT,
  WD_SPECIAL_USE_TRASH,
} WdSpecialUse;

// The attribute with its backslash ("\\Sent"), or NULL for NONE and INBOX.
const char *wd_store_special_use_to_string (WdSpecialUse use);

// Reads an attribute, case-insensitively, with its backslash. FALSE if unknown.
gboolean wd_store_special_use_from_string (const char *text, WdSpecialUse *out_use)
    G_GNUC_WARN_UNUSED_RESULT;
