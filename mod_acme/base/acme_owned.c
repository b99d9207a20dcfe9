/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_owned.h"

#include <unistd.h>

int acme_owned(const struct stat *st)
{
    return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int acme_owned_dir(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISDIR(st.st_mode) && acme_owned(&st);
}

int acme_owned_dir_linked(const char *path)
{
    struct stat st;

    return !stat(path, &st) && S_ISDIR(st.st_mode) && acme_owned(&st);
}

int acme_owned_file(const char *path)
{
    struct stat st;

    return !lstat(path, &st) && S_ISREG(st.st_mode) && acme_owned(&st);
}
