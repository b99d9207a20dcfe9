/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_file.h"
#include "acme_import.h"
#include "acme_json.h"

/* The time of these tests: certificates made here are valid then. */
#define NOW ACME_T_NOW

static const char *place(const char *root, const char *path, apr_pool_t *p)
{
    const char *dir = apr_pstrcat(p, root, "/", path, NULL);

    assert_int_equal(apr_dir_make_recursive(dir, APR_FPROT_OS_DEFAULT, p), 0);
    return dir;
}

static void put(const char *dir, const char *file, const char *text,
                apr_pool_t *p)
{
    acme_t_write(apr_pstrcat(p, dir, "/", file, NULL), text, p);
}

static apr_array_header_t *names_of(const char *name, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 1, sizeof(const char *));

    if (name) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    return names;
}

static const acme_bundle_t *bundle_at(const acme_import_t *found, int i)
{
    return APR_ARRAY_IDX(found->export->bundles, i, const acme_bundle_t *);
}

static const char *why(const acme_import_t *found, const char *what)
{
    int i;

    for (i = 0; i < found->skipped->nelts; ++i) {
        const acme_import_skip_t *skip =
            &APR_ARRAY_IDX(found->skipped, i, acme_import_skip_t);

        if (strcmp(skip->what, what) == 0) {
            return skip->why;
        }
    }
    return NULL;
}

/* ---- mod_md ---- */

static void md_domain(const char *root, const char *name,
                      const acme_bundle_t *bundle, apr_pool_t *p)
{
    const char *dir = place(root, apr_pstrcat(p, "domains/", name, NULL), p);

    put(dir, "md.json",
        apr_psprintf(p,
                     "{\"name\":\"%s\",\"ca\":{\"urls\":[\"https://ca.example/"
                     "dir\"],\"account\":\"ACME-ca-0001\"}}",
                     name),
        p);
    put(dir, "privkey.pem", bundle->key_pem, p);
    put(dir, "pubcert.pem", bundle->chain_pem, p);
}

static void md_account(const char *root, const char *id, const char *url,
                       int disabled, apr_pool_t *p)
{
    const char *dir = place(root, apr_pstrcat(p, "accounts/", id, NULL), p);

    put(dir, "account.json",
        apr_psprintf(p,
                     "{\"disabled\":%s,\"url\":\"%s\",\"ca-url\":"
                     "\"https://ca.example/dir\",\"contact\":"
                     "[\"mailto:a@b.example\"]}",
                     disabled ? "true" : "false", url),
        p);
    put(dir, "account.pem", acme_t_key_pem(p), p);
}

static acme_import_t *read_md(const char *root, const char *name, apr_pool_t *p)
{
    acme_import_t *found;

    assert_int_equal(
        acme_import_mod_md(&found, root, names_of(name, p), NOW, NULL, p), 0);
    return found;
}

static void a_store_of_mod_md_is_read(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    acme_bundle_t *a = acme_t_bundle("a.example", NOW, p);
    acme_import_t *found;
    const acme_export_account_t *account;

    md_domain(root, "a.example", a, p);
    md_domain(root, "b.example", acme_t_bundle("b.example", NOW, p), p);
    md_account(root, "ACME-ca-0000", "https://ca.example/acct/0", 0, p);
    md_account(root, "ACME-ca-0001", "https://ca.example/acct/1", 0, p);
    found = read_md(root, NULL, p);
    assert_int_equal(found->export->bundles->nelts, 2);
    assert_int_equal(found->skipped->nelts, 0);
    assert_string_equal(bundle_at(found, 0)->name, "a.example");
    assert_string_equal(bundle_at(found, 0)->ca_url, "https://ca.example/dir");
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 0), p),
                        acme_t_fingerprint(a, p));
    /* the account in use, of two */
    assert_int_equal(found->export->accounts->nelts, 1);
    account = APR_ARRAY_IDX(found->export->accounts, 0,
                            const acme_export_account_t *);
    assert_string_equal(account->url, "https://ca.example/acct/1");
    assert_string_equal(account->contact, "mailto:a@b.example");
    found = read_md(root, "b.example", p);
    assert_int_equal(found->export->bundles->nelts, 1);
    assert_string_equal(bundle_at(found, 0)->name, "b.example");
}

static acme_bundle_t *rsa_bundle(const char *name, apr_time_t at, apr_pool_t *p)
{
    static const acme_key_spec_t spec = {ACME_KEY_RSA, 2048};
    acme_bundle_t *bundle = acme_t_bundle(name, at, p);
    acme_key_t *key;

    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, NULL, p), 0);
    assert_int_equal(acme_key_to_pem(&bundle->key_pem, key, NULL, p), 0);
    assert_int_equal(acme_cert_placeholder(&bundle->chain_pem, key, name, at,
                                           90 * ACME_TIME_DAY, NULL, p),
                     0);
    return bundle;
}

static void an_elliptic_and_an_rsa_key_are_both_taken(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    const char *dir = place(root, "domains/a.example", p);
    acme_bundle_t *ec = acme_t_bundle("a.example", NOW, p);
    acme_bundle_t *rsa = rsa_bundle("a.example", NOW, p);
    acme_import_t *found;

    md_domain(root, "a.example", ec, p);
    put(dir, "privkey.rsa2048.pem", rsa->key_pem, p);
    put(dir, "pubcert.rsa2048.pem", rsa->chain_pem, p);
    found = read_md(root, NULL, p);
    assert_int_equal(found->export->bundles->nelts, 2);
    assert_string_equal(bundle_at(found, 0)->name, "a.example");
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 0), p),
                        acme_t_fingerprint(ec, p));
    assert_string_equal(bundle_at(found, 1)->name, "a.example-rsa");
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 1), p),
                        acme_t_fingerprint(rsa, p));
    /* An RSA certificate alone gets the site's own name. */
    md_domain(root, "a.example", rsa, p);
    found = read_md(root, NULL, p);
    assert_int_equal(found->export->bundles->nelts, 1);
    assert_string_equal(bundle_at(found, 0)->name, "a.example");
}

static void of_several_key_types_the_longest_living(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    acme_bundle_t *longer =
        acme_t_bundle_for("a.example", "a.example", NOW, 99 * ACME_TIME_DAY, p);
    const char *dir;
    acme_import_t *found;

    md_domain(root, "a.example", acme_t_bundle("a.example", NOW, p), p);
    dir = place(root, "domains/a.example", p);
    put(dir, "privkey.secp384r1.pem", longer->key_pem, p);
    put(dir, "pubcert.secp384r1.pem", longer->chain_pem, p);
    found = read_md(root, NULL, p);
    assert_int_equal(found->export->bundles->nelts, 1);
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 0), p),
                        acme_t_fingerprint(longer, p));
}

static void damaged_entries_are_left_out_with_a_reason(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    acme_bundle_t *good = acme_t_bundle("good.example", NOW, p);
    acme_bundle_t swapped = *good;
    acme_import_t *found;
    const char *dir;

    md_domain(root, "good.example", good, p);
    md_domain(root, "late.example",
              acme_t_bundle_for("late.example", "late.example",
                                NOW - 30 * ACME_TIME_DAY, ACME_TIME_DAY, p),
              p);
    swapped.key_pem = acme_t_key_pem(p);
    md_domain(root, "swapped.example", &swapped, p);
    md_domain(root, "other.example", good, p);
    place(root, "domains/empty.example", p);
    dir = place(root, "domains/nojson.example", p);
    put(dir, "md.json", "[", p);
    dir = place(root, "domains/nokey.example", p);
    put(dir, "md.json", "{\"name\":\"nokey.example\"}", p);
    dir = place(root, "domains/evil.example", p);
    put(dir, "md.json", "{\"name\":\"../../evil\"}", p);
    put(dir, "privkey.pem", good->key_pem, p);
    put(dir, "pubcert.pem", good->chain_pem, p);
    md_account(root, "off", "https://ca.example/acct/0", 1, p);
    place(root, "accounts/empty", p);
    found = read_md(root, NULL, p);
    assert_int_equal(found->export->bundles->nelts, 1);
    assert_string_equal(bundle_at(found, 0)->name, "good.example");
    acme_t_contains(why(found, "domains/late.example"), "expired");
    acme_t_contains(why(found, "domains/swapped.example"), "another key");
    acme_t_contains(why(found, "domains/other.example"), "does not cover");
    acme_t_contains(why(found, "domains/empty.example"), "md.json");
    acme_t_contains(why(found, "domains/nojson.example"), "md.json");
    acme_t_contains(why(found, "domains/nokey.example"), "no key");
    acme_t_contains(why(found, "domains/evil.example"), "no name of a site");
    acme_t_contains(why(found, "accounts/off"), "not valid any more");
    acme_t_contains(why(found, "accounts/empty"), "account.json");
    assert_int_equal(found->export->accounts->nelts, 0);
}

static void what_is_no_store_is_a_problem(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_import_t *found;

    assert_int_equal(acme_import_mod_md(&found, acme_t_dir(p),
                                        names_of(NULL, p), NOW, &problem, p),
                     APR_ENOENT);
    acme_t_contains(problem.detail, "no store of mod_md");
    assert_int_equal(acme_import_certbot(&found, "/nowhere", names_of(NULL, p),
                                         NOW, &problem, p),
                     APR_ENOENT);
    acme_t_contains(problem.detail, "no folder of certbot");
}

/* ---- certbot ---- */

static void lineage(const char *root, const char *name, int number,
                    const acme_bundle_t *bundle, apr_pool_t *p)
{
    static const char *const parts[] = {"privkey", "fullchain"};
    const char *archive =
        place(root, apr_pstrcat(p, "archive/", name, NULL), p);
    const char *live = place(root, apr_pstrcat(p, "live/", name, NULL), p);
    const char *file, *link;
    int i;

    for (i = 0; i < 2; ++i) {
        file = apr_psprintf(p, "%s%d.pem", parts[i], number);
        put(archive, file, i ? bundle->chain_pem : bundle->key_pem, p);
        link = apr_psprintf(p, "%s/%s.pem", live, parts[i]);
        unlink(link);
        assert_int_equal(
            symlink(apr_psprintf(p, "../../archive/%s/%s", name, file), link),
            0);
    }
    put(place(root, "renewal", p), apr_pstrcat(p, name, ".conf", NULL),
        "# server = no\nversion = 2\n[renewalparams]\nserver_x = no\n"
        "server =  https://ca.example/dir \naccount = 1\n",
        p);
}

static acme_import_t *read_certbot(const char *root, apr_pool_t *p)
{
    acme_import_t *found;

    assert_int_equal(
        acme_import_certbot(&found, root, names_of(NULL, p), NOW, NULL, p), 0);
    return found;
}

static void a_folder_of_certbot_is_read(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    acme_bundle_t *second = acme_t_bundle("a.example", NOW, p);
    acme_import_t *found;

    lineage(root, "a.example", 9, acme_t_bundle("a.example", NOW, p), p);
    lineage(root, "a.example", 10, second, p);
    lineage(root, "mine", 1, acme_t_bundle("b.example", NOW, p), p);
    put(place(root, "live", p), "README", "do not touch", p);
    found = read_certbot(root, p);
    assert_int_equal(found->export->bundles->nelts, 2);
    assert_int_equal(found->skipped->nelts, 0);
    assert_string_equal(bundle_at(found, 0)->name, "a.example");
    assert_string_equal(bundle_at(found, 0)->ca_url, "https://ca.example/dir");
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 0), p),
                        acme_t_fingerprint(second, p));
    /* a lineage may be called anything */
    assert_string_equal(bundle_at(found, 1)->name, "b.example");
    /* where its links are broken, the newest of the archive counts */
    unlink(apr_pstrcat(p, root, "/live/a.example/privkey.pem", NULL));
    found = read_certbot(root, p);
    assert_int_equal(found->export->bundles->nelts, 2);
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 0), p),
                        acme_t_fingerprint(second, p));
}

static void damaged_lineages_and_accounts_are_left_out(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    acme_bundle_t bad = *acme_t_bundle("a.example", NOW, p);
    acme_import_t *found;
    const char *dir;

    bad.key_pem = acme_t_key_pem(p);
    lineage(root, "a.example", 1, &bad, p);
    bad.key_pem = "none";
    lineage(root, "b.example", 1, &bad, p);
    place(root, "live/c.example", p);
    dir = place(root, "accounts/ca.example/dir/0123", p);
    put(dir, "private_key.json", "{\"kty\":\"RSA\"}", p);
    dir = place(root, "accounts/ca.example/dir/4567", p);
    put(dir, "private_key.json", "[]", p);
    place(root, "accounts/a/b/c/d/e/f/g/h/i/j/k/l", p);
    found = read_certbot(root, p);
    assert_int_equal(found->export->bundles->nelts, 0);
    assert_int_equal(found->export->accounts->nelts, 0);
    acme_t_contains(why(found, "live/a.example"), "another key");
    assert_non_null(why(found, "live/b.example"));
    acme_t_contains(why(found, "live/c.example"), "privkey.pem");
    assert_non_null(why(found, "accounts/ca.example/dir/0123"));
    assert_non_null(why(found, "accounts/ca.example/dir/4567"));
}

/* Lists the sites of the certificates that are found; or what is missing. */
static const char *asked(const char *root, const char *name, apr_pool_t *p)
{
    acme_import_t *found;
    const char *list = "";
    int i;

    assert_int_equal(
        acme_import_certbot(&found, root, names_of(name, p), NOW, NULL, p), 0);
    for (i = 0; i < found->export->bundles->nelts; ++i) {
        list = apr_pstrcat(p, list, bundle_at(found, i)->name, " ", NULL);
    }
    return found->missing ? apr_pstrcat(p, list, "no ", found->missing, NULL)
                          : list;
}

/* A lineage may have any name (certbot --cert-name). */
static void lineages_are_asked_for_by_any_name(void **state)
{
    static const char *const cases[][2] = {
        {"my shop_1", "a.example "},
        {"live/my shop_1", "a.example "},
        {"live/my shop_1///", "a.example "},
        {"archive/my shop_1", "a.example "},
        {"renewal/my shop_1.conf", "a.example "},
        {"ROOT/live/my shop_1/", "a.example "},
        {"ROOT/renewal/my shop_1.conf", "a.example "},
        {"a.example", "a.example "},
        {"A.Example.", "a.example "},
        {"B", "b.example "},
        {"b.example", "b.example "},
        {"c.example", "c.example "},
        {"my shop", "no my shop"},
        {"b", "no b"},
        {"/elsewhere/live/B", "no /elsewhere/live/B"},
        {"../live/B", "no ../live/B"},
        {"live/", "no live/"},
        {"", "no "},
        {"d.example", "no d.example"},
    };
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    size_t i;

    lineage(root, "my shop_1", 1, acme_t_bundle("a.example", NOW, p), p);
    lineage(root, "B", 1, acme_t_bundle("b.example", NOW, p), p);
    lineage(root, "c.example", 1, acme_t_bundle("c.example", NOW, p), p);
    place(root, "live/damaged", p);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *name = cases[i][0];

        if (strncmp(name, "ROOT", 4) == 0) {
            name = apr_pstrcat(p, root, name + 4, NULL);
        }
        assert_string_equal(asked(root, name, p), cases[i][1]);
        assert_string_equal(asked(apr_pstrcat(p, root, "/", NULL), name, p),
                            cases[i][1]);
    }
}

static void links_may_be_gone(void **state)
{
    apr_pool_t *p = *state;
    const char *root = acme_t_dir(p);
    acme_bundle_t *bundle = acme_t_bundle("a.example", NOW, p);
    acme_import_t *found;

    lineage(root, "a.example", 3, bundle, p);
    assert_int_equal(
        acme_file_remove_tree(apr_pstrcat(p, root, "/live", NULL), p), 0);
    found = read_certbot(root, p);
    assert_int_equal(found->export->bundles->nelts, 1);
    assert_string_equal(acme_t_fingerprint(bundle_at(found, 0), p),
                        acme_t_fingerprint(bundle, p));
    /* what certbot has deleted is not taken */
    unlink(apr_pstrcat(p, root, "/renewal/a.example.conf", NULL));
    assert_int_equal(
        acme_import_certbot(&found, root, names_of(NULL, p), NOW, NULL, p),
        APR_ENOENT);
}

ACME_T_MAIN(ACME_T(a_store_of_mod_md_is_read),
            ACME_T(an_elliptic_and_an_rsa_key_are_both_taken),
            ACME_T(of_several_key_types_the_longest_living),
            ACME_T(damaged_entries_are_left_out_with_a_reason),
            ACME_T(what_is_no_store_is_a_problem),
            ACME_T(a_folder_of_certbot_is_read),
            ACME_T(lineages_are_asked_for_by_any_name),
            ACME_T(links_may_be_gone),
            ACME_T(damaged_lineages_and_accounts_are_left_out))
