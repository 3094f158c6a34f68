// SPDX-License-Identifier: EUPL-1.2
// A sample.
  wd_log_info (ctx, WD_MSG_A, NULL, "x");
  wd_log_info (get (ctx), NULL, "x");
  wd_log_debug (ctx, NULL, "x");
