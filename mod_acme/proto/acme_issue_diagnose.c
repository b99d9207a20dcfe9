/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <apr_strings.h>

#include "acme_issue_private.h"

static int has_identifier(const apr_array_header_t *subproblems,
                          const char *identifier)
{
    int i;

    for (i = 0; i < subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(subproblems, i, acme_subproblem_t);

        if (sub->identifier && identifier
            && strcmp(sub->identifier, identifier) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Adds a name that failed to the problem. */
static void merge(acme_issue_t *issue, const acme_authz_t *authz)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_problem_t *why;
    int i;

    acme_authz_failure(&problem, authz, issue->pfeed);
    if (!issue->failed_type) {
        issue->failed_type = acme_challenge_type(acme_authz_failed_type(authz));
    }
    why = acme_problem_dup(&problem, issue->p);
    ++issue->n_found;
    if (!issue->found) {
        issue->found = acme_problem_dup(why, issue->p);
        return;
    }
    if (!issue->found->subproblems) {
        issue->found->subproblems =
            apr_array_make(issue->p, 4, sizeof(acme_subproblem_t));
    }
    for (i = 0; i < why->subproblems->nelts; ++i) {
        const acme_subproblem_t *sub =
            &APR_ARRAY_IDX(why->subproblems, i, acme_subproblem_t);

        if (!has_identifier(issue->found->subproblems, sub->identifier)) {
            APR_ARRAY_PUSH(issue->found->subproblems, acme_subproblem_t) = *sub;
        }
    }
}

static void finish(acme_issue_t *issue, apr_time_t now)
{
    if (!issue->found && issue->bad_csr) {
        acme_issue_state_fail(issue, issue->bad_csr, ACME_ISSUE_OVER, now);
        return;
    }
    if (!issue->found) {
        acme_issue_state_wrong(issue, ACME_ISSUE_OVER, now,
                               "the CA made the order %s invalid and does not "
                               "say why",
                               issue->order_url);
        return;
    }
    if (issue->n_found > 1 && !issue->found_in_order) {
        issue->found->type = ACME_PROBLEM_URN "compound";
        issue->found->detail =
            apr_psprintf(issue->p, "%d of %d names failed validation",
                         issue->n_found, issue->config->names->nelts);
        issue->found->to_fix = "see what the CA says of each name";
    }
    acme_issue_state_fail(issue, issue->found, ACME_ISSUE_OVER, now);
}

void acme_issue_diagnose_plan(acme_issue_t *issue, apr_time_t now)
{
    const char *url = issue->order_url;

    /* An order that was restored in this phase has no authorizations yet: get
     * it from the CA, but once only, because an order that is invalid need not
     * have them. */
    if (!issue->authz_urls && issue->index > 0) {
        finish(issue, now);
        return;
    }
    if (issue->authz_urls) {
        if (issue->index >= issue->authz_urls->nelts) {
            finish(issue, now);
            return;
        }
        url = APR_ARRAY_IDX(issue->authz_urls, issue->index, const char *);
    }
    acme_issue_state_post(issue, url, "", 1, now);
}

void acme_issue_diagnose_answer(acme_issue_t *issue,
                                const acme_answer_t *answer, apr_time_t now)
{
    acme_problem_t ignored = ACME_PROBLEM_INIT;
    const acme_order_t *order;
    acme_authz_t *authz;

    if (!issue->authz_urls) {
        order = acme_issue_order_read(issue, answer, now);
        if (order) {
            acme_issue_state_start_diagnosis(issue, order->error);
            issue->index = issue->authz_urls ? 0 : 1;
            acme_issue_route_follow(issue, order, now);
        }
        return;
    }
    /* Skip an unreadable authorization, because another one may say why. */
    if (acme_authz_read(&authz, answer->json, &ignored, issue->pfeed)
            == APR_SUCCESS
        && authz->status != ACME_AUTHZ_VALID
        && authz->status != ACME_AUTHZ_PENDING) {
        merge(issue, authz);
    }
    ++issue->index;
}

void acme_issue_diagnose_refused(acme_issue_t *issue,
                                 const acme_problem_t *problem, apr_time_t now)
{
    if (!issue->authz_urls) {
        acme_issue_state_fail(issue, problem, ACME_ISSUE_OVER, now);
        return;
    }
    ++issue->index;
}
