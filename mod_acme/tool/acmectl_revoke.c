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

/* Tickets that are signed for before we give up. */
#define SIGNATURES_MAX 5

typedef enum { ASKED, REVOKED, ALREADY, FAILED, REFUSED } outcome_e;

static const char *const outcome_names[] = {"asked", "revoked", "already",
                                            "failed", "refused"};

typedef struct errand_t {
    ctl_revoke_t *found;
    acme_blocklist_entry_t what;
    acme_revoke_order_t body;
    acme_ctl_request_t request;
    int signatures;
    int by_key;
    outcome_e outcome;
    const char *detail;
} errand_t;

/* ---- before anything is done ---- */

static int confirm(const errand_t *errand)
{
    const ctl_revoke_t *found = errand->found;
    const ctl_t *ctl = found->ctl;
    const char *names = acme_text_escape(
        apr_array_pstrcat(ctl->p, found->info->names, ' '), 300, ctl->p);

    return ctl->yes
           || acmectl_io_confirm(
               "%s (%s): revoke the certificate %s for %s, valid "
               "until %s UTC, for ever (%s)?%s",
               found->name, found->where, found->info->serial, names,
               acmectl_io_date(found->info->not_after, ctl->p),
               acme_revoke_reason_name(errand->what.reason),
               acme_blocklist_entry_is_compromised(&errand->what)
                   ? " Its key is never used again."
                   : "");
}

/* Nonzero: it has been revoked before, and nothing that is asked adds to it. */
static int is_done(errand_t *errand)
{
    const ctl_t *ctl = errand->found->ctl;
    const acme_blocklist_entry_t *before = acme_blocklist_find(
        acme_blocklist_open(ctl->dir, ctl->p), errand->found->info, ctl->p);

    if (!before || strcmp(before->fingerprint, errand->what.fingerprint) != 0) {
        return 0;
    }
    /* What was said of its key is not taken back. */
    if (acme_blocklist_entry_is_compromised(before)) {
        errand->what.reason = before->reason;
    }
    errand->what.done = before->done;
    if (!before->done
        || (acme_blocklist_entry_is_compromised(&errand->what)
            && !acme_blocklist_entry_is_compromised(before))) {
        return 0;
    }
    errand->outcome = ALREADY;
    errand->detail = acme_blocklist_entry_text(before, ctl->p);
    return 1;
}

/* Nonzero: it can be asked for. */
static int prepare(errand_t *errand, int reason)
{
    const ctl_revoke_t *found = errand->found;
    const ctl_t *ctl = found->ctl;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    errand->what.fingerprint = found->info->fingerprint;
    errand->what.key_hash = found->info->key_hash;
    errand->what.name = found->name;
    errand->what.serial = found->info->serial;
    errand->what.reason = reason;
    errand->what.when = apr_time_now();
    errand->body.what = &errand->what;
    errand->body.ca_url = ctl->ca ? ctl->ca : found->ca_url;
    errand->request.what = ACME_CTL_REVOKE;
    errand->request.name = found->info->fingerprint;
    if (!errand->body.ca_url) {
        acmectl_io_say(
            "%s: nobody knows which CA this certificate is from (%s): "
            "name its directory with --ca URL",
            found->name, acme_text_escape(found->info->issuer, 300, ctl->p));
        return 0;
    }
    if (!*errand->what.key_hash) {
        acmectl_io_say("%s: its key is of a kind that is not known here",
                       found->name);
        return 0;
    }
    if (acme_cert_chain_leaf(&errand->body.cert, found->chain, &problem,
                             ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

/* ---- asking ---- */

static int put(errand_t *errand)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    ctl_t *ctl = errand->found->ctl;

    errand->request.body = acme_revoke_order_to_json(&errand->body, ctl->p);
    if (acme_ctl_request_put(ctl->ctl_requests, &errand->request, &problem,
                             ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

static int note(errand_t *errand)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    ctl_t *ctl = errand->found->ctl;

    if (acme_blocklist_put(ctl->dir, &errand->what, &problem, ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    return 1;
}

/* The mark comes first: from then on it never comes back, whatever happens to
 * us or to the server. */
static int ask(errand_t *errand)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    ctl_t *ctl = errand->found->ctl;
    int done;

    if (acme_lock_take(&ctl->lock, ctl->dir, ACME_LOCK_TOOL, &problem,
                       ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    done = note(errand) && put(errand);
    acme_lock_release(ctl->lock);
    return done;
}

/* ---- following ---- */

static void end(errand_t *errand, outcome_e outcome, const char *detail)
{
    errand->outcome = outcome;
    errand->detail = detail;
}

/* The account does not fit: the key itself says so. It stays here. */
static void sign(errand_t *errand, const acme_revoke_order_progress_t *progress)
{
    const ctl_t *ctl = errand->found->ctl;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_revoke_ticket_t ticket;
    acme_key_t *key = NULL;

    ticket.url = progress->url ? progress->url : "";
    ticket.nonce = progress->nonce ? progress->nonce : "";
    if (++errand->signatures > SIGNATURES_MAX) {
        end(errand, FAILED, "the CA takes no signature of its key for fresh");
        return;
    }
    key = acmectl_revoke_find_key(errand->found, &problem);
    if (!key
        || acme_revoke_sign(&errand->body.jws, key, &ticket, errand->body.cert,
                            errand->what.reason, &problem, ctl->p)
        || !put(errand)) {
        end(errand, FAILED,
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

/* Returns what is going on. */
static const char *look(errand_t *errand, apr_pool_t *p)
{
    const ctl_t *ctl = errand->found->ctl;
    acme_revoke_order_progress_t *progress;

    if (acme_revoke_order_load(&progress, ctl->vault, errand->request.name,
                               NULL, p)
        || !progress->request
        || strcmp(progress->request, errand->request.id) != 0) {
        return "the server has not seen it yet";
    }
    errand->by_key = progress->by_key;
    switch (progress->state) {
    case ACME_REVOKE_ORDER_TICKET:
        sign(errand, progress);
        return "no account may revoke it, signing with its key";
    case ACME_REVOKE_ORDER_DONE:
        errand->what.done = 1;
        end(errand, REVOKED, NULL);
        break;
    case ACME_REVOKE_ORDER_REFUSED:
        end(errand, REFUSED,
            apr_pstrcat(ctl->p, "the CA refuses: ", words_of(progress, ctl->p),
                        NULL));
        break;
    case ACME_REVOKE_ORDER_ASKED:
        if (progress->problem) {
            end(errand, FAILED,
                apr_pstrcat(ctl->p, words_of(progress, ctl->p),
                            "; the server tries again", NULL));
        }
        break;
    }
    return "asking the CA";
}

static int is_over(void *baton, const char **line, apr_pool_t *p)
{
    errand_t *errand = baton;

    *line = apr_pstrcat(p, errand->found->name, ": ", look(errand, p), NULL);
    return errand->outcome != ASKED;
}

static void follow(errand_t *errand)
{
    const char *why = acmectl_follow(errand->found->ctl, is_over, errand);

    if (why) {
        errand->detail = why;
    }
}

/* What is still under way stays asked for. */
static int settle(errand_t *errand)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    ctl_t *ctl = errand->found->ctl;

    if (errand->outcome == REVOKED && !note(errand)) {
        return 0;
    }
    if (errand->outcome == REFUSED
        && acme_blocklist_withdraw(ctl->dir, &errand->what, &problem, ctl->p)) {
        acmectl_io_fail(ctl, &problem);
        return 0;
    }
    if (errand->outcome == REVOKED || errand->outcome == REFUSED) {
        acme_ctl_request_remove(ctl->ctl_requests, &errand->request, ctl->p);
    }
    return 1;
}

/* ---- what was done ---- */

/* What becomes of its site. */
static const char *fate(const errand_t *errand)
{
    const ctl_revoke_t *found = errand->found;
    int lost = errand->outcome == REVOKED
               || (errand->outcome == REFUSED
                   && acme_blocklist_entry_is_compromised(&errand->what));

    if (!lost || !found->is_live || !found->spec) {
        return "";
    }
    return found->spec->renew_mode == ACME_RENEW_MANUAL
               ? "; it is served until another one is ordered: ACMERenewMode "
                 "is manual: acmectl renew"
               : "; it is served until another one, with another key, is "
                 "there: that is ordered now";
}

static int report(const errand_t *errand)
{
    const ctl_revoke_t *found = errand->found;
    const ctl_t *ctl = found->ctl;
    const char *detail = errand->detail;
    acme_json_t *json;

    if (errand->outcome == REVOKED) {
        detail = apr_psprintf(ctl->p, "revoked (%s), signed by %s",
                              acme_revoke_reason_name(errand->what.reason),
                              errand->by_key ? "its own key" : "the account");
    }
    detail = apr_pstrcat(ctl->p, detail, fate(errand), NULL);
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set_str(json, "name", found->name);
        acme_json_set_str(json, "serial", found->info->serial);
        acme_json_set_str(json, "reason",
                          acme_revoke_reason_name(errand->what.reason));
        acme_json_set_str(json, "result", outcome_names[errand->outcome]);
        acme_json_set_str(json, "detail", detail);
        acmectl_io_print_json(ctl, json);
    }
    else {
        printf("%s: certificate %s: %s\n", found->name, found->info->serial,
               acme_text_escape(detail, 1500, ctl->p));
    }
    if (errand->outcome == ALREADY) {
        return CTL_NOTHING;
    }
    return errand->outcome == REVOKED ? CTL_DONE : CTL_FAILED;
}

int acmectl_revoke(ctl_t *ctl)
{
    ctl_revoke_t found;
    errand_t errand;
    const char *why;
    int reason = 0;

    memset(&found, 0, sizeof(found));
    memset(&errand, 0, sizeof(errand));
    found.ctl = ctl;
    errand.found = &found;
    if (ctl->reason
        && acme_revoke_reason_parse(&reason, ctl->reason, &why, ctl->p)
               != APR_SUCCESS) {
        return acmectl_io_usage("--reason %s: %s",
                                acme_text_escape(ctl->reason, 60, ctl->p), why);
    }
    if (ctl->serial && ctl->generation) {
        return acmectl_io_usage("either --serial or --generation");
    }
    if (!acmectl_store_open(ctl, CTL_READ)
        || !acmectl_revoke_find(&found,
                                APR_ARRAY_IDX(ctl->args, 0, const char *))
        || !prepare(&errand, reason)) {
        return CTL_FAILED;
    }
    if (is_done(&errand)) {
        return report(&errand);
    }
    if (!acmectl_follow_attended(ctl) || !confirm(&errand) || !ask(&errand)) {
        return CTL_FAILED;
    }
    follow(&errand);
    return settle(&errand) ? report(&errand) : CTL_FAILED;
}
