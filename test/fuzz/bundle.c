/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads arbitrary bytes with all readers of acmectl: bundles, requests, keys of
 * other clients, and files that the server has written. None may crash or leak.
 *
 * A target of libFuzzer (make fuzz), or a test (make check): see replay.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "acme_csr.h"
#include "acme_published.h"
#include "acme_file.h"
#include "acme_key_foreign.h"
#include "acme_lockbox.h"
#include "acme_export.h"
#include "replay.h"

#define NOW apr_time_from_sec(1767323045)

/* Skips boxes that would be decrypted, because scrypt would take most of the
 * time. */
static void open_box(const uint8_t *data, size_t size, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_size_t len;
    char *text;

    if (acme_lockbox_is(data, size) && size >= ACME_LOCKBOX_OVERHEAD
        && data[8] >= ACME_LOCKBOX_LOG_N_MIN
        && data[8] <= ACME_LOCKBOX_LOG_N_MAX) {
        return;
    }
    if (acme_lockbox_open(&text, &len, "x", data, size, &problem, p)
            == APR_SUCCESS
        || problem.detail == NULL) {
        abort();
    }
}

static void read_export(const char *text, size_t size, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info;
    acme_export_t *export;
    int i;

    if (acme_export_parse(&export, text, size, &problem, p) != APR_SUCCESS) {
        if (problem.detail == NULL) {
            abort();
        }
        return;
    }
    for (i = 0; i < export->bundles->nelts; ++i) {
        (void)acme_export_check(
            &info, APR_ARRAY_IDX(export->bundles, i, acme_bundle_t *), NOW,
            &problem, p);
    }
    for (i = 0; i < export->accounts->nelts; ++i) {
        (void)acme_export_check_account(
            APR_ARRAY_IDX(export->accounts, i, acme_export_account_t *),
            &problem, p);
    }
    (void)acme_export_print(export, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *parent;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names;
    acme_published_t *published;
    acme_json_t *json;
    acme_key_t *key;
    const char *csr, *text;
    apr_pool_t *p;

    if (!parent) {
        apr_initialize();
        apr_pool_create_ex(&parent, NULL, replay_exhausted, NULL);
    }
    apr_pool_create(&p, parent);
    text = apr_pstrmemdup(p, (const char *)data, size);
    open_box(data, size, p);
    read_export(text, size, p);
    (void)acme_published_parse(&published, text, size, &problem, p);
    if (acme_csr_read_pem(&csr, &names, text, size, &problem, p) == APR_SUCCESS
        && (acme_csr_read_to_pem(&text, csr, &problem, p) != APR_SUCCESS
            || names->nelts == 0)) {
        abort();
    }
    (void)acme_key_foreign_locked_pem(&key, text, strlen(text), "x", 1,
                                      &problem, p);
    if (acme_json_parse(&json, (const char *)data, size, NULL, p)
        == APR_SUCCESS) {
        (void)acme_key_foreign_jwk(&key, json, &problem, p);
    }
    apr_pool_destroy(p);
    return 0;
}

#ifndef FUZZING
int main(void)
{
    return replay_corpus("bundle");
}
#endif
