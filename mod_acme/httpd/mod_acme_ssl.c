/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "mod_acme_hooks.h"

#include <apr_strings.h>

/* A site's virtual hosts may differ; the worst of them counts. */
static void serves(acme_holding_t *holding, acme_serving_e serving)
{
    if (holding->serving == ACME_SERVING_NOTHING
        || serving == ACME_SERVING_PLACEHOLDER) {
        holding->serving = serving;
    }
}

static void give(apr_array_header_t *cert_files, const char *cert,
                 apr_array_header_t *key_files, const char *key)
{
    apr_array_clear(cert_files);
    apr_array_clear(key_files);
    APR_ARRAY_PUSH(cert_files, const char *) = cert;
    APR_ARRAY_PUSH(key_files, const char *) = key;
}

int acme_ssl_add_cert_files(server_rec *s, apr_pool_t *p,
                            apr_array_header_t *cert_files,
                            apr_array_header_t *key_files)
{
    acme_setup_t *setup = acme_setup_get();
    acme_holding_t *holding = setup ? acme_setup_holding(setup, s) : NULL;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    const acme_spec_t *spec;
    const char *placeholder;

    if (setup) {
        acme_config_get(s)->tls = 1;
    }
    if (!holding) {
        return DECLINED;
    }
    spec = acme_setup_spec(setup, s);
    if (holding->file) {
        give(cert_files, spec->cert_file, key_files, spec->cert_key_file);
        serves(holding, ACME_SERVING_OKC);
        return OK;
    }
    if (holding->live && !spec->cert_file) {
        if (cert_files->nelts) {
            acme_log(setup->log,
                     holding->staged == ACME_STAGED_PROMOTED ? ACME_LOG_NOTICE
                                                             : ACME_LOG_INFO,
                     0,
                     ACME_TAG(0110) "%s: SSLCertificateFile %s is left out, "
                                    "the certificate from %s is served instead",
                     spec->name, APR_ARRAY_IDX(cert_files, 0, const char *),
                     spec->ca->label);
        }
        give(cert_files, holding->live->cert_path, key_files,
             holding->live->key_path);
        serves(holding, ACME_SERVING_LKC);
        return OK;
    }
    if (cert_files->nelts) {
        acme_log(setup->log, ACME_LOG_INFO, 0,
                 ACME_TAG(0111) "%s: SSLCertificateFile %s is served until "
                                "there is a certificate from %s",
                 spec->name, APR_ARRAY_IDX(cert_files, 0, const char *),
                 spec->ca->label);
        serves(holding, ACME_SERVING_OKC);
        return DECLINED;
    }
    if (!setup->placeholder
        || acme_placeholder_cert(&placeholder, setup->placeholder,
                                 s->server_hostname, &problem, p)) {
        acme_log(setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0112) "%s: there is no placeholder certificate: %s",
                 spec->name,
                 problem.detail ? problem.detail : "see the message before");
        return DECLINED;
    }
    give(cert_files, placeholder, key_files,
         acme_placeholder_key(setup->placeholder));
    acme_config_get(s)->placeholder = 1;
    serves(holding, ACME_SERVING_PLACEHOLDER);
    return OK;
}
