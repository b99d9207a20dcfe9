/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_desired.h"

#include <string.h>
#include <unistd.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_ident.h"
#include "acme_json.h"

#define FORMAT    1
#define FOLDER    "/desired"
#define FILE_NAME "/sites.json"

/* ---- to JSON ---- */

static acme_json_t *print_ca(const acme_ca_spec_t *ca, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "url", ca->url);
    acme_json_set_str(json, "label", ca->label);
    acme_json_set_str(json, "ca-file", ca->ca_file);
    acme_json_set_str(json, "contact", ca->contact);
    acme_json_set_bool(json, "agreed", ca->agreed);
    return json;
}

static acme_json_t *print_spec(const acme_spec_t *spec, acme_serving_e serving,
                               int ca, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);

    acme_json_set_str(json, "name", spec->name);
    acme_json_set_strs(json, "names", spec->names);
    if (spec->optional) {
        acme_json_set_strs(json, "optional", spec->optional);
    }
    acme_json_set_str(json, "cert-file", spec->cert_file);
    acme_json_set_str(json, "cert-key-file", spec->cert_key_file);
    acme_json_set_int(json, "ca", ca);
    acme_json_set_str(json, "key", acme_key_spec_print(&spec->key, p));
    acme_json_set_strs(json, "challenges", spec->challenge_types);
    acme_json_set_str(json, "renew-mode",
                      acme_renew_mode_name(spec->renew_mode));
    acme_json_set_int(json, "renew-percent", spec->renew_window.percent);
    acme_json_set_int(json, "renew-span", spec->renew_window.span);
    acme_json_set_int(json, "retry-delay", spec->retry_delay);
    acme_json_set_int(json, "security-level", spec->security_level);
    acme_json_set_str(json, "require-https",
                      acme_require_https_name(spec->require_https));
    acme_json_set_str(json, "place", spec->place);
    acme_json_set_str(json, "site", acme_serving_name(serving));
    return json;
}

/* Many sites share one; its number in `cas`. */
static int number_of_ca(apr_hash_t *numbers, acme_json_t *cas,
                        const acme_ca_spec_t *ca, apr_pool_t *p)
{
    const int *known = apr_hash_get(numbers, &ca, sizeof(ca));
    int *number;

    if (known) {
        return *known;
    }
    number = apr_palloc(p, sizeof(*number));
    *number = acme_json_count(cas);
    acme_json_append(cas, print_ca(ca, p));
    apr_hash_set(numbers, apr_pmemdup(p, &ca, sizeof(ca)), sizeof(ca), number);
    return *number;
}

const char *acme_desired_print(const acme_desired_t *desired, apr_pool_t *p)
{
    acme_json_t *json = acme_json_object(p);
    acme_json_t *sites = acme_json_array(p);
    acme_json_t *cas = acme_json_array(p);
    apr_hash_t *numbers = apr_hash_make(p);
    apr_pool_t *each;
    int i;

    apr_pool_create(&each, p);
    for (i = 0; i < desired->specs->nelts; ++i) {
        const acme_spec_t *spec =
            APR_ARRAY_IDX(desired->specs, i, const acme_spec_t *);
        const acme_holding_t *holding =
            APR_ARRAY_IDX(desired->holdings, i, const acme_holding_t *);

        apr_pool_clear(each);
        acme_json_append(
            sites, print_spec(spec, holding->serving,
                              number_of_ca(numbers, cas, spec->ca, p), each));
    }
    apr_pool_destroy(each);
    acme_json_set_int(json, "format", FORMAT);
    acme_json_set_str(json, "activation", desired->activation);
    acme_json_set(json, "cas", cas);
    acme_json_set(json, "sites", sites);
    return acme_json_print(json, 1, p);
}

/* ---- and back ---- */

static apr_status_t damaged(acme_problem_t *problem, const char *what,
                            apr_pool_t *p)
{
    return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "the settings that the server left in the store "
                            "cannot be read: %s; restart the server",
                            what);
}

static const char *copy_str(const acme_json_t *json, const char *key,
                            apr_pool_t *p)
{
    const char *value;

    return acme_json_get_str(&value, json, key) == APR_SUCCESS
               ? apr_pstrdup(p, value)
               : NULL;
}

static apr_array_header_t *copy_strs(const acme_json_t *json, const char *key,
                                     apr_pool_t *p)
{
    apr_array_header_t *values;
    int i;

    if (acme_json_get_strs(&values, json, key, p) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < values->nelts; ++i) {
        APR_ARRAY_IDX(values, i, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(values, i, const char *));
    }
    return values;
}

static const acme_ca_spec_t *parse_ca(const acme_json_t *json, apr_pool_t *p)
{
    acme_ca_spec_t *ca = apr_pcalloc(p, sizeof(*ca));

    ca->url = copy_str(json, "url", p);
    ca->label = copy_str(json, "label", p);
    ca->ca_file = copy_str(json, "ca-file", p);
    ca->contact = copy_str(json, "contact", p);
    (void)acme_json_get_bool(&ca->agreed, json, "agreed");
    return ca->url && ca->label ? ca : NULL;
}

static int parse_key(acme_key_spec_t *key, const acme_json_t *json,
                     apr_pool_t *p)
{
    const char *text, *why;
    char *bits;

    if (acme_json_get_str(&text, json, "key") != APR_SUCCESS) {
        return 0;
    }
    /* "RSA 3072", as it was printed. */
    bits = strchr(text, ' ');
    if (bits) {
        text = apr_pstrmemdup(p, text, (apr_size_t)(bits - text));
        ++bits;
    }
    return acme_key_spec_parse(key, text, bits, &why, p) == APR_SUCCESS;
}

static acme_renew_mode_e parse_mode(const char *text)
{
    static const acme_renew_mode_e modes[] = {
        ACME_RENEW_AUTO, ACME_RENEW_ALWAYS, ACME_RENEW_MANUAL};
    int i;

    for (i = 0; text && i < 3; ++i) {
        if (strcmp(text, acme_renew_mode_name(modes[i])) == 0) {
            return modes[i];
        }
    }
    return ACME_RENEW_AUTO;
}

static acme_require_https_e parse_require(const char *text)
{
    static const acme_require_https_e kinds[] = {
        ACME_HTTPS_OFF, ACME_HTTPS_TEMPORARY, ACME_HTTPS_PERMANENT};
    int i;

    for (i = 0; text && i < 3; ++i) {
        if (strcmp(text, acme_require_https_name(kinds[i])) == 0) {
            return kinds[i];
        }
    }
    return ACME_HTTPS_OFF;
}

static acme_holding_t *parse_holding(const acme_json_t *json, apr_pool_t *p)
{
    static const acme_serving_e kinds[] = {ACME_SERVING_NOTHING,
                                           ACME_SERVING_PLACEHOLDER,
                                           ACME_SERVING_OKC, ACME_SERVING_LKC};
    acme_holding_t *holding = apr_pcalloc(p, sizeof(*holding));
    const char *text;
    int i;

    if (acme_json_get_str(&text, json, "site") == APR_SUCCESS) {
        for (i = 0; i < 4; ++i) {
            if (strcmp(text, acme_serving_name(kinds[i])) == 0) {
                holding->serving = kinds[i];
            }
        }
    }
    return holding;
}

static const acme_spec_t *parse_spec(const acme_json_t *json,
                                     const apr_array_header_t *cas,
                                     apr_pool_t *p)
{
    acme_spec_t *spec = apr_pcalloc(p, sizeof(*spec));
    apr_int64_t number = -1;

    spec->name = copy_str(json, "name", p);
    spec->names = copy_strs(json, "names", p);
    spec->optional = copy_strs(json, "optional", p);
    spec->cert_file = copy_str(json, "cert-file", p);
    spec->cert_key_file = copy_str(json, "cert-key-file", p);
    spec->require_https = parse_require(copy_str(json, "require-https", p));
    spec->challenge_types = copy_strs(json, "challenges", p);
    spec->renew_mode = parse_mode(copy_str(json, "renew-mode", p));
    spec->place = copy_str(json, "place", p);
    (void)acme_json_get_int(&number, json, "ca");
    if (!spec->name || !spec->names || spec->names->nelts == 0
        || !spec->cert_file != !spec->cert_key_file || !spec->challenge_types
        || number < 0 || number >= cas->nelts
        || !parse_key(&spec->key, json, p)) {
        return NULL;
    }
    spec->ca = APR_ARRAY_IDX(cas, number, const acme_ca_spec_t *);
    if (acme_json_get_int(&number, json, "renew-percent") == APR_SUCCESS) {
        spec->renew_window.percent = (int)number;
    }
    if (acme_json_get_int(&number, json, "security-level") == APR_SUCCESS) {
        spec->security_level = (int)number;
    }
    (void)acme_json_get_int(&spec->renew_window.span, json, "renew-span");
    (void)acme_json_get_int(&spec->retry_delay, json, "retry-delay");
    return spec;
}

static apr_status_t parse_cas(apr_array_header_t **cas, const acme_json_t *json,
                              apr_pool_t *p)
{
    acme_json_t *list;
    const acme_ca_spec_t *ca;
    int i;

    if (acme_json_get(&list, json, "cas") != APR_SUCCESS) {
        return APR_EINVAL;
    }
    *cas = apr_array_make(p, 4, sizeof(const acme_ca_spec_t *));
    for (i = 0; i < acme_json_count(list); ++i) {
        ca = parse_ca(acme_json_at(list, i), p);
        if (!ca) {
            return APR_EINVAL;
        }
        APR_ARRAY_PUSH(*cas, const acme_ca_spec_t *) = ca;
    }
    return APR_SUCCESS;
}

static apr_status_t parse(acme_desired_t *desired, const acme_json_t *json,
                          acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *cas;
    const acme_spec_t *spec;
    acme_json_t *sites;
    apr_int64_t format = 0;
    int i;

    if (acme_json_get_int(&format, json, "format") != APR_SUCCESS
        || format != FORMAT) {
        return damaged(problem, "they were written by another version", p);
    }
    desired->activation = copy_str(json, "activation", p);
    if (!desired->activation || parse_cas(&cas, json, p) != APR_SUCCESS
        || acme_json_get(&sites, json, "sites") != APR_SUCCESS) {
        return damaged(problem, "something is missing", p);
    }
    for (i = 0; i < acme_json_count(sites); ++i) {
        spec = parse_spec(acme_json_at(sites, i), cas, p);
        if (!spec) {
            return damaged(problem, apr_psprintf(p, "site number %d", i + 1),
                           p);
        }
        APR_ARRAY_PUSH(desired->specs, const acme_spec_t *) = spec;
        APR_ARRAY_PUSH(desired->holdings, acme_holding_t *) =
            parse_holding(acme_json_at(sites, i), p);
    }
    return APR_SUCCESS;
}

apr_status_t acme_desired_parse(acme_desired_t **desired, const char *text,
                                apr_size_t len, acme_problem_t *problem,
                                apr_pool_t *p)
{
    acme_desired_t *read = apr_pcalloc(p, sizeof(*read));
    acme_json_t *json;
    const char *error;
    apr_pool_t *ptemp;
    apr_status_t rv;

    read->specs = apr_array_make(p, 16, sizeof(const acme_spec_t *));
    read->holdings = apr_array_make(p, 16, sizeof(acme_holding_t *));
    apr_pool_create(&ptemp, p);
    if (acme_json_parse(&json, text, len, &error, ptemp) != APR_SUCCESS) {
        rv = damaged(problem, apr_pstrdup(p, error), p);
    }
    else {
        rv = parse(read, json, problem, p);
    }
    apr_pool_destroy(ptemp);
    if (rv == APR_SUCCESS) {
        *desired = read;
    }
    return rv;
}

/* ---- the file ---- */

static apr_status_t failed(acme_problem_t *problem, apr_status_t rv,
                           const char *path, apr_pool_t *p)
{
    return acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_STORE, p,
                            "%s cannot be read or written: %pm", path, &rv);
}

/* Only root has anything to give. */
static void give(const char *path, apr_gid_t gid)
{
    if (geteuid() == 0 && lchown(path, (uid_t)-1, gid)) {
        return;
    }
}

apr_status_t acme_desired_write(const char *dir, const acme_desired_t *desired,
                                apr_gid_t gid, int *written,
                                acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *folder = apr_pstrcat(ptemp, dir, FOLDER, NULL);
    const char *path = apr_pstrcat(ptemp, folder, FILE_NAME, NULL);
    const char *text = acme_desired_print(desired, ptemp);
    apr_size_t len;
    char *old;
    apr_status_t rv;

    if (written) {
        *written = 0;
    }
    rv = acme_file_mkdir(folder,
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE
                             | APR_FPROT_GREAD | APR_FPROT_GEXECUTE,
                         ptemp);
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, folder, ptemp);
    }
    give(folder, gid);
    if (acme_file_read(&old, &len, path, ACME_DESIRED_MAX, ptemp) == APR_SUCCESS
        && strcmp(old, text) == 0) {
        return APR_SUCCESS;
    }
    rv = acme_file_write(path, text, strlen(text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD,
                         ACME_FILE_LAZY, ptemp);
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, path, ptemp);
    }
    give(path, gid);
    if (written) {
        *written = 1;
    }
    return APR_SUCCESS;
}

apr_status_t acme_desired_read(acme_desired_t **desired, const char *dir,
                               acme_problem_t *problem, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, FOLDER FILE_NAME, NULL);
    apr_size_t len;
    char *text;
    apr_status_t rv = acme_file_read(&text, &len, path, ACME_DESIRED_MAX, p);

    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        return failed(problem, rv, path, p);
    }
    return acme_desired_parse(desired, text, len, problem, p);
}

int acme_desired_find(const acme_desired_t *desired, const char *name)
{
    const acme_spec_t *spec;
    int i, found = -1;

    for (i = 0; i < desired->specs->nelts; ++i) {
        spec = APR_ARRAY_IDX(desired->specs, i, const acme_spec_t *);
        if (strcmp(spec->name, name) == 0) {
            return i;
        }
        if (found < 0 && acme_ident_in(spec->names, name)) {
            found = i;
        }
    }
    return found;
}
