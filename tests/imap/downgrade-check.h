// SPDX-License-Identifier: EUPL-1.2
// What holds of the lists in ASCII of any message. What fails ends the program.
#pragma once

#include <glib.h>

// The lists of a message with these octets stay lists, are ASCII when they were UTF-8, and the same
// when they were ASCII.
void downgrade_check_message (const char *octets, gsize len);
