/* SPDX-License-Identifier: Apache-2.0 */

#include "kill_at.h"

#include "acme_certstore.h"
#include "acme_t_bundle.h"
#include "acme_t_certstore.h"

#define NAME "a.example.org"

static acme_certstore_t *open_certstore(const char *dir, apr_pool_t *p)
{
    acme_certstore_t *certstore;

    assert_int_equal(acme_certstore_open(&certstore, dir, NULL, p), 0);
    return certstore;
}

static const char *path_of(const char *dir, const char *rest, apr_pool_t *p)
{
    return apr_pstrcat(p, dir, "/", rest, NULL);
}

static const char *install(const acme_certstore_t *certstore, const char *name,
                           apr_time_t at, int keep, apr_pool_t *p)
{
    acme_bundle_t *bundle = acme_t_bundle(name, at, p);

    assert_int_equal(acme_certstore_install(certstore, bundle, keep, NULL, p),
                     0);
    return acme_t_fingerprint(bundle, p);
}

static const char *link_text(const char *path, apr_pool_t *p)
{
    char *text = apr_pcalloc(p, 1024);

    assert_true(readlink(path, text, 1023) > 0);
    return text;
}

static int exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static void assert_mode(const char *path, mode_t mode)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void the_folders_are_for_us_alone(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);

    open_certstore(dir, p);
    assert_mode(path_of(dir, "live", p), 0700);
    assert_mode(path_of(dir, "archive", p), 0700);
    open_certstore(dir, p);
}

static void a_folder_of_others_is_not_used(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_t *certstore;

    open_certstore(dir, p);
    assert_int_equal(chmod(path_of(dir, "archive", p), 0777), 0);
    assert_int_equal(acme_certstore_open(&certstore, dir, &problem, p),
                     APR_EACCES);
    acme_t_contains(problem.detail, "/archive");
    assert_int_not_equal(
        acme_certstore_open(&certstore, path_of(dir, "none", p), &problem, p),
        0);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
}

static void a_new_site_has_none(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_t *certstore = open_certstore(acme_t_dir(p), p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;

    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, &problem, p),
                     APR_ENOENT);
    assert_null(problem.type);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 0);
}

static void what_is_installed_is_live(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, p);
    acme_certstore_cert_t *cert;

    assert_int_equal(acme_certstore_install(certstore, bundle, 3, NULL, p), 0);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    assert_string_equal(cert->info->fingerprint, acme_t_fingerprint(bundle, p));
    assert_int_equal(cert->info->names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(cert->info->names, 0, const char *),
                        NAME);
    assert_string_equal(cert->ca_url, bundle->ca_url);
    assert_string_equal(cert->profile, bundle->profile);
    assert_int_equal(cert->obtained, bundle->obtained);
    assert_int_equal(cert->version, 1);
    assert_false(cert->imported);
    assert_string_equal(acme_t_read(cert->cert_path, p), bundle->chain_pem);
    assert_string_equal(acme_t_read(cert->key_path, p), bundle->key_pem);
}

static void an_imported_one_is_known_as_such(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_t *certstore = open_certstore(acme_t_dir(p), p);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, p);
    acme_certstore_cert_t *cert;
    int i;

    bundle->imported = 1;
    /* and so is its copy */
    for (i = 0; i < 2; ++i) {
        assert_int_equal(acme_certstore_install(certstore, bundle, 3, NULL, p),
                         0);
        assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p),
                         0);
        assert_true(cert->imported);
        assert_int_equal(acme_certstore_bundle(&bundle, certstore,
                                               ACME_PLACE_LIVE, NAME, NULL, p),
                         0);
    }
}

static void the_files_are_where_others_look_for_them(void **state)
{
    static const char *const files[] = {"privkey.pem", "cert.pem", "chain.pem",
                                        "fullchain.pem", "meta.json"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    int i;

    install(open_certstore(dir, p), NAME, ACME_T_NOW, 3, p);
    assert_string_equal(link_text(path_of(dir, "live/" NAME, p), p),
                        "../archive/" NAME "/1");
    assert_mode(path_of(dir, "archive/" NAME, p), 0700);
    assert_mode(path_of(dir, "archive/" NAME "/1", p), 0700);
    for (i = 0; i < (int)(sizeof(files) / sizeof(files[0])); ++i) {
        assert_mode(apr_pstrcat(p, dir, "/live/" NAME "/", files[i], NULL),
                    0600);
    }
    assert_string_equal(
        acme_t_read(path_of(dir, "live/" NAME "/chain.pem", p), p), "");
}

static void an_older_one_stays_in_the_archive(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_t *certstore = open_certstore(acme_t_dir(p), p);
    acme_certstore_cert_t *cert;
    const char *second;

    install(certstore, NAME, ACME_T_NOW - ACME_TIME_DAY, 3, p);
    second = install(certstore, NAME, ACME_T_NOW, 3, p);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    assert_string_equal(cert->info->fingerprint, second);
    assert_int_equal(cert->version, 2);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 1);
}

static void the_archive_is_bounded(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_certstore_cert_t *cert;
    int i;

    for (i = 0; i < 6; ++i) {
        install(certstore, NAME, ACME_T_NOW, 2, p);
    }
    assert_int_equal(acme_t_archived(certstore, NAME, p), 2);
    assert_false(exists(path_of(dir, "archive/" NAME "/3", p)));
    assert_true(exists(path_of(dir, "archive/" NAME "/4", p)));
    install(certstore, NAME, ACME_T_NOW, 0, p);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 0);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    assert_int_equal(cert->version, 7);
}

static void sites_do_not_meet(void **state)
{
    static const char *const names[] = {"*.example.org", "example.org",
                                        "2001:db8::1", "b.example.org"};
    apr_pool_t *p = *state;
    acme_certstore_t *certstore = open_certstore(acme_t_dir(p), p);
    const char *fingerprints[4];
    int i;

    for (i = 0; i < 4; ++i) {
        fingerprints[i] = install(certstore, names[i], ACME_T_NOW, 3, p);
    }
    for (i = 0; i < 4; ++i) {
        acme_certstore_cert_t *cert;

        assert_int_equal(
            acme_certstore_get(&cert, certstore, names[i], NULL, p), 0);
        assert_string_equal(cert->info->fingerprint, fingerprints[i]);
        assert_int_equal(acme_t_archived(certstore, names[i], p), 0);
    }
}

static void what_does_not_open_is_not_installed(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_bundle_t *bundle = acme_t_bundle(NAME, ACME_T_NOW, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    bundle->chain_pem = "x";
    assert_int_not_equal(
        acme_certstore_install(certstore, bundle, 3, &problem, p), 0);
    acme_t_contains(problem.detail, NAME);
    assert_false(exists(path_of(dir, "archive/" NAME, p)));
    assert_false(exists(path_of(dir, "live/" NAME, p)));
}

static void a_failed_install_leaves_the_old_one(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;
    const char *old = install(certstore, NAME, ACME_T_NOW, 3, p);

    assert_int_equal(mkdir(path_of(dir, "archive/" NAME "/999999999", p), 0700),
                     0);
    assert_int_not_equal(
        acme_certstore_install(certstore, acme_t_bundle(NAME, ACME_T_NOW, p), 3,
                               &problem, p),
        0);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    acme_t_contains(problem.detail, NAME);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    assert_string_equal(cert->info->fingerprint, old);
}

static void what_a_killed_install_left_is_cleaned_up(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);

    install(certstore, NAME, ACME_T_NOW, 3, p);
    mkdir(path_of(dir, "archive/" NAME "/.tmp-2", p), 0700);
    acme_t_write(path_of(dir, "archive/" NAME "/.tmp-2/privkey.pem", p), "x",
                 p);
    assert_int_equal(symlink("x", path_of(dir, "live/.tmp-1", p)), 0);
    install(certstore, NAME, ACME_T_NOW, 3, p);
    assert_false(exists(path_of(dir, "archive/" NAME "/.tmp-2", p)));
    open_certstore(dir, p);
    assert_false(exists(path_of(dir, "live/.tmp-1", p)));
}

/* ---- damage ---- */

/** Damage to a live certificate, and the problem that it makes. */
typedef struct damage_t {
    const char *file; /* below the store's folder */
    enum { REMOVE, WRITE, FOLDER, LINK, HUGE } how;
    const char *data;
    const char *says;
} damage_t;

#define GENERATION "archive/" NAME "/1"

static const damage_t damages[] = {
    {GENERATION "/privkey.pem", REMOVE, NULL, "privkey.pem is missing"},
    {GENERATION "/fullchain.pem", REMOVE, NULL, "fullchain.pem is missing"},
    {GENERATION "/privkey.pem", WRITE, "", "privkey.pem: "},
    {GENERATION "/privkey.pem", WRITE, "garbage\n", "privkey.pem: "},
    {GENERATION "/fullchain.pem", WRITE, "", "fullchain.pem: "},
    {GENERATION "/fullchain.pem", WRITE, "garbage\n", "fullchain.pem: "},
    {GENERATION "/fullchain.pem", HUGE, NULL, "more than"},
    {GENERATION "/privkey.pem", HUGE, NULL, "more than"},
    {GENERATION "/privkey.pem", FOLDER, NULL, "cannot be read"},
    {GENERATION "/privkey.pem", LINK, "/etc/passwd", "cannot be read"},
    {GENERATION, REMOVE, NULL, "is missing"},
    {GENERATION, WRITE, "x", "cannot be read"},
    {"live/" NAME, WRITE, "x", "no link to a generation"},
    {"live/" NAME, FOLDER, NULL, "no link to a generation"},
    {"live/" NAME, LINK, "../archive/" NAME "/7", "is missing"},
    {"live/" NAME, LINK, "../archive/b.example.org/1", "is missing"},
    {"live/" NAME, LINK, "../archive/../live/1", "no link to"},
    {"live/" NAME, LINK, "../archive/b/c/1", "no link to"},
    {"live/" NAME, LINK, "/etc", "no link to a generation"},
    {"live/" NAME, LINK, ".", "no link to a generation"},
};

static void do_damage(const char *dir, const damage_t *damage, apr_pool_t *p)
{
    const char *path = path_of(dir, damage->file, p);

    if (acme_file_remove_tree(path, p) != APR_SUCCESS) {
        assert_int_equal(unlink(path), 0);
    }
    switch (damage->how) {
    case REMOVE:
        break;
    case WRITE:
        acme_t_write(path, damage->data, p);
        break;
    case FOLDER:
        assert_int_equal(mkdir(path, 0700), 0);
        break;
    case LINK:
        assert_int_equal(symlink(damage->data, path), 0);
        break;
    case HUGE:
        acme_t_write(path, "x", p);
        assert_int_equal(truncate(path, 16 * ACME_FILE_MAX), 0);
        break;
    }
}

static void a_damaged_one_is_of_no_use_and_replaced(void **state)
{
    int i;

    for (i = 0; i < (int)(sizeof(damages) / sizeof(damages[0])); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_certstore_cert_t *cert = NULL;
        acme_certstore_t *certstore;
        apr_pool_t *p;
        const char *dir;
        const char *new;
        apr_status_t rv;

        apr_pool_create(&p, *state);
        dir = acme_t_dir(p);
        certstore = open_certstore(dir, p);
        install(certstore, NAME, ACME_T_NOW, 3, p);
        do_damage(dir, &damages[i], p);
        rv = acme_certstore_get(&cert, certstore, NAME, &problem, p);
        assert_int_not_equal(rv, APR_SUCCESS);
        assert_int_not_equal(rv, APR_ENOENT);
        assert_null(cert);
        acme_t_contains(problem.detail, NAME ": ");
        acme_t_contains(problem.detail, damages[i].says);
        assert_non_null(problem.to_fix);
        assert_int_not_equal(
            acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
        new = install(certstore, NAME, ACME_T_NOW, 3, p);
        assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p),
                         0);
        assert_string_equal(cert->info->fingerprint, new);
        apr_pool_destroy(p);
    }
}

static void the_key_of_another_certificate_is_noticed(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_certstore_cert_t *cert;

    install(certstore, NAME, ACME_T_NOW, 3, p);
    acme_t_write(path_of(dir, GENERATION "/privkey.pem", p), acme_t_key_pem(p),
                 p);
    assert_int_not_equal(
        acme_certstore_get(&cert, certstore, NAME, &problem, p), 0);
    acme_t_contains(problem.detail, "another key");
    assert_string_equal(problem.type, ACME_PROBLEM_CERTIFICATE);
}

static void an_expired_one_is_still_live(void **state)
{
    apr_pool_t *p = *state;
    acme_certstore_t *certstore = open_certstore(acme_t_dir(p), p);
    acme_certstore_cert_t *cert;

    install(certstore, NAME, apr_time_from_sec(1000000000), 3, p);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    assert_true(cert->info->not_after < apr_time_now());
}

static void without_meta_it_is_as_good(void **state)
{
    static const char *const bad[] = {"", "garbage", "[]", "{}",
                                      "{\"ca-url\":1,\"obtained\":[]}"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *meta = path_of(dir, "live/" NAME "/meta.json", p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_certstore_cert_t *cert;
    int i;

    install(certstore, NAME, ACME_T_NOW, 3, p);
    for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); ++i) {
        acme_t_write(meta, bad[i], p);
        assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p),
                         0);
        assert_null(cert->ca_url);
        assert_int_equal(cert->obtained, 0);
    }
    unlink(meta);
    assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p), 0);
    assert_null(cert->ca_url);
}

static void a_folder_in_the_place_of_the_link_is_kept_aside(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_certstore_cert_t *cert;
    int i;

    for (i = 0; i < 2; ++i) {
        const char *link = path_of(dir, "live/" NAME, p);

        unlink(link);
        assert_int_equal(mkdir(link, 0700), 0);
        acme_t_write(path_of(link, "privkey.pem", p), i ? "b" : "a", p);
        install(certstore, NAME, ACME_T_NOW, 3, p);
        assert_int_equal(acme_certstore_get(&cert, certstore, NAME, NULL, p),
                         0);
        assert_string_equal(
            acme_t_read(path_of(dir, "archive/" NAME "/aside/privkey.pem", p),
                        p),
            i ? "b" : "a");
    }
}

/* ---- kill -9 ---- */

/** The task of a child process. */
typedef struct task_t {
    const acme_certstore_t *certstore;
    const acme_bundle_t *bundle;
    apr_pool_t *p;
} task_t;

static int do_install(void *baton)
{
    const task_t *task = baton;

    return acme_certstore_install(task->certstore, task->bundle, 1, NULL,
                                  task->p)
           != APR_SUCCESS;
}

/** Counts the numbered versions that are not whole. */
static int count_halves(const char *archive, apr_pool_t *p)
{
    static const char *const files[] = {"privkey.pem", "cert.pem", "chain.pem",
                                        "fullchain.pem", "meta.json"};
    apr_array_header_t *names;
    int count = 0;
    int i, j;

    if (!exists(archive)) {
        return 0;
    }
    assert_int_equal(acme_file_list(&names, archive, p), 0);
    for (i = 0; i < names->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        int missing = 0;

        for (j = 0; j < (int)(sizeof(files) / sizeof(files[0])); ++j) {
            missing |= !exists(
                apr_pstrcat(p, archive, "/", name, "/", files[j], NULL));
        }
        count += missing && name[0] != '.';
    }
    return count;
}

/** Counts what killed writers have left in a folder. */
static int count_temps(const char *dir, apr_pool_t *p)
{
    apr_array_header_t *names;
    int count = 0;
    int i;

    assert_int_equal(acme_file_list(&names, dir, p), 0);
    for (i = 0; i < names->nelts; ++i) {
        count += !strncmp(APR_ARRAY_IDX(names, i, const char *), ACME_FILE_TEMP,
                          strlen(ACME_FILE_TEMP));
    }
    return count;
}

/** Returns which of the two is live and whole, or -1. */
static int which_is_live(const acme_certstore_t *certstore, const char *archive,
                         const char *const fingerprints[2], apr_pool_t *p)
{
    acme_certstore_cert_t *cert;
    apr_status_t rv = acme_certstore_get(&cert, certstore, NAME, NULL, p);
    int which;

    assert_int_equal(count_halves(archive, p), 0);
    if (APR_STATUS_IS_ENOENT(rv)) {
        return -1;
    }
    assert_int_equal(rv, APR_SUCCESS);
    which = strcmp(cert->info->fingerprint, fingerprints[0]) != 0;
    assert_string_equal(cert->info->fingerprint, fingerprints[which]);
    return which;
}

static void make_two(acme_bundle_t *bundles[2], const char *fingerprints[2],
                     apr_pool_t *p)
{
    int i;

    for (i = 0; i < 2; ++i) {
        bundles[i] = acme_t_bundle(NAME, ACME_T_NOW, p);
        fingerprints[i] = acme_t_fingerprint(bundles[i], p);
    }
}

/** Makes an install over so many older ones, killed at the n-th instant.
 *  Returns what is live then; 2: it was not killed. */
static int kill_an_install(long n, int older, apr_pool_t *p)
{
    const char *dir = acme_t_dir(p);
    const char *archive = path_of(dir, "archive/" NAME, p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_bundle_t *bundles[2];
    const char *fingerprints[2];
    task_t task = {certstore, NULL, p};
    int i, which;

    make_two(bundles, fingerprints, p);
    for (i = 0; i < older; ++i) {
        assert_int_equal(
            acme_certstore_install(certstore, bundles[0], 1, NULL, p), 0);
    }
    task.bundle = bundles[1];
    if (!kill_at_run(n, do_install, &task)) {
        assert_int_equal(which_is_live(certstore, archive, fingerprints, p), 1);
        return 2;
    }
    which = which_is_live(certstore, archive, fingerprints, p);
    assert_true(which >= 0 || older == 0);
    /* and the next install cleans up */
    assert_int_equal(acme_certstore_install(certstore, bundles[1], 1, NULL, p),
                     0);
    open_certstore(dir, p);
    assert_int_equal(which_is_live(certstore, archive, fingerprints, p), 1);
    assert_in_range(acme_t_archived(certstore, NAME, p), older > 0, 1);
    assert_int_equal(count_temps(archive, p), 0);
    assert_int_equal(count_temps(path_of(dir, "live", p), p), 0);
    return which;
}

static void killed_at_any_instant_a_whole_one_is_live(void **state)
{
    int older;

    for (older = 0; older < 3; ++older) {
        int seen[3] = {0, 0,
                       0}; /* how often none, the old, the new one was live */
        int which = 0;
        long n;

        for (n = 1; which != 2; ++n) {
            apr_pool_t *each;

            apr_pool_create(&each, *state);
            which = kill_an_install(n, older, each);
            if (which != 2) {
                ++seen[which + 1];
            }
            apr_pool_destroy(each);
        }
        assert_true(seen[older > 0] > 20 && seen[2] > 0);
        assert_int_equal(seen[older == 0], 0);
    }
}

static void killed_again_and_again_a_whole_one_is_live(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *archive = path_of(dir, "archive/" NAME, p);
    acme_certstore_t *certstore = open_certstore(dir, p);
    acme_bundle_t *bundles[2];
    const char *fingerprints[2];
    task_t task = {certstore, NULL, p};
    long n = 0;

    make_two(bundles, fingerprints, p);
    assert_int_equal(acme_certstore_install(certstore, bundles[0], 1, NULL, p),
                     0);
    do {
        ++n;
        task.bundle = bundles[n % 2];
        apr_pool_create(&task.p, p);
        assert_true(which_is_live(certstore, archive, fingerprints, task.p)
                    >= 0);
    } while (kill_at_run(n, do_install, &task));
    assert_int_equal(which_is_live(certstore, archive, fingerprints, p), n % 2);
    assert_int_equal(acme_t_archived(certstore, NAME, p), 1);
}

static void a_look_makes_nothing(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_cert_t *cert;

    assert_int_equal(
        acme_certstore_get(&cert, acme_certstore_look(dir, p), NAME, NULL, p),
        APR_ENOENT);
    assert_false(exists(path_of(dir, "live", p)));
    install(open_certstore(dir, p), NAME, ACME_T_NOW, 3, p);
    assert_int_equal(
        acme_certstore_get(&cert, acme_certstore_look(dir, p), NAME, NULL, p),
        0);
}

static void a_look_takes_only_what_nobody_else_can_write(void **state)
{
    static const char *const places[] = {"live",
                                         "archive",
                                         "archive/" NAME,
                                         "archive/" NAME "/1",
                                         "archive/" NAME "/1/privkey.pem",
                                         "archive/" NAME "/1/fullchain.pem"};
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_certstore_cert_t *cert;
    int i;

    install(open_certstore(dir, p), NAME, ACME_T_NOW, 3, p);
    for (i = 0; i < 6; i++) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const char *path = path_of(dir, places[i], p);

        assert_int_equal(chmod(path, 0720), 0);
        assert_int_equal(acme_certstore_get(&cert, acme_certstore_look(dir, p),
                                            NAME, &problem, p),
                         APR_EACCES);
        acme_t_contains(problem.detail, places[i]);
        assert_int_equal(chmod(path, 0700), 0);
    }
}

ACME_T_MAIN(ACME_T(the_folders_are_for_us_alone),
            ACME_T(a_folder_of_others_is_not_used), ACME_T(a_new_site_has_none),
            ACME_T(what_is_installed_is_live),
            ACME_T(an_imported_one_is_known_as_such),
            ACME_T(the_files_are_where_others_look_for_them),
            ACME_T(an_older_one_stays_in_the_archive),
            ACME_T(the_archive_is_bounded), ACME_T(sites_do_not_meet),
            ACME_T(what_does_not_open_is_not_installed),
            ACME_T(a_failed_install_leaves_the_old_one),
            ACME_T(what_a_killed_install_left_is_cleaned_up),
            ACME_T(a_damaged_one_is_of_no_use_and_replaced),
            ACME_T(the_key_of_another_certificate_is_noticed),
            ACME_T(an_expired_one_is_still_live),
            ACME_T(without_meta_it_is_as_good),
            ACME_T(a_folder_in_the_place_of_the_link_is_kept_aside),
            ACME_T(a_look_makes_nothing),
            ACME_T(a_look_takes_only_what_nobody_else_can_write),
            ACME_T(killed_at_any_instant_a_whole_one_is_live),
            ACME_T(killed_again_and_again_a_whole_one_is_live))
