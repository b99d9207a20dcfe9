/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

static const acme_ca_name_t names[] = {
    {"letsencrypt", "https://acme-v02.api.letsencrypt.org/directory", 1,
     "letsencrypt-test"},
    {"letsencrypt-test",
     "https://acme-staging-v02.api.letsencrypt.org/directory", 1,
     "letsencrypt-test"},
    {"zerossl", "https://acme.zerossl.com/v2/DV90", 1, NULL},
    {"google", "https://dv.acme-v02.api.pki.goog/directory", 1, "google-test"},
    {"google-test", "https://dv.acme-v02.test-api.pki.goog/directory", 1,
     "google-test"},
};

#define NAMES (int)(sizeof(names) / sizeof(names[0]))

const acme_ca_name_t *acme_ca_find(const char *text)
{
    int i;

    for (i = 0; i < NAMES; ++i) {
        if (strcasecmp(text, names[i].label) == 0
            || strcmp(text, names[i].url) == 0) {
            return &names[i];
        }
    }
    return NULL;
}

const char *acme_ca_list(apr_pool_t *p)
{
    const char *text = names[0].label;
    int i;

    for (i = 1; i < NAMES; ++i) {
        text = apr_pstrcat(p, text, ", ", names[i].label, NULL);
    }
    return text;
}
