/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_problem_type.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

/* The comment above a row is the reason for its class. A type without a row is
 * tried again with backoff, because that slows down to once a day, and the
 * problem may pass. Retry-After goes before BACKOFF, NOW and INTERNAL; CONFIG
 * and PERMANENT stay, because waiting does not help. */
static const acme_problem_type_t acme_rows[] = {
    /* BACKOFF, because the account is registered again at once
     * (acme_ca_account), and a quick try helps no further when that fails. */
    {"accountDoesNotExist", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing: the account is registered again at the next attempt"},
    /* BACKOFF, because the order is made again at once without `replaces`, and
     * this is only reached when that fails as well. */
    {"alreadyReplaced", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing: the next order does not name the certificate it replaces"},
    /* PERMANENT, because the certificate is revoked, as was wanted. */
    {"alreadyRevoked", ACME_RETRY_PERMANENT, ACME_BLAME_SITE,
     "nothing: the certificate is revoked already"},
    /* CONFIG, because the next request would be the same. */
    {"badCSR", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "check the names and the key types (ACMEPrivateKeys) against what the CA "
     "accepts; a common name was tried by itself, but in requests that "
     "other machines have made"},
    /* NOW, because RFC 8555 6.5 says so. Many in a row are the CA's fault. */
    {"badNonce", ACME_RETRY_NOW, ACME_BLAME_CA,
     "nothing: the request is repeated with a fresh nonce"},
    /* CONFIG, because the next key would be of the same kind. */
    {"badPublicKey", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "choose a key type that the CA accepts (ACMEPrivateKeys)"},
    /* PERMANENT, because the same request would get the same answer. */
    {"badRevocationReason", ACME_RETRY_PERMANENT, ACME_BLAME_SITE,
     "revoke with another reason code"},
    /* CONFIG, because the account's key does not change by itself. */
    {"badSignatureAlgorithm", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "choose a key type that the CA accepts"},
    /* BACKOFF, because a change of DNS is needed, and we are not told of it. */
    {"caa", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "let the CAA records of the name and of its parents in DNS permit this "
     "CA"},
    /* BACKOFF, because each of its subproblems may pass. */
    {"compound", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "see what the CA says of each name and mend those"},
    /* BACKOFF, because the CA still works on something else, usually an earlier
     * request of ours, and will finish it. */
    {"conflict", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: the CA is still at an earlier request; see its "
     "status page then"},
    /* BACKOFF, because an outage on the way to this server may pass. */
    {"connection", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "let the CA reach this server: check the address records, port "
     "forwarding and the firewall"},
    /* BACKOFF, because it takes time until all name servers know a new name. */
    {"dns", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check that public DNS servers resolve the name, and its DNSSEC "
     "signatures"},
    /* CONFIG, because the binding is not configured. */
    {"externalAccountRequired", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "ask the CA for an external account binding and configure it"},
    /* BACKOFF, because the name may lead elsewhere for a while, for instance
     * while a site moves. */
    {"incorrectResponse", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check that the name leads to this server and that nothing in front of it "
     "answers the challenge itself"},
    /* CONFIG, because the address is configured. */
    {"invalidContact", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "correct the address in ACMEContactEmail"},
    /* CONFIG, because the profile is configured. */
    {"invalidProfile", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "choose a profile that the CA offers"},
    /* BACKOFF, because it is an error in this module or in the CA, and an
     * update of either may solve it. */
    {"malformed", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "report this if it lasts: the CA does not understand a request"},
    /* BACKOFF, because the order becomes ready, or a new one is made. */
    {"orderNotReady", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing: the order is looked at again later"},
    /* BACKOFF, because limits are filled up again in time. The time that the CA
     * names goes first. */
    {"rateLimited", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "wait: the CA's limit is exhausted; see its documentation for the limits"},
    /* CONFIG, because the CA does not issue for this name at all. */
    {"rejectedIdentifier", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "remove the name that the CA refuses, or use another CA"},
    /* BACKOFF, because the CA is out of order, and must not be flooded with
     * requests when it is back. */
    {"serverInternal", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: then see the CA's status page"},
    /* BACKOFF, because the server that answers may be repaired at any time. */
    {"tls", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check what answers TLS connections to the name from outside"},
    /* BACKOFF, because a name may lead elsewhere for a while. For a request of
     * an account the reason is that of accountDoesNotExist. */
    {"unauthorized", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check that the name leads to this server, and its port 80 or 443 to this "
     "httpd"},
    /* CONFIG, because the address is configured. */
    {"unsupportedContact", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "use a kind of contact that the CA takes in ACMEContactEmail"},
    /* CONFIG, because the name is configured. */
    {"unsupportedIdentifier", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "remove the name, or use a CA that issues for names of its kind"},
    /* BACKOFF, because only another try notices that an administrator has done
     * what the CA asks for. */
    {"userActionRequired", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "visit the page that the CA names, as a rule to accept changed terms of "
     "service"},
    {NULL, ACME_RETRY_BACKOFF, ACME_BLAME_SITE, NULL},
};

static const acme_problem_type_t local_rows[] = {
    /* BACKOFF, because an outage on the way to the CA may pass. */
    {"network", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "check that this server reaches the CA: DNS, firewall, proxy, "
     "ACMECACertificateFile"},
    /* BACKOFF, because the CA, or a program that answers instead, may be
     * repaired at any time. */
    {"protocol", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: then report to the CA what it answers, and "
     "when"},
    /* BACKOFF, because it may pass; only the CA's words tell whose fault it is.
     */
    {"refused", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "see what the CA says; it gives no type that would tell more"},
    /* INTERNAL, because a full disk or wrong permissions can be put right while
     * the server runs. */
    {"store", ACME_RETRY_INTERNAL, ACME_BLAME_SITE,
     "check the folder named: its owner, permissions and free space"},
    /* INTERNAL, because the usual reason is a lack of memory, which passes. */
    {"crypto", ACME_RETRY_INTERNAL, ACME_BLAME_SITE,
     "check the key or certificate named"},
    /* CONFIG, because only a changed configuration helps. */
    {"config", ACME_RETRY_CONFIG, ACME_BLAME_SITE,
     "correct the configuration and restart"},
    /* BACKOFF, because the next certificate may be better, and the working one
     * stays. */
    {"certificate", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "nothing yet: the certificate that works stays in use"},
    /* BACKOFF, because the CA may be busy. */
    {"timeout", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "nothing, unless it lasts: then check that the CA reaches this server"},
    /* BACKOFF, because what the program talks to may be repaired at any time,
     * and so may the program. */
    {"command", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "see what the program has printed; run it by hand as the user that httpd "
     "runs as"},
    /* BACKOFF, because name servers and the way to them may be repaired at any
     * time. */
    {"dns", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "check the name servers of the zone, and the resolvers of this machine "
     "(/etc/resolv.conf) or of ACMEDnsServers"},
    /* BACKOFF, because the name server may be repaired at any time. */
    {"dnsUpdate", ACME_RETRY_BACKOFF, ACME_BLAME_SITE,
     "see what the name server has in its log; send the same update with "
     "nsupdate"},
    /* NOW, because nothing is wrong: the worker was told to stop. */
    {"stopped", ACME_RETRY_NOW, ACME_BLAME_SITE,
     "nothing: it is resumed after the restart"},
    /* a fault of ours or of a library, which what is worked on brings up; that
     * may change */
    {"crash", ACME_RETRY_BACKOFF, ACME_BLAME_CA,
     "look for AH00051 or AH00052 (exit signal) in the error log, and report "
     "it; an update of mod_acme, libcurl or OpenSSL may help"},
    {NULL, ACME_RETRY_BACKOFF, ACME_BLAME_SITE, NULL},
};

#define NO_DIRECTORY \
    "check that ACMECertificateAuthority is the URL of an ACME directory"
#define NO_NONCE                                                               \
    "nothing, unless it lasts: then report to the CA that its newNonce gives " \
    "none; its directory was read"
#define NO_ACCOUNT                                                           \
    "see what the CA says: it makes no account for this server, or accepts " \
    "none of its requests"
#define NO_ORDER                                                               \
    "see what the CA says, and ask it: this account may need its permission, " \
    "a contract or more quota for these names"
#define NO_ISSUE                                                               \
    "see what the CA says, and ask it: the names were validated, and it does " \
    "not issue to this account"

/* Has the advice for a type where it is another than its own. */
static const struct {
    acme_problem_at_e at;
    const char *type;
    const char *to_fix;
} advice_rows[] = {
    {ACME_AT_DIRECTORY, ACME_PROBLEM_PROTOCOL, NO_DIRECTORY},
    {ACME_AT_DIRECTORY, ACME_PROBLEM_REFUSED, NO_DIRECTORY},
    {ACME_AT_DIRECTORY, ACME_PROBLEM_URN "malformed", NO_DIRECTORY},
    {ACME_AT_DIRECTORY, ACME_PROBLEM_URN "unauthorized", NO_DIRECTORY},
    {ACME_AT_NONCE, ACME_PROBLEM_PROTOCOL, NO_NONCE},
    {ACME_AT_NONCE, ACME_PROBLEM_REFUSED, NO_NONCE},
    {ACME_AT_NONCE, ACME_PROBLEM_URN "malformed", NO_NONCE},
    {ACME_AT_NONCE, ACME_PROBLEM_URN "unauthorized", NO_NONCE},
    {ACME_AT_ACCOUNT, ACME_PROBLEM_REFUSED, NO_ACCOUNT},
    {ACME_AT_ACCOUNT, ACME_PROBLEM_URN "unauthorized", NO_ACCOUNT},
    {ACME_AT_ORDER, ACME_PROBLEM_REFUSED, NO_ORDER},
    {ACME_AT_ORDER, ACME_PROBLEM_URN "unauthorized", NO_ORDER},
    {ACME_AT_ISSUANCE, ACME_PROBLEM_REFUSED, NO_ISSUE},
    {ACME_AT_ISSUANCE, ACME_PROBLEM_URN "unauthorized", NO_ISSUE},
};

/* Types of responses that name none. If they have no words either, they are
 * usually not from the CA, but from a server in front of it. The first row that
 * contains the status counts. */
static const struct {
    int from, to; /* HTTP statuses */
    const char *type;
} status_rows[] = {
    {409, 409, ACME_PROBLEM_URN "conflict"},
    {429, 429, ACME_PROBLEM_URN "rateLimited"},
    {500, 599, ACME_PROBLEM_URN "serverInternal"},
    {APR_INT32_MIN, APR_INT32_MAX, ACME_PROBLEM_PROTOCOL},
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

const char *acme_problem_type_canonical(const char *type, apr_pool_t *p)
{
    static const char *const prefixes[] = {ACME_PROBLEM_URN, "urn:acme:error:"};
    const acme_problem_type_t *row;
    size_t i;

    for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); ++i) {
        apr_size_t len = strlen(prefixes[i]);

        if (apr_cstr_casecmpn(type, prefixes[i], len) == 0) {
            for (row = acme_rows; row->name; ++row) {
                if (apr_cstr_casecmp(row->name, type + len) == 0) {
                    return apr_pstrcat(p, ACME_PROBLEM_URN, row->name, NULL);
                }
            }
            return apr_pstrcat(p, ACME_PROBLEM_URN, type + len, NULL);
        }
    }
    return type;
}

const char *acme_problem_type_local(const char *type)
{
    return after(type, ACME_PROBLEM_LOCAL);
}

const char *acme_problem_type_advice(const char *type, acme_problem_at_e at)
{
    size_t i;

    for (i = 0; i < sizeof(advice_rows) / sizeof(advice_rows[0]); ++i) {
        if (advice_rows[i].at == at && !strcmp(advice_rows[i].type, type)) {
            return advice_rows[i].to_fix;
        }
    }
    return NULL;
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
