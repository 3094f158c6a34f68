// SPDX-License-Identifier: EUPL-1.2
// A sample.
#define WD_LIMIT_A 1
#define WD_LIMIT_A_B 2
#define WD_LIMIT_C 3

// The default of [core] max-d.
#define WD_LIMIT_D 4
