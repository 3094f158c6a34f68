// SPDX-License-Identifier: EUPL-1.2
// The text behind DATA: takes off the dots that were put in front of lines, and finds the end (RFC
// 5321 4.5.2). Only CRLF ends a line here: a bare LF or CR is content like any other, so that no
// two servers can disagree where a message ends.
#pragma once

#include <glib.h>

typedef struct
{
  gboolean is_inside_line; // FALSE at the beginning, and right behind a CRLF.
} WdLmtpData;

typedef void (*WdLmtpDataFunc) (const char *data, gsize len, gpointer user_data);

// Takes octets from the front of the input, and gives those of the message to `func` in the largest
// pieces there are, without copying. Returns how many were taken: what is left (up to two octets)
// is to be given again with more behind it. `out_is_end`: the last line was among them.
gsize wd_lmtp_data_feed (WdLmtpData *self,
                         const char *data,
                         gsize len,
                         WdLmtpDataFunc func,
                         gpointer user_data,
                         gboolean *out_is_end);
