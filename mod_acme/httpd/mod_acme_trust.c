/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include "acme_log.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

int mod_acme_trust_is_ours(const char *dir)
{
    struct stat st;

    return !stat(dir, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid()
           && !(st.st_mode & OTHERS_WRITE);
}

void mod_acme_trust_close(const acme_setup_t *setup, const char *dir)
{
    struct stat st;

    if (lstat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid()
        || !(st.st_mode & OTHERS_WRITE) || chmod(dir, 0700)) {
        return;
    }
    acme_log(setup->log, ACME_LOG_WARNING, 0,
             ACME_TAG(0190) "%s could be written by others (mode %o), which is "
                            "changed now; who has done so may have put "
                            "certificates there",
             dir, (unsigned int)st.st_mode & 0777);
}
