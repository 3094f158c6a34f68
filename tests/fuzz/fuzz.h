// SPDX-License-Identifier: EUPL-1.2
// What libFuzzer calls.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Returns 0. Aborts when something is wrong.
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
