/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "mod_acme_trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include "acme_log.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

int acme_trust_is_ours(const char *dir)
{
    struct stat st;

    return !stat(dir, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid()
           && !(st.st_mode & OTHERS_WRITE);
}

void acme_trust_close(const acme_setup_t *setup, const char *dir)
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
