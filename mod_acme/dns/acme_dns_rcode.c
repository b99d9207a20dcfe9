/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_rcode.h"

#include <apr_strings.h>

typedef struct code_t {
    int code;
    const char *name;
    const char *words;
} code_t;

static const code_t rcodes[] = {
    {0, "NOERROR", "it has done what was asked"},
    {1, "FORMERR", "it could not read the message"},
    {2, "SERVFAIL", "it has failed, for which its own log has the reason"},
    {3, "NXDOMAIN", "there is no such name"},
    {4, "NOTIMP", "it does not take updates at all"},
    {5, "REFUSED", "it does not let this key or address do that"},
    {6, "YXDOMAIN", "a name is there that must not be"},
    {7, "YXRRSET", "records are there that must not be"},
    {8, "NXRRSET", "records are missing that must be there"},
    {9, "NOTAUTH", "it is not the primary server of the zone"},
    {10, "NOTZONE", "the name is not in the zone"},
};

static const code_t errors[] = {
    {16, "BADSIG",
     "the signature is wrong: it has another secret under this name"},
    {17, "BADKEY",
     "it does not know the key, or has it with another algorithm"},
    {18, "BADTIME", "its clock and ours differ by more than 5 minutes"},
    {22, "BADTRUNC", "it wants a longer signature"},
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static const code_t *find(const code_t *table, int count, int code)
{
    int i;

    for (i = 0; i < count; ++i) {
        if (table[i].code == code) {
            return &table[i];
        }
    }
    return NULL;
}

const char *acme_dns_rcode_name(int rcode, apr_pool_t *p)
{
    const code_t *found = find(rcodes, COUNT(rcodes), rcode);

    return found ? found->name : apr_psprintf(p, "RCODE %d", rcode);
}

const char *acme_dns_rcode_words(int rcode)
{
    const code_t *found = find(rcodes, COUNT(rcodes), rcode);

    return found ? found->words : "an error that is not known here";
}

const char *acme_dns_rcode_tsig_name(int error, apr_pool_t *p)
{
    const code_t *found = find(errors, COUNT(errors), error);

    return found ? found->name : apr_psprintf(p, "TSIG error %d", error);
}

const char *acme_dns_rcode_tsig_words(int error)
{
    const code_t *found = find(errors, COUNT(errors), error);

    return found ? found->words : "an error that is not known here";
}
