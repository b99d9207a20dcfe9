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

#include "acme_problem_type.h"

#include <string.h>

static const acme_problem_type_t acme_rows[] = {
    {"accountDoesNotExist", ACME_RETRY_BACKOFF,
     "nothing: the account is registered again at the next attempt"},
    {"alreadyReplaced", ACME_RETRY_BACKOFF,
     "nothing: the next order does not name the certificate it replaces"},
    {"alreadyRevoked", ACME_RETRY_PERMANENT,
     "nothing: the certificate is revoked already"},
    {"badCSR", ACME_RETRY_CONFIG,
     "check the names and the key types (ACMEPrivateKeys) against what the CA "
     "accepts"},
    {"badNonce", ACME_RETRY_NOW,
     "nothing: the request is repeated with a fresh nonce"},
    {"badPublicKey", ACME_RETRY_CONFIG,
     "choose a key type that the CA accepts (ACMEPrivateKeys)"},
    {"badRevocationReason", ACME_RETRY_PERMANENT,
     "revoke with another reason code"},
    {"badSignatureAlgorithm", ACME_RETRY_CONFIG,
     "choose a key type that the CA accepts"},
    {"caa", ACME_RETRY_BACKOFF,
     "let the CAA records of the name and of its parents in DNS permit this "
     "CA"},
    {"compound", ACME_RETRY_BACKOFF,
     "see what the CA says of each name and mend those"},
    {"connection", ACME_RETRY_BACKOFF,
     "let the CA reach this server: check the address records, port "
     "forwarding and the firewall"},
    {"dns", ACME_RETRY_BACKOFF,
     "check that public DNS servers resolve the name, and its DNSSEC "
     "signatures"},
    {"externalAccountRequired", ACME_RETRY_CONFIG,
     "ask the CA for an external account binding and configure it"},
    {"incorrectResponse", ACME_RETRY_BACKOFF,
     "check that the name leads to this server and that nothing in front of it "
     "answers the challenge itself"},
    {"invalidContact", ACME_RETRY_CONFIG,
     "correct the address in ACMEContactEmail"},
    {"invalidProfile", ACME_RETRY_CONFIG,
     "choose a profile that the CA offers"},
    {"malformed", ACME_RETRY_BACKOFF,
     "report this if it lasts: the CA does not understand a request"},
    {"orderNotReady", ACME_RETRY_BACKOFF,
     "nothing: the order is looked at again later"},
    {"rateLimited", ACME_RETRY_BACKOFF,
     "wait: the CA's limit is exhausted; see its documentation for the limits"},
    {"rejectedIdentifier", ACME_RETRY_CONFIG,
     "remove the name that the CA refuses, or use another CA"},
    {"serverInternal", ACME_RETRY_BACKOFF,
     "nothing, unless it lasts: then see the CA's status page"},
    {"tls", ACME_RETRY_BACKOFF,
     "check what answers TLS connections to the name from outside"},
    {"unauthorized", ACME_RETRY_BACKOFF,
     "check that the name leads to this server, and its port 80 or 443 to this "
     "httpd"},
    {"unsupportedContact", ACME_RETRY_CONFIG,
     "use a kind of contact that the CA takes in ACMEContactEmail"},
    {"unsupportedIdentifier", ACME_RETRY_CONFIG,
     "remove the name, or use a CA that issues for names of its kind"},
    {"userActionRequired", ACME_RETRY_CONFIG,
     "visit the page that the CA names, as a rule to accept changed terms of "
     "service"},
    {NULL, ACME_RETRY_BACKOFF, NULL},
};

static const acme_problem_type_t local_rows[] = {
    {"network", ACME_RETRY_BACKOFF,
     "check that this server reaches the CA: DNS, firewall, proxy, "
     "ACMECACertificateFile"},
    {"protocol", ACME_RETRY_BACKOFF,
     "check that ACMECertificateAuthority is the URL of an ACME directory; "
     "report this to the CA if it lasts"},
    {"store", ACME_RETRY_INTERNAL,
     "check the folder named: its owner, permissions and free space"},
    {"crypto", ACME_RETRY_INTERNAL, "check the key or certificate named"},
    {"config", ACME_RETRY_CONFIG, "correct the configuration and restart"},
    {"certificate", ACME_RETRY_BACKOFF,
     "nothing yet: the certificate that works stays in use"},
    {"timeout", ACME_RETRY_BACKOFF,
     "nothing, unless it lasts: then check that the CA reaches this server"},
    {"stopped", ACME_RETRY_NOW, "nothing: it is resumed after the restart"},
    {NULL, ACME_RETRY_BACKOFF, NULL},
};

static const char *const retry_names[] = {"now",    "later",     "backoff",
                                          "config", "permanent", "internal"};

#define RETRY_NAMES (int)(sizeof(retry_names) / sizeof(retry_names[0]))

static const char *after(const char *type, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return strncmp(type, prefix, len) ? NULL : type + len;
}

const char *acme_problem_type_acme(const char *type)
{
    return after(type, ACME_PROBLEM_URN);
}

const char *acme_problem_type_local(const char *type)
{
    return after(type, ACME_PROBLEM_LOCAL);
}

const acme_problem_type_t *acme_problem_type_find(const char *type)
{
    const acme_problem_type_t *row = acme_rows;
    const char *name = acme_problem_type_acme(type);

    if (!name) {
        row = local_rows;
        name = acme_problem_type_local(type);
    }
    if (!name) {
        return NULL;
    }
    while (row->name && strcmp(row->name, name)) {
        ++row;
    }
    return row->name ? row : NULL;
}

const char *acme_retry_name(acme_retry_e retry)
{
    int i = (int)retry;

    return i >= 0 && i < RETRY_NAMES ? retry_names[i] : "unknown";
}

int acme_retry_by_name(acme_retry_e *retry, const char *name)
{
    int i;

    for (i = 0; i < RETRY_NAMES; ++i) {
        if (!strcmp(retry_names[i], name)) {
            *retry = (acme_retry_e)i;
            return 1;
        }
    }
    return 0;
}
