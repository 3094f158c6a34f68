// SPDX-License-Identifier: EUPL-1.2
// Base64 by AVX2, chosen when the program runs; elsewhere the tables do all.
#include "config.h"

#include "mime-base64-vector.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__ ((target ("avx2")))

#define STEP_TRIPLES 8
#define STEP_QUADS 8

static gboolean
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") != 0;
}

// Both halves of a register are the same.
AVX2 static inline __m256i
twice (__m128i half)
{
  return _mm256_broadcastsi128_si256 (half);
}

// 24 octets, twelve in each half, to the 32 values of six bits that they hold.
AVX2 static inline __m256i
split_triples (__m256i octets)
{
  // Of each triple abc: b a c b, which puts the bits of two values into each pair of octets.
  const __m256i order = twice (_mm_setr_epi8 (1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
  __m256i quads = _mm256_shuffle_epi8 (octets, order);
  __m256i odd = _mm256_and_si256 (quads, _mm256_set1_epi32 (0x0fc0fc00));
  __m256i even = _mm256_and_si256 (quads, _mm256_set1_epi32 (0x003f03f0));

  return _mm256_or_si256 (_mm256_mulhi_epu16 (odd, _mm256_set1_epi32 (0x04000040)),
                          _mm256_mullo_epi16 (even, _mm256_set1_epi32 (0x01000010)));
}

// What to add to a value to get its character: one number for each of the alphabet's stretches.
AVX2 static inline __m256i
to_characters (__m256i values)
{
  const __m256i shifts = twice (_mm_setr_epi8 ('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                               '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                               '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
  // 0 for a to z, 1 to 10 for the digits, 11 and 12 for the signs; 13 for A to Z.
  __m256i stretch = _mm256_subs_epu8 (values, _mm256_set1_epi8 (51));
  __m256i is_upper = _mm256_cmpgt_epi8 (_mm256_set1_epi8 (26), values);

  stretch = _mm256_or_si256 (stretch, _mm256_and_si256 (is_upper, _mm256_set1_epi8 (13)));
  return _mm256_add_epi8 (values, _mm256_shuffle_epi8 (shifts, stretch));
}

AVX2 static inline void
encode_step (const guint8 *source, char *out)
{
  // The second load ends with the last octet of the step, so that none is looked at beyond.
  __m128i low = _mm_loadu_si128 ((const __m128i_u *) source);
  __m128i high = _mm_srli_si128 (_mm_loadu_si128 ((const __m128i_u *) (source + 8)), 4);
  __m256i octets = _mm256_inserti128_si256 (_mm256_castsi128_si256 (low), high, 1);

  _mm256_storeu_si256 ((__m256i_u *) out, to_characters (split_triples (octets)));
}

AVX2 static gsize
encode (const guint8 *source, gsize n_triples, char *out)
{
  gsize last = n_triples - STEP_TRIPLES;

  for (gsize i = 0; i < last; i += STEP_TRIPLES)
    encode_step (source + i * 3, out + i * 4);
  // What it does again comes out the same.
  encode_step (source + last * 3, out + last * 4);
  return n_triples;
}

// The values of 32 characters. FALSE when one is not of the alphabet.
AVX2 static inline gboolean
to_values (__m256i characters, __m256i *out_values)
{
  // By the low half of an octet, and by the high one, what is wrong with it: bits in common mean
  // that it is not of the alphabet.
  const __m256i wrong_low = twice (_mm_setr_epi8 (0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                                  0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
  const __m256i wrong_high = twice (_mm_setr_epi8 (0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08,
                                                   0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
  // By the high half, what to add; '/' is alone in its stretch, one before where it would be.
  const __m256i shifts
      = twice (_mm_setr_epi8 (0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i slash = _mm256_set1_epi8 ('/');
  __m256i high = _mm256_and_si256 (_mm256_srli_epi32 (characters, 4), _mm256_set1_epi8 (0x0f));
  __m256i low = _mm256_and_si256 (characters, _mm256_set1_epi8 (0x0f));
  __m256i is_slash = _mm256_cmpeq_epi8 (characters, slash);

  if (!_mm256_testz_si256 (_mm256_shuffle_epi8 (wrong_low, low),
                           _mm256_shuffle_epi8 (wrong_high, high)))
    return FALSE;
  *out_values = _mm256_add_epi8 (characters,
                                 _mm256_shuffle_epi8 (shifts, _mm256_add_epi8 (is_slash, high)));
  return TRUE;
}

// The 24 octets of 32 values, twelve at the beginning of each half.
AVX2 static inline __m256i
join_values (__m256i values)
{
  const __m256i order
      = twice (_mm_setr_epi8 (2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
  __m256i pairs = _mm256_maddubs_epi16 (values, _mm256_set1_epi32 (0x01400140));
  __m256i triples = _mm256_madd_epi16 (pairs, _mm256_set1_epi32 (0x00011000));

  return _mm256_shuffle_epi8 (triples, order);
}

// FALSE, with nothing written, when there is a character that is not of the alphabet.
AVX2 static inline gboolean
decode_step (const char *source, guint8 *out)
{
  __m256i values, octets;
  __m128i high;
  guint32 end;

  if (!to_values (_mm256_loadu_si256 ((const __m256i_u *) source), &values))
    return FALSE;
  octets = join_values (values);
  high = _mm256_extracti128_si256 (octets, 1);
  _mm_storeu_si128 ((__m128i_u *) out, _mm256_castsi256_si128 (octets));
  _mm_storel_epi64 ((__m128i_u *) (out + 12), high);
  end = (guint32) _mm_extract_epi32 (high, 2);
  memcpy (out + 20, &end, sizeof end);
  return TRUE;
}

AVX2 static gsize
decode (const char *source, gsize n_quads, guint8 *out)
{
  gsize last = n_quads - STEP_QUADS;

  for (gsize i = 0; i < last; i += STEP_QUADS)
    if (!decode_step (source + i * 4, out + i * 3))
      return i;
  return decode_step (source + last * 4, out + last * 3) ? n_quads : last / STEP_QUADS * STEP_QUADS;
}

gsize
wd_mime_base64_vector_encode (const guint8 *source, gsize n_triples, char *out)
{
  return n_triples >= STEP_TRIPLES && has_avx2 () ? encode (source, n_triples, out) : 0;
}

gsize
wd_mime_base64_vector_decode (const char *source, gsize n_quads, guint8 *out)
{
  return n_quads >= STEP_QUADS && has_avx2 () ? decode (source, n_quads, out) : 0;
}

#else

gsize
wd_mime_base64_vector_encode (const guint8 *source, gsize n_triples, char *out)
{
  return 0;
}

gsize
wd_mime_base64_vector_decode (const char *source, gsize n_quads, guint8 *out)
{
  return 0;
}

#endif
