/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file replay.h
 * @brief The main() of a fuzz target as a test: reads its corpus once, and
 * prints TAP. Included by the target.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_exhausted(int status)
{
    (void)status;
    abort();
}

#ifndef FUZZING
static int replay(const char *path, int number, apr_pool_t *p)
{
    char *data;
    apr_size_t len;

    if (acme_file_read(&data, &len, path, ACME_FILE_MAX, p) != APR_SUCCESS) {
        printf("not ok %d - %s cannot be read\n", number, path);
        return 1;
    }
    LLVMFuzzerTestOneInput((const uint8_t *)data, len);
    printf("ok %d - %s\n", number, strrchr(path, '/') + 1);
    return 0;
}

/** Reads all of test/fuzz/corpus/NAME. Returns the exit status. */
static int replay_corpus(const char *name)
{
    const char *srcdir = getenv("srcdir");
    apr_array_header_t *names;
    const char *dir;
    apr_pool_t *p;
    int i, failed = 0;

    apr_initialize();
    apr_pool_create_ex(&p, NULL, replay_exhausted, NULL);
    dir =
        apr_pstrcat(p, srcdir ? srcdir : ".", "/test/fuzz/corpus/", name, NULL);
    if (acme_file_list(&names, dir, p) != APR_SUCCESS || names->nelts == 0) {
        printf("1..1\nnot ok 1 - there is no corpus in %s\n", dir);
        return 1;
    }
    printf("1..%d\n", names->nelts);
    for (i = 0; i < names->nelts; ++i) {
        failed +=
            replay(apr_pstrcat(p, dir, "/",
                               APR_ARRAY_IDX(names, i, const char *), NULL),
                   i + 1, p);
    }
    apr_pool_destroy(p);
    apr_terminate();
    return failed != 0;
}
#endif

#endif
