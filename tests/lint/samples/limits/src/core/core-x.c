// SPDX-License-Identifier: EUPL-1.2
// A sample.
int a = WD_LIMIT_A;
int b = WD_LIMIT_A_B;
