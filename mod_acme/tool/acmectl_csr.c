/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <stdio.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_csr.h"
#include "acme_file.h"
#include "acme_ident.h"
#include "acme_job.h"
#include "acme_key_hash.h"
#include "acme_blocklist.h"
#include "acme_text.h"

/* ---- the key that waits for a certificate: in waiting/, root's ---- */

static const char *waiting_path(const acmectl_t *ctl, const char *name)
{
    return apr_pstrcat(ctl->p, ctl->dir, "/waiting/",
                       acme_file_name_encode(name, ctl->p), NULL);
}

acme_key_t *acmectl_csr_waiting_key(const acmectl_t *ctl, const char *name,
                                    const char **pem)
{
    acme_key_t *key;
    char *data;
    apr_size_t len;

    if (acme_file_read(&data, &len, waiting_path(ctl, name), 65536, ctl->p)) {
        return NULL;
    }
    acme_key_wipe_with_pool(data, len, ctl->p);
    *pem = data;
    return acme_key_from_pem(&key, data, len, NULL, ctl->p) == APR_SUCCESS
               ? key
               : NULL;
}

void acmectl_csr_waiting_done(const acmectl_t *ctl, const char *name)
{
    apr_file_remove(waiting_path(ctl, name), ctl->p);
}

static int keep_waiting(const acmectl_t *ctl, const char *name, const char *pem)
{
    const char *folder = apr_pstrcat(ctl->p, ctl->dir, "/waiting", NULL);
    apr_status_t rv = acme_file_mkdir(
        folder, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE,
        ctl->p);

    if (rv == APR_SUCCESS) {
        rv = acme_file_write(waiting_path(ctl, name), pem, strlen(pem),
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                             ctl->p);
    }
    if (rv != APR_SUCCESS) {
        acmectl_io_say("%s: %s", folder,
                       apr_strerror(rv, apr_palloc(ctl->p, 120), 120));
    }
    return rv == APR_SUCCESS;
}

/* ---- csr ---- */

/* Returns the names in --names, else the names of the site, else the name
 * alone. */
static apr_array_header_t *wanted_names(const acmectl_t *ctl, const char *name)
{
    apr_array_header_t *names = apr_array_make(ctl->p, 4, sizeof(const char *));
    int i = acme_published_find(ctl->published, name);
    const apr_array_header_t *site;
    const char *one;
    char *state, *word, *list;

    /* The name under which a certificate with the second kind of key is filed
     * is not a name for the certificate. */
    if (i >= 0 && acme_spec_of(acmectl_store_spec(ctl, i))
        && strcmp(acmectl_store_spec(ctl, i)->name, name) == 0) {
        name = acme_spec_of(acmectl_store_spec(ctl, i));
    }
    acme_ident_add(names, name);
    if (!ctl->names && i >= 0) {
        site = acmectl_store_spec(ctl, i)->names;
        for (i = 0; i < site->nelts; ++i) {
            acme_ident_add(names, APR_ARRAY_IDX(site, i, const char *));
        }
    }
    list = ctl->names ? apr_pstrdup(ctl->p, ctl->names) : NULL;
    for (word = list ? apr_strtok(list, ", ", &state) : NULL; word;
         word = apr_strtok(NULL, ", ", &state)) {
        one = acmectl_store_name(ctl, word);
        if (!one) {
            return NULL;
        }
        acme_ident_add(names, one);
    }
    return names;
}

/* Returns non-zero when a certificate with this key was revoked as
 * compromised. */
static int is_compromised(const acmectl_t *ctl, const char *key_hash)
{
    return acme_blocklist_has_key(acme_blocklist_open(ctl->dir, ctl->p),
                                  key_hash);
}

static acme_key_t *make_key(const acmectl_t *ctl, const char *name)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;
    const char *pem, *why;
    int i = acme_published_find(ctl->published, name);

    key = ctl->key ? NULL : acmectl_csr_waiting_key(ctl, name, &pem);
    if (key && !is_compromised(ctl, acme_key_hash(key, ctl->p))) {
        return key;
    }
    if (key) {
        acmectl_io_say("%s: the key that waited here is compromised, this is "
                       "another one",
                       name);
    }
    if (i >= 0) {
        spec = acmectl_store_spec(ctl, i)->key;
    }
    if (ctl->key
        && acme_key_spec_parse(&spec, ctl->key, NULL, &why, ctl->p)
               != APR_SUCCESS) {
        acmectl_io_say("--key: %s", why);
        return NULL;
    }
    if (acme_key_generate(&key, &spec, NULL, NULL, &problem, ctl->p)
            != APR_SUCCESS
        || acme_key_to_pem(&pem, key, &problem, ctl->p) != APR_SUCCESS) {
        acmectl_io_fail(ctl, &problem);
        return NULL;
    }
    return keep_waiting(ctl, name, pem) ? key : NULL;
}

int acmectl_csr(acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names;
    const char *name, *csr, *pem;
    acme_key_t *key;
    int site;

    name = acmectl_store_name(ctl, APR_ARRAY_IDX(ctl->args, 0, const char *));
    if (!name || !acmectl_store_open(ctl, CTL_MAKE)) {
        return CTL_FAILED;
    }
    site = acme_published_find(ctl->published, name);
    names = wanted_names(ctl, name);
    key = names ? make_key(ctl, name) : NULL;
    if (!key) {
        return CTL_FAILED;
    }
    if (acme_csr_create(&csr, key, names,
                        site >= 0 && acmectl_store_spec(ctl, site)->must_staple,
                        &problem, ctl->p)
        || acme_csr_read_to_pem(&pem, csr, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    if (!acmectl_io_write(ctl, pem, strlen(pem), 0)) {
        return CTL_FAILED;
    }
    acmectl_io_say(
        "%s: its key waits here; have the request signed (acmectl sign), "
        "then: acmectl import --chain FILE %s",
        name, name);
    return CTL_DONE;
}

/* ---- sign ---- */

/* Returns the site of this server that has all of these names. */
static const acme_spec_t *site_for(const acmectl_t *ctl,
                                   const apr_array_header_t *names)
{
    const acme_spec_t *spec;
    int i, n;

    for (i = 0; i < ctl->published->certs->nelts; ++i) {
        spec = acmectl_store_spec(ctl, i);
        for (n = 0; n < names->nelts
                    && acme_ident_in(spec->names,
                                     APR_ARRAY_IDX(names, n, const char *));
             ++n) {
        }
        if (n == names->nelts) {
            return spec;
        }
    }
    acmectl_io_say(
        "no site that is managed here has all of the request's names (%s)",
        apr_array_pstrcat(ctl->p, names, ' '));
    return NULL;
}

static const char *failed_since(const acme_job_t *job, apr_time_t when)
{
    int i;

    for (i = job->log->nelts - 1; i >= 0; --i) {
        const acme_job_entry_t *entry =
            &APR_ARRAY_IDX(job->log, i, acme_job_entry_t);

        if (entry->when >= when && strcmp(entry->type, "failed") == 0) {
            return entry->detail ? entry->detail : "it failed";
        }
    }
    return NULL;
}

typedef struct signing_t {
    const acmectl_t *ctl;
    const acme_ctl_request_t *request;
    const char *chain;
    const char *why;
} signing_t;

static int look(void *baton, const char **line, apr_pool_t *p)
{
    signing_t *signing = baton;
    const acme_ctl_request_t *request = signing->request;
    const acmectl_t *ctl = signing->ctl;
    acme_job_t *job;
    const char *why;

    if (acme_job_load(&job, ctl->vault,
                      acme_ctl_request_sign_name(request->name, p), NULL, p)
            != APR_SUCCESS
        || !job->request || strcmp(job->request, request->id) != 0) {
        return 0;
    }
    why = failed_since(job, request->when);
    if (job->signed_pem) {
        signing->chain = apr_pstrdup(ctl->p, job->signed_pem);
    }
    else if (why) {
        signing->why = acme_text_escape(why, 1000, ctl->p);
    }
    else if (job->log->nelts > 0) {
        *line =
            APR_ARRAY_IDX(job->log, job->log->nelts - 1, acme_job_entry_t).type;
    }
    return signing->chain || signing->why;
}

/* Returns the chain, or NULL after printing why there is none. */
static const char *follow(acmectl_t *ctl, const acme_ctl_request_t *request)
{
    signing_t signing = {ctl, request, NULL, NULL};
    const char *why = acmectl_follow(ctl, look, &signing);

    if (!signing.chain) {
        acmectl_io_say("%s: %s", request->name, why ? why : signing.why);
    }
    return signing.chain;
}

int acmectl_csr_sign(acmectl_t *ctl)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names;
    const acme_spec_t *spec;
    acme_ctl_request_t request;
    acme_json_t *body;
    const char *chain;
    char *pem;
    apr_size_t len;

    memset(&request, 0, sizeof(request));
    if (!acmectl_io_read(ctl, &pem, &len,
                         APR_ARRAY_IDX(ctl->args, 0, const char *),
                         2 * ACME_CSR_MAX)) {
        return CTL_FAILED;
    }
    if (acme_csr_read_pem(&request.csr, &names, pem, len, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    if (!acmectl_store_open(ctl, CTL_READ)) {
        return CTL_FAILED;
    }
    if (is_compromised(ctl, acme_csr_read_key_hash(request.csr, ctl->p))) {
        acmectl_io_say(
            "the key of this request is compromised: a certificate with "
            "it was revoked for that (acmectl revoke)");
        return CTL_FAILED;
    }
    spec = site_for(ctl, names);
    if (!spec) {
        return CTL_FAILED;
    }
    if (!acmectl_follow_attended(ctl)) {
        return CTL_FAILED;
    }
    body = acme_json_object(ctl->p);
    acme_json_set_strs(body, "names", names);
    request.what = ACME_CTL_SIGN;
    request.name = spec->name;
    request.body = body;
    if (acme_ctl_request_put(ctl->ctl_requests, &request, &problem, ctl->p)) {
        return acmectl_io_fail(ctl, &problem);
    }
    chain = follow(ctl, &request);
    acme_ctl_request_remove(ctl->ctl_requests, &request, ctl->p);
    return chain && acmectl_io_write(ctl, chain, strlen(chain), 0) ? CTL_DONE
                                                                   : CTL_FAILED;
}
