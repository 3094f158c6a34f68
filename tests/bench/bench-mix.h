// SPDX-License-Identifier: EUPL-1.2
// The messages that benchmarks deliver: a realistic mix, the same for every server and every run.
#pragma once

#include <glib.h>

typedef struct _WdBenchMix WdBenchMix;

// A mix seeded by `seed`: median about 10 kB, mean about 20 kB; text, HTML alternatives and
// attachments. One message in 100 has the word "heliotrope" in its body, one in 50 comes from
// "Quentin".
WdBenchMix *bench_mix_new (guint32 seed);
void bench_mix_free (WdBenchMix *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WdBenchMix, bench_mix_free)

// The next message, CRLF lines, no line that begins with a dot. Returns (transfer full).
GString *bench_mix_next (WdBenchMix *self);
