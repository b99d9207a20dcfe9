/* SPDX-License-Identifier: Apache-2.0 */

#include <limits.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "acme_key.h"

#define RSA_BITS_MIN     2048
#define RSA_BITS_MAX     4096
#define RSA_BITS_DEFAULT 3072

/* Most bytes of a PEM; that of an RSA key of 4096 bits has 3,300. */
#define PEM_MAX (64 * 1024)

/* Length of a point on P-384 (SEC 1, 2.3.3): a byte for the form, and two
 * numbers. */
#define POINT_MAX          97
#define POINT_UNCOMPRESSED 4

/* Most errors of OpenSSL that a problem lists. */
#define ERRORS_MAX 4

struct acme_key_t {
    EVP_PKEY *evp;
    acme_key_spec_t spec;
};

typedef struct {
    const char *name;
    acme_key_e type;
} key_name_t;

/* Names of kinds of keys, with those of OpenSSL (EVP_PKEY_get_group_name()). */
static const key_name_t key_names[] = {
    {"P-256", ACME_KEY_P256},     {"P256", ACME_KEY_P256},
    {"secp256r1", ACME_KEY_P256}, {"prime256v1", ACME_KEY_P256},
    {"Default", ACME_KEY_P256},   {"P-384", ACME_KEY_P384},
    {"P384", ACME_KEY_P384},      {"secp384r1", ACME_KEY_P384},
    {"RSA", ACME_KEY_RSA},
};

typedef struct {
    void *memory;
    apr_size_t len;
} wipe_t;

void acme_key_wipe(void *memory, apr_size_t len)
{
    OPENSSL_cleanse(memory, len);
}

static apr_status_t wipe_cleanup(void *data)
{
    wipe_t *wipe = data;

    OPENSSL_cleanse(wipe->memory, wipe->len);
    return APR_SUCCESS;
}

void acme_key_wipe_with_pool(void *memory, apr_size_t len, apr_pool_t *p)
{
    wipe_t *wipe = apr_palloc(p, sizeof(*wipe));

    wipe->memory = memory;
    wipe->len = len;
    apr_pool_cleanup_register(p, wipe, wipe_cleanup, apr_pool_cleanup_null);
}

apr_status_t acme_key_random(unsigned char *bytes, apr_size_t len)
{
    if (len > INT_MAX) {
        return APR_EINVAL;
    }
    if (RAND_bytes(bytes, (int)len) != 1) {
        ERR_clear_error();
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

apr_status_t acme_key_openssl_problem(acme_problem_t *problem,
                                      const char *doing, apr_pool_t *p)
{
    const char *reasons = NULL;
    const char *reason;
    const char *data;
    unsigned long code;
    int flags;
    int i;

    for (i = 0; i < ERRORS_MAX; i++) {
        code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
        if (code == 0) {
            break;
        }
        reason = ERR_reason_error_string(code);
        if (reason == NULL) {
            reason = apr_psprintf(p, "error %08lx", code);
        }
        if ((flags & ERR_TXT_STRING) && data[0] != '\0') {
            reason = apr_psprintf(p, "%s (%.200s)", reason, data);
        }
        reasons = reasons == NULL ? reason
                                  : apr_pstrcat(p, reasons, "; ", reason, NULL);
    }
    ERR_clear_error();
    return acme_problem_set(problem, APR_EGENERAL, ACME_RETRY_INTERNAL,
                            ACME_PROBLEM_CRYPTO, p, "%s failed: %s", doing,
                            reasons ? reasons : "OpenSSL gives no reason");
}

/* Returns non-zero for an allowed size. It is a number of whole bytes, because
 * CAs want that (CA/Browser Forum, Baseline Requirements 6.1.5). */
static int rsa_bits_allowed(int bits)
{
    return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && bits % 8 == 0;
}

static int find_name(acme_key_e *type, const char *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++) {
        if (apr_cstr_casecmp(name, key_names[i].name) == 0) {
            *type = key_names[i].type;
            return 1;
        }
    }
    return 0;
}

/* Reads a number of up to five digits; -1 for any other text. */
static int parse_bits(const char *text)
{
    int bits = 0;
    int i;

    for (i = 0; i < 5 && apr_isdigit(text[i]); i++) {
        bits = bits * 10 + (text[i] - '0');
    }
    return i > 0 && text[i] == '\0' ? bits : -1;
}

apr_status_t acme_key_spec_parse(acme_key_spec_t *spec, const char *type,
                                 const char *bits, const char **why,
                                 apr_pool_t *p)
{
    acme_key_spec_t found = {ACME_KEY_P256, 0};

    /* mod_md also accepts "rsa3072". */
    if (bits == NULL && apr_cstr_casecmpn(type, "RSA", 3) == 0
        && apr_isdigit(type[3])) {
        bits = type + 3;
        type = "RSA";
    }
    if (!find_name(&found.type, type)) {
        *why = apr_psprintf(p,
                            "\"%.64s\" is no supported kind of key, use P-256 "
                            "(secp256r1), P-384 (secp384r1) or RSA with %d to "
                            "%d bits",
                            type, RSA_BITS_MIN, RSA_BITS_MAX);
        return APR_EINVAL;
    }
    if (found.type != ACME_KEY_RSA) {
        if (bits != NULL) {
            *why = apr_psprintf(p,
                                "%.64s takes no number of bits (\"%.64s\"), "
                                "only RSA does",
                                type, bits);
            return APR_EINVAL;
        }
    }
    else {
        found.bits = bits == NULL ? RSA_BITS_DEFAULT : parse_bits(bits);
        if (!rsa_bits_allowed(found.bits)) {
            *why = apr_psprintf(p,
                                "RSA keys have %d to %d bits, a multiple of "
                                "8, not \"%.64s\"",
                                RSA_BITS_MIN, RSA_BITS_MAX, bits);
            return APR_EINVAL;
        }
    }
    *spec = found;
    return APR_SUCCESS;
}

const char *acme_key_spec_print(const acme_key_spec_t *spec, apr_pool_t *p)
{
    switch (spec->type) {
    case ACME_KEY_P256:
        return "P-256";
    case ACME_KEY_P384:
        return "P-384";
    case ACME_KEY_RSA:
        break;
    }
    return apr_psprintf(p, "RSA %d", spec->bits);
}

apr_status_t acme_key_spec_of_evp(acme_key_spec_t *spec,
                                  const struct evp_pkey_st *evp)
{
    acme_key_spec_t found = {ACME_KEY_RSA, 0};
    char group[64];
    size_t len;
    int ok = 0;

    if (EVP_PKEY_is_a(evp, "RSA")) {
        found.bits = EVP_PKEY_get_bits(evp);
        ok = found.bits > 0;
    }
    else if (EVP_PKEY_is_a(evp, "EC")) {
        ok = EVP_PKEY_get_group_name(evp, group, sizeof(group), &len) == 1
             && find_name(&found.type, group) && found.type != ACME_KEY_RSA;
    }
    /* Clear the error that a curve without a name leaves. */
    ERR_clear_error();
    if (!ok) {
        return APR_ENOTIMPL;
    }
    *spec = found;
    return APR_SUCCESS;
}

static apr_status_t key_cleanup(void *data)
{
    /* EVP_PKEY_free() wipes the private parts. */
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

/* Makes a key that owns evp. */
static acme_key_t *key_wrap(EVP_PKEY *evp, const acme_key_spec_t *spec,
                            apr_pool_t *p)
{
    acme_key_t *key = apr_palloc(p, sizeof(*key));

    key->evp = evp;
    key->spec = *spec;
    apr_pool_cleanup_register(p, evp, key_cleanup, apr_pool_cleanup_null);
    return key;
}

typedef struct {
    acme_key_cancel_fn *cancel;
    void *baton;
    int cancelled;
} generation_t;

static int on_progress(EVP_PKEY_CTX *ctx)
{
    generation_t *generation = EVP_PKEY_CTX_get_app_data(ctx);

    /* Remember a cancellation, because OpenSSL ignores some results of this
     * function. */
    if (!generation->cancelled && generation->cancel != NULL) {
        generation->cancelled = generation->cancel(generation->baton) != 0;
    }
    return !generation->cancelled;
}

static EVP_PKEY *generate(const acme_key_spec_t *spec, generation_t *generation)
{
    EVP_PKEY_CTX *ctx;
    EVP_PKEY *evp = NULL;
    int ok;

    ctx = EVP_PKEY_CTX_new_from_name(
        NULL, spec->type == ACME_KEY_RSA ? "RSA" : "EC", NULL);
    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1) {
        goto leave;
    }
    if (spec->type == ACME_KEY_RSA) {
        ok = EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, spec->bits);
    }
    else {
        ok = EVP_PKEY_CTX_set_group_name(
            ctx, spec->type == ACME_KEY_P384 ? "P-384" : "P-256");
    }
    if (ok != 1) {
        goto leave;
    }
    EVP_PKEY_CTX_set_app_data(ctx, generation);
    EVP_PKEY_CTX_set_cb(ctx, on_progress);
    if (on_progress(ctx) && EVP_PKEY_generate(ctx, &evp) != 1) {
        evp = NULL;
    }

leave:
    EVP_PKEY_CTX_free(ctx);
    return evp;
}

apr_status_t acme_key_generate(acme_key_t **key, const acme_key_spec_t *spec,
                               acme_key_cancel_fn *cancel, void *baton,
                               acme_problem_t *problem, apr_pool_t *p)
{
    generation_t generation = {cancel, baton, 0};
    EVP_PKEY *evp;

    if (spec->type == ACME_KEY_RSA && !rsa_bits_allowed(spec->bits)) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                                ACME_PROBLEM_CRYPTO, p,
                                "RSA keys have %d to %d bits, a multiple of "
                                "8, not %d",
                                RSA_BITS_MIN, RSA_BITS_MAX, spec->bits);
    }
    ERR_clear_error();
    evp = generate(spec, &generation);
    if (generation.cancelled) {
        EVP_PKEY_free(evp);
        ERR_clear_error();
        return acme_problem_set(problem, APR_EINTR, ACME_RETRY_NOW,
                                ACME_PROBLEM_STOPPED, p,
                                "asked to stop while making a key");
    }
    if (evp == NULL) {
        return acme_key_openssl_problem(problem, "making a key", p);
    }
    /* Clear errors, because a success may leave some as well. */
    ERR_clear_error();
    *key = key_wrap(evp, spec, p);
    return APR_SUCCESS;
}

/* Gives no password. Without a callback OpenSSL would ask at the terminal. */
static int no_password(char *buf, int size, int writing, void *baton)
{
    (void)buf;
    (void)size;
    (void)writing;
    *(int *)baton = 1;
    return -1;
}

apr_status_t acme_key_from_pem(acme_key_t **key, const char *pem,
                               apr_size_t len, acme_problem_t *problem,
                               apr_pool_t *p)
{
    acme_key_spec_t spec;
    const char *why = NULL;
    EVP_PKEY *evp = NULL;
    BIO *bio;
    int encrypted = 0;

    if (len > PEM_MAX) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_CRYPTO, p,
                                "no private key is %" APR_SIZE_T_FMT
                                " bytes of PEM, at most %d are read",
                                len, PEM_MAX);
    }
    ERR_clear_error();
    bio = BIO_new_mem_buf(len > 0 ? pem : "", (int)len);
    if (bio == NULL) {
        return acme_key_openssl_problem(problem, "reading a private key", p);
    }
    evp = PEM_read_bio_PrivateKey(bio, NULL, no_password, &encrypted);
    BIO_free(bio);
    ERR_clear_error();
    if (evp == NULL) {
        why = encrypted ? "the private key is encrypted, one without a "
                          "password is needed"
                        : "this is no private key in PEM, or a damaged one";
    }
    else if (acme_key_spec_of_evp(&spec, evp) != APR_SUCCESS) {
        why = "the private key is of a kind that is not supported, P-256, "
              "P-384 and RSA are";
    }
    else if (spec.type == ACME_KEY_RSA && !rsa_bits_allowed(spec.bits)) {
        why = apr_psprintf(p,
                           "the private key is RSA with %d bits, supported "
                           "are %d to %d, a multiple of 8",
                           spec.bits, RSA_BITS_MIN, RSA_BITS_MAX);
    }
    if (why != NULL) {
        EVP_PKEY_free(evp);
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_CRYPTO, p, "%s", why);
    }
    *key = key_wrap(evp, &spec, p);
    return APR_SUCCESS;
}

apr_status_t acme_key_to_pem(const char **pem, const acme_key_t *key,
                             acme_problem_t *problem, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    char *data;
    char *text;
    long len;
    BIO *bio;

    ERR_clear_error();
    /* This kind of BIO wipes its memory, also when it grows. */
    bio = BIO_new(BIO_s_secmem());
    if (bio == NULL
        || PEM_write_bio_PKCS8PrivateKey(bio, key->evp, NULL, NULL, 0, NULL,
                                         NULL)
               != 1) {
        rv = acme_key_openssl_problem(problem, "printing a private key", p);
        goto leave;
    }
    len = BIO_get_mem_data(bio, &data);
    text = apr_palloc(p, (apr_size_t)len + 1);
    acme_key_wipe_with_pool(text, (apr_size_t)len, p);
    memcpy(text, data, (apr_size_t)len);
    text[len] = '\0';
    *pem = text;
    ERR_clear_error();

leave:
    BIO_free(bio);
    return rv;
}

acme_key_t *acme_key_share(const acme_key_t *key, apr_pool_t *p)
{
    EVP_PKEY_up_ref(key->evp);
    return key_wrap(key->evp, &key->spec, p);
}

int acme_key_put_public(struct X509_pubkey_st *into, const acme_key_t *key)
{
    unsigned char point[POINT_MAX];
    unsigned char *copy;
    size_t len = 0;
    int curve =
        key->spec.type == ACME_KEY_P384 ? NID_secp384r1 : NID_X9_62_prime256v1;

    if (key->spec.type == ACME_KEY_RSA
        || EVP_PKEY_get_octet_string_param(key->evp, OSSL_PKEY_PARAM_PUB_KEY,
                                           point, sizeof(point), &len)
               != 1
        || point[0] != POINT_UNCOMPRESSED) {
        ERR_clear_error();
        return 0;
    }
    copy = OPENSSL_memdup(point, len);
    if (copy == NULL
        || X509_PUBKEY_set0_param(into, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
                                  V_ASN1_OBJECT, OBJ_nid2obj(curve), copy,
                                  (int)len)
               != 1) {
        OPENSSL_free(copy);
        return 0;
    }
    return 1;
}

acme_key_spec_t acme_key_spec(const acme_key_t *key)
{
    return key->spec;
}

struct evp_pkey_st *acme_key_evp(const acme_key_t *key)
{
    return key->evp;
}

const struct evp_md_st *acme_key_md(const acme_key_t *key)
{
    return key->spec.type == ACME_KEY_P384 ? EVP_sha384() : EVP_sha256();
}
