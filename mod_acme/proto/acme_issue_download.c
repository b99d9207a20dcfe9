/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_cert.h"
#include "acme_cert_trusted.h"
#include "acme_ident.h"
#include "acme_issue_private.h"

/* Bounds the alternate chains that are downloaded. */
#define ALTERNATES_MAX 10

/* Logs that none of the chains is what ACMEPreferredChain asks for. */
static void say_no_chain(const acme_issue_t *issue)
{
    const acme_issue_config_t *config = issue->config;
    const char *names = "";
    int i;

    if (config->trusted_chain) {
        acme_log(issue->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0060) "%s: none of the CA's chains leads to a root "
                                "that this machine trusts (ACMEPreferredChain "
                                "trusted), taking the CA's own choice",
                 config->name);
        return;
    }
    for (i = 0; i < config->preferred_chains->nelts; ++i) {
        names = apr_pstrcat(
            issue->pfeed, names, i ? " or " : "",
            APR_ARRAY_IDX(config->preferred_chains, i, const char *), NULL);
    }
    acme_log(issue->log, ACME_LOG_INFO, 0,
             ACME_TAG(0812) "%s: the CA has no chain that leads to %s, taking "
                            "its own choice",
             config->name, names);
}

void acme_issue_download_plan(acme_issue_t *issue, apr_time_t now)
{
    const char *url = issue->certificate;

    if (issue->chain) {
        if (!issue->alternates
            || issue->alternate >= issue->alternates->nelts) {
            if (issue->rank == ACME_ISSUE_RANK_NONE
                && (issue->config->trusted_chain
                    || issue->config->preferred_chains)) {
                say_no_chain(issue);
            }
            acme_issue_state_enter(issue, ACME_PHASE_CLEANUP);
            return;
        }
        url = APR_ARRAY_IDX(issue->alternates, issue->alternate, const char *);
    }
    if (!url) {
        acme_issue_state_wrong(issue, ACME_ISSUE_ALIVE, now,
                               "the order that the CA sent is valid and has no "
                               "certificate: %s",
                               issue->order_url);
        return;
    }
    acme_issue_state_post(issue, url, "", 1, now);
}

/* RFC 8555 7.4.2 */
static void read_alternates(acme_issue_t *issue, const acme_answer_t *answer)
{
    issue->alternates =
        acme_client_answer_links(answer, "alternate", ALTERNATES_MAX, issue->p);
}

/* Skips an alternate chain that the CA refuses, because its own choice has been
 * downloaded. A certificate that is refused is tried again later, because it
 * has been issued. */
void acme_issue_download_refused(acme_issue_t *issue,
                                 const acme_problem_t *problem, apr_time_t now)
{
    if (!issue->chain) {
        acme_issue_state_fail(issue, problem, ACME_ISSUE_ALIVE, now);
        return;
    }
    ++issue->alternate;
}

/* Returns non-zero when the chain is for the same key and names as the one that
 * was downloaded first, which is what the order has led to. */
static int is_for_the_same(const acme_issue_t *issue, const acme_chain_t *chain)
{
    const acme_cert_info_t *info = acme_cert_chain_info(chain);
    const acme_cert_info_t *known = acme_cert_chain_info(issue->parsed);

    return strcmp(known->key_hash, info->key_hash) == 0
           && acme_ident_same(known->names, info->names);
}

/* Returns the rank of a chain: its length, or the place of its issuer among the
 * names, or 0 where any chain is good, or ACME_ISSUE_RANK_NONE. That is also
 * the rank of a chain that would be refused, so that the CA's own choice is not
 * lost for it. */
static int rank_of(const acme_issue_t *issue, const acme_chain_t *chain,
                   apr_time_t now)
{
    const apr_array_header_t *names = issue->config->preferred_chains;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    int i;

    if (acme_cert_check_order(chain, &problem, issue->pfeed) != APR_SUCCESS
        || (issue->chain && !is_for_the_same(issue, chain))) {
        return ACME_ISSUE_RANK_NONE;
    }
    if (issue->config->trusted_chain) {
        return acme_cert_trusted_is_whole(chain, now, issue->pfeed)
                   ? acme_cert_chain_count(chain)
                   : ACME_ISSUE_RANK_NONE;
    }
    for (i = 0; names && i < names->nelts; ++i) {
        if (acme_cert_chain_leads_to(chain,
                                     APR_ARRAY_IDX(names, i, const char *))) {
            return i;
        }
    }
    return names ? ACME_ISSUE_RANK_NONE : 0;
}

/* Handles an answer that has no certificates, or something that must not be
 * there. As a rule it is of a proxy, cut short, or too early, so the request is
 * repeated; not if a private key was in it, because it would be again. */
static void take_no_chain(acme_issue_t *issue, const acme_answer_t *answer,
                          const acme_problem_t *problem, apr_time_t now)
{
    int secret = problem->retry == ACME_RETRY_CONFIG;

    if (issue->chain) {
        ++issue->alternate;
        return;
    }
    if (!secret
        && acme_issue_state_missing(issue, problem->detail, answer->retry_at,
                                    ACME_ISSUE_NO_CERT, now)) {
        return;
    }
    issue->missing = 0;
    acme_issue_state_fail(issue, problem,
                          secret ? ACME_ISSUE_OVER : ACME_ISSUE_ALIVE, now);
}

void acme_issue_download_answer(acme_issue_t *issue,
                                const acme_answer_t *answer, apr_time_t now)
{
    const acme_issue_config_t *config = issue->config;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain;
    apr_pool_t *p;
    const char *pem;
    int rank;

    /* A pool of its own, because only the best chain is kept. */
    apr_pool_create(&p, issue->p);
    if (acme_cert_sort(&pem, &chain, answer->body, answer->body_len,
                       config->key_hash, &problem, p)
        != APR_SUCCESS) {
        problem.status = answer->status;
        take_no_chain(issue, answer, &problem, now);
        apr_pool_destroy(p);
        return;
    }
    issue->missing = 0;
    rank = rank_of(issue, chain, now);
    if (issue->chain) {
        ++issue->alternate;
    }
    else {
        read_alternates(issue, answer);
    }
    if (!issue->chain || rank < issue->rank) {
        if (issue->pchain) {
            apr_pool_destroy(issue->pchain);
        }
        issue->pchain = p;
        issue->chain = pem;
        issue->chain_len = strlen(pem);
        issue->parsed = chain;
        issue->rank = rank;
    }
    else {
        apr_pool_destroy(p);
    }
    /* The best that there can be ends the search: any chain that is whole, the
     * first of the names, or a chain without an intermediate. */
    if (issue->rank == (config->trusted_chain ? 1 : 0)) {
        acme_issue_state_enter(issue, ACME_PHASE_CLEANUP);
    }
}
