/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_caa.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_ident.h"

/* The rank of what a property says, the better the higher. */
typedef enum {
    PROPERTY_OTHER,   /* it is for another CA, or for none */
    PROPERTY_ACCOUNT, /* for the CA, but another account of it */
    PROPERTY_METHOD,  /* for the CA, but for other types of challenges */
    PROPERTY_UNKNOWN, /* it may be for the CA or our account */
    PROPERTY_ALLOWS
} property_e;

/* The value of an issue or issuewild property. */
typedef struct property_t {
    const char *domain; /* "" for nobody */
    const char *account;
    const char *methods; /* NULL: all */
    int is_void;         /* its parameters can never be met */
} property_t;

const char *acme_caa_first(const char *identifier)
{
    if (acme_ident_type(identifier) == ACME_IDENT_IP) {
        return NULL;
    }
    return acme_ident_is_wildcard(identifier) ? identifier + 2 : identifier;
}

const char *acme_caa_parent(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot && dot[1] ? dot + 1 : NULL;
}

/* ---- values ---- */

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t') {
        ++at;
    }
    return at;
}

/* Takes letters, digits and hyphens inside of them, from `at` on. Returns what
 * is behind, or NULL when there are none. */
static const char *skip_label(const char *at)
{
    const char *begin = at;

    while (apr_isalnum(*at) || *at == '-') {
        ++at;
    }
    return at > begin && *begin != '-' && at[-1] != '-' ? at : NULL;
}

/* Takes the name of the CA. Returns what is behind, or NULL for none that is
 * valid. */
static const char *parse_domain(property_t *property, const char *at,
                                apr_pool_t *p)
{
    const char *begin = at;

    property->domain = "";
    while (*at && *at != ';' && *at != ' ' && *at != '\t') {
        at = skip_label(at);
        if (!at) {
            return NULL;
        }
        if (*at == '.' && apr_isalnum(at[1])) {
            ++at;
        }
        else if (*at == '.') {
            return NULL;
        }
    }
    property->domain = apr_pstrmemdup(p, begin, (apr_size_t)(at - begin));
    return skip_blanks(at);
}

/* Returns non-zero for what is no name of a type of challenge (RFC 8657 4). */
static int is_odd(char c)
{
    return !apr_isalnum(c) && c != '-' && c != ',';
}

static void take_parameter(property_t *property, const char *tag,
                           const char *value)
{
    const char *at;

    if (apr_cstr_casecmp(tag, "accounturi") == 0) {
        /* Two cannot both be met, and RFC 8657 3 says so of equal ones. */
        property->is_void |= property->account != NULL;
        property->account = value;
    }
    else if (apr_cstr_casecmp(tag, "validationmethods") == 0) {
        property->is_void |= property->methods != NULL;
        property->methods = value;
        for (at = value; *at; ++at) {
            property->is_void |= is_odd(*at);
        }
    }
}

/* Parses one parameter: tag = value. Returns what is behind, or NULL. */
static const char *parse_parameter(property_t *property, const char *at,
                                   apr_pool_t *p)
{
    const char *begin = at, *tag, *value;

    at = skip_label(at);
    if (!at) {
        return NULL;
    }
    tag = apr_pstrmemdup(p, begin, (apr_size_t)(at - begin));
    at = skip_blanks(at);
    if (*at != '=') {
        return NULL;
    }
    at = begin = skip_blanks(at + 1);
    while (*at > ' ' && *at < 0x7f && *at != ';') {
        ++at;
    }
    value = apr_pstrmemdup(p, begin, (apr_size_t)(at - begin));
    at = skip_blanks(at);
    if (*at && *at != ';') {
        return NULL;
    }
    take_parameter(property, tag, value);
    return at;
}

/* Parses the value of a property. What cannot be parsed is for nobody (RFC 8659
 * 4.2). */
static void parse(property_t *property, const char *text, apr_pool_t *p)
{
    const char *at = parse_domain(property, skip_blanks(text), p);

    while (at && *at == ';') {
        at = skip_blanks(at + 1);
        if (*at && *at != ';') {
            at = parse_parameter(property, at, p);
        }
        else if (*at == ';') {
            at = NULL;
        }
    }
    if (!at || *at) {
        property->domain = "";
    }
}

/* ---- one property ---- */

static int is_of_ca(const acme_caa_order_t *order, const char *domain)
{
    int i;

    for (i = 0; order->identities && i < order->identities->nelts; ++i) {
        if (apr_cstr_casecmp(domain,
                             APR_ARRAY_IDX(order->identities, i, const char *))
            == 0) {
            return 1;
        }
    }
    return 0;
}

static int has_method(const char *methods, const char *type)
{
    apr_size_t len = strlen(type), n;

    while (*methods) {
        n = strcspn(methods, ",");
        if (n == len && apr_cstr_casecmpn(methods, type, len) == 0) {
            return 1;
        }
        methods += n + (methods[n] == ',');
    }
    return 0;
}

/* Adds the types of challenges that a property allows. Returns how many it
 * allows. */
static int add_types(apr_array_header_t *types, const acme_caa_order_t *order,
                     const property_t *property)
{
    int i, n = 0;

    for (i = 0; i < order->types->nelts; ++i) {
        const char *type = APR_ARRAY_IDX(order->types, i, const char *);

        if (!property->methods || has_method(property->methods, type)) {
            ++n;
            if (types) {
                acme_ident_add(types, type);
            }
        }
    }
    return n;
}

static property_e weigh(const acme_caa_order_t *order,
                        const property_t *property)
{
    int known = order->identities && order->identities->nelts > 0;

    if (!*property->domain || property->is_void
        || (known && !is_of_ca(order, property->domain))) {
        return PROPERTY_OTHER;
    }
    if (add_types(NULL, order, property) == 0) {
        return PROPERTY_METHOD;
    }
    if (property->account && order->account
        && strcmp(property->account, order->account) != 0) {
        return PROPERTY_ACCOUNT;
    }
    return known && (!property->account || order->account) ? PROPERTY_ALLOWS
                                                           : PROPERTY_UNKNOWN;
}

/* ---- all of a name ---- */

static int is_tag(const acme_dns_record_t *record, const char *tag)
{
    return record->type == ACME_DNS_CAA && strcmp(record->tag, tag) == 0;
}

static const acme_dns_record_t *record_at(const apr_array_header_t *records,
                                          int i)
{
    return &APR_ARRAY_IDX(records, i, acme_dns_record_t);
}

/* Returns the tag of the properties that count for the identifier. */
static const char *tag_of(const acme_caa_order_t *order,
                          const apr_array_header_t *records)
{
    int i;

    for (i = 0; acme_ident_is_wildcard(order->identifier) && i < records->nelts;
         ++i) {
        if (is_tag(record_at(records, i), "issuewild")) {
            return "issuewild";
        }
    }
    return "issue";
}

/* Returns a property that is critical and that no CA has to know; a CA that
 * does not must refuse. */
static const acme_dns_record_t *
critical_unknown(const apr_array_header_t *records)
{
    static const char *const known[] = {
        "issue",        "issuewild", "iodef",   "contactemail",
        "contactphone", "issuemail", "issuevmc"};
    apr_size_t i;
    int j;

    for (j = 0; j < records->nelts; ++j) {
        const acme_dns_record_t *record = record_at(records, j);
        int found = record->type != ACME_DNS_CAA || !record->critical;

        for (i = 0; i < sizeof(known) / sizeof(known[0]) && !found; ++i) {
            found = strcmp(record->tag, known[i]) == 0;
        }
        if (!found) {
            return record;
        }
    }
    return NULL;
}

/* Says what the properties allow at all. */
static const char *list_allowed(const apr_array_header_t *records,
                                const char *tag, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    property_t property;
    int i;

    for (i = 0; i < records->nelts; ++i) {
        if (is_tag(record_at(records, i), tag)) {
            memset(&property, 0, sizeof(property));
            parse(&property, record_at(records, i)->value, p);
            if (*property.domain && !property.is_void) {
                acme_ident_add(names, property.domain);
            }
        }
    }
    if (names->nelts == 0) {
        return "allows no CA";
    }
    if (names->nelts > 4) {
        names->nelts = 4;
        APR_ARRAY_PUSH(names, const char *) = "...";
    }
    return apr_pstrcat(p, "allows only ", apr_array_pstrcat(p, names, ','),
                       NULL);
}

/* Says why the records forbid it, and what would allow it. */
static void explain(acme_caa_verdict_t *verdict, const acme_caa_order_t *order,
                    const apr_array_header_t *records, const char *tag,
                    property_e best)
{
    apr_pool_t *p = verdict->types->pool;
    int known = order->identities && order->identities->nelts > 0;

    switch (best) {
    case PROPERTY_UNKNOWN:
        verdict->reason = apr_pstrcat(
            p, list_allowed(records, tag, p),
            known ? ", and only an account that is not known here yet"
                  : ", and the CA does not say by which names it is meant",
            NULL);
        return;
    case PROPERTY_ACCOUNT:
        verdict->reason = apr_psprintf(
            p,
            "allows the CA only with another account (accounturi), not with "
            "%s",
            *order->account ? order->account : "a new one");
        break;
    case PROPERTY_METHOD:
        verdict->reason = apr_pstrcat(
            p, "allows the CA only with other validationmethods, not with ",
            apr_array_pstrcat(p, order->types, ','), NULL);
        break;
    default:
        verdict->reason = list_allowed(records, tag, p);
        break;
    }
    verdict->to_fix =
        apr_psprintf(p, "add the CAA record: 0 %s \"%s\"", tag,
                     known ? APR_ARRAY_IDX(order->identities, 0, const char *)
                           : "name of the CA");
}

void acme_caa_judge(acme_caa_verdict_t *verdict, const acme_caa_order_t *order,
                    const apr_array_header_t *records, apr_pool_t *p)
{
    const acme_dns_record_t *odd = critical_unknown(records);
    const char *tag = tag_of(order, records);
    property_e best = PROPERTY_OTHER, now;
    property_t property;
    int i, count = 0;

    memset(verdict, 0, sizeof(*verdict));
    verdict->types = apr_array_make(p, 2, sizeof(const char *));
    if (odd) {
        verdict->what = ACME_CAA_FORBIDDEN;
        verdict->reason = apr_psprintf(
            p, "has the critical property %.32s, which no CA has to know",
            odd->tag);
        verdict->to_fix = apr_psprintf(
            p, "remove the CAA record with the tag %.32s, or its critical flag",
            odd->tag);
        return;
    }
    for (i = 0; i < records->nelts; ++i) {
        if (!is_tag(record_at(records, i), tag)) {
            continue;
        }
        ++count;
        memset(&property, 0, sizeof(property));
        parse(&property, record_at(records, i)->value, p);
        now = weigh(order, &property);
        if (now == PROPERTY_ALLOWS) {
            (void)add_types(verdict->types, order, &property);
        }
        best = now > best ? now : best;
    }
    if (count == 0) {
        best = PROPERTY_ALLOWS;
        verdict->types = apr_array_copy(p, order->types);
    }
    verdict->what = best == PROPERTY_ALLOWS    ? ACME_CAA_ALLOWED
                    : best == PROPERTY_UNKNOWN ? ACME_CAA_UNKNOWN
                                               : ACME_CAA_FORBIDDEN;
    if (verdict->what != ACME_CAA_ALLOWED) {
        explain(verdict, order, records, tag, best);
    }
}
