/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_cmds.h"
#include "mod_acme_cmds_arg.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "acme_responder_name.h"

#define NEEDS                                                               \
    "needs [ADDRESS:]PORT and a zone, such as '53 acme.example.org', and, " \
    "if it differs from the main server's ServerName, the name of this "    \
    "name server; or none"

/* Returns non-zero for an address; it is kept as the system prints it, because
 * it is compared. */
static int take_address(const char **address, const char *text, apr_pool_t *p)
{
    unsigned char bytes[16];
    char printed[64];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;

    if (inet_pton(family, text, bytes) != 1
        || !inet_ntop(family, bytes, printed, sizeof(printed))) {
        return 0;
    }
    *address = apr_pstrdup(p, printed);
    return 1;
}

/* Takes [ADDRESS:]PORT apart. Returns NULL, or what is wrong with it. */
static const char *take_place(acme_dns_responder_t *responder, const char *text,
                              apr_pool_t *p)
{
    const char *colon = strrchr(text, ':');
    const char *port = colon ? colon + 1 : text;
    char *address =
        colon ? apr_pstrndup(p, text, (apr_size_t)(colon - text)) : NULL;
    apr_size_t len = address ? strlen(address) : 0;

    responder->port = atoi(port);
    if (!*port || strspn(port, "0123456789") != strlen(port) || strlen(port) > 5
        || responder->port < 1 || responder->port > 65535) {
        return "is no place to listen on; write a port, from 1 to 65535, and "
               "before it an IP address if it is not to be all: 192.0.2.1:53, "
               "[2001:db8::1]:53";
    }
    if (!address || !strcmp(address, "*")) {
        return NULL;
    }
    if (len > 2 && address[0] == '[' && address[len - 1] == ']') {
        address[len - 1] = '\0';
        address++;
    }
    else if (strchr(address, ':')) {
        return "has an IPv6 address without brackets; write [ADDRESS]:PORT";
    }
    return take_address(&responder->address, address, p)
               ? NULL
               : "has no IP address before its port; write one of this "
                 "machine, or the port alone for all of them";
}

/* Takes a name that the DNS can have. Returns NULL, or what is wrong. */
static const char *take_name(const char **name, const char *text, apr_pool_t *p)
{
    const char *why;

    if (acme_ident_canonical(name, text, &why, p) != APR_SUCCESS) {
        return why;
    }
    if (acme_ident_type(*name) == ACME_IDENT_IP
        || acme_ident_is_wildcard(*name)) {
        return "is no name of a zone or server; write one such as "
               "acme.example.org";
    }
    return NULL;
}

const char *mod_acme_cmds_responder(cmd_parms *cmd, void *dc, int argc,
                                    char *const argv[])
{
    acme_dns_responder_t *responder =
        apr_pcalloc(cmd->pool, sizeof(*responder));
    const char *why, *text = "";
    int i;

    (void)dc;
    if (argc == 1 && !ap_cstr_casecmp(argv[0], "none")) {
        return mod_acme_cmds_arg_put(cmd, ACME_SETTING_DNS_RESPONDER, "none",
                                     responder);
    }
    if (argc < 2 || argc > 3) {
        return "ACMEDnsResponder: " NEEDS;
    }
    why = take_place(responder, argv[0], cmd->pool);
    if (why) {
        return mod_acme_cmds_arg_refuse(cmd, argv[0], why);
    }
    why = take_name(&responder->zone, argv[1], cmd->pool);
    if (!why && strlen(responder->zone) > ACME_RESPONDER_NAME_ZONE_MAX) {
        why = "is too long for names below it; write a zone of at most 212 "
              "characters";
    }
    if (why) {
        return mod_acme_cmds_arg_refuse(cmd, argv[1], why);
    }
    why = argc > 2 ? take_name(&responder->name_server, argv[2], cmd->pool)
                   : NULL;
    if (why) {
        return mod_acme_cmds_arg_refuse(cmd, argv[2], why);
    }
    for (i = 0; i < argc; i++) {
        text = apr_pstrcat(cmd->pool, text, i ? " " : "", argv[i], NULL);
    }
    return mod_acme_cmds_arg_put(cmd, ACME_SETTING_DNS_RESPONDER, text,
                                 responder);
}
