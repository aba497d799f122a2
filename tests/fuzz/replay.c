// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target on every file of the folders and files named: the kept corpus as an ordinary
// test, with any compiler.
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int files;

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t n = 0, room = 0;
    FUZZ_CHECK(f != NULL);
    do {
        room = room > 0 ? 2 * room : 4096;
        data = realloc(data, room);
        FUZZ_CHECK(data != NULL);
        n += fread(data + n, 1, room - n, f);
    } while (n == room);
    FUZZ_CHECK(!ferror(f));
    fclose(f);
    fprintf(stderr, "%s\n", path);          /* seen when the next line ends the process */
    uint8_t *exact = malloc(n > 0 ? n : 1); /* the sanitizer sees what is read beyond */
    FUZZ_CHECK(exact != NULL);
    memcpy(exact, data, n);
    free(data);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    files++;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_path(const char *path)
{
    struct stat info;
    struct dirent **list = NULL;
    FUZZ_CHECK(stat(path, &info) == 0);
    if (!S_ISDIR(info.st_mode)) {
        run_file(path);
        return;
    }
    const int n = scandir(path, &list, is_shown, alphasort);
    FUZZ_CHECK(n >= 0);
    for (int i = 0; i < n; i++) {
        char *inside = malloc(strlen(path) + strlen(list[i]->d_name) + 2);
        FUZZ_CHECK(inside != NULL);
        sprintf(inside, "%s/%s", path, list[i]->d_name);
        run_file(inside);
        free(inside);
        free(list[i]);
    }
    free(list);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%d inputs, no finding\n", files);
    return files > 0 ? 0 : 1; /* a corpus that is gone is no success */
}
