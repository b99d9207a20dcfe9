/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_promote.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ca_clock.h"
#include "acme_file.h"
#include "acme_ident.h"
#include "acme_certstore.h"
#include "acme_certstore_path.h"
#include "acme_time.h"
#include "acme_promote_guard.h"
#include "acme_removed.h"

/* Says what is served when the staged certificate is not promoted. */
static const char *what_stays(const acme_certstore_cert_t *live, apr_time_t now,
                              apr_pool_t *p)
{
    if (live == NULL) {
        return "the site stays without a certificate of its own";
    }
    return apr_psprintf(p, "the one that is live stays (%s %s)",
                        live->info->not_after > now ? "valid until"
                                                    : "expired at",
                        acme_time_print(live->info->not_after, p));
}

/* Completes a problem: the site's name before it, what stays live behind it. */
static acme_staged_e not_promoted(acme_staged_e outcome,
                                  acme_problem_t *problem,
                                  const acme_spec_t *spec,
                                  const acme_certstore_cert_t *live,
                                  apr_time_t now, apr_pool_t *p)
{
    const char *detail = problem->detail ? problem->detail : "unknown";
    apr_size_t len = strlen(spec->name);

    if (strncmp(detail, spec->name, len) == 0
        && strncmp(detail + len, ": ", 2) == 0) {
        detail += len + 2;
    }
    problem->detail =
        apr_psprintf(p, "%s: the new certificate %s: %s; %s", spec->name,
                     outcome == ACME_STAGED_FAILED ? "could not be put in place"
                                                   : "is refused",
                     detail, what_stays(live, now, p));
    if (problem->activity == NULL) {
        problem->activity = "activating a certificate";
    }
    return outcome;
}

static apr_status_t refuse(acme_problem_t *problem, const char *why,
                           apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_BACKOFF,
                            ACME_PROBLEM_CERTIFICATE, p, "%s", why);
}

static int count_covered(const apr_array_header_t *wanted,
                         const apr_array_header_t *held)
{
    int count = 0;
    int i;

    for (i = 0; i < wanted->nelts; ++i) {
        count +=
            acme_ident_covered(held, APR_ARRAY_IDX(wanted, i, const char *));
    }
    return count;
}

/*
 * Checks that the staged certificate is better than the live one. A worker is
 * not trusted to stage a new one: an old certificate whose key is lost must not
 * come back.
 */
static apr_status_t check_newer(const acme_promote_staged_t *staged,
                                apr_time_t now, acme_problem_t *problem,
                                apr_pool_t *p)
{
    const acme_cert_info_t *info = acme_cert_chain_info(staged->chain);
    const acme_cert_info_t *live = staged->live ? staged->live->info : NULL;
    const apr_array_header_t *wanted;
    int covered, held;

    if (staged->refusal) {
        return refuse(problem, staged->refusal, p);
    }
    /* Replace an expired certificate by any that is newer, whatever that one
     * covers. */
    if (live == NULL || live->not_after <= now) {
        return APR_SUCCESS;
    }
    /* Count required names only, because an order leaves out optional names
     * that keep failing. */
    wanted = acme_spec_required(staged->spec, p);
    covered = count_covered(wanted, info->names);
    held = count_covered(wanted, live->names);
    if (covered < held) {
        return refuse(problem,
                      apr_psprintf(p,
                                   "it covers %d of the site's %d names, the "
                                   "live one covers %d",
                                   covered, wanted->nelts, held),
                      p);
    }
    return APR_SUCCESS;
}

/* Checks the staged certificate for the site's first name only, because its
 * other names may be those of an earlier configuration: it may serve until one
 * for all names is there. */
apr_status_t acme_promote_check(const acme_promote_staged_t *staged,
                                apr_time_t now, acme_problem_t *problem,
                                apr_pool_t *p)
{
    apr_array_header_t *first = apr_array_make(p, 1, sizeof(const char *));
    apr_status_t rv;

    APR_ARRAY_PUSH(first, const char *) = acme_spec_host(staged->spec);
    rv = acme_cert_check(staged->chain, staged->key, first, now, problem, p);
    if (rv == APR_SUCCESS && staged->spec->security_level) {
        rv = acme_cert_check_loads(staged->chain, staged->key,
                                   staged->spec->security_level, problem, p);
    }
    return rv == APR_SUCCESS ? check_newer(staged, now, problem, p) : rv;
}

/* Refuses a certificate that ended an earlier start. The first time another
 * order may do better; after that it would go on and on. */
static apr_status_t check_not_taken_back(const acme_promote_staged_t *staged,
                                         const acme_certstore_t *certstore,
                                         acme_problem_t *problem, apr_pool_t *p)
{
    int count = acme_promote_guard_refused(
        certstore, staged->spec->name,
        acme_cert_chain_info(staged->chain)->fingerprint);
    apr_status_t rv;

    if (!count) {
        return APR_SUCCESS;
    }
    rv = refuse(problem, "the server ended when it was to be loaded", p);
    if (problem && count > 1) {
        problem->retry = ACME_RETRY_CONFIG;
        problem->to_fix = "look for mod_ssl's messages of that time, repair "
                          "what they name, then remove the site's file in the "
                          "store's folder jobs and restart gracefully";
    }
    return rv;
}

static apr_status_t check_revoked(const acme_promote_staged_t *staged,
                                  const acme_certstore_t *certstore,
                                  acme_problem_t *problem, apr_pool_t *p)
{
    const char *why = acme_certstore_refusal(
        certstore, acme_cert_chain_info(staged->chain), p);

    return why ? refuse(problem, why, p) : APR_SUCCESS;
}

apr_status_t acme_promote_read(acme_promote_staged_t *staged,
                               const acme_store_item_t *item,
                               acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv;

    rv = acme_bundle_parse(&staged->bundle, item->data, item->len, problem, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (strcmp(staged->bundle->name, staged->spec->name) != 0) {
        return refuse(
            problem,
            apr_psprintf(p, "it is one of the site %s", staged->bundle->name),
            p);
    }
    return acme_bundle_open(&staged->key, &staged->chain, staged->bundle,
                            problem, p);
}

/* Returns non-zero when the certificate was promoted before, and the site was
 * rolled back from it before the worker cleared it. */
static int was_left(const acme_promote_t *promotion,
                    const acme_certstore_cert_t *cert, const char *fingerprint,
                    apr_pool_t *p)
{
    const char *name = promotion->spec->name;
    apr_array_header_t *numbers;
    acme_certstore_path_t site;
    acme_chain_t *chain;
    apr_size_t len;
    char *data;
    int i;

    if (!promotion->pinned || !cert || cert->version != promotion->pinned
        || acme_certstore_versions(&numbers, promotion->certstore, name, p)
               != APR_SUCCESS) {
        return 0;
    }
    acme_certstore_path_find(&site, promotion->certstore, ACME_PLACE_LIVE, name,
                             p);
    for (i = 0; i < numbers->nelts; ++i) {
        if (acme_file_read(&data, &len,
                           apr_psprintf(p, "%s/%d/" ACME_CERTSTORE_FULL,
                                        site.archive,
                                        APR_ARRAY_IDX(numbers, i, int)),
                           ACME_FILE_MAX, p)
                == APR_SUCCESS
            && acme_cert_chain_parse(&chain, data, len, NULL, p) == APR_SUCCESS
            && strcmp(acme_cert_chain_info(chain)->fingerprint, fingerprint)
                   == 0) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when the certificate was live, and an administrator removed
 * or replaced it before the worker cleared it. A copy that somebody has put
 * back is another thing: its file is newer than the note. */
static int was_removed(const acme_promote_t *promotion, const char *fingerprint,
                       apr_pool_t *p)
{
    return promotion->staged_at
           && acme_removed_since(promotion->certstore, promotion->spec->name,
                                 fingerprint, promotion->staged_at, p);
}

/* Returns the later one of our time and the CA's. The worker has noted the CA's
 * and could only lie to bar more by it. */
static apr_time_t latest_time(const acme_promote_t *promotion, apr_pool_t *p)
{
    apr_time_t heard = acme_ca_clock_read(promotion->vault, p);

    return heard > promotion->now ? heard : promotion->now;
}

static acme_staged_e activate(const char **fingerprint,
                              const acme_promote_t *promotion,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const acme_certstore_t *certstore = promotion->certstore;
    const acme_spec_t *spec = promotion->spec;
    const apr_time_t now = promotion->now;
    acme_promote_staged_t staged = {.spec = spec};
    acme_certstore_cert_t *stashed = NULL;
    acme_certstore_cert_t *cert = NULL;
    acme_store_item_t item;
    apr_status_t rv_live;
    apr_status_t rv;

    rv = acme_vault_get(&item, promotion->vault, ACME_STORE_STAGING, spec->name,
                        problem, p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return ACME_STAGED_NONE;
    }
    /* A live certificate that cannot be used is replaced by any that can. When
     * there is none, compare with the stash, which has what the site had: it
     * may be the staged one itself, when the worker did not clear it before the
     * site went away. */
    rv_live = acme_certstore_get(&cert, certstore, spec->name, NULL, p);
    if (APR_STATUS_IS_ENOENT(rv_live)
        && acme_certstore_get_at(&stashed, certstore, ACME_PLACE_STASH,
                                 spec->name, NULL, p)
               == APR_SUCCESS) {
        staged.live = stashed;
    }
    else if (rv_live == APR_SUCCESS
             && acme_certstore_loads(cert, spec->security_level, NULL, p)
                    == APR_SUCCESS) {
        staged.live = cert;
    }
    if (rv != APR_SUCCESS) {
        return not_promoted(ACME_STAGED_FAILED, problem, spec, cert, now, p);
    }
    if (certstore->is_held) {
        acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                         ACME_PROBLEM_CERTIFICATE, p,
                         "the server ended twice before it had loaded what was "
                         "activated, so this start does without it");
        return not_promoted(ACME_STAGED_FAILED, problem, spec, cert, now, p);
    }
    rv = acme_promote_read(&staged, &item, problem, p);
    if (rv == APR_SUCCESS) {
        staged.refusal = acme_removed_refusal(
            certstore, spec->name, acme_cert_chain_info(staged.chain),
            staged.bundle->obtained, staged.live, latest_time(promotion, p), p);
        *fingerprint = acme_cert_chain_info(staged.chain)->fingerprint;
        if (cert && strcmp(*fingerprint, cert->info->fingerprint) == 0) {
            return ACME_STAGED_LIVE;
        }
        if (stashed && strcmp(*fingerprint, stashed->info->fingerprint) == 0) {
            /* acme_install_site() decides upon the stash later. */
            return ACME_STAGED_LIVE;
        }
        if (was_left(promotion, staged.live, *fingerprint, p)
            || was_removed(promotion, *fingerprint, p)) {
            return ACME_STAGED_LIVE;
        }
        rv = check_revoked(&staged, certstore, problem, p);
        if (rv == APR_SUCCESS) {
            rv = check_not_taken_back(&staged, certstore, problem, p);
        }
        if (rv == APR_SUCCESS) {
            rv = acme_promote_check(&staged, now, problem, p);
        }
    }
    if (rv != APR_SUCCESS) {
        /* A certificate that is refused is removed; one that a newer version
         * of mod_acme has staged must stay for that version. */
        return not_promoted(rv == APR_ENOTIMPL ? ACME_STAGED_FAILED
                                               : ACME_STAGED_REFUSED,
                            problem, spec, cert, now, p);
    }
    rv = acme_certstore_install(certstore, staged.bundle, promotion->keep,
                                problem, p);
    if (rv != APR_SUCCESS) {
        *fingerprint = NULL;
        return not_promoted(ACME_STAGED_FAILED, problem, spec, cert, now, p);
    }
    return ACME_STAGED_PROMOTED;
}

acme_staged_e acme_promote(const char **fingerprint,
                           const acme_promote_t *promotion,
                           acme_problem_t *problem, apr_pool_t *p)
{
    acme_problem_t why = ACME_PROBLEM_INIT;
    const char *found = NULL;
    acme_staged_e outcome;
    apr_pool_t *ptemp;

    apr_pool_create(&ptemp, p);
    outcome = activate(&found, promotion, &why, ptemp);
    *fingerprint = found ? apr_pstrdup(p, found) : NULL;
    if (problem
        && (outcome == ACME_STAGED_REFUSED || outcome == ACME_STAGED_FAILED)) {
        *problem = *acme_problem_dup(&why, p);
    }
    apr_pool_destroy(ptemp);
    return outcome;
}
