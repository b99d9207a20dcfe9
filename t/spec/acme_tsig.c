/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_tsig.h"

#define SECRET "c2VjcmV0c2VjcmV0c2VjcmV0"

static apr_status_t load(acme_tsig_t *tsig, const char *text, const char **why,
                         apr_pool_t *p)
{
    memset(tsig, 0, sizeof(*tsig));
    tsig->file = apr_pstrcat(p, acme_t_dir(p), "/dns.key", NULL);
    if (text) {
        assert_int_equal(acme_file_write(tsig->file, text, strlen(text),
                                         APR_FPROT_UREAD, ACME_FILE_LAZY, p),
                         APR_SUCCESS);
    }
    return acme_tsig_load(tsig, why, p);
}

static void forms_of_files_are_read(void **state)
{
    static const struct {
        const char *text, *name, *algorithm;
    } cases[] = {
        {"key \"acme-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET
         "\";\n};\n",
         "acme-key", "hmac-sha256"},
        {"key acme-key. { secret " SECRET "; algorithm HMAC-SHA512; }",
         "acme-key", "hmac-sha512"},
        {"# made by tsig-keygen\n/* for\n us */ key // the name\n"
         "\"Acme.Example.\"{algorithm \"hmac-sha256\";secret \"" SECRET
         "\";};# end",
         "acme.example", "hmac-sha256"},
        {"acme-key:" SECRET "\n", "acme-key", "hmac-sha256"},
        {"hmac-sha512:acme-key.:" SECRET "\r\n", "acme-key", "hmac-sha512"},
        {"acme-key:hmac-sha512:" SECRET, "acme-key", "hmac-sha512"},
        {"HMAC-SHA512:acme-key:" SECRET, "acme-key", "hmac-sha512"},
        /* Reads algorithms that nothing is signed by, too. */
        {"hmac-md5:acme-key:" SECRET, "acme-key", "hmac-md5"},
    };
    acme_tsig_t tsig;
    const char *why = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        assert_int_equal(load(&tsig, cases[i].text, &why, *state), APR_SUCCESS);
        assert_string_equal(tsig.name, cases[i].name);
        assert_string_equal(tsig.algorithm, cases[i].algorithm);
        assert_string_equal(tsig.secret, SECRET);
    }
}

static void a_file_of_no_use_says_why_and_shows_no_secret(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {NULL, "cannot be read"},
        {"", "has no key"},
        {"# nothing\n", "has no key"},
        {SECRET, "has no key"},
        {"a:b:c:" SECRET, "has more than ALGORITHM:NAME:SECRET"},
        {"key", "has no key"},
        {"key \"a\"", "has no '{'"},
        {"key { algorithm hmac-sha256; secret " SECRET "; };", "has no '{'"},
        {"key a { algorithm hmac-sha256; secret " SECRET, "lacks a ';'"},
        {"key a { algorithm hmac-sha256; secret " SECRET "; ", "ends within"},
        {"key a { algorithm hmac-sha256; };", "lacks the algorithm or the"},
        {"key a { secret " SECRET "; };", "lacks the algorithm or the secret"},
        {"key a { algorithm hmac-sha256; secret; };", "lacks a ';'"},
        {"key a { server 1; secret " SECRET "; };", "has something else"},
        {"key a { algorithm hmac-sha256; secret " SECRET "; };\n"
         "key b { algorithm hmac-sha256; secret " SECRET "; };",
         "has more than one key"},
        {"key \"a b\" { algorithm hmac-sha256; secret " SECRET "; };",
         "no name of the DNS"},
        {"key a..b { algorithm hmac-sha256; secret " SECRET "; };",
         "no name of the DNS"},
        {"a:c2VjcmV0*", "no base64"},
        {"a:c2VjcmV0c2Vj-_==", "no base64"},
        {"a:c2VjcmV", "no base64"},
        {"Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: " SECRET,
         "half of a pair of files"},
    };
    acme_tsig_t tsig;
    const char *why;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        why = NULL;
        assert_int_not_equal(load(&tsig, cases[i].text, &why, *state),
                             APR_SUCCESS);
        acme_t_contains(why, cases[i].why);
        assert_null(strstr(why, SECRET));
        assert_null(tsig.secret);
    }
}

ACME_T_MAIN(ACME_T(forms_of_files_are_read),
            ACME_T(a_file_of_no_use_says_why_and_shows_no_secret))
