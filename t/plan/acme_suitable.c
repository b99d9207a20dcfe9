/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_suitable.h"

static const char *list_name(int i)
{
    static const char *const names[] = {"a.test", "www.a.test"};

    return names[i];
}

static const struct {
    const char *first, *second; /* of the certificate */
    int issuer;
    int from, until; /* days from now */
    acme_suitable_e suitable;
    const char *why;
} cases[] = {
    {"a.test", "www.a.test", 1, -1, 90, ACME_SUITABLE_FULL, NULL},
    {"www.a.test", "a.test", 1, -1, 90, ACME_SUITABLE_FULL, NULL},
    {"a.test", "*.a.test", 1, -1, 90, ACME_SUITABLE_FULL, NULL},
    {"a.test", "b.test", 1, -1, 90, ACME_SUITABLE_PARTIAL,
     "does not cover www.a.test"},
    {"www.a.test", "b.test", 1, -1, 90, ACME_SUITABLE_UNSUITABLE,
     "does not cover a.test"},
    {"a.test", "www.a.test", 0, -1, 90, ACME_SUITABLE_WRONG_CA, "is from"},
    {"a.test", "www.a.test", 1, -90, -1, ACME_SUITABLE_EXPIRED, "expired at"},
    {"a.test", "www.a.test", 1, -90, 0, ACME_SUITABLE_EXPIRED, "expired at"},
    {"a.test", "b.test", 1, -90, -1, ACME_SUITABLE_EXPIRED, "expired at"},
    {"a.test", "www.a.test", 1, 40, 90, ACME_SUITABLE_FULL, NULL},
};

static void make(acme_certstore_cert_t *cert, acme_spec_t *spec,
                 acme_cert_info_t *info, size_t i, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    static const acme_ca_spec_t ca = {
        .url = "https://ca.test/dir", .label = "ca", .agreed = 1};

    memset(cert, 0, sizeof(*cert));
    memset(spec, 0, sizeof(*spec));
    memset(info, 0, sizeof(*info));
    APR_ARRAY_PUSH(names, const char *) = list_name(0);
    APR_ARRAY_PUSH(names, const char *) = list_name(1);
    spec->names = names;
    spec->name = list_name(0);
    spec->ca = &ca;
    info->names = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(info->names, const char *) = cases[i].first;
    APR_ARRAY_PUSH(info->names, const char *) = cases[i].second;
    info->issuer = "CN=x";
    info->not_before = ACME_T_NOW + cases[i].from * ACME_TIME_DAY;
    info->not_after = ACME_T_NOW + cases[i].until * ACME_TIME_DAY;
    cert->info = info;
    cert->ca_url = "https://other.test/dir";
}

static void names_time_and_ca_decide(void **state)
{
    apr_pool_t *p = *state;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_certstore_cert_t cert;
        acme_cert_info_t info;
        acme_spec_t spec;
        const char *why;

        make(&cert, &spec, &info, i, p);
        assert_int_equal(
            acme_suitable(&why, &cert, &spec, cases[i].issuer, ACME_T_NOW, p),
            cases[i].suitable);
        if (cases[i].why) {
            acme_t_contains(why, cases[i].why);
        }
        else {
            assert_null(why);
        }
    }
}

static void none_is_none(void **state)
{
    acme_certstore_cert_t cert;
    acme_cert_info_t info;
    acme_spec_t spec;
    const char *why;

    make(&cert, &spec, &info, 0, *state);
    assert_int_equal(acme_suitable(&why, NULL, &spec, 1, ACME_T_NOW, *state),
                     ACME_SUITABLE_ABSENT);
    assert_non_null(why);
}

static void the_ca_is_known_by_its_directory(void **state)
{
    acme_certstore_cert_t cert;
    acme_cert_info_t info;
    acme_spec_t spec;

    make(&cert, &spec, &info, 0, *state);
    assert_false(acme_suitable_issuer(&cert, &spec));
    cert.ca_url = NULL;
    assert_false(acme_suitable_issuer(&cert, &spec));
    cert.ca_url = "https://ca.test/dir";
    assert_true(acme_suitable_issuer(&cert, &spec));
}

static void keys_are_elliptic_or_rsa(void **state)
{
    static const struct {
        const char *of_cert;
        acme_key_e of_spec;
        int fits;
    } keys[] = {
        {"P-256", ACME_KEY_P256, 1},   {"P-256", ACME_KEY_P384, 1},
        {"P-384", ACME_KEY_RSA, 0},    {"RSA 2048", ACME_KEY_RSA, 1},
        {"RSA 1024", ACME_KEY_RSA, 1}, {"RSA 3072", ACME_KEY_P256, 0},
        {"?", ACME_KEY_RSA, 0},
    };
    acme_certstore_cert_t cert;
    acme_cert_info_t info;
    acme_spec_t spec;
    size_t i;

    make(&cert, &spec, &info, 0, *state);
    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); ++i) {
        info.key_type = keys[i].of_cert;
        spec.key.type = keys[i].of_spec;
        assert_int_equal(acme_suitable_key(&cert, &spec), keys[i].fits);
    }
}

static void a_further_one_is_judged_by_the_names_of_its_site(void **state)
{
    acme_certstore_cert_t cert;
    acme_cert_info_t info;
    acme_spec_t spec;
    const char *why;

    make(&cert, &spec, &info, 0, *state);
    spec.kind = ACME_SPEC_SECOND_KEY;
    spec.name = acme_spec_filed_name(spec.name, spec.kind, *state);
    assert_int_equal(acme_suitable(&why, &cert, &spec, 1, ACME_T_NOW, *state),
                     ACME_SUITABLE_FULL);
}

/** An imported certificate is compared with what is written only. */
static const struct {
    int imported;
    acme_spec_key_e written;
    const char *key, *profile;
    const char *wanted_profile;
    const char *change;
    int rsa; /* RSA 3072 is wanted, and not P-256 */
} changes[] = {
    {0, ACME_SPEC_KEY_DEFAULT, "P-256", NULL, NULL, NULL, 0},
    {0, ACME_SPEC_KEY_DEFAULT, "RSA 2048", NULL, NULL,
     "another kind of key: P-256", 0},
    {0, ACME_SPEC_KEY_EXACT, "RSA 2048", NULL, NULL,
     "another kind of key: P-256", 0},
    {1, ACME_SPEC_KEY_DEFAULT, "RSA 2048", NULL, NULL, NULL, 0},
    {1, ACME_SPEC_KEY_DEFAULT, "P-384", NULL, NULL, NULL, 0},
    {1, ACME_SPEC_KEY_EXACT, "P-256", NULL, NULL, NULL, 0},
    {1, ACME_SPEC_KEY_EXACT, "RSA 2048", NULL, NULL,
     "another kind of key: P-256", 0},
    {0, ACME_SPEC_KEY_DEFAULT, "P-256", NULL, "short", "another profile: short",
     0},
    {1, ACME_SPEC_KEY_DEFAULT, "P-256", NULL, "short", NULL, 0},
    {1, ACME_SPEC_KEY_DEFAULT, "P-256", "long", "short",
     "another profile: short", 0},
    {1, ACME_SPEC_KEY_DEFAULT, "P-256", "long", NULL,
     "another profile: the CA's own", 0},
    {1, ACME_SPEC_KEY_KIND, "RSA 2048", NULL, NULL, NULL, 1},
    {0, ACME_SPEC_KEY_KIND, "RSA 2048", NULL, NULL,
     "another kind of key: RSA 3072", 1},
    {1, ACME_SPEC_KEY_EXACT, "RSA 2048", NULL, NULL,
     "another kind of key: RSA 3072", 1},
    {1, ACME_SPEC_KEY_KIND, "P-256", NULL, NULL,
     "another kind of key: RSA 3072", 1},
};

static void an_imported_one_has_a_key_of_another_client(void **state)
{
    acme_certstore_cert_t cert;
    acme_cert_info_t info;
    acme_spec_t spec;
    const char *change;
    size_t i;

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); ++i) {
        make(&cert, &spec, &info, 0, *state);
        cert.ca_url = spec.ca->url;
        cert.imported = changes[i].imported;
        cert.profile = changes[i].profile;
        info.key_type = changes[i].key;
        spec.key.type = changes[i].rsa ? ACME_KEY_RSA : ACME_KEY_P256;
        spec.key.bits = changes[i].rsa ? 3072 : 0;
        spec.key_written = changes[i].written;
        spec.profile = changes[i].wanted_profile;
        change = acme_suitable_change(&cert, &spec, *state);
        if (changes[i].change) {
            assert_non_null(change);
            assert_string_equal(change, changes[i].change);
        }
        else {
            assert_null(change);
        }
        /* the CA counts in any case, when it is known */
        cert.ca_url = "https://other.test/dir";
        assert_string_equal(acme_suitable_change(&cert, &spec, *state),
                            "another CA: ca");
        cert.ca_url = NULL;
        assert_null(acme_suitable_change(&cert, &spec, *state));
    }
}

ACME_T_MAIN(ACME_T(an_imported_one_has_a_key_of_another_client),
            ACME_T(names_time_and_ca_decide), ACME_T(none_is_none),
            ACME_T(the_ca_is_known_by_its_directory),
            ACME_T(keys_are_elliptic_or_rsa),
            ACME_T(a_further_one_is_judged_by_the_names_of_its_site))
