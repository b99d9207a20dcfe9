/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "acme_b64.h"
#include "acme_csr.h"

static acme_key_t *new_key(acme_key_e type, apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    acme_key_t *key = NULL;

    spec.type = type;
    spec.bits = type == ACME_KEY_RSA ? 2048 : 0;
    assert_int_equal(acme_key_generate(&key, &spec, NULL, NULL, &problem, p),
                     APR_SUCCESS);
    return key;
}

static apr_array_header_t *array_of(apr_pool_t *p, const char *first, ...)
{
    apr_array_header_t *names = apr_array_make(p, 4, sizeof(const char *));
    const char *name;
    va_list args;

    va_start(args, first);
    for (name = first; name != NULL; name = va_arg(args, const char *)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    va_end(args);
    return names;
}

static X509_REQ *request(const acme_key_t *key, const apr_array_header_t *names,
                         apr_pool_t *p)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const unsigned char *end;
    unsigned char *der = NULL;
    const char *csr = NULL;
    X509_REQ *req;
    apr_size_t len;

    assert_int_equal(acme_csr_create(&csr, key, names, 0, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(acme_b64_decode(&der, &len, csr, p), APR_SUCCESS);
    end = der;
    req = d2i_X509_REQ(NULL, &end, (long)len);
    assert_non_null(req);
    assert_ptr_equal(end, der + len);
    return req;
}

/* Returns the names as OpenSSL prints them. */
static const char *names_of(X509_REQ *req, apr_pool_t *p)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    const char *text = "";
    GENERAL_NAMES *san;
    char *data;
    BIO *bio;
    long len;
    int i;

    assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
    san = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    assert_non_null(san);
    for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        bio = BIO_new(BIO_s_mem());
        GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(san, i));
        len = BIO_get_mem_data(bio, &data);
        text = apr_pstrcat(p, text, i > 0 ? " " : "",
                           apr_pstrmemdup(p, data, (apr_size_t)len), NULL);
        BIO_free(bio);
    }
    GENERAL_NAMES_free(san);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return text;
}

static void every_kind_of_key_signs_its_request(void **state)
{
    static const struct {
        acme_key_e type;
        int nid;
    } kinds[] = {{ACME_KEY_P256, NID_ecdsa_with_SHA256},
                 {ACME_KEY_P384, NID_ecdsa_with_SHA384},
                 {ACME_KEY_RSA, NID_sha256WithRSAEncryption}};
    apr_pool_t *p = *state;
    acme_key_t *key;
    X509_REQ *req;
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        key = new_key(kinds[i].type, p);
        req = request(key, array_of(p, "example.org", NULL), p);
        assert_int_equal(X509_REQ_verify(req, acme_key_evp(key)), 1);
        assert_int_equal(
            EVP_PKEY_eq(X509_REQ_get0_pubkey(req), acme_key_evp(key)), 1);
        assert_int_equal(X509_REQ_get_signature_nid(req), kinds[i].nid);
        X509_REQ_free(req);
    }
}

/* acme_key_put_public() cannot write such a key. */
static void a_key_with_a_compressed_point_has_its_request(void **state)
{
    acme_key_t *key = new_key(ACME_KEY_P256, *state);
    X509_REQ *req;

    assert_int_equal(EVP_PKEY_set_utf8_string_param(
                         acme_key_evp(key),
                         OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                         OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
                     1);
    req = request(key, array_of(*state, "example.org", NULL), *state);
    assert_int_equal(X509_REQ_verify(req, acme_key_evp(key)), 1);
    assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(req), acme_key_evp(key)),
                     1);
    X509_REQ_free(req);
}

static void the_subject_is_empty(void **state)
{
    X509_REQ *req = request(new_key(ACME_KEY_P256, *state),
                            array_of(*state, "example.org", NULL), *state);

    assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0);
    assert_int_equal(X509_REQ_get_version(req), X509_REQ_VERSION_1);
    assert_int_equal(X509_REQ_get_attr_count(req), 1);
    X509_REQ_free(req);
}

static void all_names_are_in_the_request_in_order(void **state)
{
    apr_pool_t *p = *state;
    X509_REQ *req;

    req = request(new_key(ACME_KEY_P256, p),
                  array_of(p, "example.org", "*.example.org", "192.0.2.7",
                           "2001:db8::1", "a.example", NULL),
                  p);
    assert_string_equal(names_of(req, p),
                        "DNS:example.org DNS:*.example.org "
                        "IP Address:192.0.2.7 IP Address:2001:DB8:0:0:0:0:0:1 "
                        "DNS:a.example");
    X509_REQ_free(req);
}

static void a_hundred_long_names_fit(void **state)
{
    apr_pool_t *p = *state;
    apr_array_header_t *names = array_of(p, NULL);
    char label[64];
    X509_REQ *req;
    int i;

    memset(label, 'a', 63);
    label[63] = '\0';
    for (i = 0; i < 100; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            apr_psprintf(p, "n%03d.%s.%s.%s.example", i, label, label, label);
    }
    req = request(new_key(ACME_KEY_P256, p), names, p);
    assert_true(strlen(names_of(req, p)) > 20000);
    X509_REQ_free(req);
}

static void a_request_without_names_is_refused(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *csr = NULL;

    assert_int_equal(acme_csr_create(&csr, new_key(ACME_KEY_P256, *state),
                                     array_of(*state, NULL), 0, &problem,
                                     *state),
                     APR_EINVAL);
    assert_null(csr);
    assert_string_equal(problem.type, ACME_PROBLEM_CRYPTO);
    assert_non_null(strstr(problem.detail, "names"));
    assert_int_equal(ERR_peek_error(), 0);
}

static void a_request_for_what_is_no_name_is_refused(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *csr = NULL;

    assert_int_equal(
        acme_csr_create(&csr, new_key(ACME_KEY_P256, *state),
                        array_of(*state, "example.org", "not a name", NULL), 0,
                        &problem, *state),
        APR_EINVAL);
    assert_null(csr);
    assert_non_null(strstr(problem.detail, "\"not a name\""));
    assert_int_equal(ERR_peek_error(), 0);
}

static void must_staple_is_asked_for(void **state)
{
    apr_pool_t *p = *state;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    STACK_OF(X509_EXTENSION) * extensions;
    const unsigned char *end;
    unsigned char *der = NULL;
    const char *csr = NULL;
    X509_REQ *req;
    apr_size_t len;

    assert_int_equal(acme_csr_create(&csr, new_key(ACME_KEY_P256, p),
                                     array_of(p, "example.org", NULL), 1,
                                     &problem, p),
                     APR_SUCCESS);
    assert_int_equal(acme_b64_decode(&der, &len, csr, p), APR_SUCCESS);
    end = der;
    req = d2i_X509_REQ(NULL, &end, (long)len);
    assert_non_null(req);
    assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
    extensions = X509_REQ_get_extensions(req);
    assert_int_equal(sk_X509_EXTENSION_num(extensions), 2);
    assert_true(X509v3_get_ext_by_NID(extensions, NID_tlsfeature, -1) >= 0);
    assert_true(X509v3_get_ext_by_NID(extensions, NID_subject_alt_name, -1)
                >= 0);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(req);
    req =
        request(new_key(ACME_KEY_P256, p), array_of(p, "example.org", NULL), p);
    extensions = X509_REQ_get_extensions(req);
    assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(req);
}

static void a_common_name_is_the_first_that_fits(void **state)
{
    static const struct {
        const char *name;
        const char *subject;
    } cases[] = {
        {"example.org", "example.org"},
        {"192.0.2.1", "192.0.2.1"},
        {"a.long-name-of-a-machine-in-a-department-of-a-company.example.org",
         ""},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;
        const unsigned char *end;
        unsigned char *der;
        char subject[80] = "";
        const char *csr;
        apr_size_t len;
        X509_REQ *req;

        assert_int_equal(
            acme_csr_create_named(
                &csr, new_key(ACME_KEY_P256, *state),
                array_of(*state, cases[i].name, "www.example.org", NULL), 0,
                &problem, *state),
            0);
        assert_int_equal(acme_b64_decode(&der, &len, csr, *state), 0);
        end = der;
        req = d2i_X509_REQ(NULL, &end, (long)len);
        assert_non_null(req);
        (void)X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(req),
                                        NID_commonName, subject,
                                        sizeof(subject));
        assert_string_equal(subject, cases[i].subject);
        assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(req)),
                         *subject ? 1 : 0);
        assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
        X509_REQ_free(req);
    }
}

ACME_T_MAIN(ACME_T(must_staple_is_asked_for),
            ACME_T(every_kind_of_key_signs_its_request),
            ACME_T(a_key_with_a_compressed_point_has_its_request),
            ACME_T(the_subject_is_empty),
            ACME_T(a_common_name_is_the_first_that_fits),
            ACME_T(all_names_are_in_the_request_in_order),
            ACME_T(a_hundred_long_names_fit),
            ACME_T(a_request_without_names_is_refused),
            ACME_T(a_request_for_what_is_no_name_is_refused))
