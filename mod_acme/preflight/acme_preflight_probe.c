/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_preflight_probe.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_b64.h"
#include "acme_key.h"
#include "acme_str.h"

#define PREFIX      "preflight-"
#define RANDOM      24
#define RANDOM_TEXT 32 /* of that, in base64url */

/* An answer is BEGIN, the host, a blank, MANAGED or UNKNOWN, a blank, the MAC
 * of all that, and a newline. */
#define BEGIN   "mod_acme preflight "
#define MANAGED "managed"
#define UNKNOWN "unknown"

/* Stands for a host that cannot be a name. */
#define NO_HOST "-"

#define HOST_MAX 255

const char *acme_preflight_probe_token(apr_pool_t *p)
{
    unsigned char bytes[RANDOM];

    return acme_key_random(bytes, sizeof(bytes)) == APR_SUCCESS
               ? apr_pstrcat(p, PREFIX, acme_b64_encode(bytes, RANDOM, p), NULL)
               : NULL;
}

int acme_preflight_probe_is_token(const char *token)
{
    const char *rest = token + sizeof(PREFIX) - 1;

    return strncmp(token, PREFIX, sizeof(PREFIX) - 1) == 0
           && strspn(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy"
                           "z0123456789-_")
                  == RANDOM_TEXT
           && rest[RANDOM_TEXT] == '\0';
}

/* Returns the host as the answer has it: the Host header of a request may be
 * anything. */
static const char *plain(const char *host, apr_pool_t *p)
{
    apr_size_t len = host ? strlen(host) : 0;
    char *lower;

    if (len == 0 || len > HOST_MAX
        || strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789-_.:[]")
               != len) {
        return NO_HOST;
    }
    lower = acme_str_lower(host, p);
    if (lower[len - 1] == '.') {
        lower[len - 1] = '\0';
    }
    return *lower ? lower : NO_HOST;
}

const char *acme_preflight_probe_answer(const acme_seal_t *seal,
                                        const char *token, const char *host,
                                        int managed, apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = "preflight", .name = token};
    const char *text = apr_pstrcat(p, BEGIN, plain(host, p), " ",
                                   managed ? MANAGED : UNKNOWN, NULL);
    unsigned char mac[ACME_SEAL_MAC_LEN];

    if (acme_seal_mac(mac, seal, &label, text, strlen(text), NULL, p)
        != APR_SUCCESS) {
        return NULL;
    }
    return apr_pstrcat(p, text, " ", acme_b64_encode(mac, sizeof(mac), p), "\n",
                       NULL);
}

acme_preflight_probe_e
acme_preflight_probe_read(const char **host, const acme_seal_t *seal,
                          const char *token, const char *name, const char *body,
                          apr_pool_t *p)
{
    const char *from = body + sizeof(BEGIN) - 1;
    const char *asked, *state, *made;
    int managed;

    *host = NULL;
    if (strncmp(body, BEGIN, sizeof(BEGIN) - 1) != 0) {
        return ACME_PREFLIGHT_PROBE_OTHER;
    }
    asked = apr_pstrmemdup(p, from, strcspn(from, " "));
    state = from + strlen(asked);
    managed = strncmp(state, " " MANAGED " ", sizeof(MANAGED) + 1) == 0;
    made = acme_preflight_probe_answer(seal, token, asked, managed, p);
    /* A proxy may have changed the end of the line. */
    if (!made || strncmp(made, body, strlen(made) - 1) != 0) {
        return ACME_PREFLIGHT_PROBE_OTHER;
    }
    *host = asked;
    return managed && strcmp(asked, name) == 0 ? ACME_PREFLIGHT_PROBE_OURS
                                               : ACME_PREFLIGHT_PROBE_HOST;
}
