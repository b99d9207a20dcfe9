/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_account_record.h"
#include "acme_ca_account.h"
#include "acme_text.h"
#include "acmectl_caa.h"

/* An account and its CA in the configuration. */
typedef struct account_t {
    const char *name; /* of its record in the store */
    acme_account_record_t *record;
    const acme_ca_spec_t *ca;
} account_t;

static const char *label(const account_t *account)
{
    return account->ca->label;
}

static int is_chosen(const acmectl_t *ctl, const account_t *account)
{
    const acme_account_record_t *record = account->record;

    return !ctl->ca || strcmp(ctl->ca, account->ca->url) == 0
           || strcasecmp(ctl->ca, account->ca->label) == 0
           || (record->url && strcmp(ctl->ca, record->url) == 0)
           || (*ctl->ca
               && strncmp(ctl->ca, account->name, strlen(ctl->ca)) == 0);
}

static int by_ca(const void *a, const void *b)
{
    const account_t *left = a;
    const account_t *right = b;
    int order = strcmp(left->ca->url, right->ca->url);

    return order ? order : strcmp(left->name, right->name);
}

static void add(const acmectl_t *ctl, apr_array_header_t *accounts,
                apr_hash_t *seen, const acme_ca_spec_t *ca)
{
    account_t account;

    account.ca = ca;
    account.name = acme_ca_account_name(ca, ctl->p);
    if (apr_hash_get(seen, account.name, APR_HASH_KEY_STRING)) {
        return;
    }
    apr_hash_set(seen, account.name, APR_HASH_KEY_STRING, ca);
    if (acme_account_record_load(&account.record, ctl->vault, account.name,
                                 NULL, ctl->p)
            == APR_SUCCESS
        && is_chosen(ctl, &account)) {
        APR_ARRAY_PUSH(accounts, account_t) = account;
    }
}

/* Returns the accounts at the CA in --ca, or all. It looks only for names that
 * the configuration gives, because the worker could put other files in the
 * folder. */
static apr_array_header_t *collect(const acmectl_t *ctl)
{
    apr_array_header_t *accounts = apr_array_make(ctl->p, 4, sizeof(account_t));
    apr_hash_t *seen = apr_hash_make(ctl->p);
    const acme_ca_spec_t *ca;
    int i, n;

    for (i = 0; ctl->vault && i < ctl->published->certs->nelts; ++i) {
        for (n = 0; (ca = acme_spec_ca(acmectl_store_spec(ctl, i), n)) != NULL;
             ++n) {
            add(ctl, accounts, seen, ca);
        }
    }
    qsort(accounts->elts, (size_t)accounts->nelts, sizeof(account_t), by_ca);
    return accounts;
}

/* ---- show ---- */

/* Returns a CAA record (RFC 8659), restricted to the account if there is one
 * (RFC 8657). */
static const char *caa_of(const account_t *account, int i, apr_pool_t *p)
{
    const char *name = APR_ARRAY_IDX(account->record->caa, i, const char *);

    return account->record->url
               ? apr_pstrcat(p, "CAA 0 issue \"", name,
                             "; accounturi=", account->record->url, "\"", NULL)
               : apr_pstrcat(p, "CAA 0 issue \"", name, "\"", NULL);
}

static const char *status_of(const acme_account_record_t *record)
{
    if (record->deactivated) {
        return "deactivated";
    }
    if (record->refused) {
        return "refused";
    }
    return record->gone ? "unknown" : record->url ? "valid" : "unregistered";
}

static acme_json_t *account_json(const account_t *account, apr_pool_t *p)
{
    const acme_account_record_t *record = account->record;
    acme_json_t *json = acme_json_object(p);
    acme_json_t *caa = acme_json_array(p);
    int i;

    acme_json_set_str(json, "name", account->name);
    acme_json_set_str(json, "ca", account->ca->url);
    acme_json_set_str(json, "label", label(account));
    acme_json_set_str(json, "account", record->url);
    acme_json_set_str(json, "contact", record->contact);
    acme_json_set_str(json, "eab-kid", record->eab_kid);
    acme_json_set_time(json, "created", record->created);
    acme_json_set_str(json, "status", status_of(record));
    acme_json_set_time(json, "deactivated", record->deactivated);
    for (i = 0; record->caa && i < record->caa->nelts; ++i) {
        acme_json_append_str(caa, caa_of(account, i, p));
    }
    acme_json_give(json, "caa", caa);
    return json;
}

static void print_text(const account_t *account, apr_pool_t *p)
{
    const acme_account_record_t *record = account->record;
    int i;

    printf("%s\n", acme_text_escape(label(account), 300, p));
    printf("    directory  %s\n", account->ca->url);
    printf("    account    %s\n", record->url
                                      ? acme_text_escape(record->url, 2000, p)
                                      : "not registered yet");
    printf("    contact    %s\n",
           record->contact ? acme_text_escape(record->contact, 300, p)
                           : "none");
    if (record->eab_kid) {
        printf("    bound to   %s\n",
               acme_text_escape(record->eab_kid, 600, p));
    }
    printf("    created    %s UTC\n", acmectl_io_date(record->created, p));
    if (record->deactivated) {
        printf("    DEACTIVATED at %s UTC: nothing is ordered there until "
               "acmectl account recover\n",
               acmectl_io_date(record->deactivated, p));
    }
    else if (record->refused) {
        printf("    DEACTIVATED by the CA, as it says since %s UTC: nothing is "
               "ordered there until acmectl account recover\n",
               acmectl_io_date(record->refused, p));
    }
    else if (record->gone) {
        printf("    the CA does not know it: the next order registers it "
               "again\n");
    }
    if (record->next_key) {
        printf("    a change of its key was interrupted, and is completed or "
               "undone by the next order\n");
    }
    for (i = 0; record->caa && i < record->caa->nelts; ++i) {
        printf("    for DNS    example.org. %s\n",
               acme_text_escape(caa_of(account, i, p), 3000, p));
    }
}

static int show(const acmectl_t *ctl, const apr_array_header_t *accounts)
{
    acme_json_t *json = acme_json_object(ctl->p);
    acme_json_t *list = acme_json_array(ctl->p);
    int i;

    for (i = 0; i < accounts->nelts; ++i) {
        const account_t *account = &APR_ARRAY_IDX(accounts, i, account_t);

        if (ctl->json) {
            acme_json_append(list, account_json(account, ctl->p));
        }
        else {
            print_text(account, ctl->p);
        }
    }
    if (ctl->json) {
        acme_json_give(json, "accounts", list);
        acmectl_io_print_json(ctl, json);
    }
    else if (accounts->nelts == 0) {
        printf("no account%s\n", ctl->ca ? " is meant by --ca" : " yet");
    }
    return accounts->nelts > 0 ? CTL_DONE : CTL_NOTHING;
}

/* ---- changes ---- */

static const struct {
    const char *word;
    acme_ctl_request_e what;
    const char *done;
    const char *then; /* printed when the result has no account URL; or NULL */
} changes[] = {
    {"recover", ACME_CTL_RECOVER, "the CA has it",
     "the deactivated account is forgotten; the next order makes another one "
     "(acmectl renew)"},
    {"rollover", ACME_CTL_ROLLOVER, "it has a new key", NULL},
    {"deactivate", ACME_CTL_DEACTIVATE,
     "it is deactivated for ever; nothing is ordered there until acmectl "
     "account recover",
     NULL},
};

#define N_CHANGES ((int)(sizeof(changes) / sizeof(changes[0])))

static int report(const acmectl_t *ctl, const account_t *account,
                  const char *url, const char *result)
{
    acme_json_t *json;

    if (!ctl->json) {
        printf("%s: %s%s%s\n", label(account), url ? url : "", url ? ": " : "",
               result);
        return CTL_DONE;
    }
    json = acme_json_object(ctl->p);
    acme_json_set_str(json, "ca", account->ca->url);
    acme_json_set_str(json, "account", url);
    acme_json_set_str(json, "result", result);
    acmectl_io_print_json(ctl, json);
    return CTL_DONE;
}

/* Returns non-zero when the sites get another account by this. A rollover keeps
 * the account's URL (RFC 8555 7.3.5), and so does a recovery, unless the
 * account has ended: CAA records have the URL (RFC 8657 3), so these two make
 * none of them wrong. */
static int is_the_end(const acme_account_record_t *record,
                      acme_ctl_request_e what)
{
    int over = record->deactivated || record->refused;

    return (what == ACME_CTL_DEACTIVATE && !over)
           || (what == ACME_CTL_RECOVER && over);
}

static int change(acmectl_t *ctl, const account_t *account, int which)
{
    const acme_problem_t *problem;
    acme_ctl_request_t request;
    const char *url = NULL;

    /* It warns and goes on: whoever recovers has no other way, and whoever
     * deactivates is asked. */
    if (is_the_end(account->record, changes[which].what)) {
        acmectl_caa_warn(ctl, account->name, account->record);
    }
    if (changes[which].what == ACME_CTL_DEACTIVATE && !ctl->yes
        && !acmectl_io_confirm(
            "%s: end the account %s for ever?", label(account),
            account->record->url ? account->record->url : "")) {
        return CTL_FAILED;
    }
    if (!acmectl_follow_attended(ctl)) {
        return CTL_FAILED;
    }
    memset(&request, 0, sizeof(request));
    request.what = changes[which].what;
    request.name = account->name;
    if (!acmectl_follow_result(ctl, &request, &url, &problem)) {
        return acmectl_io_fail(ctl, problem);
    }
    return report(ctl, account, url,
                  url || !changes[which].then ? changes[which].done
                                              : changes[which].then);
}

int acmectl_account(acmectl_t *ctl)
{
    const char *word = APR_ARRAY_IDX(ctl->args, 0, const char *);
    apr_array_header_t *accounts;
    int which;

    for (which = 0; which < N_CHANGES && strcmp(word, changes[which].word) != 0;
         ++which) {
    }
    if (which == N_CHANGES && strcmp(word, "show") != 0) {
        return acmectl_io_usage(
            "account show, recover, rollover or deactivate, not "
            "\"%s\"",
            acme_text_escape(word, 100, ctl->p));
    }
    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    accounts = collect(ctl);
    if (which == N_CHANGES) {
        return show(ctl, accounts);
    }
    if (accounts->nelts == 0) {
        acmectl_io_say(ctl->ca ? "--ca means no account (acmectl account show)"
                               : "there is no account");
        return CTL_NOTHING;
    }
    if (accounts->nelts > 1) {
        acmectl_io_say(
            "there are %d accounts: say which one by --ca, with its CA, or "
            "its URL (acmectl account show)",
            accounts->nelts);
        return CTL_FAILED;
    }
    return change(ctl, &APR_ARRAY_IDX(accounts, 0, account_t), which);
}
