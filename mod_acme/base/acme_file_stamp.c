/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_file_stamp.h"

#include <string.h>

void acme_file_stamp_read(acme_file_stamp_t *stamp, const char *path,
                          acme_file_stamp_e how, apr_pool_t *ptemp)
{
    apr_finfo_t info;

    memset(stamp, 0, sizeof(*stamp));
    if (!apr_stat(&info, path,
                  (how == ACME_FILE_STAMP_LINK ? APR_FINFO_LINK : 0)
                      | APR_FINFO_IDENT | APR_FINFO_MTIME | APR_FINFO_SIZE,
                  ptemp)) {
        stamp->inode = info.inode;
        stamp->device = info.device;
        stamp->mtime = info.mtime;
        stamp->size = info.size;
    }
}

int acme_file_stamp_same(const acme_file_stamp_t *a, const acme_file_stamp_t *b)
{
    return a->inode == b->inode && a->device == b->device
           && a->mtime == b->mtime && a->size == b->size;
}
