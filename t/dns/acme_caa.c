/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_caa.c
 * @brief What CAA records allow: a table of records, orders and verdicts.
 */
#include "acme_t.h"

#include <apr_strings.h>

#include "acme_caa.h"

#define CA   "ca.test"
#define ACCT "https://ca.test/acct/1"

#define ALLOWED   ACME_CAA_ALLOWED
#define FORBIDDEN ACME_CAA_FORBIDDEN
#define UNKNOWN   ACME_CAA_UNKNOWN

/* Makes records of "tag value" lines; "!" before a tag: critical. */
static apr_array_header_t *records_of(const char *text, apr_pool_t *p)
{
    apr_array_header_t *records =
        apr_array_make(p, 2, sizeof(acme_dns_record_t));
    char *line, *last, *blank, *copy = apr_pstrdup(p, text);

    for (line = apr_strtok(copy, "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        acme_dns_record_t *record = apr_array_push(records);

        memset(record, 0, sizeof(*record));
        record->name = "shop.test";
        record->type = ACME_DNS_CAA;
        record->critical = *line == '!';
        line += record->critical;
        blank = strchr(line, ' ');
        assert_non_null(blank);
        *blank = '\0';
        record->tag = line;
        record->value = blank + 1;
    }
    return records;
}

static apr_array_header_t *words(const char *text, apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 2, sizeof(const char *));
    char *word, *last, *copy = apr_pstrdup(p, text);

    for (word = apr_strtok(copy, " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(list, const char *) = word;
    }
    return list;
}

static acme_caa_order_t order_of(const char *identifier, apr_pool_t *p)
{
    acme_caa_order_t order = {identifier, words(CA, p), ACCT,
                              words("http-01 dns-01", p)};

    return order;
}

static void climbs(void **state)
{
    (void)state;
    assert_string_equal(acme_caa_first("www.shop.test"), "www.shop.test");
    assert_string_equal(acme_caa_first("*.shop.test"), "shop.test");
    assert_null(acme_caa_first("192.0.2.1"));
    assert_null(acme_caa_first("2001:db8::1"));
    assert_string_equal(acme_caa_parent("www.shop.test"), "shop.test");
    assert_string_equal(acme_caa_parent("shop.test"), "test");
    assert_null(acme_caa_parent("test"));
}

static void judges(void **state)
{
    static const struct {
        const char *records;
        acme_caa_e plain, wildcard;
    } cases[] = {
        {"", ALLOWED, ALLOWED},
        {"iodef mailto:a@shop.test", ALLOWED, ALLOWED},
        {"issue " CA, ALLOWED, ALLOWED},
        {"issue CA.Test", ALLOWED, ALLOWED},
        {"issue  \t" CA " ", ALLOWED, ALLOWED},
        {"issue other.test", FORBIDDEN, FORBIDDEN},
        {"issue sub." CA, FORBIDDEN, FORBIDDEN},
        {"issue ;", FORBIDDEN, FORBIDDEN},
        {"issue ", FORBIDDEN, FORBIDDEN},
        {"issue other.test\nissue " CA, ALLOWED, ALLOWED},
        {"issue ;\nissue " CA, ALLOWED, ALLOWED},
        /* issuewild is for wildcards alone, and then issue is not */
        {"issuewild " CA, ALLOWED, ALLOWED},
        {"issuewild other.test", ALLOWED, FORBIDDEN},
        {"issuewild ;", ALLOWED, FORBIDDEN},
        {"issue " CA "\nissuewild ;", ALLOWED, FORBIDDEN},
        {"issue ;\nissuewild " CA, FORBIDDEN, ALLOWED},
        {"issue other.test\nissuewild " CA, FORBIDDEN, ALLOWED},
        /* the account */
        {"issue " CA "; accounturi=" ACCT, ALLOWED, ALLOWED},
        {"issue " CA ";AccountURI = " ACCT " ;", ALLOWED, ALLOWED},
        {"issue " CA "; accounturi=" ACCT "0", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; accounturi=https://CA.test/acct/1", FORBIDDEN,
         FORBIDDEN},
        {"issue " CA "; accounturi=", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; accounturi=https://ca.test/acct/2\nissue " CA
         "; accounturi=" ACCT,
         ALLOWED, ALLOWED},
        {"issue " CA "; accounturi=" ACCT "; accounturi=" ACCT, FORBIDDEN,
         FORBIDDEN},
        {"issue other.test; accounturi=" ACCT, FORBIDDEN, FORBIDDEN},
        /* methods */
        {"issue " CA "; validationmethods=dns-01", ALLOWED, ALLOWED},
        {"issue " CA "; validationmethods=tls-alpn-01,http-01", ALLOWED,
         ALLOWED},
        {"issue " CA "; validationmethods=tls-alpn-01", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; validationmethods=dns", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; validationmethods=", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; validationmethods=dns-01/x", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; validationmethods=ca-x,dns-01", ALLOWED, ALLOWED},
        {"issue " CA "; validationmethods=dns-01; validationmethods=dns-01",
         FORBIDDEN, FORBIDDEN},
        {"issue " CA "; validationmethods=dns-01; accounturi=" ACCT, ALLOWED,
         ALLOWED},
        {"issue " CA "; validationmethods=dns-01; accounturi=x", FORBIDDEN,
         FORBIDDEN},
        /* other parameters are for the CA alone */
        {"issue " CA "; policy=ev; a=", ALLOWED, ALLOWED},
        {"issue " CA ";", ALLOWED, ALLOWED},
        /* what cannot be parsed is for nobody */
        {"issue " CA " " CA, FORBIDDEN, FORBIDDEN},
        {"issue " CA "; policy", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; policy=a b", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; =a", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; -a=b", FORBIDDEN, FORBIDDEN},
        {"issue " CA ";; a=b", FORBIDDEN, FORBIDDEN},
        {"issue " CA ".", FORBIDDEN, FORBIDDEN},
        {"issue -" CA, FORBIDDEN, FORBIDDEN},
        {"issue %%%%", FORBIDDEN, FORBIDDEN},
        {"issue " CA "; a=\x01", FORBIDDEN, FORBIDDEN},
        {"issue %%%%\nissue " CA, ALLOWED, ALLOWED},
        /* critical */
        {"!issue " CA, ALLOWED, ALLOWED},
        {"!iodef mailto:a@shop.test\nissue " CA, ALLOWED, ALLOWED},
        {"!tbs unknown", FORBIDDEN, FORBIDDEN},
        {"issue " CA "\n!tbs unknown", FORBIDDEN, FORBIDDEN},
        {"issue " CA "\ntbs unknown", ALLOWED, ALLOWED},
    };
    apr_pool_t *p = *state;
    acme_caa_order_t plain = order_of("www.shop.test", p);
    acme_caa_order_t wildcard = order_of("*.shop.test", p);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_array_header_t *records = records_of(cases[i].records, p);
        acme_caa_verdict_t verdict;

        acme_caa_judge(&verdict, &plain, records, p);
        if (verdict.what != cases[i].plain) {
            fail_msg("%s: %d", cases[i].records, (int)verdict.what);
        }
        assert_true((verdict.what == ALLOWED) == (verdict.reason == NULL));
        assert_true((verdict.what == FORBIDDEN) == (verdict.to_fix != NULL));
        assert_true((verdict.what == ALLOWED) == (verdict.types->nelts > 0));
        acme_caa_judge(&verdict, &wildcard, records, p);
        if (verdict.what != cases[i].wildcard) {
            fail_msg("wildcard: %s: %d", cases[i].records, (int)verdict.what);
        }
    }
}

/* Leaves open what depends on the CA's names or on our account while these are
 * not known, and nothing else. */
static void does_not_judge_what_it_does_not_know(void **state)
{
    static const struct {
        const char *records;
        acme_caa_e no_names, no_account;
    } cases[] = {
        {"", ALLOWED, ALLOWED},
        {"issue " CA, UNKNOWN, ALLOWED},
        {"issue ;", FORBIDDEN, FORBIDDEN},
        {"issue other.test", UNKNOWN, FORBIDDEN},
        {"issue " CA "; accounturi=" ACCT, UNKNOWN, UNKNOWN},
        {"issue " CA "; accounturi=x", FORBIDDEN, UNKNOWN},
        {"issue " CA "; accounturi=x\nissue " CA, UNKNOWN, ALLOWED},
        {"issue " CA "; validationmethods=x", FORBIDDEN, FORBIDDEN},
        {"!tbs x", FORBIDDEN, FORBIDDEN},
    };
    apr_pool_t *p = *state;
    acme_caa_order_t no_names = order_of("shop.test", p);
    acme_caa_order_t no_account = order_of("shop.test", p);
    acme_caa_verdict_t verdict;
    apr_size_t i;

    no_names.identities = NULL;
    no_account.account = NULL;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        apr_array_header_t *records = records_of(cases[i].records, p);

        acme_caa_judge(&verdict, &no_names, records, p);
        if (verdict.what != cases[i].no_names) {
            fail_msg("no names: %s: %d", cases[i].records, (int)verdict.what);
        }
        acme_caa_judge(&verdict, &no_account, records, p);
        if (verdict.what != cases[i].no_account) {
            fail_msg("no account: %s: %d", cases[i].records, (int)verdict.what);
        }
    }
}

static void leaves_the_types_that_are_allowed(void **state)
{
    static const struct {
        const char *records, *types;
    } cases[] = {
        {"", "http-01 dns-01"},
        {"issue " CA, "http-01 dns-01"},
        {"issue " CA "; validationmethods=dns-01", "dns-01"},
        {"issue " CA "; validationmethods=DNS-01\nissue " CA
         "; validationmethods=http-01",
         "dns-01 http-01"},
        {"issue " CA "; validationmethods=dns-01; accounturi=x\nissue " CA
         "; validationmethods=http-01",
         "http-01"},
    };
    apr_pool_t *p = *state;
    acme_caa_order_t order = order_of("shop.test", p);
    acme_caa_verdict_t verdict;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_caa_judge(&verdict, &order, records_of(cases[i].records, p), p);
        assert_int_equal(verdict.what, ALLOWED);
        assert_string_equal(apr_array_pstrcat(p, verdict.types, ' '),
                            cases[i].types);
    }
}

static void says_why_and_what_to_do(void **state)
{
    static const struct {
        const char *identifier, *records, *reason, *to_fix;
    } cases[] = {
        {"shop.test", "issue other.test\nissue more.test",
         "allows only other.test,more.test",
         "add the CAA record: 0 issue \"" CA "\""},
        {"*.shop.test", "issue " CA "\nissuewild ;", "allows no CA",
         "add the CAA record: 0 issuewild \"" CA "\""},
        {"shop.test",
         "issue a.test\nissue b.test\nissue c.test\nissue d.test\n"
         "issue e.test",
         "allows only a.test,b.test,c.test,d.test,...",
         "add the CAA record: 0 issue \"" CA "\""},
        {"shop.test", "issue " CA "; accounturi=x",
         "allows the CA only with another account (accounturi), not with " ACCT,
         "add the CAA record: 0 issue \"" CA "\""},
        {"shop.test", "issue " CA "; validationmethods=x",
         "allows the CA only with other validationmethods, not with "
         "http-01,dns-01",
         "add the CAA record: 0 issue \"" CA "\""},
        {"shop.test", "!tbs x",
         "has the critical property tbs, which no CA has to know",
         "remove the CAA record with the tag tbs, or its critical flag"},
    };
    apr_pool_t *p = *state;
    acme_caa_verdict_t verdict;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_caa_order_t order = order_of(cases[i].identifier, p);

        acme_caa_judge(&verdict, &order, records_of(cases[i].records, p), p);
        assert_int_equal(verdict.what, FORBIDDEN);
        assert_string_equal(verdict.reason, cases[i].reason);
        assert_string_equal(verdict.to_fix, cases[i].to_fix);
    }
}

ACME_T_MAIN(ACME_T(climbs), ACME_T(judges),
            ACME_T(does_not_judge_what_it_does_not_know),
            ACME_T(leaves_the_types_that_are_allowed),
            ACME_T(says_why_and_what_to_do))
