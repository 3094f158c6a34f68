// SPDX-License-Identifier: EUPL-1.2
// Message generator of the benchmarks.
#include "bench-mix.h"

#include <math.h>

// Syllables make words whose frequencies and lengths are near enough to a language's for a
// compressor and a trigram index.
static const char *const syllables[] = {
  "ta", "re", "mi", "con", "ver", "sa", "ti",  "on", "pre", "lo", "ne",  "den", "ma", "ri",  "en",
  "do", "al", "ca", "per", "so",  "in", "ter", "na", "le",  "u",  "ble", "men", "to", "est", "ing",
};

#define N_WORDS 6000

struct _WdBenchMix
{
  GRand *rand;
  guint n;
  char *words[N_WORDS];
};

WdBenchMix *
bench_mix_new (guint32 seed)
{
  WdBenchMix *self = g_new0 (WdBenchMix, 1);
  g_autoptr (GRand) words_rand = g_rand_new_with_seed (1);

  self->rand = g_rand_new_with_seed (seed);
  for (guint i = 0; i < N_WORDS; i++)
    {
      g_autoptr (GString) word = g_string_new (NULL);
      gint n = g_rand_int_range (words_rand, 1, i < 100 ? 3 : 5);

      while (n-- > 0)
        g_string_append (
            word, syllables[g_rand_int_range (words_rand, 0, (gint) G_N_ELEMENTS (syllables))]);
      self->words[i] = g_string_free (g_steal_pointer (&word), FALSE);
    }
  return self;
}

void
bench_mix_free (WdBenchMix *self)
{
  for (guint i = 0; i < N_WORDS; i++)
    g_free (self->words[i]);
  g_rand_free (self->rand);
  g_free (self);
}

// Zipf-like: the first words are the most frequent.
static const char *
pick_word (WdBenchMix *self)
{
  double u = g_rand_double (self->rand);

  return self->words[(guint) (pow (N_WORDS, u) - 1)];
}

static void
append_text (WdBenchMix *self, GString *out, gsize bytes)
{
  gsize end = out->len + bytes;
  gsize line = out->len;

  while (out->len < end)
    {
      g_string_append (out, pick_word (self));
      if (out->len - line > 68)
        {
          g_string_append (out, "\r\n");
          line = out->len;
        }
      else
        g_string_append_c (out, ' ');
    }
  g_string_append (out, "\r\n");
}

static void
append_html (WdBenchMix *self, GString *out, gsize bytes)
{
  gsize end = out->len + bytes;

  g_string_append (out, "<html><head><style>p { margin: 0 0 1em; }</style></head><body>\r\n");
  while (out->len < end)
    {
      g_string_append_printf (out,
                              "<p class=3D\"text\" style=3D\"color: #%06x\"><a href=3D\"https://"
                              "www.example.com/%08x\">",
                              g_rand_int (self->rand) & 0xffffff, g_rand_int (self->rand));
      g_string_append (out, "=\r\n");
      append_text (self, out, 300);
      g_string_append (out, "</a></p>\r\n");
    }
  g_string_append (out, "</body></html>\r\n");
}

static void
append_attachment (WdBenchMix *self, GString *out, gsize bytes)
{
  g_autofree guint8 *data = g_malloc (57);

  for (gsize done = 0; done < bytes; done += 57)
    {
      g_autofree char *line = NULL;

      // Half of the octets random: a document rather than a photograph.
      for (guint i = 0; i < 57; i++)
        data[i] = (guint8) (i % 2 == 0 ? g_rand_int (self->rand) : i);
      line = g_base64_encode (data, 57);
      g_string_append (out, line);
      g_string_append (out, "\r\n");
    }
}

static void
append_header (WdBenchMix *self, GString *out, const char *content_type)
{
  guint n = self->n;
  guint32 id = g_rand_int (self->rand);

  for (guint hop = 0; hop < 3; hop++)
    g_string_append_printf (
        out,
        "Received: from mx%u.example.net (mx%u.example.net [192.0.2.%u])\r\n"
        "\tby mail%u.example.org (Postfix) with ESMTPS id %08X%u\r\n"
        "\tfor <user@example.org>; Tue, %u Oct 2026 10:%02u:%02u +0200 (CEST)\r\n",
        hop, hop, n % 250 + 1, hop, id, hop, n % 28 + 1, n % 60, hop);
  g_string_append_printf (out,
                          "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net;\r\n"
                          "\ts=mail; t=17000%05u; bh=%08x%08x%08x%08x=;\r\n"
                          "\th=From:To:Subject:Date; b=%08x%08x%08x%08x%08x%08x%08x%08x\r\n",
                          n, id, id * 3, id * 5, id * 7, id * 11, id * 13, id * 17, id * 19,
                          id * 23, id * 29, id * 31, id * 37);
  g_string_append_printf (out, "From: %s %s <%s@example.net>\r\n", n % 50 == 7 ? "Quentin" : "Anna",
                          pick_word (self), pick_word (self));
  g_string_append_printf (out, "To: User <user@example.org>, \"%s, %s\" <%s@example.com>\r\n",
                          pick_word (self), pick_word (self), pick_word (self));
  g_string_append_printf (out, "Subject: %s %s %s %u\r\n", pick_word (self), pick_word (self),
                          n % 50 == 9 ? "quarterly" : pick_word (self), n);
  g_string_append_printf (out, "Date: Tue, %u Oct 2026 10:%02u:%02u +0200\r\n", n % 28 + 1, n % 60,
                          n % 60);
  g_string_append_printf (out, "Message-ID: <%08x.%u@example.net>\r\n", id, n);
  g_string_append_printf (out, "MIME-Version: 1.0\r\nContent-Type: %s\r\n", content_type);
}

GString *
bench_mix_next (WdBenchMix *self)
{
  GString *out = g_string_sized_new (32 * 1024);
  gboolean marked = ++self->n % 100 == 3;
  guint kind = (guint) g_rand_int_range (self->rand, 0, 100);
  gsize text_bytes = (gsize) (800 * exp (g_rand_double (self->rand) * 2.2));

  if (kind < 40)
    {
      append_header (self, out, "text/plain; charset=utf-8");
      g_string_append (out, "\r\n");
      if (marked)
        g_string_append (out, "a heliotrope in the garden\r\n");
      append_text (self, out, text_bytes * 2);
      return out;
    }

  append_header (self, out,
                 kind < 88 ? "multipart/alternative; boundary=\"=_b1\""
                           : "multipart/mixed; boundary=\"=_b1\"");
  g_string_append (out, "\r\nThis is a multi-part message in MIME format.\r\n"
                        "--=_b1\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Content-Transfer-Encoding: 7bit\r\n\r\n");
  if (marked)
    g_string_append (out, "a heliotrope in the garden\r\n");
  append_text (self, out, text_bytes);
  if (kind < 88)
    {
      g_string_append (out, "--=_b1\r\nContent-Type: text/html; charset=utf-8\r\n"
                            "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
      append_html (self, out, text_bytes * 4);
    }
  else
    {
      g_string_append_printf (out,
                              "--=_b1\r\nContent-Type: application/pdf; name=\"doc%u.pdf\"\r\n"
                              "Content-Transfer-Encoding: base64\r\n"
                              "Content-Disposition: attachment; filename=\"doc%u.pdf\"\r\n\r\n",
                              self->n, self->n);
      append_attachment (self, out, (gsize) g_rand_int_range (self->rand, 8000, 150000));
    }
  g_string_append (out, "--=_b1--\r\n");
  return out;
}
