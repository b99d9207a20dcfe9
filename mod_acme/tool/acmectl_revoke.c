/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl_revoke.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_blocklist.h"
#include "acme_certstore.h"
#include "acme_revoke_order.h"
#include "acme_revoke.h"
#include "acme_text.h"

/* The most tickets that are signed before the command gives up. */
#define SIGNATURES_MAX 5

typedef enum { ASKED, REVOKED, ALREADY, FAILED, REFUSED } outcome_e;

static const char *const outcome_names[] = {"asked", "revoked", "already",
                                            "failed", "refused"};

typedef struct revocation_t {
    acmectl_revoke_t *found;
    acme_blocklist_entry_t what;
    acme_revoke_order_t body;
    acme_ctl_request_t request;
    int signatures;
    int by_key;
    outcome_e outcome;
    const char *detail;
} revocation_t;

/* ---- checks ---- */

static int confirm(const revocation_t *revocation)
{
    const acmectl_revoke_t *found = revocation->found;
    const acmectl_t *ctl = found->ctl;
    const char *names = acme_text_escape(
        apr_array_pstrcat(ctl->p, found->info->names, ' '), 300, ctl->p);

    return ctl->yes
           || acmectl_io_confirm(
               "%s (%s): revoke the certificate %s for %s, valid "
               "until %s UTC, for ever (%s)?%s",
               found->name, found->where, found->info->serial, names,
               acmectl_io_date(found->info->not_after, ctl->p),
               acme_revoke_reason_name(revocation->what.reason),
               acme_blocklist_entry_is_compromised(&revocation->what)
                   ? " Its key is never used again."
                   : "");
}

/* Returns non-zero when the certificate was revoked before and the request adds
 * nothing to that. */
static int is_done(revocation_t *revocation)
{
    const acmectl_t *ctl = revocation->found->ctl;
    const acme_blocklist_entry_t *before = acme_blocklist_find(
        acme_blocklist_open(ctl->dir, ctl->p), revocation->found->info, ctl->p);

    if (!before
        || strcmp(before->fingerprint, revocation->what.fingerprint) != 0) {
        return 0;
    }
    /* A key once reported as compromised stays so. */
    if (acme_blocklist_entry_is_compromised(before)) {
        revocation->what.reason = before->reason;
    }
    revocation->what.done = before->done;
    if (!before->done
        || (acme_blocklist_entry_is_compromised(&revocation->what)
            && !acme_blocklist_entry_is_compromised(before))) {
        return 0;
    }
    revocation->outcome = ALREADY;
    revocation->detail = acme_blocklist_entry_text(before, ctl->p);
    return 1;
}

/* Fills in the request. Returns non-zero when it can be sent. */
static int prepare(revocation_t *revocation, int reason)
{
    const acmectl_revoke_t *found = revocation->found;
    const acmectl_t *ctl = found->ctl;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    revocation->what.fingerprint = found->info->fingerprint;
    revocation->what.key_hash = found->info->key_hash;
    revocation->what.name = found->name;
    revocation->what.serial = found->info->serial;
    revocation->what.reason = reason;
    revocation->what.when = apr_time_now();
    revocation->body.what = &revocation->what;
    revocation->body.ca_url = ctl->ca ? ctl->ca : found->ca_url;
    revocation->request.what = ACME_CTL_REVOKE;
    revocation->request.name = found->info->fingerprint;
    if (!revocation->body.ca_url) {
        acmectl_io_say(
            "%s: nobody knows which CA this certificate is from (%s): "
            "name its directory with --ca URL",
            found->name, acme_text_escape(found->info->issuer, 300, ctl->p));
        return 0;
    }
    if (!*revocation->what.key_hash) {
        acmectl_io_say("%s: its key is of a kind that is not known here",
                       found->name);
        return 0;
    }
    if (acme_cert_chain_leaf(&revocation->body.cert, found->chain, &problem,
                             ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

/* ---- asking ---- */

static int put(revocation_t *revocation)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = revocation->found->ctl;

    revocation->request.body =
        acme_revoke_order_to_json(&revocation->body, ctl->p);
    if (acme_ctl_request_put(ctl->ctl_requests, &revocation->request, &problem,
                             ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

static int note(revocation_t *revocation)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = revocation->found->ctl;

    if (acme_blocklist_put(ctl->dir, &revocation->what, &problem, ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

/* Puts the certificate on the blocklist, then sends the request. The blocklist
 * comes first, so that the certificate is never used again even if acmectl or
 * the server is killed. */
static int ask(revocation_t *revocation)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = revocation->found->ctl;
    int done;

    if (acme_lock_take(&ctl->lock, ctl->dir, ACME_LOCK_TOOL, &problem,
                       ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    done = note(revocation) && put(revocation);
    acme_lock_release(ctl->lock);
    return done;
}

/* ---- following ---- */

static void end(revocation_t *revocation, outcome_e outcome, const char *detail)
{
    revocation->outcome = outcome;
    revocation->detail = detail;
}

/* Signs the request with the certificate's key, because the account may not
 * revoke this certificate. The key never leaves this process. */
static void sign(revocation_t *revocation,
                 const acme_revoke_order_progress_t *progress)
{
    const acmectl_t *ctl = revocation->found->ctl;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_revoke_ticket_t ticket;
    acme_key_t *key = NULL;

    ticket.url = progress->url ? progress->url : "";
    ticket.nonce = progress->nonce ? progress->nonce : "";
    if (++revocation->signatures > SIGNATURES_MAX) {
        end(revocation, FAILED,
            "the CA takes no signature of its key for fresh");
        return;
    }
    key = acmectl_revoke_find_key(revocation->found, &problem);
    if (!key
        || acme_revoke_sign(&revocation->body.jws, key, &ticket,
                            revocation->body.cert, revocation->what.reason,
                            &problem, ctl->p)
        || !put(revocation)) {
        end(revocation, FAILED,
            problem.detail ? apr_pstrcat(
                ctl->p, "no account may revoke it, and its key cannot: ",
                acme_problem_text(&problem, ctl->p), NULL)
                           : "it cannot be asked for");
    }
}

static const char *words_of(const acme_revoke_order_progress_t *progress,
                            apr_pool_t *p)
{
    return progress->problem ? acme_problem_text(progress->problem, p)
                             : "no reason is known";
}

/* Updates the outcome. Returns what is going on. */
static const char *look(revocation_t *revocation, apr_pool_t *p)
{
    const acmectl_t *ctl = revocation->found->ctl;
    acme_revoke_order_progress_t *progress;

    if (acme_revoke_order_load(&progress, ctl->vault, revocation->request.name,
                               NULL, p)
        || !progress->request
        || strcmp(progress->request, revocation->request.id) != 0) {
        return "the server has not seen it yet";
    }
    revocation->by_key = progress->by_key;
    switch (progress->state) {
    case ACME_REVOKE_ORDER_TICKET:
        sign(revocation, progress);
        return "no account may revoke it, signing with its key";
    case ACME_REVOKE_ORDER_DONE:
        revocation->what.done = 1;
        end(revocation, REVOKED, NULL);
        break;
    case ACME_REVOKE_ORDER_REFUSED:
        end(revocation, REFUSED,
            apr_pstrcat(ctl->p, "the CA refuses: ", words_of(progress, ctl->p),
                        NULL));
        break;
    case ACME_REVOKE_ORDER_ASKED:
        if (progress->problem) {
            end(revocation, FAILED,
                apr_pstrcat(ctl->p, words_of(progress, ctl->p),
                            "; the server tries again", NULL));
        }
        break;
    }
    return "asking the CA";
}

static int is_over(void *baton, const char **line, apr_pool_t *p)
{
    revocation_t *revocation = baton;

    *line = apr_pstrcat(p, revocation->found->name, ": ", look(revocation, p),
                        NULL);
    return revocation->outcome != ASKED;
}

static void follow(revocation_t *revocation)
{
    const char *why =
        acmectl_follow(revocation->found->ctl, is_over, revocation);

    if (why) {
        revocation->detail = why;
    }
}

/* Ends the request. A request that is still under way is kept. */
static int settle(revocation_t *revocation)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acmectl_t *ctl = revocation->found->ctl;

    if (revocation->outcome == REVOKED && !note(revocation)) {
        return 0;
    }
    if (revocation->outcome == REFUSED
        && acme_blocklist_withdraw(ctl->dir, &revocation->what, &problem,
                                   ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    if (revocation->outcome == REVOKED || revocation->outcome == REFUSED) {
        acme_ctl_request_remove(ctl->ctl_requests, &revocation->request,
                                ctl->p);
    }
    return 1;
}

/* ---- the report ---- */

/* Returns what happens to the site of the certificate. */
static const char *fate(const revocation_t *revocation)
{
    const acmectl_revoke_t *found = revocation->found;
    int lost = revocation->outcome == REVOKED
               || (revocation->outcome == REFUSED
                   && acme_blocklist_entry_is_compromised(&revocation->what));

    if (!lost || !found->is_live || !found->spec) {
        return "";
    }
    return found->spec->renew_mode == ACME_RENEW_MANUAL
               ? "; it is served until another one is ordered: ACMERenewMode "
                 "is manual: acmectl renew"
               : "; it is served until another one, with another key, is "
                 "there: that is ordered now";
}

static int report(const revocation_t *revocation)
{
    const acmectl_revoke_t *found = revocation->found;
    const acmectl_t *ctl = found->ctl;
    const char *detail = revocation->detail;
    acme_json_t *json;

    if (revocation->outcome == REVOKED) {
        detail =
            apr_psprintf(ctl->p, "revoked (%s), signed by %s",
                         acme_revoke_reason_name(revocation->what.reason),
                         revocation->by_key ? "its own key" : "the account");
    }
    detail = apr_pstrcat(ctl->p, detail, fate(revocation), NULL);
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set_str(json, "name", found->name);
        acme_json_set_str(json, "serial", found->info->serial);
        acme_json_set_str(json, "reason",
                          acme_revoke_reason_name(revocation->what.reason));
        acme_json_set_str(json, "result", outcome_names[revocation->outcome]);
        acme_json_set_str(json, "detail", detail);
        acmectl_io_print_json(ctl, json);
    }
    else {
        printf("%s: certificate %s: %s\n", found->name, found->info->serial,
               acme_text_escape(detail, 1500, ctl->p));
    }
    if (revocation->outcome == ALREADY) {
        return CTL_NOTHING;
    }
    return revocation->outcome == REVOKED ? CTL_DONE : CTL_FAILED;
}

int acmectl_revoke(acmectl_t *ctl)
{
    acmectl_revoke_t found;
    revocation_t revocation;
    const char *why;
    int reason = 0;

    memset(&found, 0, sizeof(found));
    memset(&revocation, 0, sizeof(revocation));
    found.ctl = ctl;
    revocation.found = &found;
    if (ctl->reason
        && acme_revoke_reason_parse(&reason, ctl->reason, &why, ctl->p)
               != APR_SUCCESS) {
        return acmectl_io_usage("--reason %s: %s",
                                acme_text_escape(ctl->reason, 60, ctl->p), why);
    }
    if (ctl->serial && ctl->version) {
        return acmectl_io_usage("either --serial or --generation");
    }
    if (!acmectl_store_open(ctl, CTL_READ)
        || !acmectl_revoke_find(&found,
                                APR_ARRAY_IDX(ctl->args, 0, const char *))
        || !prepare(&revocation, reason)) {
        return CTL_FAILED;
    }
    if (is_done(&revocation)) {
        return report(&revocation);
    }
    if (!acmectl_follow_attended(ctl) || !confirm(&revocation)
        || !ask(&revocation)) {
        return CTL_FAILED;
    }
    follow(&revocation);
    return settle(&revocation) ? report(&revocation) : CTL_FAILED;
}
