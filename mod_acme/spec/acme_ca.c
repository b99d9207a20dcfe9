/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_ca.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "acme_time.h"

/* Midnight UTC of a day, by its days since 1970. */
#define DAY(days) ((days)*ACME_TIME_DAY)

#define D_2026_05_13 DAY(20586)
#define D_2027_02_10 DAY(20859)
#define D_2028_02_16 DAY(21230)

/* https://letsencrypt.org/docs/profiles/, letsencrypt.org/2025/12/02/. It ended
 * OCSP in 2025, and refuses must-staple since. */
static const acme_ca_limits_t letsencrypt[] = {
    {"shortlived", 25, 10000, 1, {{0, 160 * ACME_TIME_HOUR}}},
    {"tlsserver",
     25,
     10000,
     1,
     {{0, 90 * ACME_TIME_DAY}, {D_2026_05_13, 45 * ACME_TIME_DAY}}},
    {NULL,
     100,
     10000,
     1,
     {{0, 90 * ACME_TIME_DAY},
      {D_2027_02_10, 64 * ACME_TIME_DAY},
      {D_2028_02_16, 45 * ACME_TIME_DAY}}},
};

static const acme_ca_limits_t others[] = {{NULL, 100, 0, 0, {{0, 0}}}};

static const acme_ca_name_t names[] = {
    {"letsencrypt", "https://acme-v02.api.letsencrypt.org/directory", 1,
     "letsencrypt-test", letsencrypt},
    {"letsencrypt-test",
     "https://acme-staging-v02.api.letsencrypt.org/directory", 1,
     "letsencrypt-test", letsencrypt},
    {"zerossl", "https://acme.zerossl.com/v2/DV90", 1, NULL, NULL},
    {"google", "https://dv.acme-v02.api.pki.goog/directory", 1, "google-test",
     NULL},
    {"google-test", "https://dv.acme-v02.test-api.pki.goog/directory", 1,
     "google-test", NULL},
    {"actalis", "https://acme-api.actalis.com/acme/directory", 1, NULL, NULL},
    {"sslcom-ecc", "https://acme.ssl.com/sslcom-dv-ecc", 1, NULL, NULL},
    {"sslcom-rsa", "https://acme.ssl.com/sslcom-dv-rsa", 1, NULL, NULL},
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

const acme_ca_limits_t *acme_ca_limits(const char *url, const char *profile)
{
    const acme_ca_name_t *ca = acme_ca_find(url);
    const acme_ca_limits_t *limits = ca && ca->limits ? ca->limits : others;

    while (limits->profile
           && (!profile || strcmp(limits->profile, profile) != 0)) {
        ++limits;
    }
    return limits;
}

apr_interval_time_t acme_ca_limits_shorter(apr_time_t *from,
                                           const acme_ca_limits_t *limits,
                                           apr_interval_time_t than,
                                           apr_time_t now)
{
    int i;

    for (i = 0; i < ACME_CA_LIVES && limits->lives[i].life; ++i) {
        const acme_ca_life_t *life = &limits->lives[i];
        int is_over =
            i + 1 < ACME_CA_LIVES && life[1].life && life[1].from <= now;

        if (!is_over && life->life < than) {
            *from = life->from > now ? life->from : 0;
            return life->life;
        }
    }
    return 0;
}
