/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_import_choice.h"
#include "acme_import_common.h"

#define MAX 4

/** A certificate that was found: what it is called, its names (the first is
 *  the preferred one), the days that it lives, and whether its key is RSA. */
typedef struct found_t {
    const char *what, *names;
    int days, rsa;
    const char *ca;
} found_t;

static const struct {
    found_t found[MAX];
    const char *filed; /* what=name, in order */
    const char *left;  /* what it is that was left out, and why */
} cases[] = {
    {{{"b", "b.test", 60, 0, "x"}}, "b=b.test", ""},
    /* the wider one that lives as long */
    {{{"b", "b.test", 60, 0, "x"}, {"b-0001", "b.test w.test", 60, 0, "x"}},
     "b-0001=b.test",
     "b: b-0001 has all of its names and lives as long"},
    {{{"b", "b.test w.test", 60, 0, "x"}, {"b-0001", "b.test", 60, 0, "x"}},
     "b=b.test",
     "b-0001: b has all of its names and lives as long"},
    /* the same names: the one that lives longer */
    {{{"b", "b.test", 60, 0, "x"}, {"b-0001", "b.test", 61, 0, "x"}},
     "b-0001=b.test",
     "b: b-0001 has all of its names and lives as long"},
    /* the narrower one lives longer: the site decides */
    {{{"b", "b.test", 90, 0, "x"}, {"b-0001", "b.test w.test", 60, 0, "x"}},
     "b=b.test b-0001=w.test",
     ""},
    {{{"b", "b.test w.test", 60, 0, "x"},
      {"b-0001", "b.test v.test", 50, 0, "x"}},
     "b=b.test b-0001=v.test",
     ""},
    /* there are more of them than names: what covers more goes before */
    {{{"b", "b.test", 90, 0, "x"},
      {"c", "c.test", 90, 0, "x"},
      {"d", "b.test c.test", 60, 0, "x"}},
     "b=b.test d=c.test",
     "c: d covers more, and has its name"},
    /* a wildcard has all names below it */
    {{{"b", "b.x.test", 60, 0, "x"}, {"w", "*.x.test", 61, 0, "x"}},
     "w=*.x.test",
     "b: w has all of its names and lives as long"},
    /* an elliptic and an RSA key: the two of a site */
    {{{"b-rsa", "b.test", 90, 1, "x"}, {"b-ec", "b.test", 60, 0, "x"}},
     "b-ec=b.test b-rsa=b.test-rsa",
     ""},
    {{{"b", "b.test", 90, 1, "x"}}, "b=b.test", ""},
    {{{"e", "b.test", 60, 0, "x"},
      {"r", "b.test w.test", 60, 1, "x"},
      {"s", "b.test", 50, 1, "x"}},
     "e=b.test r=b.test-rsa",
     "s: r has all of its names and lives as long"},
    /* another CA's replaces nothing */
    {{{"b", "b.test w.test", 60, 0, "x"},
      {"b-0001", "b.test w.test", 50, 0, "y"}},
     "b=b.test b-0001=w.test",
     ""},
};

static acme_import_choice_t *make(const found_t *found, apr_pool_t *p)
{
    acme_import_choice_t *cert = apr_pcalloc(p, sizeof(*cert));
    acme_cert_info_t *info = apr_pcalloc(p, sizeof(*info));
    char *last, *name;

    info->names = apr_array_make(p, 2, sizeof(const char *));
    for (name = apr_strtok(apr_pstrdup(p, found->names), " ", &last); name;
         name = apr_strtok(NULL, " ", &last)) {
        APR_ARRAY_PUSH(info->names, const char *) = name;
    }
    info->not_after = ACME_T_NOW + found->days * ACME_TIME_DAY;
    info->key_type = found->rsa ? "RSA 2048" : "P-256";
    cert->what = found->what;
    cert->info = info;
    cert->bundle = apr_pcalloc(p, sizeof(*cert->bundle));
    cert->bundle->name = APR_ARRAY_IDX(info->names, 0, const char *);
    cert->bundle->ca_url = found->ca;
    cert->bundle->chain_pem = "none that can be read";
    /* only to find out what it was called */
    cert->bundle->order_url = found->what;
    return cert;
}

static void what_is_worth_it_is_taken(void **state)
{
    apr_pool_t *p = *state;
    size_t i;
    int j;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        acme_import_t *import = acme_import_common_create(p);
        apr_array_header_t *certs =
            apr_array_make(p, MAX, sizeof(acme_import_choice_t *));
        const char *filed = "", *left = "";

        for (j = 0; j < MAX && cases[i].found[j].what; ++j) {
            APR_ARRAY_PUSH(certs, acme_import_choice_t *) =
                make(&cases[i].found[j], p);
        }
        acme_import_choice(import, certs, ACME_T_NOW, p);
        for (j = 0; j < import->export->bundles->nelts; ++j) {
            const acme_bundle_t *bundle = APR_ARRAY_IDX(
                import->export->bundles, j, const acme_bundle_t *);

            filed = apr_pstrcat(p, filed, *filed ? " " : "", bundle->order_url,
                                "=", bundle->name, NULL);
        }
        for (j = 0; j < import->skipped->nelts; ++j) {
            const acme_import_skip_t *skip =
                &APR_ARRAY_IDX(import->skipped, j, acme_import_skip_t);

            left = apr_pstrcat(p, left, skip->what, ": ", skip->why, NULL);
            assert_int_equal(skip->replaced,
                             strstr(skip->why, "lives as long") != NULL);
        }
        assert_string_equal(filed, cases[i].filed);
        assert_string_equal(left, cases[i].left);
    }
}

ACME_T_MAIN(ACME_T(what_is_worth_it_is_taken))
