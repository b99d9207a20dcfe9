/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_t_bundle.h
 * @brief Certificates, folders, logs and vaults for the tests of manage/.
 */
#ifndef ACME_T_BUNDLE_H
#define ACME_T_BUNDLE_H

#include "acme_t.h"

#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_bundle.h"
#include "acme_file.h"
#include "acme_store_mem.h"
#include "acme_time.h"
#include "acme_vault.h"

/** When the tests take place: 2026-01-02 03:04:05 UTC. */
#define ACME_T_NOW apr_time_from_sec(1767323045)

static inline const char *acme_t_key_pem(apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key;
    const char *pem;

    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_key_to_pem(&pem, key, NULL, p), 0);
    return pem;
}

/** A bundle of the site `name` for the one name `san`, valid from an hour
 *  before `at`. */
static inline acme_bundle_t *acme_t_bundle_for(const char *name,
                                               const char *san, apr_time_t at,
                                               apr_interval_time_t life,
                                               apr_pool_t *p)
{
    acme_bundle_t *bundle = apr_pcalloc(p, sizeof(*bundle));
    acme_key_t *key;

    bundle->name = name;
    bundle->key_pem = acme_t_key_pem(p);
    assert_int_equal(acme_key_from_pem(&key, bundle->key_pem,
                                       strlen(bundle->key_pem), NULL, p),
                     0);
    assert_int_equal(
        acme_cert_placeholder(&bundle->chain_pem, key, san, at, life, NULL, p),
        0);
    bundle->ca_url = "https://ca.example/dir";
    bundle->profile = "shortlived";
    bundle->order_url = "https://ca.example/order/1";
    bundle->obtained = at;
    return bundle;
}

static inline acme_bundle_t *acme_t_bundle(const char *name, apr_time_t at,
                                           apr_pool_t *p)
{
    return acme_t_bundle_for(name, name, at, 90 * ACME_TIME_DAY, p);
}

static inline const char *acme_t_fingerprint(const acme_bundle_t *bundle,
                                             apr_pool_t *p)
{
    acme_key_t *key;
    acme_chain_t *chain;

    assert_int_equal(acme_bundle_open(&key, &chain, bundle, NULL, p), 0);
    return acme_cert_chain_info(chain)->fingerprint;
}

static inline apr_status_t acme_t_dir_remove(void *data)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    acme_file_remove_tree(data, p);
    apr_pool_destroy(p);
    return APR_SUCCESS;
}

/** An empty folder, removed with p. */
static inline const char *acme_t_dir(apr_pool_t *p)
{
    const char *base;
    char *dir;

    assert_int_equal(apr_temp_dir_get(&base, p), 0);
    dir = apr_pstrcat(p, base, "/acme-t-XXXXXX", NULL);
    assert_non_null(mkdtemp(dir));
    apr_pool_cleanup_register(p, dir, acme_t_dir_remove, apr_pool_cleanup_null);
    return dir;
}

static inline const char *acme_t_read(const char *path, apr_pool_t *p)
{
    char *data;
    apr_size_t len;

    assert_int_equal(acme_file_read_linked(&data, &len, path, ACME_FILE_MAX, p),
                     0);
    return data;
}

static inline void acme_t_write(const char *path, const char *data,
                                apr_pool_t *p)
{
    assert_int_equal(acme_file_write(path, data, strlen(data),
                                     APR_FPROT_UREAD | APR_FPROT_UWRITE,
                                     ACME_FILE_LAZY, p),
                     0);
}

/** A log that counts. */
typedef struct acme_t_log_t {
    acme_log_t log;
    int count;
    char last[1024];
} acme_t_log_t;

static inline void acme_t_log_sink(void *baton, acme_log_level_e level,
                                   apr_status_t rv, const char *message)
{
    acme_t_log_t *log = baton;

    (void)rv;
    assert_int_equal(level, ACME_LOG_WARNING);
    ++log->count;
    apr_cpystrn(log->last, message, sizeof(log->last));
}

static inline apr_time_t acme_t_now(void *baton)
{
    (void)baton;
    return ACME_T_NOW;
}

/** A vault over a store in memory. */
static inline acme_vault_t *acme_t_vault(acme_t_log_t **log, apr_pool_t *p)
{
    static const acme_clock_t clock = {acme_t_now, NULL};
    static const unsigned char secret[ACME_SEAL_SECRET_LEN] = {1, 2, 3};
    acme_t_log_t *made = apr_pcalloc(p, sizeof(*made));

    made->log.sink = acme_t_log_sink;
    made->log.baton = made;
    made->log.level = ACME_LOG_WARNING;
    if (log) {
        *log = made;
    }
    return acme_vault_create(acme_store_mem_create(&clock, p),
                             acme_seal_create(secret, p), &made->log, p);
}

/** Puts bytes into the store without a seal, as an intruder would. */
static inline void acme_t_plant(acme_vault_t *vault, const char *kind,
                                const char *name, const char *data,
                                apr_pool_t *p)
{
    const acme_store_put_t planted = {
        .kind = kind,
        .name = name,
        .data = data,
        .len = strlen(data),
        .sync = ACME_STORE_LAZY,
    };

    assert_int_equal(
        acme_store_put(NULL, acme_vault_store(vault), &planted, NULL, p), 0);
}

/** Seals and puts a text, as another version or a faulty one would. */
static inline void acme_t_put(acme_vault_t *vault, const char *kind,
                              const char *name, const char *text, apr_pool_t *p)
{
    const acme_store_put_t put = {
        .kind = kind,
        .name = name,
        .data = text,
        .len = strlen(text),
        .sync = ACME_STORE_LAZY,
    };

    assert_int_equal(acme_vault_put(NULL, vault, &put, NULL, p), 0);
}

/** Asserts that a text has a part. */
static inline void acme_t_contains(const char *text, const char *part)
{
    assert_non_null(text);
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

#endif
