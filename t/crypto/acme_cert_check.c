/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include "acme_cert.h"
#include "acme_t_x509.h"
#include "acme_time.h"

/* 2026-01-01T00:00:00Z */
#define NOW apr_time_from_sec(1767225600)

/* A root, an intermediate and a leaf, and the leaf's key as the module has
 * it. A test spoils one thing and then makes the certificates. */
typedef struct {
    acme_t_x509_t root;
    acme_t_x509_t middle;
    acme_t_x509_t leaf;
    acme_key_t *key;
    apr_pool_t *p;
} pki_t;

static acme_key_t *new_key(apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key = NULL;

    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, &problem, p),
                     APR_SUCCESS);
    return key;
}

static pki_t pki(apr_pool_t *p)
{
    pki_t pki;

    memset(&pki, 0, sizeof(pki));
    pki.p = p;
    pki.key = new_key(p);
    pki.root.subject = "Root";
    pki.root.basic = "critical,CA:TRUE";
    pki.root.key = acme_t_x509_key("P-256", 0, p);
    pki.root.not_before = NOW - 1000 * ACME_TIME_DAY;
    pki.root.not_after = NOW + 1000 * ACME_TIME_DAY;
    pki.middle = pki.root;
    pki.middle.subject = "Intermediate";
    pki.middle.key = acme_t_x509_key("P-256", 0, p);
    pki.middle.issuer_key = pki.root.key;
    pki.leaf.san = "DNS:example.org,DNS:*.example.org,IP:192.0.2.7";
    pki.leaf.key = acme_key_evp(pki.key);
    pki.leaf.issuer_key = pki.middle.key;
    pki.leaf.not_before = NOW - ACME_TIME_DAY;
    pki.leaf.not_after = NOW + 89 * ACME_TIME_DAY;
    return pki;
}

/* Makes the chain in an order: "lmr" is how a CA sends it. */
static const acme_chain_t *chain_of(pki_t *pki, const char *order)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain = NULL;
    const char *pem = "";
    X509 *leaf;

    if (pki->middle.issuer == NULL) {
        pki->middle.issuer = acme_t_x509(&pki->root, pki->p);
    }
    if (pki->leaf.issuer == NULL) {
        pki->leaf.issuer = acme_t_x509(&pki->middle, pki->p);
    }
    leaf = acme_t_x509(&pki->leaf, pki->p);
    for (; *order != '\0'; order++) {
        pem = apr_pstrcat(pki->p, pem,
                          acme_t_x509_pem(*order == 'l'   ? leaf
                                          : *order == 'm' ? pki->leaf.issuer
                                                          : pki->middle.issuer,
                                          pki->p),
                          NULL);
    }
    assert_int_equal(
        acme_cert_chain_parse(&chain, pem, strlen(pem), &problem, pki->p),
        APR_SUCCESS);
    return chain;
}

static apr_array_header_t *words(const char *text, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    char *state = NULL;
    char *word;

    for (word = apr_strtok(apr_pstrdup(p, text), " ", &state); word != NULL;
         word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(names, const char *) = word;
    }
    return names;
}

static void accepts(const acme_chain_t *chain, const acme_key_t *key,
                    const char *names, apr_time_t now, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    if (acme_cert_check(chain, key, words(names, p), now, &problem, p)
        != APR_SUCCESS) {
        fail_msg("%s", problem.detail);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void refuses(const acme_chain_t *chain, const acme_key_t *key,
                    const char *names, apr_time_t now, const char *detail,
                    apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;

    assert_int_equal(
        acme_cert_check(chain, key, words(names, p), now, &problem, p),
        APR_EINVAL);
    assert_int_equal(ERR_peek_error(), 0);
    assert_string_equal(problem.type, ACME_PROBLEM_CERTIFICATE);
    assert_int_equal(problem.rv, APR_EINVAL);
    if (strstr(problem.detail, detail) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", problem.detail, detail);
    }
    /* The result is the same without a problem. */
    assert_int_equal(acme_cert_check(chain, key, words(names, p), now, NULL, p),
                     APR_EINVAL);
}

static void a_good_chain_may_serve(void **state)
{
    pki_t ca = pki(*state);

    /* With its root, without it, and the leaf alone. */
    accepts(chain_of(&ca, "lmr"), ca.key, "example.org", NOW, *state);
    accepts(chain_of(&ca, "lm"), ca.key, "example.org", NOW, *state);
    accepts(chain_of(&ca, "l"), ca.key, "example.org", NOW, *state);
}

static void an_rsa_chain_may_serve(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_RSA, 2048};
    pki_t ca = pki(*state);

    assert_int_equal(
        acme_key_generate(&ca.key, &spec, NULL, NULL, &problem, *state),
        APR_SUCCESS);
    ca.leaf.key = acme_key_evp(ca.key);
    accepts(chain_of(&ca, "lm"), ca.key, "example.org", NOW, *state);
}

static void names_are_covered_by_name_wildcard_or_address(void **state)
{
    pki_t ca = pki(*state);
    const acme_chain_t *chain = chain_of(&ca, "lm");

    accepts(chain, ca.key, "", NOW, *state);
    accepts(chain, ca.key, "www.example.org example.org", NOW, *state);
    accepts(chain, ca.key, "*.example.org 192.0.2.7", NOW, *state);
    refuses(chain, ca.key, "a.b.example.org", NOW,
            "does not cover a.b.example.org, it is for example.org, "
            "*.example.org, 192.0.2.7",
            *state);
    refuses(chain, ca.key, "example.org example.com 192.0.2.8", NOW,
            "the certificate 1f2e does not cover example.com, 192.0.2.8, it",
            *state);
    refuses(chain, ca.key, "*.b.example.org", NOW, "cover *.b.example.org",
            *state);
    refuses(chain, ca.key, "a.test b.test c.test d.test e.test f.test g.test",
            NOW, "a.test, b.test, c.test, d.test, e.test and 2 more", *state);
}

static void the_common_name_covers_nothing(void **state)
{
    pki_t ca = pki(*state);

    ca.leaf.subject = "example.org";
    ca.leaf.san = NULL;
    refuses(chain_of(&ca, "lm"), ca.key, "example.org", NOW,
            "does not cover example.org, it is for no name", *state);
}

static void the_key_of_another_certificate_is_refused(void **state)
{
    pki_t ca = pki(*state);

    refuses(chain_of(&ca, "lm"), new_key(*state), "example.org", NOW,
            "the certificate 1f2e (key P-256) is for another key than ours "
            "(P-256)",
            *state);
    ca.leaf.key = acme_t_x509_key(NULL, 1024, *state);
    refuses(chain_of(&ca, "lm"), ca.key, "example.org", NOW,
            "(key RSA 1024) is for another key than ours (P-256)", *state);
}

static void the_validity_is_checked_to_the_second(void **state)
{
    pki_t ca = pki(*state);
    const acme_chain_t *chain = chain_of(&ca, "lm");
    apr_time_t from = ca.leaf.not_before;
    apr_time_t until = ca.leaf.not_after;
    apr_time_t second = apr_time_from_sec(1);

    accepts(chain, ca.key, "example.org", from, *state);
    accepts(chain, ca.key, "example.org", until - second, *state);
    refuses(chain, ca.key, "example.org", until,
            "expired at 2026-03-31T00:00:00Z, and now it is "
            "2026-03-31T00:00:00Z",
            *state);
    refuses(chain, ca.key, "example.org", until + ACME_TIME_DAY,
            "expired at 2026-03-31T00:00:00Z, and now it is "
            "2026-04-01T00:00:00Z",
            *state);
    /* A clock that is five minutes slow is tolerated. */
    accepts(chain, ca.key, "example.org", from - 5 * ACME_TIME_MINUTE, *state);
    refuses(chain, ca.key, "example.org", from - 5 * ACME_TIME_MINUTE - second,
            "is not valid before 2025-12-31T00:00:00Z, and now it is "
            "2025-12-30T23:54:59Z",
            *state);
}

static void a_wrong_clock_comes_with_a_hint(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    pki_t ca = pki(*state);

    assert_int_equal(acme_cert_check(chain_of(&ca, "lm"), ca.key,
                                     words("", *state), 0, &problem, *state),
                     APR_EINVAL);
    assert_non_null(strstr(problem.to_fix, "clock"));
}

static void the_order_of_the_chain_is_checked(void **state)
{
    pki_t ca = pki(*state);

    refuses(chain_of(&ca, "ml"), ca.key, "example.org", NOW,
            "out of order: the certificate for our key is number 2", *state);
    refuses(chain_of(&ca, "rml"), ca.key, "example.org", NOW,
            "out of order: the certificate for our key is number 3", *state);
    refuses(chain_of(&ca, "lr"), ca.key, "example.org", NOW,
            "certificate 1 was not issued by certificate 2 (subject issuer "
            "mismatch)",
            *state);
    refuses(chain_of(&ca, "lrm"), ca.key, "example.org", NOW,
            "certificate 1 was not issued by certificate 2", *state);
    refuses(chain_of(&ca, "lml"), ca.key, "example.org", NOW,
            "certificate 2 was not issued by certificate 3", *state);
}

static void an_issuer_of_the_same_name_does_not_do(void **state)
{
    pki_t ca = pki(*state);

    ca.leaf.issuer_key = acme_t_x509_key("P-256", 0, *state);
    refuses(chain_of(&ca, "lm"), ca.key, "example.org", NOW,
            "by certificate 2 (its signature is by another key)", *state);
    /* The same with a key of another kind. */
    ca.leaf.issuer_key = acme_t_x509_key(NULL, 2048, *state);
    refuses(chain_of(&ca, "lm"), ca.key, "example.org", NOW,
            "by certificate 2 (", *state);
}

static void an_expired_intermediate_is_the_business_of_the_ca(void **state)
{
    pki_t ca = pki(*state);

    /* CAs have sent cross-signed roots after these had expired. */
    ca.root.not_after = NOW - ACME_TIME_DAY;
    accepts(chain_of(&ca, "lmr"), ca.key, "example.org", NOW, *state);
}

static void what_openssl_would_not_load_is_refused(void **state)
{
    pki_t ca = pki(*state);

    /* 512 bits are refused at every security level but 0. */
    ca.middle.key = acme_t_x509_key(NULL, 512, *state);
    ca.leaf.issuer_key = ca.middle.key;
    refuses(chain_of(&ca, "lm"), ca.key, "example.org", NOW,
            "no server could serve the certificate 1f2e, loading it into an "
            "SSL_CTX failed: ca key too small",
            *state);
}

static void a_security_level_may_be_asked_for(void **state)
{
    pki_t ca = pki(*state);
    const acme_chain_t *chain;
    acme_problem_t problem = ACME_PROBLEM_INIT;

    ca.middle.key = acme_t_x509_key(NULL, 2048, *state);
    ca.leaf.issuer_key = ca.middle.key;
    chain = chain_of(&ca, "lm");
    assert_int_equal(acme_cert_check_loads(chain, ca.key, 0, &problem, *state),
                     0);
    assert_int_equal(acme_cert_check_loads(chain, ca.key, 3, &problem, *state),
                     APR_EINVAL);
    assert_non_null(strstr(problem.detail, "with SECLEVEL=3 no server"));
    assert_non_null(strstr(problem.detail, "ca key too small"));
    assert_int_equal(ERR_peek_error(), 0);
}

static void an_rsa_key_of_1024_bits_does_not_load(void **state)
{
    /* The level that distributions set, and OpenSSL itself from 3.2 on. */
    const int usual = 2;
    const int bits[] = {1024, 2048};
    int i;

    for (i = 0; i < 2; i++) {
        pki_t leaf = pki(*state);
        pki_t issuer = pki(*state);
        acme_problem_t problem = ACME_PROBLEM_INIT;
        acme_key_spec_t spec = {ACME_KEY_RSA, 2048};
        apr_status_t rv = bits[i] < 2048 ? APR_EINVAL : APR_SUCCESS;

        assert_int_equal(
            acme_key_generate(&leaf.key, &spec, NULL, NULL, &problem, *state),
            APR_SUCCESS);
        /* No acme_key_t is that short, so the certificate is for another. */
        leaf.leaf.key = rv ? acme_t_x509_key(NULL, bits[i], *state)
                           : acme_key_evp(leaf.key);
        assert_int_equal(acme_cert_check_loads(chain_of(&leaf, "lm"), leaf.key,
                                               usual, &problem, *state),
                         rv);
        assert_true(!rv || strstr(problem.detail, "ee key too small"));
        issuer.middle.key = acme_t_x509_key(NULL, bits[i], *state);
        issuer.leaf.issuer_key = issuer.middle.key;
        assert_int_equal(acme_cert_check_loads(chain_of(&issuer, "lm"),
                                               issuer.key, usual, &problem,
                                               *state),
                         rv);
        assert_true(!rv || strstr(problem.detail, "ca key too small"));
    }
}

static void what_loads_depends_on_openssl(void **state)
{
    const char *loader = acme_cert_check_loader(*state);

    assert_non_null(strstr(loader, "OpenSSL"));
    assert_non_null(strstr(loader, ", level "));
    assert_null(strstr(loader, "level -1"));
    assert_null(strchr(loader, '\n'));
    assert_string_equal(loader, acme_cert_check_loader(*state));
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_placeholder_may_serve(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    acme_key_t *key = new_key(p);
    const acme_cert_info_t *info;
    acme_chain_t *chain;
    const char *other = NULL;
    const char *pem = NULL;

    assert_int_equal(acme_cert_placeholder(&pem, key, "example.org", NOW,
                                           7 * ACME_TIME_DAY, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(
        acme_cert_chain_parse(&chain, pem, strlen(pem), &problem, p),
        APR_SUCCESS);
    accepts(chain, key, "example.org", NOW, p);
    refuses(chain, key, "example.org", NOW + 7 * ACME_TIME_DAY, "expired", p);
    info = acme_cert_chain_info(chain);
    assert_string_equal(info->subject, "CN=example.org,O=mod_acme placeholder");
    assert_string_equal(info->issuer, info->subject);
    assert_string_equal(apr_array_pstrcat(p, info->names, ' '), "example.org");
    assert_int_equal(strlen(info->serial), 32);
    assert_true(info->not_before == NOW - ACME_TIME_HOUR);
    assert_true(info->not_after == NOW + 7 * ACME_TIME_DAY);
    assert_int_equal(X509_check_ca(acme_cert_chain_at(chain, 0)), 0);
    assert_int_equal(X509_check_purpose(acme_cert_chain_at(chain, 0),
                                        X509_PURPOSE_SSL_SERVER, 0),
                     1);
    assert_int_equal(acme_cert_placeholder(&other, key, "example.org", NOW,
                                           7 * ACME_TIME_DAY, &problem, p),
                     APR_SUCCESS);
    assert_string_not_equal(pem, other);
}

static void a_placeholder_can_have_any_name(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    acme_key_t *key = new_key(p);
    const char *names[4];
    const char *pem = NULL;
    acme_chain_t *chain;
    char label[64];
    int i;

    memset(label, 'a', 63);
    label[63] = '\0';
    names[0] = "*.example.org";
    names[1] = "192.0.2.7";
    names[2] = "2001:db8::1";
    names[3] = apr_psprintf(p, "%s.%s.%s.example", label, label, label);
    for (i = 0; i < 4; i++) {
        assert_int_equal(acme_cert_placeholder(&pem, key, names[i], NOW,
                                               ACME_TIME_DAY, &problem, p),
                         APR_SUCCESS);
        assert_int_equal(
            acme_cert_chain_parse(&chain, pem, strlen(pem), &problem, p),
            APR_SUCCESS);
        accepts(chain, key, names[i], NOW, p);
    }
    assert_string_equal(acme_cert_chain_info(chain)->subject,
                        "O=mod_acme placeholder");
}

static void a_placeholder_for_no_name_is_refused(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key = new_key(*state);
    const char *pem = NULL;

    assert_int_equal(acme_cert_placeholder(&pem, key, "", NOW, ACME_TIME_DAY,
                                           &problem, *state),
                     APR_EINVAL);
    assert_int_equal(acme_cert_placeholder(&pem, key, "no name", NOW,
                                           ACME_TIME_DAY, &problem, *state),
                     APR_EINVAL);
    assert_null(pem);
    assert_int_equal(ERR_peek_error(), 0);
}

ACME_T_MAIN(ACME_T(a_good_chain_may_serve), ACME_T(an_rsa_chain_may_serve),
            ACME_T(names_are_covered_by_name_wildcard_or_address),
            ACME_T(the_common_name_covers_nothing),
            ACME_T(the_key_of_another_certificate_is_refused),
            ACME_T(the_validity_is_checked_to_the_second),
            ACME_T(a_wrong_clock_comes_with_a_hint),
            ACME_T(the_order_of_the_chain_is_checked),
            ACME_T(an_issuer_of_the_same_name_does_not_do),
            ACME_T(an_expired_intermediate_is_the_business_of_the_ca),
            ACME_T(what_openssl_would_not_load_is_refused),
            ACME_T(a_security_level_may_be_asked_for),
            ACME_T(an_rsa_key_of_1024_bits_does_not_load),
            ACME_T(what_loads_depends_on_openssl),
            ACME_T(a_placeholder_may_serve),
            ACME_T(a_placeholder_can_have_any_name),
            ACME_T(a_placeholder_for_no_name_is_refused))
