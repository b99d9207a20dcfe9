/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_former.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_own_cert.h"

void mod_acme_former_find(acme_former_t *former,
                          const acme_deployed_site_t *before, apr_time_t now,
                          acme_problem_t *problem, apr_pool_t *ptemp)
{
    if (before && before->state == ACME_DEPLOYED_OKC && before->cert_files
        && acme_own_cert_check(before->cert_files, before->key_files, now,
                               problem, ptemp)
               == ACME_OWN_CERT_VALID) {
        former->before = before;
    }
}

/* Returns non-zero when the chain file is that of a certificate as well. */
static int is_cert_file(const acme_deployed_site_t *before)
{
    int i;

    for (i = 0; i < before->cert_files->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(before->cert_files, i, const char *),
                    before->chain_file)) {
            return 1;
        }
    }
    return 0;
}

/* Returns the file of a former certificate with its chain, because its
 * SSLCertificateChainFile may be gone from the configuration, or may belong to
 * another certificate there. */
static const char *join(const acme_setup_t *setup,
                        const acme_deployed_site_t *before, int i,
                        const acme_spec_t *spec, acme_tmpfile_t *files)
{
    const char *file = APR_ARRAY_IDX(before->cert_files, i, const char *);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const char *name, *path, *pem;
    apr_pool_t *ptemp;
    apr_status_t rv;

    if (!before->chain_file) {
        return file;
    }
    apr_pool_create(&ptemp, setup->pconf);
    name = apr_psprintf(ptemp, "%s.%d.former.pem",
                        acme_file_name_encode(spec->name, ptemp), i);
    rv = acme_own_cert_join(&pem, file, before->chain_file,
                            is_cert_file(before), &problem, ptemp);
    if (!rv) {
        rv =
            acme_tmpfile_write(&path, files, name, pem, &problem, setup->pconf);
    }
    if (rv) {
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0120) "%s: its former certificate is served without "
                                "the intermediate certificates in %s, so that "
                                "clients may refuse it until there is one from "
                                "%s: %s",
                 spec->name, before->chain_file, spec->ca->label,
                 acme_problem_text(&problem, ptemp));
        path = file;
    }
    apr_pool_destroy(ptemp);
    return path;
}

const acme_fallback_t *mod_acme_former_files(const acme_setup_t *setup,
                                             acme_former_t *former,
                                             const acme_spec_t *spec,
                                             acme_tmpfile_t *files)
{
    const acme_deployed_site_t *before = former->before;
    apr_array_header_t *paths;
    int i;

    if (!former->files.cert_files) {
        paths = apr_array_make(setup->pconf, 2, sizeof(const char *));
        for (i = 0; i < before->cert_files->nelts; i++) {
            APR_ARRAY_PUSH(paths, const char *) =
                join(setup, before, i, spec, files);
        }
        former->files.cert_files = paths;
        former->files.key_files = before->key_files;
        former->files.former =
            APR_ARRAY_IDX(before->cert_files, 0, const char *);
    }
    return &former->files;
}
