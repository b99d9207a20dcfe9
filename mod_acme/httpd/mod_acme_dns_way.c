/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_dns_way.h"

static int is_command(const void *value)
{
    const apr_array_header_t *argv = value;

    return argv && argv->nelts > 0;
}

static int is_responder(const void *value)
{
    const acme_dns_responder_t *responder = value;

    return responder && responder->port > 0;
}

static int is_update(const void *value)
{
    const acme_dns_update_spec_t *update = value;

    return update && update->server;
}

static const acme_dns_way_t ways[] = {
    {ACME_SETTING_CHALLENGE_DNS01, ACME_DNS_COMMAND, is_command},
    {ACME_SETTING_DNS_RESPONDER, ACME_DNS_RESPONDER, is_responder},
    {ACME_SETTING_DNS_UPDATE, ACME_DNS_UPDATE, is_update},
};

#define N_WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

const acme_dns_way_t *mod_acme_dns_way_at(int i)
{
    return i < N_WAYS ? &ways[i] : NULL;
}

int mod_acme_dns_way_is_named(const acme_dns_way_t *way,
                              const acme_config_t *config)
{
    const acme_setting_t *setting = &config->settings[way->setting];

    return setting->place && way->is_on(setting->value);
}

int mod_acme_dns_way_is_on(const acme_config_t *config)
{
    int i;

    for (i = 0; i < N_WAYS; i++) {
        if (mod_acme_dns_way_is_named(&ways[i], config)) {
            return 1;
        }
    }
    return 0;
}
