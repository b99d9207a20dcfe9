/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_owned.h
 * @brief Which files and folders root trusts: those that belong to us and that
 * nobody else may write.
 *
 * A file belongs to us when its owner is the effective user of this process.
 * Nobody else may write it when neither its group nor others have that right. A
 * file is only as safe as the folders that lead to it, so check these as well.
 */
#ifndef ACME_OWNED_H
#define ACME_OWNED_H

#include <sys/stat.h>

/** Returns non-zero when a file of any kind is trusted. */
int acme_owned(const struct stat *st);

/** Returns non-zero when it is a folder, not a link to one, and trusted. */
int acme_owned_dir(const char *path);

/** Returns non-zero when it is a folder, or a link to one, and trusted. */
int acme_owned_dir_linked(const char *path);

/** Returns non-zero when it is a regular file, not a link, and trusted. */
int acme_owned_file(const char *path);

#endif
