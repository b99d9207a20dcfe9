/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl_revoke.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore_path.h"
#include "acme_text.h"

/* Returns a serial without colons and leading zeros, as people copy them in all
 * these forms. */
static const char *plain_serial(const char *text, apr_pool_t *p)
{
    char *plain = apr_palloc(p, strlen(text) + 1);
    char *to = plain;

    for (; *text; ++text) {
        if (*text != ':' && (to != plain || *text != '0')) {
            *to++ = (char)tolower((unsigned char)*text);
        }
    }
    *to = '\0';
    return plain;
}

static int is_serial(const acmectl_t *ctl, const acme_cert_info_t *info)
{
    return strcmp(plain_serial(ctl->serial, ctl->p),
                  plain_serial(info->serial, ctl->p))
           == 0;
}

static int read_files(acmectl_revoke_t *revoke, const char *dir,
                      acme_problem_t *problem)
{
    apr_pool_t *p = revoke->ctl->p;
    acme_json_t *meta;
    apr_size_t len;
    char *data;

    revoke->key_path = apr_pstrcat(p, dir, "/" ACME_CERTSTORE_KEY, NULL);
    if (acme_file_read(&data, &len,
                       apr_pstrcat(p, dir, "/" ACME_CERTSTORE_FULL, NULL),
                       ACME_FILE_MAX, p)
            != APR_SUCCESS
        || acme_cert_chain_parse(&revoke->chain, data, len, problem, p)
               != APR_SUCCESS) {
        return 0;
    }
    revoke->info = acme_cert_chain_info(revoke->chain);
    revoke->ca_url = NULL;
    if (acme_file_read(&data, &len,
                       apr_pstrcat(p, dir, "/" ACME_CERTSTORE_META, NULL),
                       ACME_FILE_MAX, p)
            == APR_SUCCESS
        && acme_json_parse(&meta, data, len, NULL, p) == APR_SUCCESS) {
        (void)acme_json_get_str(&revoke->ca_url, meta, ACME_CERTSTORE_CA_URL);
    }
    return 1;
}

/* Reads the certificate that a place points to. Returns non-zero when there is
 * one, usable or not. */
static int read_place(acmectl_revoke_t *revoke, acme_place_e place,
                      acme_problem_t *problem)
{
    const acmectl_t *ctl = revoke->ctl;
    acme_certstore_path_t site;
    acme_certstore_target_t aim;

    acme_certstore_path_find(&site, ctl->certstore, place, revoke->name,
                             ctl->p);
    if (acme_certstore_path_follow(&aim, ctl->certstore, &site, ctl->p)
        != APR_SUCCESS) {
        return 0;
    }
    revoke->where = acme_certstore_place_name(place);
    revoke->is_live = place == ACME_PLACE_LIVE;
    return read_files(revoke, aim.dir, problem);
}

static int read_generation(acmectl_revoke_t *revoke, int number)
{
    const acmectl_t *ctl = revoke->ctl;
    acme_certstore_path_t site;
    int live = 0;

    acme_certstore_path_find(&site, ctl->certstore, ACME_PLACE_LIVE,
                             revoke->name, ctl->p);
    (void)acme_certstore_path_pointed(&live, &site);
    revoke->where = apr_psprintf(ctl->p, "archive, generation %d", number);
    revoke->is_live = number == live;
    return read_files(
        revoke, apr_psprintf(ctl->p, "%s/%d", site.archive, number), NULL);
}

static int find_serial(acmectl_revoke_t *revoke)
{
    const acmectl_t *ctl = revoke->ctl;
    apr_array_header_t *numbers;
    int i;

    for (i = 0; i < ACME_PLACES; ++i) {
        if (read_place(revoke, i, NULL) && is_serial(ctl, revoke->info)) {
            return 1;
        }
    }
    if (acme_certstore_versions(&numbers, ctl->certstore, revoke->name, ctl->p)
        != APR_SUCCESS) {
        return 0;
    }
    for (i = numbers->nelts - 1; i >= 0; --i) {
        if (read_generation(revoke, APR_ARRAY_IDX(numbers, i, int))
            && is_serial(ctl, revoke->info)) {
            return 1;
        }
    }
    return 0;
}

static int find_default(acmectl_revoke_t *revoke, acme_problem_t *problem)
{
    int place;

    for (place = 0; place < ACME_PLACES; ++place) {
        if (read_place(revoke, place, problem)) {
            return 1;
        }
    }
    return 0;
}

int acmectl_revoke_find(acmectl_revoke_t *revoke, const char *word)
{
    acmectl_t *ctl = revoke->ctl;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *name = acmectl_store_name(ctl, word);
    int found, i;

    if (!name) {
        return 0;
    }
    i = acme_published_find(ctl->published, name);
    revoke->spec = i >= 0 ? acmectl_store_spec(ctl, i) : NULL;
    revoke->name = revoke->spec ? revoke->spec->name : name;
    if (ctl->serial) {
        found = find_serial(revoke);
    }
    else if (ctl->version) {
        i = acme_archive_version(ctl->version);
        found = i > 0 && read_generation(revoke, i);
    }
    else {
        found = find_default(revoke, &problem);
    }
    if (found) {
        return 1;
    }
    if (problem.detail) {
        acmectl_io_say("%s: %s", revoke->name,
                       acme_problem_text(&problem, ctl->p));
    }
    else if (ctl->serial) {
        acmectl_io_say(
            "%s: the store has no certificate of it with the serial %s",
            revoke->name, acme_text_escape(ctl->serial, 100, ctl->p));
    }
    else if (ctl->version) {
        acmectl_io_say("%s: there is no generation %s", revoke->name,
                       acme_text_escape(ctl->version, 20, ctl->p));
    }
    else {
        acmectl_io_say("%s: the store has no certificate of that name",
                       revoke->name);
    }
    return 0;
}

acme_key_t *acmectl_revoke_find_key(const acmectl_revoke_t *revoke,
                                    acme_problem_t *problem)
{
    apr_pool_t *p = revoke->ctl->p;
    acme_key_t *key = NULL;
    apr_size_t len;
    char *data;
    apr_status_t rv;

    rv = acme_file_read(&data, &len, revoke->key_path, ACME_FILE_MAX, p);
    if (rv != APR_SUCCESS) {
        acme_problem_set(problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE,
                         p, "%s cannot be read: %pm", revoke->key_path, &rv);
        return NULL;
    }
    rv = acme_key_from_pem(&key, data, len, problem, p);
    acme_key_wipe(data, len);
    return rv == APR_SUCCESS ? key : NULL;
}
