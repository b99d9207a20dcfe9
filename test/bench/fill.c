/* SPDX-License-Identifier: Apache-2.0 */

/* Fills a store as if each site had got its certificate long ago, so that a
 * benchmark with any number of sites needs no CA: fill STORE CA-URL
 * LIFE-IN-DAYS UID GID < names, one per line. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "acme_csr.h"
#include "acme_file.h"
#include "acme_job.h"
#include "acme_certstore.h"
#include "acme_store_fs.h"
#include "test_issuer.h"

typedef struct fill_t {
    acme_certstore_t *live;
    acme_vault_t *vault;
    test_issuer_t *issuer;
    const char *ca;
    const char *dir;
    long uid;
    long gid;
} fill_t;

static void check(apr_status_t rv, const acme_problem_t *problem,
                  const char *what, apr_pool_t *p)
{
    if (rv != APR_SUCCESS) {
        fprintf(stderr, "fill: %s: %s\n", what, acme_problem_text(problem, p));
        exit(1);
    }
}

/* Prints errors only. */
static void print_log(void *baton, acme_log_level_e level, apr_status_t rv,
                      const char *text)
{
    (void)baton;
    (void)rv;
    if (level <= ACME_LOG_WARNING) {
        fprintf(stderr, "fill: %s\n", text);
    }
}

static void open_all(fill_t *fill, const acme_log_t *log, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    unsigned char secret[ACME_SEAL_SECRET_LEN];
    acme_store_t *store;

    check(apr_dir_make_recursive(fill->dir, APR_FPROT_OS_DEFAULT, p), &problem,
          fill->dir, p);
    check(chmod(fill->dir, geteuid() ? 0700 : 0711) ? APR_EGENERAL
                                                    : APR_SUCCESS,
          &problem, fill->dir, p);
    check(acme_key_random(secret, sizeof(secret)), &problem, "secret", p);
    check(acme_file_write(apr_pstrcat(p, fill->dir, "/secret", NULL), secret,
                          sizeof(secret), APR_FPROT_UREAD | APR_FPROT_UWRITE,
                          ACME_FILE_LAZY, p),
          &problem, "secret", p);
    check(acme_certstore_open(&fill->live, fill->dir, &problem, p), &problem,
          "live", p);
    check(acme_store_fs_prepare(fill->dir, (apr_uid_t)fill->uid,
                                (apr_gid_t)fill->gid, &problem, p),
          &problem, "store", p);
    check(acme_store_fs_open(&store, fill->dir, &problem, p), &problem, "store",
          p);
    fill->vault = acme_vault_create(store, acme_seal_create(secret, p), log, p);
}

static void give(const fill_t *fill, const char *path)
{
    if (geteuid() == 0
        && chown(path, (uid_t)fill->uid, (gid_t)fill->gid) != 0) {
        perror(path);
        exit(1);
    }
}

/* Writes the job that the worker leaves after a success. */
static void write_job(const fill_t *fill, const char *name, apr_time_t when,
                      apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_cert_info_t *info;
    acme_renewal_t renewal = {0};
    acme_certstore_cert_t *live;
    acme_job_t *job;

    check(acme_job_load(&job, fill->vault, name, &problem, p), &problem, name,
          p);
    job->reason = "it has no certificate";
    job->last_run = when;
    check(acme_certstore_get(&live, fill->live, name, &problem, p), &problem,
          name, p);
    info = live->info;
    renewal.end = info->not_after - (info->not_after - info->not_before) / 3;
    renewal.start = renewal.end - 2 * ACME_TIME_DAY;
    renewal.again = when + ACME_RENEWAL_AGAIN_MAX;
    job->ari = acme_ari_told(NULL, &renewal, info, name, when, p);
    acme_job_note(job, when, "order-started", "%s", job->reason);
    acme_job_note(job, when, "order-created", "%s/my-order/%s", fill->ca, name);
    acme_job_note(job, when, "challenge-presented", "http-01 for %s", name);
    acme_job_note(job, when, "finished", "valid for 90 days");
    acme_job_note(job, when, "activated", NULL);
    check(acme_job_save(job, fill->vault, ACME_STORE_LAZY, &problem, p),
          &problem, name, p);
    give(fill, acme_store_fs_path(acme_vault_store(fill->vault),
                                  ACME_STORE_JOBS, name, p));
}

static void fill_site(const fill_t *fill, const char *name, apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));
    acme_bundle_t bundle;
    acme_key_t *key;
    const char *csr;

    memset(&bundle, 0, sizeof(bundle));
    APR_ARRAY_PUSH(names, const char *) = name;
    check(acme_key_generate(&key, &spec, NULL, NULL, &problem, p), &problem,
          name, p);
    check(acme_key_to_pem(&bundle.key_pem, key, &problem, p), &problem, name,
          p);
    check(acme_csr_create(&csr, key, names, 0, &problem, p), &problem, name, p);
    bundle.name = name;
    bundle.chain_pem = test_issuer_sign(fill->issuer, csr, p);
    bundle.ca_url = fill->ca;
    bundle.order_url = apr_pstrcat(p, fill->ca, "/my-order/", name, NULL);
    bundle.obtained = apr_time_now();
    check(acme_certstore_install(fill->live, &bundle, 0, &problem, p), &problem,
          name, p);
    write_job(fill, name, bundle.obtained, p);
}

int main(int argc, const char *const *argv)
{
    static const acme_log_t log = {NULL, print_log, ACME_LOG_INFO};
    char name[300];
    fill_t fill;
    apr_pool_t *p, *each;

    if (argc != 6) {
        fprintf(stderr, "fill STORE CA-URL LIFE-IN-DAYS UID GID < names\n");
        return 2;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    fill.dir = argv[1];
    fill.ca = argv[2];
    fill.uid = atol(argv[4]);
    fill.gid = atol(argv[5]);
    fill.issuer = test_issuer_create(&acme_time_system_clock, p);
    test_issuer_config(fill.issuer)->life = atol(argv[3]) * ACME_TIME_DAY;
    open_all(&fill, &log, p);
    apr_pool_create(&each, p);
    while (fgets(name, sizeof(name), stdin)) {
        name[strcspn(name, "\n")] = '\0';
        fill_site(&fill, name, each);
        apr_pool_clear(each);
    }
    /* Give away the lock file that writing the jobs has left as well. */
    give(&fill, apr_pstrcat(p, fill.dir, "/locks/kind.jobs", NULL));
    apr_terminate();
    return 0;
}
