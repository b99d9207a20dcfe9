/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_owned.h
 * @brief Returns non-zero for files and folders that are ours, and that nobody
 * else may write: the rule for what root trusts.
 *
 * Ours is what belongs to the effective user of this process. Nobody else may
 * write it when neither its group nor others have that right. A file is as
 * safe as the folders that lead to it, so ask about these as well.
 */
#ifndef ACME_OWNED_H
#define ACME_OWNED_H

#include <sys/stat.h>

/** The rule itself, for something of any kind. */
int acme_owned(const struct stat *st);

/** The rule for a folder; zero when there is no folder, or a link to one. */
int acme_owned_dir(const char *path);

/** The rule for a folder; a link to one is followed. */
int acme_owned_dir_linked(const char *path);

/** The rule for a regular file; zero when there is none, or a link to one. */
int acme_owned_file(const char *path);

#endif
