/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_link.h"
#include "acme_resource.h"

#define BASE "https://ca.test:14000/acme/cert/7?x=1"

static void links_are_read_by_the_grammar(void **state)
{
    static const struct {
        const char *header;
        const char *urls;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {", ,", ""},
        {"<https://a/1>;rel=\"alternate\"", "https://a/1"},
        {"<https://a/1>;rel=alternate, <https://a/2>; rel=\"alternate\"",
         "https://a/1 https://a/2"},
        {"<https://a/1> ; rel = \"alternate\"", "https://a/1"},
        {"<https://a/1>\t;\trel\t=\talternate\t,<https://a/2>;rel=alternate",
         "https://a/1 https://a/2"},
        {"<https://a/1>;REL=\"Alternate\"", "https://a/1"},
        {"<https://a/1>;rel=\"next ALTERNATE  chain\"", "https://a/1"},
        {"<https://a/1>;rel=\"alternates not-alternate alternate-not\"", ""},
        {"<https://a/1>;title=\"rel=alternate\"", ""},
        {"<https://a/1>;title=\"a, <b>;c\\\";d\";rel=alternate", "https://a/1"},
        {"<https://a/1>;rel=up;rel=alternate", ""},
        {"<https://a/1>;rel;rel=alternate", ""},
        {"<https://a/1>;rev=alternate", ""},
        {"<https://a/1>;;rel=alternate;", "https://a/1"},
        {"<https://a/1>;x;y=;rel=alternate", "https://a/1"},
        {"<https://a/1>;rel=\"alternate\";title*=UTF-8''x%2c", "https://a/1"},
        {"<https://a/1,2>;rel=alternate", "https://a/1,2"},
        {"<https://a/1>;rel=up,<https://a/2>;rel=alternate", "https://a/2"},
        {"<https://a/1>;rel=\"alternate, <https://a/2>;rel=alternate", ""},
        {"<https://a/1, <https://a/2>;rel=alternate", ""},
        {"<https://a/1;rel=\"alternate\"", ""},
        {"https://a/1;rel=\"alternate\", <https://a/2>;rel=alternate",
         "https://a/2"},
        {"<https://a/1> rel=alternate, <https://a/2>;rel=alternate",
         "https://a/2"},
        {"<http://a/1>;rel=\"alternate\"", ""},
        {"<javascript:x>;rel=\"alternate\"", ""},
        {"<8/1>;rel=\"alternate\"", "https://ca.test:14000/acme/cert/8/1"},
        {"</alt/7>;rel=\"alternate\"", "https://ca.test:14000/alt/7"},
        {"<//b.test/7>;rel=\"alternate\"", "https://b.test/7"},
        {"<>;rel=\"alternate\"", BASE},
        {"<https://a/1>;rel=alternate;anchor=\"https://a/\"", ""},
        {"<https://a/1>;rel=alternate;anchor=\"\"", "https://a/1"},
        {"<https://a/1>;rel=alternate;anchor=\"#x\"", "https://a/1"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *urls = apr_array_pstrcat(
            *state,
            acme_link_targets(cases[i].header, BASE, "alternate", 9, *state),
            ' ');

        if (strcmp(urls, cases[i].urls) != 0) {
            fail_msg("%s: %s", cases[i].header, urls);
        }
    }
}

static void no_more_are_read_than_wanted(void **state)
{
    const char *header = "<a>;rel=x,<b>;rel=x,<c>;rel=y,<d>;rel=x";

    assert_int_equal(acme_link_targets(header, BASE, "x", 2, *state)->nelts, 2);
    assert_int_equal(acme_link_targets(header, BASE, "X", 9, *state)->nelts, 3);
}

static void references_are_resolved(void **state)
{
    static const struct {
        const char *reference;
        const char *url; /* NULL: none */
    } cases[] = {
        /* RFC 3986 5.4, as far as they are not of other schemes */
        {"g", "https://a/b/c/g"},
        {"./g", "https://a/b/c/g"},
        {"g/", "https://a/b/c/g/"},
        {"/g", "https://a/g"},
        {"//g", "https://g"},
        {"?y", "https://a/b/c/d;p?y"},
        {"g?y", "https://a/b/c/g?y"},
        {"#s", "https://a/b/c/d;p?q"},
        {"g#s", "https://a/b/c/g"},
        {"g?y#s", "https://a/b/c/g?y"},
        {";x", "https://a/b/c/;x"},
        {"", "https://a/b/c/d;p?q"},
        {".", "https://a/b/c/"},
        {"./", "https://a/b/c/"},
        {"..", "https://a/b/"},
        {"../", "https://a/b/"},
        {"../g", "https://a/b/g"},
        {"../..", "https://a/"},
        {"../../g", "https://a/g"},
        {"../../../g", "https://a/g"},
        {"/./g", "https://a/g"},
        {"/../g", "https://a/g"},
        {"g.", "https://a/b/c/g."},
        {"..g", "https://a/b/c/..g"},
        {"./g/.", "https://a/b/c/g/"},
        {"g/./h", "https://a/b/c/g/h"},
        {"g/../h", "https://a/b/c/h"},
        {"g?y/../x", "https://a/b/c/g?y/../x"},
        {"https://x/../y", "https://x/../y"},
        {"HTTPS://x/y", "https://x/y"},
        {"http://x/y", NULL},
        {"g:h", NULL},
        {"https:g", NULL},
        {"//", NULL},
        {"a b", NULL},
        {"a\r\nb", NULL},
        {NULL, NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); ++i) {
        const char *url = acme_link_resolve(cases[i].reference,
                                            "https://a/b/c/d;p?q", *state);

        if (!url != !cases[i].url || (url && strcmp(url, cases[i].url) != 0)) {
            fail_msg("%s: %s", cases[i].reference, url);
        }
    }
    assert_string_equal(acme_link_resolve("x", "https://a", *state),
                        "https://a/x");
    assert_string_equal(acme_link_resolve("?x", "https://a", *state),
                        "https://a?x");
    assert_null(acme_link_resolve("x", NULL, *state));
    assert_null(acme_link_resolve("x", "http://a/", *state));
    assert_string_equal(acme_link_resolve("https://b/", NULL, *state),
                        "https://b/");
}

ACME_T_MAIN(ACME_T(links_are_read_by_the_grammar),
            ACME_T(no_more_are_read_than_wanted),
            ACME_T(references_are_resolved))
