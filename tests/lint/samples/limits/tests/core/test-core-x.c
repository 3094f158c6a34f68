// SPDX-License-Identifier: EUPL-1.2
// A sample.
int b = WD_LIMIT_A_B;
int c = WD_LIMIT_C;
