/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include <openssl/err.h>

#include "acme_key.h"
#include "acme_seal.h"

static acme_seal_t *seal_of(unsigned char first, apr_pool_t *p)
{
    unsigned char secret[ACME_SEAL_SECRET_LEN];

    memset(secret, 0x5a, sizeof(secret));
    secret[0] = first;
    return acme_seal_create(secret, p);
}

static unsigned char *sealed_of(apr_size_t *len, const acme_seal_t *seal,
                                const char *purpose, const char *name,
                                const void *data, apr_size_t data_len,
                                apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = purpose, .name = name};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    unsigned char *sealed = NULL;

    assert_int_equal(
        acme_seal(&sealed, len, seal, &label, data, data_len, &problem, p),
        APR_SUCCESS);
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(*len, data_len + 1 + 12 + 16);
    assert_int_equal(sealed[0], 1);
    return sealed;
}

static void opens(const acme_seal_t *seal, const char *purpose,
                  const char *name, const void *sealed, apr_size_t sealed_len,
                  const void *data, apr_size_t data_len, apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = purpose, .name = name};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    char *opened = NULL;
    apr_size_t len = 12345;

    assert_int_equal(acme_seal_open(&opened, &len, seal, &label, sealed,
                                    sealed_len, &problem, p),
                     APR_SUCCESS);
    assert_int_equal(len, data_len);
    assert_memory_equal(opened, data, data_len);
    assert_int_equal(opened[data_len], '\0');
    assert_int_equal(ERR_peek_error(), 0);
}

static void refuses(const acme_seal_t *seal, const char *purpose,
                    const char *name, const void *sealed, apr_size_t sealed_len,
                    apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = purpose, .name = name};
    acme_problem_t problem = ACME_PROBLEM_INIT;
    char *opened = NULL;
    apr_size_t len = 12345;

    assert_int_equal(acme_seal_open(&opened, &len, seal, &label, sealed,
                                    sealed_len, &problem, p),
                     APR_EACCES);
    assert_null(opened);
    assert_int_equal(len, 12345);
    assert_string_equal(problem.type, ACME_PROBLEM_STORE);
    assert_int_equal(problem.rv, APR_EACCES);
    assert_non_null(strstr(problem.detail, "does not open"));
    assert_int_equal(ERR_peek_error(), 0);
}

static void what_was_sealed_opens(void **state)
{
    static const char text[] = "-----BEGIN PRIVATE KEY-----\0binary";
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed;
    apr_size_t len;

    sealed =
        sealed_of(&len, seal, "staging", "example.org", text, sizeof(text), p);
    opens(seal, "staging", "example.org", sealed, len, text, sizeof(text), p);
    /* Another process, with the same secret. */
    opens(seal_of(1, p), "staging", "example.org", sealed, len, text,
          sizeof(text), p);
}

static void nothing_can_be_sealed(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed;
    apr_size_t len;

    sealed = sealed_of(&len, seal, "jobs", "example.org", NULL, 0, p);
    opens(seal, "jobs", "example.org", sealed, len, "", 0, p);
    refuses(seal, "jobs", "example.com", sealed, len, p);
    sealed[20] ^= 1;
    refuses(seal, "jobs", "example.org", sealed, len, p);
}

static void purpose_and_name_may_be_empty(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed;
    apr_size_t len;

    sealed = sealed_of(&len, seal, "", "", "x", 1, p);
    opens(seal, "", "", sealed, len, "x", 1, p);
    refuses(seal, "", "a", sealed, len, p);
}

static void a_megabyte_can_be_sealed(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    apr_size_t size = 1024 * 1024;
    unsigned char *data = apr_palloc(p, size);
    unsigned char *sealed;
    apr_size_t len;

    assert_int_equal(acme_key_random(data, size), APR_SUCCESS);
    sealed = sealed_of(&len, seal, "jobs", "example.org", data, size, p);
    opens(seal, "jobs", "example.org", sealed, len, data, size, p);
    sealed[len / 2] ^= 0x80;
    refuses(seal, "jobs", "example.org", sealed, len, p);
}

static void sealing_twice_gives_other_bytes(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *a;
    unsigned char *b;
    apr_size_t len;

    a = sealed_of(&len, seal, "jobs", "example.org", "text", 4, p);
    b = sealed_of(&len, seal, "jobs", "example.org", "text", 4, p);
    assert_memory_not_equal(a + 1, b + 1, 12);
    assert_memory_not_equal(a + 13, b + 13, 4);
}

static void sealed_bytes_do_not_show_the_text(void **state)
{
    static const char text[] = "a private key in clear";
    apr_pool_t *p = *state;
    unsigned char *sealed;
    apr_size_t len;
    apr_size_t i;

    sealed = sealed_of(&len, seal_of(1, p), "jobs", "example.org", text,
                       sizeof(text), p);
    for (i = 0; i + 8 <= len; i++) {
        assert_int_not_equal(memcmp(sealed + i, text, 8), 0);
    }
}

static void another_secret_purpose_or_name_does_not_open(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed;
    apr_size_t len;

    sealed = sealed_of(&len, seal, "challenges", "token", "text", 4, p);
    opens(seal, "challenges", "token", sealed, len, "text", 4, p);
    refuses(seal_of(2, p), "challenges", "token", sealed, len, p);
    refuses(seal, "challenge", "token", sealed, len, p);
    refuses(seal, "jobs", "token", sealed, len, p);
    refuses(seal, "", "token", sealed, len, p);
    refuses(seal, "challenges", "token2", sealed, len, p);
    refuses(seal, "challenges", "Token", sealed, len, p);
    refuses(seal, "challenges", "", sealed, len, p);
    /* The same letters, cut at another place, and the two texts swapped. */
    refuses(seal, "challengest", "oken", sealed, len, p);
    refuses(seal, "token", "challenges", sealed, len, p);
}

static void what_was_cut_does_not_open(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed;
    unsigned char *longer;
    apr_size_t len;
    apr_size_t i;

    sealed = sealed_of(&len, seal, "jobs", "example.org", "some text", 9, p);
    refuses(seal, "jobs", "example.org", NULL, 0, p);
    for (i = 0; i < len; i++) {
        refuses(seal, "jobs", "example.org", sealed, i, p);
        refuses(seal, "jobs", "example.org", sealed + len - i, i, p);
    }
    longer = apr_pcalloc(p, len + 1);
    memcpy(longer, sealed, len);
    refuses(seal, "jobs", "example.org", longer, len + 1, p);
}

static void a_flipped_bit_anywhere_does_not_open(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed;
    apr_size_t len;
    apr_size_t i;

    sealed = sealed_of(&len, seal, "jobs", "example.org", "some text", 9, p);
    for (i = 0; i < len * 8; i++) {
        sealed[i / 8] ^= (unsigned char)(1 << (i % 8));
        refuses(seal, "jobs", "example.org", sealed, len, p);
        sealed[i / 8] ^= (unsigned char)(1 << (i % 8));
    }
    opens(seal, "jobs", "example.org", sealed, len, "some text", 9, p);
}

static void the_format_stays_as_it_is(void **state)
{
    /* "text", sealed as ("jobs", "example.org") by an independent HKDF and
     * AES-GCM; the nonce is 00 01 .. 0b */
    static const unsigned char sealed[] = {
        0x01, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
        0x0a, 0x0b, 0xe0, 0x62, 0xcb, 0xc2, 0xa1, 0xc6, 0xde, 0x16, 0x48,
        0x64, 0x3c, 0xca, 0x90, 0x66, 0x7f, 0x38, 0x0a, 0x4d, 0x62, 0x02};
    apr_pool_t *p = *state;

    opens(seal_of(1, p), "jobs", "example.org", sealed, sizeof(sealed), "text",
          4, p);
}

static void what_is_too_long_is_refused(void **state)
{
    acme_problem_t problem = ACME_PROBLEM_INIT;
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    unsigned char *sealed = NULL;
    apr_size_t len;
    char *name = apr_pcalloc(p, 100001);
    const acme_seal_label_t usual = {.purpose = "jobs", .name = "x"};
    const acme_seal_label_t long_name = {.purpose = "jobs", .name = name};
    const acme_seal_label_t long_purpose = {.purpose = name, .name = "x"};

    assert_int_equal(
        acme_seal(&sealed, &len, seal, &usual, "", (apr_size_t)-1, &problem, p),
        APR_EINVAL);
    assert_non_null(strstr(problem.detail, "too long"));
    assert_int_equal(acme_seal(&sealed, &len, seal, &usual, "",
                               (apr_size_t)0x7ffffff0, &problem, p),
                     APR_EINVAL);
    memset(name, 'a', 100000);
    assert_int_equal(
        acme_seal(&sealed, &len, seal, &long_name, "", 0, &problem, p),
        APR_EINVAL);
    assert_int_equal(
        acme_seal(&sealed, &len, seal, &long_purpose, "", 0, &problem, p),
        APR_EINVAL);
    assert_null(sealed);
    sealed = sealed_of(&len, seal, "jobs", "x", "text", 4, p);
    refuses(seal, "jobs", name, sealed, len, p);
    refuses(seal, "jobs", "x", sealed, (apr_size_t)-1, p);
}

static void a_name_as_long_as_any_can_be_sealed(void **state)
{
    apr_pool_t *p = *state;
    acme_seal_t *seal = seal_of(1, p);
    char *name = apr_pcalloc(p, 901);
    unsigned char *sealed;
    apr_size_t len;

    memset(name, 'a', 900);
    sealed = sealed_of(&len, seal, name, name, "text", 4, p);
    opens(seal, name, name, sealed, len, "text", 4, p);
}

static const char *mac_of(unsigned char secret, const char *purpose,
                          const char *name, const char *text, apr_pool_t *p)
{
    const acme_seal_label_t label = {.purpose = purpose, .name = name};
    char *mac = apr_pcalloc(p, ACME_SEAL_MAC_LEN + 1);

    assert_int_equal(acme_seal_mac((unsigned char *)mac, seal_of(secret, p),
                                   &label, text, strlen(text), NULL, p),
                     APR_SUCCESS);
    return mac;
}

static void a_mac_is_of_one_secret_label_and_text(void **state)
{
    apr_pool_t *p = *state;
    const char *mac = mac_of(1, "probe", "name", "text", p);

    assert_memory_equal(mac, mac_of(1, "probe", "name", "text", p),
                        ACME_SEAL_MAC_LEN);
    assert_memory_not_equal(mac, mac_of(2, "probe", "name", "text", p),
                            ACME_SEAL_MAC_LEN);
    assert_memory_not_equal(mac, mac_of(1, "probes", "name", "text", p),
                            ACME_SEAL_MAC_LEN);
    assert_memory_not_equal(mac, mac_of(1, "probe", "name", "texts", p),
                            ACME_SEAL_MAC_LEN);
    /* the border between name and text counts */
    assert_memory_not_equal(mac, mac_of(1, "probe", "namet", "ext", p),
                            ACME_SEAL_MAC_LEN);
}

ACME_T_MAIN(ACME_T(what_was_sealed_opens), ACME_T(nothing_can_be_sealed),
            ACME_T(purpose_and_name_may_be_empty),
            ACME_T(a_megabyte_can_be_sealed),
            ACME_T(sealing_twice_gives_other_bytes),
            ACME_T(sealed_bytes_do_not_show_the_text),
            ACME_T(another_secret_purpose_or_name_does_not_open),
            ACME_T(what_was_cut_does_not_open),
            ACME_T(a_flipped_bit_anywhere_does_not_open),
            ACME_T(the_format_stays_as_it_is),
            ACME_T(what_is_too_long_is_refused),
            ACME_T(a_name_as_long_as_any_can_be_sealed),
            ACME_T(a_mac_is_of_one_secret_label_and_text))
