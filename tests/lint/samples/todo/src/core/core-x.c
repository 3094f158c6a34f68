// SPDX-License-Identifier: EUPL-1.2
// A sample.
// TODO: one day.
// TODO #12: one day.
// FIXME(#3)
// XXX
