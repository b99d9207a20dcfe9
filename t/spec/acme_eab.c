/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_eab.h"

#define HMAC "c2VjcmV0c2VjcmV0c2VjcmV0"

static acme_eab_t *load(const char *text, apr_pool_t *p)
{
    acme_eab_t *eab = apr_pcalloc(p, sizeof(*eab));

    eab->file = apr_pstrcat(p, acme_t_dir(p), "/eab.json", NULL);
    if (text) {
        assert_int_equal(acme_file_write(eab->file, text, strlen(text),
                                         APR_FPROT_UREAD, ACME_FILE_LAZY, p),
                         APR_SUCCESS);
    }
    acme_eab_load(eab, p);
    return eab;
}

static void a_file_is_read(void **state)
{
    acme_eab_t *eab =
        load("{\"kid\":\"me\",\"hmac\":\"" HMAC "\",\"more\":1}", *state);

    assert_null(eab->problem);
    assert_string_equal(eab->key.kid, "me");
    assert_string_equal(eab->key.hmac, HMAC);
    assert_string_equal(eab->key.alg, "HS256");
}

static void a_file_of_no_use_is_a_problem_that_shows_no_secret(void **state)
{
    static const struct {
        const char *text, *named;
    } cases[] = {
        {NULL, "cannot be read"},
        {"", "no JSON object"},
        {"[\"" HMAC "\"]", "no JSON object"},
        {"{\"kid\":\"" HMAC "\"}", "lacks"},
        {"{\"kid\":7,\"hmac\":\"" HMAC "\"}", "lacks"},
        {"{\"kid\":\"me\",\"hmac\":\"" HMAC "\",\"alg\":7}", "alg"},
        {"{\"kid\":\"me\",\"hmac\":\"" HMAC "\",\"alg\":\"HS512\"}",
         "needs 64"},
        {"{\"kid\":\"me\",\"hmac\":\"" HMAC "%\"}", "base64url"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_eab_t *eab = load(cases[i].text, *state);

        assert_non_null(eab->problem);
        assert_int_equal(eab->problem->retry, ACME_RETRY_CONFIG);
        acme_t_contains(eab->problem->detail, eab->file);
        acme_t_contains(eab->problem->detail, cases[i].named);
        assert_null(strstr(eab->problem->detail, HMAC));
        assert_null(eab->key.kid);
    }
}

static void its_texts_tell_apart_and_show_nothing(void **state)
{
    acme_eab_t a = {{"me", HMAC, "HS256"}, NULL, NULL, NULL};
    acme_eab_t b = {
        {"me", "b2F0c29hdHNvYXRzb2F0cw", "HS256"}, NULL, NULL, NULL};
    acme_eab_t file = {{NULL, NULL, NULL}, "/etc/eab.json", NULL, NULL};

    assert_string_equal(acme_eab_name(NULL, *state), "");
    assert_string_equal(acme_eab_name(&a, *state), "me");
    assert_string_equal(acme_eab_name(&b, *state), "me");
    assert_string_equal(acme_eab_name(&file, *state), "file /etc/eab.json");
    assert_string_not_equal(acme_eab_text(&a, *state),
                            acme_eab_text(&b, *state));
    acme_t_contains(acme_eab_text(&a, *state), "me ***");
    assert_null(strstr(acme_eab_text(&a, *state), HMAC));
}

ACME_T_MAIN(ACME_T(a_file_is_read),
            ACME_T(a_file_of_no_use_is_a_problem_that_shows_no_secret),
            ACME_T(its_texts_tell_apart_and_show_nothing))
