/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_problem_type.h"

#include <string.h>

/* Why each is in its class is beside it. Whatever has no row is tried again
 * with backoff: it slows down to once a day, and may pass. A Retry-After of the
 * CA comes before all of that, but where only a change helps. */
static const acme_problem_type_t acme_rows[] = {
    /* it is registered again at once (acme_ca_account); where that does not
     * help there is no reason to hurry */
    {"accountDoesNotExist", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing: the account is registered again at the next attempt"},
    /* once the order is made again at once, without what it replaces */
    {"alreadyReplaced", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing: the next order does not name the certificate it replaces"},
    /* it is what was wanted */
    {"alreadyRevoked", ACME_RETRY_PERMANENT, ACME_BLAME_SITE,
     "nothing: the certificate is revoked already"},
    /* the next one would be the same */
    {"badCSR", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "check the names and the key types (ACMEPrivateKeys) against what the CA "
     "accepts"},
    /* RFC 8555 6.5 asks for it; after many in a row the CA is at fault */
    {"badNonce", ACME_RETRY_NOW, ACME_BLAME_CA,
     "nothing: the request is repeated with a fresh nonce"},
    /* the next key would be of the same kind */
    {"badPublicKey", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "choose a key type that the CA accepts (ACMEPrivateKeys)"},
    /* the same request would be answered the same */
    {"badRevocationReason", ACME_RETRY_PERMANENT, ACME_BLAME_SITE,
     "revoke with another reason code"},
    /* the account's key does not change by itself */
    {"badSignatureAlgorithm", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "choose a key type that the CA accepts"},
    /* somebody has to change DNS, and nobody tells us when that is done */
    {"caa", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "let the CAA records of the name and of its parents in DNS permit this "
     "CA"},
    /* its parts may pass, each for itself */
    {"compound", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "see what the CA says of each name and mend those"},
    /* the CA is at something that this is in the way of, an earlier request of
     * ours as a rule; that comes to an end */
    {"conflict", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: the CA is still at an earlier request; see its "
     "status page then"},
    /* a firewall or an outage of the way to us; it may pass */
    {"connection", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "let the CA reach this server: check the address records, port "
     "forwarding and the firewall"},
    /* new names take their time until all servers know them */
    {"dns", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check that public DNS servers resolve the name, and its DNSSEC "
     "signatures"},
    /* the binding has to be written down first */
    {"externalAccountRequired", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "ask the CA for an external account binding and configure it"},
    /* the name may lead elsewhere for a while, as in a move */
    {"incorrectResponse", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check that the name leads to this server and that nothing in front of it "
     "answers the challenge itself"},
    /* the address is in the configuration */
    {"invalidContact", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "correct the address in ACMEContactEmail"},
    /* the profile is in the configuration */
    {"invalidProfile", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "choose a profile that the CA offers"},
    /* our fault or the CA's: an update of either mends it */
    {"malformed", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "report this if it lasts: the CA does not understand a request"},
    /* it becomes ready, or another one is made */
    {"orderNotReady", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing: the order is looked at again later"},
    /* where the CA names a time, that one counts; else tokens come back by
     * and by */
    {"rateLimited", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "wait: the CA's limit is exhausted; see its documentation for the limits"},
    /* the CA will not issue for this name whatever we do */
    {"rejectedIdentifier", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "remove the name that the CA refuses, or use another CA"},
    /* the CA is out; when it comes back nobody may hurry */
    {"serverInternal", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: then see the CA's status page"},
    /* what answers on the name may be mended at any time */
    {"tls", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check what answers TLS connections to the name from outside"},
    /* of a validation: the name leads elsewhere; of an account: as
     * accountDoesNotExist */
    {"unauthorized", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check that the name leads to this server, and its port 80 or 443 to this "
     "httpd"},
    /* the address is in the configuration */
    {"unsupportedContact", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "use a kind of contact that the CA takes in ACMEContactEmail"},
    /* the name is in the configuration */
    {"unsupportedIdentifier", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "remove the name, or use a CA that issues for names of its kind"},
    /* what is settled at the CA changes no configuration: only another try
     * can notice it */
    {"userActionRequired", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "visit the page that the CA names, as a rule to accept changed terms of "
     "service"},
    {NULL, ACME_RETRY_BACKOFF, ACME_BLAME_SITE, NULL},
};

static const acme_problem_type_t local_rows[] = {
    /* the way to the CA; it may pass */
    {"network", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "check that this server reaches the CA: DNS, firewall, proxy, "
     "ACMECACertificateFile"},
    /* another program answers, or a faulty CA */
    {"protocol", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "check that ACMECertificateAuthority is the URL of an ACME directory; "
     "report this to the CA if it lasts"},
    /* it may pass, and whose fault it is only the CA's words tell */
    {"refused", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "see what the CA says; it gives no type that would tell more"},
    /* a full disk is emptied */
    {"store", ACME_RETRY_INTERNAL, ACME_BLAME_SITE,
     "check the folder named: its owner, permissions and free space"},
    /* as a rule memory, which comes back */
    {"crypto", ACME_RETRY_INTERNAL, ACME_BLAME_SITE,
     "check the key or certificate named"},
    /* only a change helps */
    {"config", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "correct the configuration and restart"},
    /* the next one may be better, and what works stays */
    {"certificate", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing yet: the certificate that works stays in use"},
    /* the CA took too long; it may be busy */
    {"timeout", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: then check that the CA reaches this server"},
    /* we were told to stop; nothing is wrong */
    {"stopped", ACME_RETRY_NOW, ACME_BLAME_SITE,
     "nothing: it is resumed after the restart"},
    {NULL, ACME_RETRY_BACKOFF, ACME_BLAME_SITE, NULL},
};

/* Answers that name no type of their own. Where they have no words either, they
 * are not the CA's as a rule, but of what stands before it. The first row that
 * fits. */
static const struct {
    int from, to; /* HTTP statuses */
    const char *type;
} status_rows[] = {
    {409, 409, ACME_PROBLEM_URN "conflict"},
    {429, 429, ACME_PROBLEM_URN "rateLimited"},
    {500, 599, ACME_PROBLEM_URN "serverInternal"},
    {0, 999, ACME_PROBLEM_PROTOCOL},
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

const char *acme_problem_type_by_status(int status, int says)
{
    int i = 0;

    while (status < status_rows[i].from || status > status_rows[i].to) {
        ++i;
    }
    if (says && !strcmp(status_rows[i].type, ACME_PROBLEM_PROTOCOL)) {
        return ACME_PROBLEM_REFUSED;
    }
    return status_rows[i].type;
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

const char *acme_problem_type_retry_name(acme_retry_e retry)
{
    int i = (int)retry;

    return i >= 0 && i < RETRY_NAMES ? retry_names[i] : "unknown";
}

int acme_problem_type_retry_find(acme_retry_e *retry, const char *name)
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
