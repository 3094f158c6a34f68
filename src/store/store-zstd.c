// SPDX-License-Identifier: EUPL-1.2
// zstd at a fast level, contexts kept.
#include "config.h"

#include "store-zstd.h"

#include <zstd.h>

// Mail is read more often than it is written, and unpacking was the largest part of FETCH BODY[].
// Levels below 0 leave what does not repeat as it is, so that it is only copied, and long matches
// only make few of them. Of 12 kB of text on average, with a larger table at level -2, so that what
// is passed over is found again:
//
//                    packs in   unpacks in   takes of its length
//   level 1             40 us        10.2 us                 0.43
//   level -1            32 us         4.6 us                 0.65
//   level -2, 2^14      27 us         4.3 us                 0.66
//   level -4, 2^14      21 us         4.0 us                 0.73
#define LEVEL (-2)
#define MIN_MATCH_BYTES 7
#define HASH_LOG 14

#define COMPRESSORS_MAX 4

// What is shorter has nothing to repeat.
#define MIN_BYTES 64

static void
free_dctx (gpointer data)
{
  ZSTD_freeDCtx (data);
}

static GPrivate decompressors = G_PRIVATE_INIT (free_dctx);

// Nobody waits while packing, so there are hardly more in use than processors, whatever the number
// of threads; the last one given back is taken first, since the processor's caches have its tables.
static GMutex mutex; // Guards what follows. Innermost.
static ZSTD_CCtx *idle[COMPRESSORS_MAX];
static guint n_idle;

static ZSTD_CCtx *
new_compressor (void)
{
  ZSTD_CCtx *ctx = ZSTD_createCCtx ();

  ZSTD_CCtx_setParameter (ctx, ZSTD_c_compressionLevel, LEVEL);
  ZSTD_CCtx_setParameter (ctx, ZSTD_c_minMatch, MIN_MATCH_BYTES);
  ZSTD_CCtx_setParameter (ctx, ZSTD_c_hashLog, HASH_LOG);
  return ctx;
}

static ZSTD_CCtx *
take_compressor (void)
{
  ZSTD_CCtx *ctx = NULL;

  g_mutex_lock (&mutex);
  if (n_idle > 0)
    ctx = idle[--n_idle];
  g_mutex_unlock (&mutex);
  return ctx != NULL ? ctx : new_compressor ();
}

static void
give_compressor (ZSTD_CCtx *ctx)
{
  g_mutex_lock (&mutex);
  if (n_idle < COMPRESSORS_MAX)
    idle[n_idle++] = g_steal_pointer (&ctx);
  g_mutex_unlock (&mutex);
  ZSTD_freeCCtx (ctx);
}

static ZSTD_DCtx *
get_decompressor (void)
{
  ZSTD_DCtx *ctx = g_private_get (&decompressors);

  if (ctx == NULL)
    {
      ctx = ZSTD_createDCtx ();
      g_private_set (&decompressors, ctx);
    }
  return ctx;
}

static gsize
pack (const void *data, gsize len, void *out, gsize room)
{
  ZSTD_CCtx *ctx = take_compressor ();
  gsize n = ZSTD_compress2 (ctx, out, room, data, len);

  give_compressor (ctx);
  return n;
}

void *
wd_store_zstd_compress (const void *data, gsize len, gsize *out_len)
{
  if (len < MIN_BYTES)
    return NULL;

  // Room for what pays, and not more: a result that does not fit is an error to zstd.
  gsize room = len - len / 8;
  g_autofree void *out = g_try_malloc (room);
  gsize n = out == NULL ? 0 : pack (data, len, out, room);

  if (out == NULL || ZSTD_isError (n))
    return NULL;
  *out_len = n;
  return g_realloc (g_steal_pointer (&out), n);
}

gboolean
wd_store_zstd_decompress (const void *data, gsize len, void *out, gsize out_len)
{
  gsize n = ZSTD_decompressDCtx (get_decompressor (), out, out_len, data, len);

  return !ZSTD_isError (n) && n == out_len;
}
