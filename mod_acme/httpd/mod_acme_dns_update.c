/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_dns_update.h"

#include <unixd.h>

#include <apr_strings.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme_dns.h"
#include "acme_dns_message.h"
#include "config.h"

#ifdef HAVE_LIBCARES
#define LOOKS_UP 1
#else
#define LOOKS_UP 0
#endif

/* Returns who else than root or the owner may read the file, or NULL. The group
 * may be that of a name server, but not the one that httpd's children have. */
static const char *other_reader(const struct stat *st)
{
    if (st->st_mode & (S_IROTH | S_IWOTH)) {
        return "everybody";
    }
    if (st->st_mode & S_IWGRP) {
        return "its group, which may write it,";
    }
    if (geteuid() != 0) {
        return NULL;
    }
    if ((st->st_mode & S_IRGRP) && st->st_gid == ap_unixd_config.group_id) {
        return "the group of httpd's children";
    }
    return st->st_uid == ap_unixd_config.user_id && st->st_uid != 0
               ? "the user of httpd's children"
               : NULL;
}

/* Refuses a file that others may read. Returns zero when the file is refused,
 * or this user may not look. */
static int check_rights(acme_sites_t *sites, const char *file,
                        const char *place)
{
    struct stat st;
    const char *reader;

    if (stat(file, &st)) {
        if (geteuid() != 0 && errno == EACCES) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0651) "ACMEDnsUpdate at %s: the key file %s cannot be "
                               "looked at by this user; let root test the "
                               "configuration and start the server",
                place, file);
            return 0;
        }
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0652) "ACMEDnsUpdate at %s: the key file %s is not there "
                           "(%pm); correct the path, or make the key: "
                           "'tsig-keygen -a hmac-sha256 NAME > %s'",
            place, file, &errno, file);
        return 0;
    }
    reader = other_reader(&st);
    if (reader) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0653) "ACMEDnsUpdate at %s: %s can read the key file %s, "
                           "and so could change the DNS; 'chown root %s; chmod "
                           "600 %s'",
            place, reader, file, file, file);
        return 0;
    }
    return 1;
}

static int read_key(acme_sites_t *sites, acme_tsig_t *key, const char *place)
{
    const char *why;

    if (key->secret) {
        return 1; /* read for another site */
    }
    if (!check_rights(sites, key->file, place)) {
        return 0;
    }
    if (acme_tsig_load(key, &why, sites->p) != APR_SUCCESS) {
        mod_acme_sites_refuse(sites,
                              ACME_TAG(0654) "ACMEDnsUpdate at %s: the key "
                                             "file %s %s",
                              place, key->file, why);
        return 0;
    }
    if (!acme_dns_message_knows(key->algorithm)) {
        mod_acme_sites_refuse(
            sites,
            ACME_TAG(0655) "ACMEDnsUpdate at %s: the key %s in %s is for "
                           "%.64s, by which nothing is signed here; make one "
                           "for hmac-sha256 or hmac-sha512: 'tsig-keygen -a "
                           "hmac-sha256 %s > %s'",
            place, key->name, key->file, key->algorithm, key->name, key->file);
        return 0;
    }
    return 1;
}

int mod_acme_dns_update_check(acme_sites_t *sites,
                              const acme_setting_t *setting)
{
    const acme_dns_update_spec_t *update = setting->value;
    const char *address;
    int port, said = !mod_acme_sites_first(sites, "dns update", setting->place);

    if (!acme_dns_message_is_built()) {
        if (!said) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0656) "ACMEDnsUpdate at %s has no effect: this "
                               "mod_acme was built without ldns; build it with "
                               "ldns (libldns-dev), or write "
                               "ACMEChallengeDns01 with a program",
                setting->place);
        }
        return 0;
    }
    if (!LOOKS_UP
        && acme_dns_address_parse(&address, &port, update->server, sites->p)
               != APR_SUCCESS) {
        if (!said) {
            mod_acme_sites_refuse(
                sites,
                ACME_TAG(0657) "ACMEDnsUpdate %s at %s: this mod_acme was "
                               "built without c-ares and looks up no names; "
                               "write the address of the name server",
                update->server, setting->place);
        }
        return 0;
    }
    if (!update->key) {
        if (!said) {
            mod_acme_sites_warn(
                sites,
                ACME_TAG(0658) "ACMEDnsUpdate at %s names no key file: updates "
                               "are not signed, and whoever can send from this "
                               "machine's address can change the zone, too; "
                               "make a key by 'tsig-keygen -a hmac-sha256 "
                               "NAME', and name its file",
                setting->place);
        }
        return 1;
    }
    /* Reads nothing again that was refused. */
    return said ? update->key->secret != NULL
                : read_key(sites, update->key, setting->place);
}
