/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_preflight_probe.h"

static acme_seal_t *seal_of(unsigned char first, apr_pool_t *p)
{
    unsigned char secret[ACME_SEAL_SECRET_LEN] = {0};

    secret[0] = first;
    return acme_seal_create(secret, p);
}

static acme_preflight_probe_e read_as(const char **host, const char *token,
                                      const char *name, const char *body,
                                      apr_pool_t *p)
{
    return acme_preflight_probe_read(host, seal_of(1, p), token, name, body, p);
}

static void a_token_is_known_and_never_the_same(void **state)
{
    apr_pool_t *p = *state;
    const char *token = acme_preflight_probe_token(p);

    assert_true(acme_preflight_probe_is_token(token));
    assert_string_not_equal(token, acme_preflight_probe_token(p));
    assert_false(acme_preflight_probe_is_token(""));
    assert_false(acme_preflight_probe_is_token("preflight-"));
    assert_false(
        acme_preflight_probe_is_token(apr_pstrcat(p, token, "A", NULL)));
    assert_false(acme_preflight_probe_is_token(
        apr_pstrndup(p, token, strlen(token) - 1)));
    assert_false(
        acme_preflight_probe_is_token(apr_pstrcat(p, "x", token, NULL)));
    assert_false(acme_preflight_probe_is_token(
        apr_pstrcat(p, apr_pstrndup(p, token, strlen(token) - 1), "/", NULL)));
}

static void our_answer_says_which_host_was_asked_for(void **state)
{
    apr_pool_t *p = *state;
    const char *token = acme_preflight_probe_token(p);
    acme_seal_t *seal = seal_of(1, p);
    const char *host;
    static const struct {
        const char *asked;
        int managed;
        acme_preflight_probe_e is;
        const char *host;
    } rows[] = {
        {"a.example", 1, ACME_PREFLIGHT_PROBE_OURS, "a.example"},
        {"A.Example.", 1, ACME_PREFLIGHT_PROBE_OURS, "a.example"},
        {"a.example", 0, ACME_PREFLIGHT_PROBE_HOST, "a.example"},
        {"b.example", 1, ACME_PREFLIGHT_PROBE_HOST, "b.example"},
        {"backend", 0, ACME_PREFLIGHT_PROBE_HOST, "backend"},
        {"10.0.0.1", 0, ACME_PREFLIGHT_PROBE_HOST, "10.0.0.1"},
        {NULL, 0, ACME_PREFLIGHT_PROBE_HOST, "-"},
        {"", 0, ACME_PREFLIGHT_PROBE_HOST, "-"},
        {".", 0, ACME_PREFLIGHT_PROBE_HOST, "-"},
        {"a b", 0, ACME_PREFLIGHT_PROBE_HOST, "-"},
        {"<script>", 0, ACME_PREFLIGHT_PROBE_HOST, "-"},
        {"a\r\nx", 0, ACME_PREFLIGHT_PROBE_HOST, "-"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
        const char *answer = acme_preflight_probe_answer(
            seal, token, rows[i].asked, rows[i].managed, p);

        assert_int_equal(read_as(&host, token, "a.example", answer, p),
                         rows[i].is);
        assert_string_equal(host, rows[i].host);
        /* a proxy may have changed the end of the line */
        assert_int_equal(read_as(&host, token, "a.example",
                                 apr_pstrcat(p, answer, "\r\n", NULL), p),
                         rows[i].is);
    }
}

static void any_other_answer_is_of_another_server(void **state)
{
    apr_pool_t *p = *state;
    const char *token = acme_preflight_probe_token(p);
    const char *other = acme_preflight_probe_token(p);
    const char *ours =
        acme_preflight_probe_answer(seal_of(1, p), token, "a.example", 1, p);
    const char *bodies[] = {
        "", "no\n", "mod_acme preflight ", "mod_acme preflight a.example",
        "mod_acme preflight a.example managed AAAA\n",
        /* of another store */
        acme_preflight_probe_answer(seal_of(2, p), token, "a.example", 1, p),
        /* of another token, which a cache may give */
        acme_preflight_probe_answer(seal_of(1, p), other, "a.example", 1, p),
        /* cut, and changed */
        apr_pstrndup(p, ours, strlen(ours) - 3),
        apr_pstrcat(p, "mod_acme preflight b", strchr(ours, '.'), NULL)};
    const char *host;
    size_t i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); ++i) {
        assert_int_equal(read_as(&host, token, "a.example", bodies[i], p),
                         ACME_PREFLIGHT_PROBE_OTHER);
        assert_null(host);
    }
}

static void an_answer_is_no_key_authorization(void **state)
{
    apr_pool_t *p = *state;
    const char *token = acme_preflight_probe_token(p);
    const char *answer =
        acme_preflight_probe_answer(seal_of(1, p), token, "a.example", 1, p);

    assert_null(strstr(answer, token));
    assert_memory_equal(answer, "mod_acme preflight ", 19);
}

ACME_T_MAIN(ACME_T(a_token_is_known_and_never_the_same),
            ACME_T(our_answer_says_which_host_was_asked_for),
            ACME_T(any_other_answer_is_of_another_server),
            ACME_T(an_answer_is_no_key_authorization))
