/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_challenge_type.h"

#include <string.h>

static const char *const types[] = {
    "http-01",
    "tls-alpn-01",
    "dns-01",
};

const char *acme_challenge_type(const char *type)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        if (strcmp(types[i], type) == 0) {
            return types[i];
        }
    }
    return NULL;
}

int acme_challenge_type_known(const char *type)
{
    return acme_challenge_type(type) != NULL;
}
