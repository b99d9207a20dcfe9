/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_spec.h"
#include "acme_time.h"

static acme_spec_t *spec_of(acme_ca_spec_t *ca, const char *a, const char *b,
                            apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    acme_spec_t *spec = apr_pcalloc(p, sizeof(*spec));

    memset(ca, 0, sizeof(*ca));
    ca->url = "https://ca.example/dir";
    ca->label = "ca.example";
    APR_ARRAY_PUSH(names, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(names, const char *) = b;
    }
    spec->name = a;
    spec->names = names;
    spec->ca = ca;
    spec->key.type = ACME_KEY_P256;
    return spec;
}

static void renew_modes_have_the_names_of_the_directive(void **state)
{
    (void)state;
    assert_string_equal(acme_spec_renew_mode_name(ACME_RENEW_AUTO), "auto");
    assert_string_equal(acme_spec_renew_mode_name(ACME_RENEW_ALWAYS), "always");
    assert_string_equal(acme_spec_renew_mode_name(ACME_RENEW_MANUAL), "manual");
}

static void windows_read_as_people_write_them(void **state)
{
    apr_pool_t *p = *state;
    acme_window_t percent = {25, 0};
    acme_window_t span = {0, 30 * ACME_TIME_DAY};
    acme_window_t neither = {0, 0};

    assert_string_equal(acme_spec_window_print(&percent, p), "25%");
    assert_string_equal(acme_spec_window_print(&span, p), "30 days");
    assert_string_equal(acme_spec_window_print(&neither, p),
                        "33% (50% below 10 days)");
}

static void a_further_one_is_filed_beside_its_site(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t ca;
    acme_spec_t *own = spec_of(&ca, "a.example", "b.example", p);
    acme_spec_t *second_key = spec_of(&ca, "a.example", "b.example", p);

    assert_null(acme_spec_of(own));
    assert_string_equal(acme_spec_filed_name(own->name, ACME_SPEC_FIRST_KEY, p),
                        "a.example");
    second_key->kind = ACME_SPEC_SECOND_KEY;
    second_key->name = acme_spec_filed_name(own->name, second_key->kind, p);
    assert_string_equal(acme_spec_of(second_key), "a.example");
    assert_string_equal(acme_spec_host(second_key), "a.example");
    assert_string_equal(second_key->name, "a.example-rsa");
    assert_string_equal(acme_spec_filed_for(second_key->name, own->names, p),
                        "a.example");
    assert_string_equal(acme_spec_filed_for("a.example", own->names, p),
                        "a.example");
    assert_string_equal(acme_spec_filed_for("-rsa", own->names, p), "-rsa");
    assert_string_equal(acme_spec_filed_for("", own->names, p), "");
}

static void cas_are_counted_and_found(void **state)
{
    acme_ca_spec_t ca, other = {0};
    acme_spec_t *spec = spec_of(&ca, "a.example", NULL, *state);
    const char *digest = acme_spec_digest(spec, *state);
    apr_array_header_t *more = apr_array_make(*state, 1, sizeof(void *));

    assert_ptr_equal(acme_spec_ca(spec, 0), &ca);
    assert_null(acme_spec_ca(spec, 1));
    assert_null(acme_spec_ca(spec, -1));
    assert_int_equal(acme_spec_find_ca(spec, ca.url), 0);
    assert_int_equal(acme_spec_find_ca(spec, NULL), -1);
    other.url = "https://other.example/dir";
    APR_ARRAY_PUSH(more, const acme_ca_spec_t *) = &other;
    spec->more_cas = more;
    assert_ptr_equal(acme_spec_ca(spec, 1), &other);
    assert_null(acme_spec_ca(spec, 2));
    assert_int_equal(acme_spec_find_ca(spec, other.url), 1);
    assert_int_equal(acme_spec_find_ca(spec, "https://none.example/"), -1);
    assert_string_not_equal(acme_spec_digest(spec, *state), digest);
}

static void digest_does_not_depend_on_the_order_of_names(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t ca;
    acme_spec_t *ab = spec_of(&ca, "a.example", "b.example", p);
    acme_spec_t *ba = spec_of(&ca, "b.example", "a.example", p);

    assert_string_equal(acme_spec_digest(ab, p), acme_spec_digest(ba, p));
    assert_string_equal(APR_ARRAY_IDX(ba->names, 0, const char *), "b.example");
}

static void digest_tells_apart_what_is_another_order(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t ca;
    acme_spec_t *spec = spec_of(&ca, "a.example", NULL, p);
    const char *seen[9];
    int n = 0;
    int i, j;

    seen[n++] = acme_spec_digest(spec, p);
    ca.url = "https://other.example/dir";
    seen[n++] = acme_spec_digest(spec, p);
    ca.contact = "mailto:a@a.example";
    seen[n++] = acme_spec_digest(spec, p);
    spec->key.type = ACME_KEY_P384;
    seen[n++] = acme_spec_digest(spec, p);
    spec->key.type = ACME_KEY_RSA;
    spec->key.bits = 2048;
    seen[n++] = acme_spec_digest(spec, p);
    spec->key.bits = 4096;
    seen[n++] = acme_spec_digest(spec, p);
    spec->profile = "shortlived";
    seen[n++] = acme_spec_digest(spec, p);
    seen[n++] = acme_spec_digest(spec_of(&ca, "a.example", "b.example", p), p);
    seen[n++] =
        acme_spec_digest(spec_of(&ca, "a.exampleb.example", NULL, p), p);
    for (i = 0; i < n; ++i) {
        for (j = 0; j < i; ++j) {
            assert_string_not_equal(seen[i], seen[j]);
        }
    }
}

static void digest_ignores_what_changes_no_order(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t ca;
    acme_spec_t *spec = spec_of(&ca, "a.example", "b.example", p);
    const char *before = acme_spec_digest(spec, p);

    ca.agreed = 1;
    ca.label = "other";
    ca.ca_file = "/etc/roots.pem";
    spec->renew_mode = ACME_RENEW_ALWAYS;
    spec->renew_window.percent = 50;
    spec->retry_delay = 1;
    spec->place = "httpd.conf:1";
    assert_string_equal(acme_spec_digest(spec, p), before);
}

static void names_that_may_be_left_out_are_told_from_the_rest(void **state)
{
    apr_pool_t *p = *state;
    acme_ca_spec_t ca;
    acme_spec_t *spec = spec_of(&ca, "a.example", "b.example", p);
    apr_array_header_t *held = apr_array_make(p, 1, sizeof(const char *));
    apr_array_header_t *optional = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(held, const char *) = "a.example";
    APR_ARRAY_PUSH(optional, const char *) = "b.example";
    assert_string_equal(acme_spec_missing(spec, held, ACME_SPEC_REQUIRED),
                        "b.example");
    assert_ptr_equal(acme_spec_required(spec, p), spec->names);
    assert_false(acme_spec_is_optional(spec, "b.example"));
    spec->optional = optional;
    assert_null(acme_spec_missing(spec, held, ACME_SPEC_REQUIRED));
    assert_string_equal(acme_spec_missing(spec, held, ACME_SPEC_ALL),
                        "b.example");
    assert_int_equal(acme_spec_required(spec, p)->nelts, 1);
    assert_true(acme_spec_is_optional(spec, "b.example"));
    assert_false(acme_spec_is_optional(spec, "a.example"));
    APR_ARRAY_PUSH(held, const char *) = "*.example";
    assert_null(acme_spec_missing(spec, held, ACME_SPEC_ALL));
}

static void what_a_further_one_is_filed_under_is_a_name(void **state)
{
    apr_pool_t *p = *state;
    const char *label =
        "a.abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-"
        "abcdefghi";
    const char *name, *why;

    assert_int_equal(acme_spec_name_parse(&name, "A.example-rsa", &why, p), 0);
    assert_string_equal(name, "a.example-rsa");
    assert_int_equal(acme_spec_name_parse(&name, "2001:DB8::1-rsa", &why, p),
                     0);
    assert_string_equal(name, "2001:db8::1-rsa");
    assert_int_equal(acme_spec_name_parse(
                         &name, apr_pstrcat(p, label, "-rsa", NULL), &why, p),
                     0);
    assert_int_not_equal(
        acme_spec_name_parse(&name, apr_pstrcat(p, label, "-rs", NULL), &why,
                             p),
        0);
    assert_int_not_equal(acme_spec_name_parse(&name, "../evil-rsa", &why, p),
                         0);
    assert_non_null(why);
}

static void a_further_one_is_for_the_sites_own_name(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *held = apr_array_make(p, 1, sizeof(const char *));

    APR_ARRAY_PUSH(held, const char *) = "a.example";
    assert_string_equal(acme_spec_filed_for("a.example", held, p), "a.example");
    assert_string_equal(acme_spec_filed_for("a.example-rsa", held, p),
                        "a.example");
    /* A site may have a name with the suffix; a certificate that covers neither
     * name is for none. */
    APR_ARRAY_PUSH(held, const char *) = "a.example-rsa";
    assert_string_equal(acme_spec_filed_for("a.example-rsa", held, p),
                        "a.example-rsa");
    assert_string_equal(acme_spec_filed_for("b.example", held, p), "b.example");
}

static const char *types_after(const char *failed, apr_pool_t *p)
{
    acme_ca_spec_t ca;
    acme_spec_t *spec = spec_of(&ca, "a.example", NULL, p);
    apr_array_header_t *types = apr_array_make(p, 3, sizeof(const char *));

    APR_ARRAY_PUSH(types, const char *) = "a-1";
    APR_ARRAY_PUSH(types, const char *) = "b-1";
    APR_ARRAY_PUSH(types, const char *) = "c-1";
    spec->challenge_types = types;
    assert_true(acme_spec_has_challenge(spec, "b-1"));
    assert_false(acme_spec_has_challenge(spec, "d-1"));
    return apr_array_pstrcat(p, acme_spec_challenges(spec, failed, p), ' ');
}

static void behind_a_type_that_failed_comes_the_next(void **state)
{
    assert_string_equal(types_after(NULL, *state), "a-1 b-1 c-1");
    assert_string_equal(types_after("a-1", *state), "b-1 c-1 a-1");
    assert_string_equal(types_after("b-1", *state), "c-1 a-1 b-1");
    assert_string_equal(types_after("c-1", *state), "a-1 b-1 c-1");
    /* It is not configured any more. */
    assert_string_equal(types_after("d-1", *state), "a-1 b-1 c-1");
}

ACME_T_MAIN(ACME_T(behind_a_type_that_failed_comes_the_next),
            ACME_T(what_a_further_one_is_filed_under_is_a_name),
            ACME_T(a_further_one_is_for_the_sites_own_name),
            ACME_T(a_further_one_is_filed_beside_its_site),
            ACME_T(cas_are_counted_and_found),
            ACME_T(renew_modes_have_the_names_of_the_directive),
            ACME_T(windows_read_as_people_write_them),
            ACME_T(digest_does_not_depend_on_the_order_of_names),
            ACME_T(digest_tells_apart_what_is_another_order),
            ACME_T(digest_ignores_what_changes_no_order),
            ACME_T(names_that_may_be_left_out_are_told_from_the_rest))
