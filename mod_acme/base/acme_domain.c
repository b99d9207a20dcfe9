/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_domain.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_ident.h"
#include "config.h"

#ifdef HAVE_LIBPSL
#include <libpsl.h>
#endif

/* Returns non-zero when the public suffix list is there. */
static int is_exact(void)
{
#ifdef HAVE_LIBPSL
    return psl_builtin() != NULL;
#else
    return 0;
#endif
}

static const char *listed(const char *name)
{
#ifdef HAVE_LIBPSL
    const psl_ctx_t *list = psl_builtin();

    return list ? psl_registrable_domain(list, name) : NULL;
#else
    (void)name;
    return NULL;
#endif
}

static const char *last_two_labels(const char *name)
{
    const char *c = name + strlen(name);
    int dots = 0;

    while (c > name) {
        if (c[-1] == '.' && ++dots == 2) {
            break;
        }
        --c;
    }
    return c;
}

const char *acme_domain_registered(const char *name, apr_pool_t *p)
{
    const char *domain;

    if (acme_ident_type(name) == ACME_IDENT_IP) {
        return apr_pstrdup(p, name);
    }
    if (acme_ident_is_wildcard(name)) {
        name += 2;
    }
    domain = listed(name);
    /* A public suffix has no registered domain, so it counts by itself. */
    if (!domain) {
        domain = is_exact() ? name : last_two_labels(name);
    }
    return apr_pstrdup(p, domain);
}
