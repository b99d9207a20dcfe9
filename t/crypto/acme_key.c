/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "acme_key.h"

static acme_key_t *made(acme_key_e type, int bits, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec;
    acme_key_t *key = NULL;

    spec.type = type;
    spec.bits = bits;
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, &problem, p),
                     APR_SUCCESS);
    assert_non_null(key);
    assert_int_equal(ERR_peek_error(), 0);
    return key;
}

static const char *printed(const acme_key_t *key, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *pem = NULL;

    assert_int_equal(acme_key_to_pem(&pem, key, &problem, p), APR_SUCCESS);
    assert_int_equal(ERR_peek_error(), 0);
    return pem;
}

/* Prints PEM of a key that acme_key_t does not support. */
static const char *foreign_pem(EVP_PKEY *evp, int traditional,
                               const char *password, apr_pool_t *p)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *pem;
    char *data;
    long len;
    int ok;

    assert_non_null(evp);
    if (traditional) {
        ok = PEM_write_bio_PrivateKey_traditional(bio, evp, NULL, NULL, 0, NULL,
                                                  NULL);
    }
    else {
        ok = PEM_write_bio_PKCS8PrivateKey(
            bio, evp, password ? EVP_aes_128_cbc() : NULL, password,
            password ? (int)strlen(password) : 0, NULL, NULL);
    }
    assert_int_equal(ok, 1);
    len = BIO_get_mem_data(bio, &data);
    pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    return pem;
}

static void refuses(const char *pem, apr_size_t len, const char *detail,
                    apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_t *key = NULL;

    assert_int_equal(acme_key_from_pem(&key, pem, len, &problem, p),
                     APR_EINVAL);
    assert_null(key);
    assert_int_equal(ERR_peek_error(), 0);
    assert_string_equal(problem.type, ACME_PROBLEM_CRYPTO);
    if (strstr(problem.detail, detail) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", problem.detail, detail);
    }
}

static void names_of_kinds_are_read_in_any_case(void **state)
{
    static const struct {
        const char *type;
        const char *bits;
        const char *printed;
    } cases[] = {
        {"P-256", NULL, "P-256"},      {"p-256", NULL, "P-256"},
        {"P256", NULL, "P-256"},       {"secp256r1", NULL, "P-256"},
        {"SECP256R1", NULL, "P-256"},  {"prime256v1", NULL, "P-256"},
        {"Default", NULL, "P-256"},    {"P-384", NULL, "P-384"},
        {"p384", NULL, "P-384"},       {"secp384r1", NULL, "P-384"},
        {"RSA", NULL, "RSA 3072"},     {"rsa", "2048", "RSA 2048"},
        {"RSA", "4096", "RSA 4096"},   {"rsa3072", NULL, "RSA 3072"},
        {"RSA2048", NULL, "RSA 2048"}, {"RSA", "02048", "RSA 2048"},
    };
    acme_key_spec_t spec;
    const char *why = NULL;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(acme_key_spec_parse(&spec, cases[i].type,
                                             cases[i].bits, &why, *state),
                         APR_SUCCESS);
        assert_string_equal(acme_key_spec_print(&spec, *state),
                            cases[i].printed);
        assert_int_equal(spec.type == ACME_KEY_RSA, spec.bits != 0);
    }
}

static void unsupported_kinds_are_refused_with_what_is_allowed(void **state)
{
    static const struct {
        const char *type;
        const char *bits;
        const char *why;
    } cases[] = {
        {"", NULL, "use P-256"},
        {"P-521", NULL, "\"P-521\" is no supported kind"},
        {"secp521r1", NULL, "use P-256"},
        {"x25519", NULL, "use P-256"},
        {"P-256 ", NULL, "use P-256"},
        {"RSA-PSS", NULL, "use P-256"},
        {"RSAX", NULL, "use P-256"},
        {"P-256", "256", "takes no number of bits"},
        {"Default", "2048", "takes no number of bits"},
        {"RSA", "", "RSA keys have 2048 to 4096 bits"},
        {"RSA", "1024", "not \"1024\""},
        {"RSA", "2047", "RSA keys have"},
        {"RSA", "2049", "a multiple of 8"},
        {"RSA", "4104", "RSA keys have"},
        {"RSA", "8192", "RSA keys have"},
        {"RSA", "-2048", "RSA keys have"},
        {"RSA", "+2048", "RSA keys have"},
        {"RSA", "2048x", "RSA keys have"},
        {"RSA", "0x800", "RSA keys have"},
        {"RSA", " 2048", "RSA keys have"},
        {"RSA", "2048 ", "RSA keys have"},
        {"RSA", "002048", "RSA keys have"},
        {"RSA", "4294969344", "RSA keys have"},
        {"rsa1024", NULL, "not \"1024\""},
        {"rsa2048x", NULL, "RSA keys have"},
        {"rsa2048", "2048", "use P-256"},
    };
    acme_key_spec_t spec = {ACME_KEY_P384, 7};
    const char *why;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        why = NULL;
        assert_int_equal(acme_key_spec_parse(&spec, cases[i].type,
                                             cases[i].bits, &why, *state),
                         APR_EINVAL);
        assert_non_null(why);
        if (strstr(why, cases[i].why) == NULL) {
            fail_msg("\"%s\" lacks \"%s\"", why, cases[i].why);
        }
        assert_int_equal(spec.type, ACME_KEY_P384);
        assert_int_equal(spec.bits, 7);
    }
}

static void keys_survive_pem(void **state)
{
    static const acme_key_spec_t specs[] = {
        {ACME_KEY_P256, 0}, {ACME_KEY_P384, 0}, {ACME_KEY_RSA, 2048}};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    acme_key_t *first;
    acme_key_t *second;
    const char *pem;
    size_t i;

    for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        first = made(specs[i].type, specs[i].bits, p);
        assert_int_equal(acme_key_spec(first).type, specs[i].type);
        assert_int_equal(acme_key_spec(first).bits, specs[i].bits);
        pem = printed(first, p);
        assert_int_equal(strncmp(pem, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
        assert_int_equal(
            acme_key_from_pem(&second, pem, strlen(pem), &problem, p),
            APR_SUCCESS);
        assert_int_equal(acme_key_spec(second).type, specs[i].type);
        assert_int_equal(acme_key_spec(second).bits, specs[i].bits);
        assert_int_equal(EVP_PKEY_eq(acme_key_evp(first), acme_key_evp(second)),
                         1);
        assert_string_equal(pem, printed(second, p));
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void each_key_is_another(void **state)
{
    assert_int_equal(EVP_PKEY_eq(acme_key_evp(made(ACME_KEY_P256, 0, *state)),
                                 acme_key_evp(made(ACME_KEY_P256, 0, *state))),
                     0);
}

static void a_shared_key_outlives_its_first_pool(void **state)
{
    apr_pool_t *first;
    acme_key_t *key, *shared;
    const char *pem;

    apr_pool_create(&first, *state);
    key = made(ACME_KEY_P384, 0, first);
    pem = printed(key, *state);
    shared = acme_key_share(key, *state);
    apr_pool_destroy(first);
    assert_int_equal(acme_key_spec(shared).type, ACME_KEY_P384);
    assert_string_equal(printed(shared, *state), pem);
}

static void size_and_hash_follow_the_kind(void **state)
{
    acme_key_t *key = made(ACME_KEY_P256, 0, *state);

    assert_int_equal(EVP_PKEY_get_bits(acme_key_evp(key)), 256);
    assert_int_equal(EVP_MD_get_size(acme_key_md(key)), 32);
    key = made(ACME_KEY_P384, 0, *state);
    assert_int_equal(EVP_PKEY_get_bits(acme_key_evp(key)), 384);
    assert_int_equal(EVP_MD_get_size(acme_key_md(key)), 48);
    key = made(ACME_KEY_RSA, 2056, *state);
    assert_int_equal(EVP_PKEY_get_bits(acme_key_evp(key)), 2056);
    assert_int_equal(EVP_MD_get_size(acme_key_md(key)), 32);
}

static void traditional_pem_is_read(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    acme_key_t *keys[2];
    acme_key_t *read;
    const char *pem;
    int i;

    keys[0] = made(ACME_KEY_P384, 0, p);
    keys[1] = made(ACME_KEY_RSA, 2048, p);
    for (i = 0; i < 2; i++) {
        pem = foreign_pem(acme_key_evp(keys[i]), 1, NULL, p);
        assert_null(strstr(pem, "BEGIN PRIVATE KEY"));
        assert_int_equal(
            acme_key_from_pem(&read, pem, strlen(pem), &problem, p),
            APR_SUCCESS);
        assert_int_equal(EVP_PKEY_eq(acme_key_evp(keys[i]), acme_key_evp(read)),
                         1);
    }
}

static void curve_parameters_before_the_key_are_skipped(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    acme_key_t *key = made(ACME_KEY_P256, 0, p);
    acme_key_t *read;
    const char *pem;

    pem = apr_pstrcat(p,
                      "-----BEGIN EC PARAMETERS-----\n"
                      "BggqhkjOPQMBBw==\n"
                      "-----END EC PARAMETERS-----\n",
                      foreign_pem(acme_key_evp(key), 1, NULL, p), NULL);
    assert_int_equal(acme_key_from_pem(&read, pem, strlen(pem), &problem, p),
                     APR_SUCCESS);
    assert_int_equal(EVP_PKEY_eq(acme_key_evp(key), acme_key_evp(read)), 1);
}

static void what_is_no_key_is_refused(void **state)
{
    apr_pool_t *p = *state;
    const char *pem = printed(made(ACME_KEY_P256, 0, p), p);
    char *large;
    size_t i;

    refuses(NULL, 0, "no private key", p);
    refuses("", 0, "no private key", p);
    refuses("hello\n", 6, "no private key", p);
    refuses("-----BEGIN PRIVATE KEY-----\n", 28, "no private key", p);
    refuses("-----BEGIN PRIVATE KEY-----\n"
            "AAAA\n-----END PRIVATE KEY-----\n",
            59, "no private key", p);
    refuses("\0\0\0\0", 4, "no private key", p);
    /* Only the final newline may be missing. */
    for (i = 0; i + 2 < strlen(pem); i++) {
        refuses(pem, i, "no private key", p);
    }
    large = apr_pcalloc(p, 1024 * 1024);
    refuses(large, 1024 * 1024, "1048576 bytes", p);
}

static void a_public_key_is_refused(void **state)
{
    apr_pool_t *p = *state;
    BIO *bio = BIO_new(BIO_s_mem());
    const char *pem;
    char *data;
    long len;

    assert_int_equal(
        PEM_write_bio_PUBKEY(bio, acme_key_evp(made(ACME_KEY_P256, 0, p))), 1);
    len = BIO_get_mem_data(bio, &data);
    pem = apr_pstrmemdup(p, data, (apr_size_t)len);
    BIO_free(bio);
    refuses(pem, strlen(pem), "no private key", p);
}

static void encrypted_keys_are_refused_without_asking(void **state)
{
    apr_pool_t *p = *state;
    acme_key_t *key = made(ACME_KEY_P256, 0, p);
    const char *pem = foreign_pem(acme_key_evp(key), 0, "secret", p);

    refuses(pem, strlen(pem), "is encrypted", p);
}

static void unsupported_keys_are_refused(void **state)
{
    apr_pool_t *p = *state;
    EVP_PKEY *keys[4];
    const char *details[4] = {"of a kind that is not supported",
                              "of a kind that is not supported",
                              "RSA with 1024 bits", "RSA with 2052 bits"};
    const char *pem;
    int i;

    keys[0] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    keys[1] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
    keys[2] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    keys[3] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2052);
    for (i = 0; i < 4; i++) {
        pem = foreign_pem(keys[i], 0, NULL, p);
        refuses(pem, strlen(pem), details[i], p);
        EVP_PKEY_free(keys[i]);
    }
}

static void specs_out_of_range_are_not_generated(void **state)
{
    static const int bits[] = {-1, 0, 512, 1024, 2047, 2052, 4104, 1000000};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_RSA, 0};
    acme_key_t *key = NULL;
    size_t i;

    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        spec.bits = bits[i];
        assert_int_equal(
            acme_key_generate(&key, &spec, NULL, NULL, &problem, *state),
            APR_EINVAL);
        assert_null(key);
    }
}

static int count_down(void *baton)
{
    int *left = baton;

    (*left)--;
    return *left < 0;
}

/* Makes a key and cancels it at the (left + 1)th call. */
static void gives_up(acme_key_e type, int bits, int left, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key = NULL;

    spec.type = type;
    spec.bits = bits;
    assert_int_equal(
        acme_key_generate(&key, &spec, count_down, &left, &problem, p),
        APR_EINTR);
    assert_null(key);
    assert_string_equal(problem.type, ACME_PROBLEM_STOPPED);
    assert_int_equal(ERR_peek_error(), 0);
    /* After that the function is not called again. */
    assert_int_equal(left, -1);
}

static void a_cancelled_generation_gives_up(void **state)
{
    gives_up(ACME_KEY_P256, 0, 0, *state);
    gives_up(ACME_KEY_RSA, 4096, 0, *state);
    gives_up(ACME_KEY_RSA, 4096, 1, *state);
    gives_up(ACME_KEY_RSA, 4096, 10, *state);
}

static void a_generation_that_is_not_cancelled_asks_on(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_RSA, 2048};
    acme_key_t *key = NULL;
    int left = 1000000;

    assert_int_equal(
        acme_key_generate(&key, &spec, count_down, &left, &problem, *state),
        APR_SUCCESS);
    assert_non_null(key);
    assert_true(left < 1000000 - 1);
}

/* Cleanups run last registered first, so that this one sees the wiped bytes
 * while the pool still has its memory. */
typedef struct {
    const char *text;
    int wiped;
} witness_t;

static apr_status_t look(void *data)
{
    witness_t *witness = data;
    size_t i;

    witness->wiped = 1;
    for (i = 0; i < 27; i++) {
        witness->wiped &= witness->text[i] == '\0';
    }
    return APR_SUCCESS;
}

static void printed_keys_are_wiped_with_their_pool(void **state)
{
    acme_key_t *key = made(ACME_KEY_P256, 0, *state);
    witness_t witness = {NULL, -1};
    apr_pool_t *p;

    apr_pool_create(&p, *state);
    apr_pool_cleanup_register(p, &witness, look, apr_pool_cleanup_null);
    witness.text = printed(key, p);
    assert_int_equal(witness.text[0], '-');
    apr_pool_destroy(p);
    assert_int_equal(witness.wiped, 1);
}

static void wiping_leaves_the_neighbours(void **state)
{
    unsigned char bytes[] = {1, 2, 3, 4};
    static const unsigned char left[] = {1, 0, 0, 4};

    (void)state;
    acme_key_wipe(bytes + 1, 2);
    assert_memory_equal(bytes, left, sizeof(left));
}

static void random_bytes_differ(void **state)
{
    unsigned char a[32] = {0};
    unsigned char b[32] = {0};

    (void)state;
    assert_int_equal(acme_key_random(a, sizeof(a)), APR_SUCCESS);
    assert_int_equal(acme_key_random(b, sizeof(b)), APR_SUCCESS);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_int_equal(acme_key_random(a, 0), APR_SUCCESS);
    assert_int_equal(acme_key_random(a, (apr_size_t)-1), APR_EINVAL);
}

static void openssl_errors_become_a_problem(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    EVP_MD *md;
    int i;

    md = EVP_MD_fetch(NULL, "no such digest", NULL);
    assert_null(md);
    assert_int_equal(acme_key_openssl_problem(&problem, "testing", *state),
                     APR_EGENERAL);
    assert_string_equal(problem.type, ACME_PROBLEM_CRYPTO);
    assert_non_null(strstr(problem.detail, "testing failed: unsupported"));
    assert_non_null(strstr(problem.detail, "no such digest"));
    assert_int_equal(ERR_peek_error(), 0);

    for (i = 0; i < 12; i++) {
        ERR_raise_data(ERR_LIB_USER, 999, "%0400d", i);
    }
    acme_key_openssl_problem(&problem, "testing", *state);
    assert_true(strlen(problem.detail) < 1200);
    assert_int_equal(ERR_peek_error(), 0);

    acme_key_openssl_problem(&problem, "testing", *state);
    assert_string_equal(problem.detail,
                        "testing failed: OpenSSL gives no reason");
    /* Without a problem. */
    assert_int_equal(acme_key_openssl_problem(NULL, "testing", *state),
                     APR_EGENERAL);
}

ACME_T_MAIN(ACME_T(names_of_kinds_are_read_in_any_case),
            ACME_T(unsupported_kinds_are_refused_with_what_is_allowed),
            ACME_T(keys_survive_pem), ACME_T(each_key_is_another),
            ACME_T(a_shared_key_outlives_its_first_pool),
            ACME_T(size_and_hash_follow_the_kind),
            ACME_T(traditional_pem_is_read),
            ACME_T(curve_parameters_before_the_key_are_skipped),
            ACME_T(what_is_no_key_is_refused), ACME_T(a_public_key_is_refused),
            ACME_T(encrypted_keys_are_refused_without_asking),
            ACME_T(unsupported_keys_are_refused),
            ACME_T(specs_out_of_range_are_not_generated),
            ACME_T(a_cancelled_generation_gives_up),
            ACME_T(a_generation_that_is_not_cancelled_asks_on),
            ACME_T(printed_keys_are_wiped_with_their_pool),
            ACME_T(wiping_leaves_the_neighbours), ACME_T(random_bytes_differ),
            ACME_T(openssl_errors_become_a_problem))
