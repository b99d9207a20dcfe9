/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <time.h>

#include <sys/stat.h>

#include "acme_certstore.h"
#include "acme_certstore_index.h"
#include "acme_certstore_path.h"

#define NAME  "a.example.org"
#define OTHER "b.example.org"

/* The time, or 0: a time at which all files of a test are older than the
 * clock's step, because younger files are not added to the index. */
static apr_time_t stopped_at;

/* Replaces libapr's function. */
apr_time_t apr_time_now(void)
{
    return stopped_at ? stopped_at : apr_time_from_sec(time(NULL) + 10);
}

typedef struct world_t {
    apr_pool_t *p;
    const char *dir;
    const char *index;
    acme_certstore_t *certstore;
} world_t;

static world_t *make_world(apr_pool_t *p)
{
    world_t *w = apr_pcalloc(p, sizeof(*w));

    w->p = p;
    w->dir = acme_t_dir(p);
    w->index = apr_pstrcat(p, w->dir, "/live.index", NULL);
    assert_int_equal(acme_certstore_open(&w->certstore, w->dir, NULL, p), 0);
    return w;
}

static void install(const world_t *w, const char *name, apr_time_t at)
{
    acme_bundle_t *bundle = acme_t_bundle(name, at, w->p);

    bundle->profile = "classic";
    assert_int_equal(
        acme_certstore_install(w->certstore, bundle, 3, NULL, w->p), 0);
}

/* Returns non-zero when the index knows the files that a site's pointer leads
 * to. */
static int is_known(const world_t *w, const char *name)
{
    acme_certstore_cert_t *cert = apr_pcalloc(w->p, sizeof(*cert));
    acme_certstore_path_t site;
    acme_certstore_target_t aim;

    acme_certstore_path_find(&site, w->certstore, ACME_PLACE_LIVE, name, w->p);
    return acme_certstore_path_follow(&aim, w->certstore, &site, w->p)
               == APR_SUCCESS
           && acme_certstore_index_find(
               cert, acme_certstore_index_open(w->index, w->p), name,
               aim.number, aim.dir, w->p);
}

/* Makes a start, which reads a site. Returns non-zero when the index knew it
 * before. */
static int start(const world_t *w, const char *name,
                 acme_certstore_cert_t **cert)
{
    int known = is_known(w, name);

    acme_certstore_recall(w->certstore, w->p);
    assert_int_equal(acme_certstore_get(cert, w->certstore, name, NULL, w->p),
                     0);
    acme_certstore_keep(w->certstore);
    return known;
}

static world_t *settled(apr_pool_t *p)
{
    world_t *w = make_world(p);
    acme_certstore_cert_t *cert;

    install(w, NAME, apr_time_now());
    assert_false(start(w, NAME, &cert));
    return w;
}

/* Makes the index differ from the files, so that a test sees which was read. */
static void mark(const world_t *w)
{
    acme_certstore_cert_t *cert;
    char *index, *fingerprint;

    assert_int_equal(acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p),
                     0);
    index = apr_pstrdup(w->p, acme_t_read(w->index, w->p));
    fingerprint = strstr(index, cert->info->fingerprint);
    assert_non_null(fingerprint);
    *fingerprint = 'x';
    acme_t_write(w->index, index, w->p);
}

static int is_marked(const acme_certstore_cert_t *cert)
{
    return cert->info->fingerprint[0] == 'x';
}

static void the_second_start_knows_all_of_it(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *read, *known;

    assert_int_equal(acme_certstore_get(&read, w->certstore, NAME, NULL, w->p),
                     0);
    assert_true(start(w, NAME, &known));
    assert_int_equal(known->version, read->version);
    assert_string_equal(known->cert_path, read->cert_path);
    assert_string_equal(known->key_path, read->key_path);
    assert_string_equal(known->ca_url, read->ca_url);
    assert_string_equal(known->profile, read->profile);
    assert_true(known->obtained == read->obtained);
    assert_int_equal(known->imported, read->imported);
    assert_true(known->moved == read->moved);
    assert_true(known->info->not_before == read->info->not_before);
    assert_true(known->info->not_after == read->info->not_after);
    assert_string_equal(known->info->subject, read->info->subject);
    assert_string_equal(known->info->issuer, read->info->issuer);
    assert_string_equal(known->info->serial, read->info->serial);
    assert_string_equal(known->info->fingerprint, read->info->fingerprint);
    assert_string_equal(known->info->key_type, read->info->key_type);
    assert_int_equal(known->info->names->nelts, read->info->names->nelts);
    assert_string_equal(APR_ARRAY_IDX(known->info->names, 0, const char *),
                        APR_ARRAY_IDX(read->info->names, 0, const char *));
}

static void what_asks_for_renewal_information_is_kept(void **state)
{
    world_t *w = settled(*state);
    const char *dir = apr_pstrcat(w->p, w->dir, "/live/" NAME, NULL);
    acme_certstore_index_t *index = acme_certstore_index_open(w->index, w->p);
    acme_cert_info_t info;
    acme_certstore_cert_t *cert;

    assert_int_equal(acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p),
                     0);
    info = *cert->info;
    info.ari_id = "key.serial";
    cert->info = &info;
    cert->imported = 1;
    acme_certstore_index_add(index, NAME, cert, dir);
    assert_int_equal(acme_certstore_index_save(index), 0);
    index = acme_certstore_index_open(w->index, w->p);
    assert_true(
        acme_certstore_index_find(cert, index, NAME, cert->version, dir, w->p));
    assert_string_equal(cert->info->ari_id, "key.serial");
    assert_true(cert->imported);
}

static void nothing_is_known_outside_of_a_start(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    mark(w);
    assert_int_equal(acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p),
                     0);
    assert_false(is_marked(cert));
    assert_true(start(w, NAME, &cert));
    assert_true(is_marked(cert));
}

static void only_root_may_read_it(void **state)
{
    world_t *w = settled(*state);
    struct stat st;

    assert_int_equal(stat(w->index, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_new_generation_is_read(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    install(w, NAME, apr_time_now() + apr_time_from_sec(60));
    assert_false(start(w, NAME, &cert));
    assert_int_equal(cert->version, 2);
}

static void a_file_that_was_touched_is_read(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;
    const char *key;

    assert_true(start(w, NAME, &cert));
    key = acme_t_read(cert->key_path, w->p);
    acme_t_write(cert->key_path, key, w->p);
    assert_false(start(w, NAME, &cert));
}

static void a_file_that_was_damaged_is_noticed(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    assert_true(start(w, NAME, &cert));
    acme_t_write(cert->cert_path, "nothing of use", w->p);
    acme_certstore_recall(w->certstore, w->p);
    assert_int_not_equal(
        acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p), 0);
    acme_certstore_keep(w->certstore);
}

static void a_file_that_is_gone_is_noticed(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    assert_true(start(w, NAME, &cert));
    assert_int_equal(unlink(cert->key_path), 0);
    acme_certstore_recall(w->certstore, w->p);
    assert_int_not_equal(
        acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p), 0);
    acme_certstore_keep(w->certstore);
}

static void a_file_that_is_too_young_is_not_kept_in_mind(void **state)
{
    world_t *w = make_world(*state);
    acme_certstore_cert_t *cert;
    struct stat st;

    install(w, NAME, apr_time_now());
    assert_int_equal(
        stat(apr_pstrcat(w->p, w->dir, "/live/" NAME "/privkey.pem", NULL),
             &st),
        0);
    stopped_at = apr_time_from_sec(st.st_ctim.tv_sec)
                 + st.st_ctim.tv_nsec / 1000 + apr_time_from_msec(50);
    assert_false(start(w, NAME, &cert));
    assert_false(start(w, NAME, &cert));
    stopped_at += apr_time_from_msec(150);
    assert_false(start(w, NAME, &cert));
    assert_true(start(w, NAME, &cert));
    stopped_at = 0;
}

static void a_site_that_nobody_asks_for_is_forgotten(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    install(w, OTHER, apr_time_now());
    assert_false(start(w, OTHER, &cert));
    assert_true(start(w, OTHER, &cert));
    assert_null(strstr(acme_t_read(w->index, w->p), NAME));
    assert_false(start(w, NAME, &cert));
}

/* Texts that stand alone, and behind the right first line. */
static void a_damaged_file_is_an_empty_one(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n\n",
        "acme-live-index 1",
        "\n\t\t\t\n",
        "acme-live-index 0\n" NAME "\t1\n",
        "\n" NAME "\t1\t\t\t\t\t\t\t\t\t\t\t\t\n",
        "\n" NAME "\t1\t\t\t\t\t\t\t\t\t\t\t\t\t\n",
        "\n" NAME "\t1\t\t\t\t\t\t\t\t\t\t\t\t\t\t\t\n",
    };
    world_t *w = settled(*state);
    char *first = apr_pstrdup(w->p, acme_t_read(w->index, w->p));
    acme_certstore_cert_t *cert;
    size_t i;

    first[strcspn(first, "\n")] = '\0';
    for (i = 0; i < 2 * sizeof(texts) / sizeof(texts[0]); ++i) {
        acme_t_write(w->index,
                     apr_pstrcat(w->p, i % 2 ? first : "", texts[i / 2], NULL),
                     w->p);
        assert_false(start(w, NAME, &cert));
        assert_int_equal(cert->version, 1);
        assert_true(start(w, NAME, &cert));
    }
}

static void what_another_openssl_has_judged_is_read(void **state)
{
    world_t *w = settled(*state);
    char *text = apr_pstrdup(w->p, acme_t_read(w->index, w->p));
    acme_certstore_cert_t *cert;

    acme_t_write(w->index, text, w->p);
    assert_true(start(w, NAME, &cert));
    /* The security level stands at the end of the first line. */
    text[strcspn(text, "\n") - 1] = '9';
    acme_t_write(w->index, text, w->p);
    assert_false(start(w, NAME, &cert));
    assert_true(start(w, NAME, &cert));
}

static void one_that_others_may_write_is_an_empty_one(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    assert_int_equal(chmod(w->index, 0620), 0);
    assert_false(start(w, NAME, &cert));
    assert_true(start(w, NAME, &cert));
    assert_int_equal(chmod(w->index, 0602), 0);
    assert_false(start(w, NAME, &cert));
}

static void
a_folder_that_is_only_looked_at_is_known_where_it_is_ours(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    mark(w);
    w->certstore = acme_certstore_look(w->dir, w->p);
    start(w, NAME, &cert);
    assert_true(is_marked(cert));
    assert_int_equal(chmod(w->dir, 0777), 0);
    w->certstore = acme_certstore_look(w->dir, w->p);
    start(w, NAME, &cert);
    assert_false(is_marked(cert));
    assert_int_equal(chmod(w->dir, 0700), 0);
    /* and the folders that lead to the files are checked all the same */
    assert_int_equal(chmod(apr_pstrcat(w->p, w->dir, "/archive", NULL), 0777),
                     0);
    acme_certstore_recall(w->certstore, w->p);
    assert_int_equal(acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p),
                     APR_EACCES);
    acme_certstore_keep(w->certstore);
}

static void one_of_another_name_is_read(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *read, *known;

    install(w, OTHER, apr_time_now() + apr_time_from_sec(60));
    assert_int_equal(acme_certstore_move(w->certstore, ACME_PLACE_LIVE, OTHER,
                                         ACME_PLACE_LIVE, NAME, NULL, w->p),
                     0);
    assert_false(start(w, NAME, &read));
    assert_int_equal(read->version, 1);
    assert_string_equal(APR_ARRAY_IDX(read->info->names, 0, const char *),
                        OTHER);
    assert_true(start(w, NAME, &known));
    assert_string_equal(known->info->fingerprint, read->info->fingerprint);
    assert_true(known->moved == read->moved);
}

static void the_stash_is_always_read(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    assert_int_equal(acme_certstore_move_stash(w->certstore, NAME, NULL, w->p),
                     0);
    acme_certstore_recall(w->certstore, w->p);
    assert_int_equal(acme_certstore_get(&cert, w->certstore, NAME, NULL, w->p),
                     APR_ENOENT);
    assert_int_equal(acme_certstore_get_at(&cert, w->certstore,
                                           ACME_PLACE_STASH, NAME, NULL, w->p),
                     0);
    acme_certstore_keep(w->certstore);
    assert_null(strstr(acme_t_read(w->index, w->p), NAME));
}

static void every_part_of_it_is_an_empty_one_or_true(void **state)
{
    world_t *w = settled(*state);
    const char *text = acme_t_read(w->index, w->p);
    acme_certstore_cert_t *cert;
    size_t len;

    for (len = 0; len < strlen(text); len += 3) {
        acme_t_write(w->index, apr_pstrmemdup(w->p, text, len), w->p);
        assert_false(start(w, NAME, &cert));
        assert_int_equal(cert->version, 1);
    }
}

static void a_folder_that_cannot_be_written_costs_nothing_else(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;

    assert_int_equal(unlink(w->index), 0);
    assert_int_equal(mkdir(w->index, 0700), 0);
    assert_false(start(w, NAME, &cert));
    assert_false(start(w, NAME, &cert));
}

static void it_is_not_written_when_nothing_is_new(void **state)
{
    world_t *w = settled(*state);
    acme_certstore_cert_t *cert;
    struct stat before, after;

    assert_int_equal(stat(w->index, &before), 0);
    assert_true(start(w, NAME, &cert));
    assert_int_equal(stat(w->index, &after), 0);
    assert_true(before.st_ino == after.st_ino);
}

ACME_T_MAIN(ACME_T(the_second_start_knows_all_of_it),
            ACME_T(what_asks_for_renewal_information_is_kept),
            ACME_T(nothing_is_known_outside_of_a_start),
            ACME_T(only_root_may_read_it), ACME_T(a_new_generation_is_read),
            ACME_T(a_file_that_was_touched_is_read),
            ACME_T(a_file_that_was_damaged_is_noticed),
            ACME_T(a_file_that_is_gone_is_noticed),
            ACME_T(a_file_that_is_too_young_is_not_kept_in_mind),
            ACME_T(a_site_that_nobody_asks_for_is_forgotten),
            ACME_T(a_damaged_file_is_an_empty_one),
            ACME_T(what_another_openssl_has_judged_is_read),
            ACME_T(one_that_others_may_write_is_an_empty_one),
            ACME_T(a_folder_that_is_only_looked_at_is_known_where_it_is_ours),
            ACME_T(one_of_another_name_is_read),
            ACME_T(the_stash_is_always_read),
            ACME_T(every_part_of_it_is_an_empty_one_or_true),
            ACME_T(a_folder_that_cannot_be_written_costs_nothing_else),
            ACME_T(it_is_not_written_when_nothing_is_new))
