/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore.h"
#include "acme_certstore_path.h"
#include "acme_deployed.h"
#include "acme_owner.h"
#include "acme_pin.h"
#include "acme_removed.h"
#include "acme_text.h"

/* ---- rollback ---- */

/* Checks everything that must hold before an archived certificate is served
 * again. */
static apr_status_t check(const acmectl_t *ctl, const char *name,
                          int generation, const acme_cert_info_t **info,
                          apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_path_t site;
    acme_chain_t *chain;
    acme_key_t *key;
    const char *dir, *reason;
    char *data;
    apr_size_t len;
    apr_status_t rv;

    acme_certstore_path_find(&site, ctl->certstore, ACME_PLACE_LIVE, name, p);
    dir = apr_psprintf(p, "%s/%d", site.archive, generation);
    rv = acme_file_read(&data, &len,
                        apr_pstrcat(p, dir, "/" ACME_CERTSTORE_KEY, NULL),
                        ACME_FILE_MAX, p);
    if (rv == APR_SUCCESS) {
        rv = acme_key_from_pem(&key, data, len, &problem, p);
        acme_key_wipe(data, len);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_file_read(&data, &len,
                            apr_pstrcat(p, dir, "/" ACME_CERTSTORE_FULL, NULL),
                            ACME_FILE_MAX, p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_cert_chain_parse(&chain, data, len, &problem, p);
    }
    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(names, const char *) =
            acme_spec_filed_for(name, acme_cert_chain_info(chain)->names, p);
        rv = acme_cert_check(chain, key, names, apr_time_now(), &problem, p);
    }
    if (rv == APR_SUCCESS) {
        reason = acme_certstore_refusal(ctl->certstore,
                                        acme_cert_chain_info(chain), p);
        if (reason) {
            rv = acme_problem_set(&problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                  ACME_PROBLEM_CERTIFICATE, p, "%s", reason);
        }
    }
    if (rv != APR_SUCCESS) {
        acmectl_io_say("%s: generation %d cannot be used: %s", name, generation,
                       problem.detail ? acme_problem_text(&problem, p)
                                      : "its files cannot be read");
        return rv;
    }
    *info = acme_cert_chain_info(chain);
    return APR_SUCCESS;
}

/* Returns the version that was asked for, or the newest usable version before
 * the live one. */
static int choose(const acmectl_t *ctl, const char *name,
                  const acme_certstore_cert_t *live,
                  const acme_cert_info_t **info)
{
    apr_array_header_t *numbers;
    int i, number;

    if (ctl->version) {
        number = acme_archive_version(ctl->version);
        if (number == live->version) {
            acmectl_io_say("%s: generation %d is served already", name, number);
            return 0;
        }
        return number > 0 && !check(ctl, name, number, info, ctl->p) ? number
                                                                     : -1;
    }
    if (acme_certstore_versions(&numbers, ctl->certstore, name, ctl->p)) {
        return -1;
    }
    for (i = numbers->nelts - 1; i >= 0; --i) {
        number = APR_ARRAY_IDX(numbers, i, int);
        if (number < live->version && !check(ctl, name, number, info, ctl->p)) {
            return number;
        }
    }
    acmectl_io_say("%s: there is no earlier certificate that could be served",
                   name);
    return 0;
}

static void report_rollback(const acmectl_t *ctl, const char *name, int number,
                            const acme_cert_info_t *info)
{
    acme_json_t *json = acme_json_object(ctl->p);

    if (!ctl->json) {
        printf("%s: back to generation %d, serial %s, valid until %s UTC; it "
               "stays until it is due or acmectl renew\n",
               name, number, info->serial,
               acmectl_io_date(info->not_after, ctl->p));
        return;
    }
    acme_json_set_str(json, "name", name);
    acme_json_set_int(json, "generation", number);
    acme_json_set_str(json, "serial", info->serial);
    acme_json_set_time(json, "until", info->not_after);
    acmectl_io_print_json(ctl, json);
}

int acmectl_edit_rollback(acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info = NULL;
    acme_certstore_cert_t *live;
    const char *name;
    apr_status_t rv;
    int number;

    if (!acmectl_store_open(ctl, CTL_WRITE)) {
        return CTL_FAILED;
    }
    name = acmectl_store_name(ctl, APR_ARRAY_IDX(ctl->args, 0, const char *));
    if (!name) {
        return CTL_FAILED;
    }
    rv = acme_certstore_get(&live, ctl->certstore, name, &problem, ctl->p);
    if (rv != APR_SUCCESS) {
        acmectl_io_say("%s: there is no live certificate%s%s", name,
                       problem.detail ? ": " : "",
                       problem.detail ? acme_problem_text(&problem, ctl->p)
                                      : "");
        return CTL_FAILED;
    }
    number = choose(ctl, name, live, &info);
    if (number <= 0) {
        return number < 0 ? CTL_FAILED : CTL_NOTHING;
    }
    /* Note which one is left, because it must not be staged again. Set the pin
     * before the link: if acmectl is killed in between, the pin names a version
     * that is not live and has no effect. */
    rv = acme_removed_note(ctl->certstore, ACME_PLACE_LIVE, name, 0, &problem,
                           ctl->p);
    if (rv == APR_SUCCESS) {
        rv = acme_pin_set(ctl->dir, name, number, &problem, ctl->p);
    }
    if (rv == APR_SUCCESS) {
        rv = acme_certstore_move_point(ctl->certstore, name, number, &problem,
                                       ctl->p);
    }
    if (rv != APR_SUCCESS) {
        return acmectl_io_fail(ctl, &problem);
    }
    report_rollback(ctl, name, number, info);
    return acmectl_store_changed(ctl,
                                 apr_pstrcat(ctl->p, "rollback ", name, NULL));
}

/* ---- delete ---- */

static int is_served(const acmectl_t *ctl, const char *name)
{
    int i = acme_published_find(ctl->published, name);

    return i >= 0 && strcmp(acmectl_store_spec(ctl, i)->name, name) == 0;
}

int acmectl_edit_delete(acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;
    acme_json_t *json;
    const char *name;
    int place, removed = 0;

    if (!acmectl_store_open(ctl, CTL_WRITE)) {
        return CTL_FAILED;
    }
    name = acmectl_store_name(ctl, APR_ARRAY_IDX(ctl->args, 0, const char *));
    if (!name) {
        return CTL_FAILED;
    }
    if (is_served(ctl, name) && !ctl->force) {
        acmectl_io_say(
            "%s is a managed site: take it out of the configuration first, "
            "or --force (then it is without a certificate, and another one "
            "is ordered)",
            name);
        return CTL_FAILED;
    }
    /* The record first, because a link that is gone is put back for a site that
     * served a certificate. */
    if (acme_deployed_forget(ctl->dir, name, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    for (place = 0; place < ACME_PLACES; ++place) {
        if (APR_STATUS_IS_ENOENT(acme_certstore_get_at(
                &cert, ctl->certstore, place, name, NULL, ctl->p))) {
            continue;
        }
        if (acme_certstore_move_remove(ctl->certstore, place, name, &problem,
                                       ctl->p)) {
            return acmectl_io_fail(ctl, &problem);
        }
        ++removed;
        if (!ctl->json) {
            printf("%s: key and certificate removed from %s\n", name,
                   acme_certstore_place_name(place));
        }
    }
    acme_pin_remove(ctl->dir, name, NULL, ctl->p);
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set_str(json, "name", name);
        acme_json_set_int(json, "removed", removed);
        acmectl_io_print_json(ctl, json);
    }
    if (!removed) {
        acmectl_io_say("%s: the store has no certificate of that name", name);
        return CTL_NOTHING;
    }
    return acmectl_store_changed(ctl,
                                 apr_pstrcat(ctl->p, "delete ", name, NULL));
}

/* ---- adopt ---- */

int acmectl_edit_adopt(acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_owner_t *owner;
    acme_json_t *json;
    apr_status_t rv;

    if (!acmectl_store_open(ctl, CTL_WRITE)) {
        return CTL_FAILED;
    }
    rv = acme_owner_read(&owner, ctl->dir, &problem, ctl->p);
    if (APR_STATUS_IS_ENOENT(rv)) {
        acmectl_io_say("%s belongs to no server", ctl->dir);
        return CTL_NOTHING;
    }
    if (ctl->ctl_requests && acme_ctl_request_attended(ctl->ctl_requests)) {
        acmectl_io_say("a server is running with %s: stop it first", ctl->dir);
        return CTL_FAILED;
    }
    if (acme_owner_release(ctl->dir, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    if (ctl->json) {
        json = acme_json_object(ctl->p);
        acme_json_set_str(json, "store", ctl->dir);
        acme_json_set_str(json, "former-config",
                          rv == APR_SUCCESS ? owner->config : NULL);
        acmectl_io_print_json(ctl, json);
    }
    else {
        printf("%s: the next server that starts with it has it%s%s\n", ctl->dir,
               rv == APR_SUCCESS ? "; it was that of " : "",
               rv == APR_SUCCESS ? acme_text_escape(owner->config, 500, ctl->p)
                                 : "");
    }
    return CTL_DONE;
}
