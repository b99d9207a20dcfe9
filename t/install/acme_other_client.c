/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include <sys/stat.h>
#include <unistd.h>

#include "acme_file.h"
#include "acme_other_client.h"

#define NAME  "a.example.org"
#define OTHER "b.example.org"

static void put(const char *dir, const char *file, apr_time_t at, apr_pool_t *p)
{
    const acme_bundle_t *bundle = acme_t_bundle(NAME, at, p);

    assert_int_equal(apr_dir_make_recursive(dir, 0x700, p), 0);
    assert_int_equal(acme_file_write(apr_pstrcat(p, dir, "/", file, NULL),
                                     bundle->chain_pem,
                                     strlen(bundle->chain_pem), APR_FPROT_UREAD,
                                     ACME_FILE_LAZY, p),
                     0);
}

static int find(acme_other_client_e client, const char *dir, apr_time_t now,
                apr_pool_t *p)
{
    apr_array_header_t *hosts = apr_array_make(p, 2, sizeof(const char *));
    apr_array_header_t *found;

    APR_ARRAY_PUSH(hosts, const char *) = OTHER;
    APR_ARRAY_PUSH(hosts, const char *) = NAME;
    found = acme_other_client_find(client, dir, hosts, now, p);
    if (found->nelts) {
        assert_string_equal(APR_ARRAY_IDX(found, 0, const char *), NAME);
    }
    return found->nelts;
}

static void finds_what_certbot_has(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    const char *live = apr_pstrcat(p, dir, "/live/" NAME, NULL);

    assert_int_equal(find(ACME_OTHER_CLIENT_CERTBOT, dir, ACME_T_NOW, p), 0);
    put(apr_pstrcat(p, dir, "/archive/" NAME, NULL), "fullchain1.pem",
        ACME_T_NOW, p);
    assert_int_equal(apr_dir_make_recursive(live, 0x700, p), 0);
    assert_int_equal(symlink("../../archive/" NAME "/fullchain1.pem",
                             apr_pstrcat(p, live, "/fullchain.pem", NULL)),
                     0);
    assert_int_equal(find(ACME_OTHER_CLIENT_CERTBOT, dir, ACME_T_NOW, p), 1);
    assert_int_equal(find(ACME_OTHER_CLIENT_MOD_MD, dir, ACME_T_NOW, p), 0);
    assert_int_equal(find(ACME_OTHER_CLIENT_CERTBOT, dir,
                          ACME_T_NOW + 3650 * ACME_TIME_DAY, p),
                     0);
    assert_int_equal(chmod(apr_pstrcat(p, dir, "/live", NULL), 0777), 0);
    assert_int_equal(find(ACME_OTHER_CLIENT_CERTBOT, dir, ACME_T_NOW, p), 0);
}

static void finds_what_mod_md_has(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);

    put(apr_pstrcat(p, dir, "/domains/" NAME, NULL), "pubcert.pem", ACME_T_NOW,
        p);
    assert_int_equal(find(ACME_OTHER_CLIENT_MOD_MD, dir, ACME_T_NOW, p), 1);
}

ACME_T_MAIN(ACME_T(finds_what_certbot_has), ACME_T(finds_what_mod_md_has))
