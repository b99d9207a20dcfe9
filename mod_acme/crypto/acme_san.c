/* SPDX-License-Identifier: Apache-2.0 */

#include <string.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/err.h>

#include "acme_ident.h"
#include "acme_key.h"
#include "acme_san.h"

/* Makes the GENERAL_NAME of a name. Returns NULL for a text that is not a name,
 * and when OpenSSL fails; then its error queue has the reason. */
static GENERAL_NAME *general_name(const char *name)
{
    ASN1_STRING *value = NULL;
    GENERAL_NAME *general = NULL;
    const char *c;
    int type;

    if (acme_ident_type(name) == ACME_IDENT_IP) {
        type = GEN_IPADD;
        value = a2i_IPADDRESS(name);
    }
    else {
        type = GEN_DNS;
        for (c = name; *c != '\0'; c++) {
            if (!apr_isgraph(*c) || !apr_isascii(*c)) {
                return NULL;
            }
        }
        value = ASN1_IA5STRING_new();
        if (value != NULL && ASN1_STRING_set(value, name, -1) != 1) {
            goto leave;
        }
    }
    if (value == NULL) {
        goto leave;
    }
    general = GENERAL_NAME_new();
    if (general != NULL) {
        GENERAL_NAME_set0_value(general, type, value);
        value = NULL;
    }

leave:
    ASN1_STRING_free(value);
    return general;
}

apr_status_t acme_san_create(GENERAL_NAMES **san,
                             const apr_array_header_t *names,
                             acme_problem_t *problem, apr_pool_t *p)
{
    GENERAL_NAMES *list = NULL;
    GENERAL_NAME *general;
    const char *name;
    int i;

    if (names->nelts < 1 || names->nelts > ACME_SAN_MAX) {
        return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                                ACME_PROBLEM_CRYPTO, p,
                                "a certificate has 1 to %d names, not %d",
                                ACME_SAN_MAX, names->nelts);
    }
    ERR_clear_error();
    list = sk_GENERAL_NAME_new_null();
    if (list == NULL) {
        return acme_key_openssl_problem(problem, "listing names", p);
    }
    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, const char *);
        general = name[0] != '\0' ? general_name(name) : NULL;
        if (general == NULL || sk_GENERAL_NAME_push(list, general) <= 0) {
            GENERAL_NAME_free(general);
            GENERAL_NAMES_free(list);
            ERR_clear_error();
            return acme_problem_set(problem, APR_EINVAL, ACME_RETRY_CONFIG,
                                    ACME_PROBLEM_CRYPTO, p,
                                    "no certificate can name \"%.300s\"", name);
        }
    }
    *san = list;
    return APR_SUCCESS;
}

/* Returns the text of a dNSName or iPAddress; NULL for other types, and for a
 * text with a NUL in it, because C would see another name than the CA signed.
 */
static const char *general_text(const GENERAL_NAME *general, apr_pool_t *p)
{
    char buf[INET6_ADDRSTRLEN];
    const ASN1_STRING *value;
    const unsigned char *data;
    int type;
    int len;

    value = GENERAL_NAME_get0_value(general, &type);
    if (value == NULL || (type != GEN_DNS && type != GEN_IPADD)) {
        return NULL;
    }
    data = ASN1_STRING_get0_data(value);
    len = ASN1_STRING_length(value);
    if (type == GEN_DNS) {
        if (len <= 0 || memchr(data, '\0', (size_t)len) != NULL) {
            return NULL;
        }
        return apr_pstrmemdup(p, (const char *)data, (apr_size_t)len);
    }
    if (len != 4 && len != 16) {
        return NULL;
    }
    if (inet_ntop(len == 4 ? AF_INET : AF_INET6, data, buf, sizeof(buf))
        == NULL) {
        return NULL;
    }
    return apr_pstrdup(p, buf);
}

apr_status_t acme_san_names(apr_array_header_t **names, const X509 *cert,
                            apr_pool_t *p)
{
    apr_array_header_t *found = apr_array_make(p, 4, sizeof(const char *));
    apr_status_t rv = APR_SUCCESS;
    GENERAL_NAMES *san;
    const char *name;
    const char *text;
    const char *why;
    int critical;
    int i;

    san = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
    if (san == NULL) {
        /* -1: there is no such extension */
        rv = critical == -1 ? APR_SUCCESS : APR_EINVAL;
        goto leave;
    }
    if (sk_GENERAL_NAME_num(san) > ACME_SAN_MAX) {
        rv = APR_EINVAL;
        goto leave;
    }
    for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        text = general_text(sk_GENERAL_NAME_value(san, i), p);
        if (text != NULL
            && acme_ident_canonical(&name, text, &why, p) == APR_SUCCESS) {
            acme_ident_add(found, name);
        }
    }

leave:
    GENERAL_NAMES_free(san);
    ERR_clear_error();
    if (rv == APR_SUCCESS) {
        *names = found;
    }
    return rv;
}
