// SPDX-License-Identifier: EUPL-1.2
// Stands in for libFuzzer: runs the target over the files of the folders that are named.
#include "config.h"

#include <glib.h>

#include "fuzz.h"

static guint
replay_folder (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = g_dir_open (path, 0, &error);
  const char *name;
  guint n = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *data = NULL;
      g_autofree guint8 *copy = NULL;
      gsize len;

      if (!g_file_test (file, G_FILE_TEST_IS_REGULAR))
        continue;
      g_file_get_contents (file, &data, &len, &error);
      g_assert_no_error (error);
      g_print ("%s\n", file);
      // Of its own size, without the NUL, so that reading beyond it is found.
      copy = g_memdup2 (data, len);
      (void) LLVMFuzzerTestOneInput (copy, len);
      n++;
    }
  return n;
}

int
main (int argc, char **argv)
{
  guint n = 0;

  for (int i = 1; i < argc; i++)
    n += replay_folder (argv[i]);
  g_print ("%u inputs\n", n);
  return n > 0 ? 0 : 1;
}
