/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t_bundle.h"

#include "acme_published.h"
#include "acme_plan.h"
#include "acme_ratelimit_policy.h"

static apr_array_header_t *strs(apr_pool_t *p, const char *a, const char *b)
{
    apr_array_header_t *array = apr_array_make(p, 2, sizeof(const char *));

    APR_ARRAY_PUSH(array, const char *) = a;
    if (b) {
        APR_ARRAY_PUSH(array, const char *) = b;
    }
    return array;
}

static void add(acme_published_t *published, const acme_ca_spec_t *ca,
                const char *name, acme_serving_e serving, apr_pool_t *p)
{
    acme_spec_t *spec = apr_pcalloc(p, sizeof(*spec));
    acme_inventory_t *inventory = apr_pcalloc(p, sizeof(*inventory));

    spec->name = name;
    spec->names = strs(p, name, apr_pstrcat(p, "www.", name, NULL));
    spec->ca = ca;
    spec->key.type = ACME_KEY_RSA;
    spec->key.bits = 3072;
    spec->challenge_types = strs(p, "http-01", NULL);
    spec->renew_mode = ACME_RENEW_MANUAL;
    spec->renew_window.percent = 20;
    spec->warn_window.span = 7;
    spec->retry_delay = 12345;
    spec->place = "httpd.conf:7";
    spec->mistake = "nothing listens on port 443";
    spec->mistake_fix = "add 'Listen 443'";
    inventory->serving = serving;
    acme_site_add(published->certs, spec, inventory);
}

static const acme_ratelimit_policy_t rate = {ACME_RATELIMIT_POLICY_ORDERS, 5,
                                             7 * APR_USEC_PER_SEC};

static acme_published_t *two_sites(apr_pool_t *p)
{
    acme_published_t *published = apr_pcalloc(p, sizeof(*published));
    acme_ca_spec_t *ca = apr_pcalloc(p, sizeof(*ca));
    apr_array_header_t *servers;

    ca->url = "https://ca.example/dir";
    ca->label = "ca.example";
    ca->contact = "mailto:a@b.example";
    ca->ca_file = "/etc/roots.pem";
    ca->agreed = 1;
    ca->rate = &rate;
    published->activation = "manual";
    published->http_port = 8080;
    published->https_port = 0;
    servers = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(servers, const char *) = "192.0.2.53:5353";
    published->dns_servers = servers;
    published->certs = apr_array_make(p, 2, sizeof(acme_site_cert_t *));
    add(published, ca, "a.example", ACME_SERVING_LKC, p);
    add(published, ca, "b.example", ACME_SERVING_PLACEHOLDER, p);
    return published;
}

/* Returns the text of the file that is written. */
static char *printed(const acme_published_t *published, apr_pool_t *p)
{
    const char *dir = acme_t_dir(p);
    const char *path = apr_pstrcat(p, dir, "/desired/sites.json", NULL);
    apr_size_t len;
    char *text;

    assert_int_equal(
        acme_published_write(dir, published, getegid(), NULL, NULL, p), 0);
    assert_int_equal(acme_file_read(&text, &len, path, ACME_PUBLISHED_MAX, p),
                     0);
    return text;
}

static void all_of_it_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_published_t *published = two_sites(p), *read;
    const acme_spec_t *was, *is;
    const char *text = printed(published, p);

    assert_int_equal(acme_published_parse(&read, text, strlen(text), NULL, p),
                     0);
    assert_string_equal(read->activation, "manual");
    assert_int_equal(read->http_port, 8080);
    assert_int_equal(read->https_port, 0);
    assert_int_equal(read->dns_servers->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(read->dns_servers, 0, const char *),
                        "192.0.2.53:5353");
    assert_int_equal(read->certs->nelts, 2);
    was = acme_site_cert_at(published->certs, 1)->spec;
    is = acme_site_cert_at(read->certs, 1)->spec;
    assert_string_equal(acme_spec_digest(was, p), acme_spec_digest(is, p));
    assert_string_equal(is->ca->ca_file, "/etc/roots.pem");
    assert_string_equal(is->ca->label, "ca.example");
    assert_string_equal(acme_ratelimit_policy_print(is->ca->rate, p), "5/7");
    assert_true(is->ca->agreed);
    assert_int_equal(is->renew_mode, ACME_RENEW_MANUAL);
    assert_int_equal(is->renew_window.percent, 20);
    assert_int_equal(is->warn_window.percent, 0);
    assert_int_equal(is->warn_window.span, 7);
    assert_int_equal(is->retry_delay, 12345);
    assert_string_equal(is->place, "httpd.conf:7");
    assert_string_equal(is->mistake, "nothing listens on port 443");
    assert_string_equal(is->mistake_fix, "add 'Listen 443'");
    assert_int_equal(is->key.bits, 3072);
    /* both sites share one CA */
    assert_ptr_equal(is->ca, acme_site_cert_at(read->certs, 0)->spec->ca);
    assert_int_equal(acme_site_cert_at(read->certs, 1)->inventory->serving,
                     ACME_SERVING_PLACEHOLDER);
    assert_string_equal(printed(read, p), text);
}

static acme_spec_t *spec_at(const acme_published_t *published, int i)
{
    return (acme_spec_t *)acme_site_cert_at(published->certs, i)->spec;
}

static void what_shapes_sites_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_published_t *published = two_sites(p), *read;
    const char *text;

    spec_at(published, 0)->optional = strs(p, "www.a.example", NULL);
    spec_at(published, 0)->require_https = ACME_HTTPS_PERMANENT;
    spec_at(published, 0)->security_level = 3;
    spec_at(published, 0)->dns_records = strs(
        p, "_acme-challenge.a.example. IN CNAME a.example.acme.test.", NULL);
    spec_at(published, 1)->cert_file = "/etc/own.pem";
    spec_at(published, 1)->cert_key_file = "/etc/own.key";
    text = printed(published, p);
    assert_int_equal(acme_published_parse(&read, text, strlen(text), NULL, p),
                     0);
    assert_true(acme_spec_is_optional(spec_at(read, 0), "www.a.example"));
    assert_false(acme_spec_is_optional(spec_at(read, 0), "a.example"));
    assert_int_equal(spec_at(read, 0)->require_https, ACME_HTTPS_PERMANENT);
    assert_int_equal(spec_at(read, 0)->security_level, 3);
    assert_int_equal(spec_at(read, 1)->security_level, 0);
    assert_int_equal(spec_at(read, 0)->dns_records->nelts, 1);
    assert_null(spec_at(read, 1)->dns_records);
    assert_null(spec_at(read, 0)->cert_file);
    assert_null(spec_at(read, 1)->optional);
    assert_int_equal(spec_at(read, 1)->require_https, ACME_HTTPS_OFF);
    assert_string_equal(spec_at(read, 1)->cert_file, "/etc/own.pem");
    assert_string_equal(spec_at(read, 1)->cert_key_file, "/etc/own.key");
    assert_string_equal(printed(read, p), text);
    /* one of the two files alone is refused */
    spec_at(published, 1)->cert_key_file = NULL;
    text = printed(published, p);
    assert_int_not_equal(
        acme_published_parse(&read, text, strlen(text), NULL, p), 0);
}

static void what_is_asked_of_cas_comes_back(void **state)
{
    apr_pool_t *p = *state;
    acme_published_t *published = two_sites(p), *read;
    acme_spec_t *was = spec_at(published, 1), *is;
    apr_array_header_t *more = apr_array_make(p, 1, sizeof(acme_ca_spec_t *));
    acme_ca_spec_t other = {0};
    acme_eab_t eab = {0};
    const char *text;
    char *bad;

    eab.key.kid = "kid-1";
    eab.key.hmac = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
    eab.key.alg = "HS256";
    other.url = "https://other.example/dir";
    other.label = "other.example";
    other.eab = &eab;
    other.eab_if_required = 1;
    APR_ARRAY_PUSH(more, const acme_ca_spec_t *) = &other;
    was->more_cas = more;
    was->failover = 5;
    was->profile = "shortlived";
    was->profile_mandatory = 1;
    was->kind = ACME_SPEC_SECOND_KEY;
    was->names = spec_at(published, 0)->names;
    was->key_reuse = 1;
    was->key_written = ACME_SPEC_KEY_KIND;
    was->must_staple = 1;
    was->preferred_chains = strs(p, "Root X", "Root Y");
    was->trusted_chain = 1;
    was->via_ari = 1;
    was->security_level = 3;
    text = printed(published, p);
    assert_null(strstr(text, eab.key.hmac));
    assert_int_equal(acme_published_parse(&read, text, strlen(text), NULL, p),
                     0);
    is = spec_at(read, 1);
    assert_int_equal(acme_spec_find_ca(is, other.url), 1);
    assert_string_equal(acme_spec_ca(is, 1)->eab->key.kid, "kid-1");
    assert_true(acme_spec_ca(is, 1)->eab_if_required);
    assert_string_equal(acme_spec_digest(is, p), acme_spec_digest(was, p));
    assert_string_equal(acme_plan_config(is, p), acme_plan_config(was, p));
    assert_int_equal(is->failover, 5);
    assert_string_equal(is->profile, "shortlived");
    assert_true(is->profile_mandatory);
    assert_int_equal(is->kind, ACME_SPEC_SECOND_KEY);
    assert_string_equal(acme_spec_of(is), "a.example");
    assert_ptr_equal(
        acme_site_cert_at(read->certs, 0)->site->certs[ACME_SPEC_SECOND_KEY],
        acme_site_cert_at(read->certs, 1));
    assert_true(is->key_reuse);
    assert_int_equal(is->key_written, ACME_SPEC_KEY_KIND);
    assert_true(is->must_staple);
    assert_int_equal(is->preferred_chains->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(is->preferred_chains, 1, const char *),
                        "Root Y");
    assert_true(is->trusted_chain);
    assert_true(is->via_ari);
    assert_int_equal(is->security_level, 3);
    assert_null(spec_at(read, 0)->more_cas);
    assert_null(spec_at(read, 0)->profile);
    assert_null(spec_at(read, 0)->preferred_chains);
    assert_false(spec_at(read, 0)->trusted_chain);
    assert_string_equal(printed(read, p), text);
    /* a CA that is not in the list */
    bad = strstr(text, "\"more-cas\"");
    assert_non_null(bad);
    bad = strchr(strchr(bad, '['), '1');
    *bad = '7';
    assert_int_equal(acme_published_parse(&read, text, strlen(text), NULL, p),
                     APR_EINVAL);
}

static void sites_are_found_by_any_name(void **state)
{
    acme_published_t *published = two_sites(*state);

    assert_int_equal(acme_published_find(published, "a.example"), 0);
    assert_int_equal(acme_published_find(published, "www.b.example"), 1);
    assert_int_equal(acme_published_find(published, "c.example"), -1);
}

static void it_is_rewritten_only_when_it_changes(void **state)
{
    apr_pool_t *p = *state;
    const char *dir = acme_t_dir(p);
    acme_published_t *published = two_sites(p), *read;
    struct stat first, second;
    const char *path = apr_pstrcat(p, dir, "/desired/sites.json", NULL);
    int written;

    assert_int_equal(acme_published_read(&read, dir, NULL, p), APR_ENOENT);
    assert_int_equal(
        acme_published_write(dir, published, getegid(), &written, NULL, p), 0);
    assert_true(written);
    assert_int_equal(stat(path, &first), 0);
    assert_int_equal(first.st_mode & 0777, 0640);
    assert_int_equal(
        acme_published_write(dir, published, getegid(), &written, NULL, p), 0);
    assert_false(written);
    assert_int_equal(stat(path, &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    published->activation = "graceful";
    assert_int_equal(
        acme_published_write(dir, published, getegid(), &written, NULL, p), 0);
    assert_true(written);
    assert_int_equal(acme_published_read(&read, dir, NULL, p), 0);
    assert_string_equal(read->activation, "graceful");
}

static void what_is_damaged_is_a_problem(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"format\":2,\"activation\":\"x\"}",
        "{\"format\":1,\"activation\":\"graceful\"}",
        "{\"format\":1,\"activation\":\"graceful\",\"cas\":[{}],\"sites\":[]}",
        "{\"format\":1,\"activation\":\"graceful\",\"cas\":[],\"sites\":"
        "[{\"name\":\"a.example\",\"names\":[\"a.example\"],\"ca\":0,"
        "\"key\":\"P-256\",\"challenges\":[]}]}",
        "{\"format\":1,\"activation\":\"graceful\",\"cas\":[],\"sites\":[7]}"};
    acme_published_t *read;
    int i;

    for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); ++i) {
        acme_problem_t problem = ACME_PROBLEM_INIT;

        assert_int_equal(acme_published_parse(&read, bad[i], strlen(bad[i]),
                                              &problem, *state),
                         APR_EINVAL);
        assert_non_null(problem.detail);
    }
}

ACME_T_MAIN(ACME_T(all_of_it_comes_back), ACME_T(what_shapes_sites_comes_back),
            ACME_T(what_is_asked_of_cas_comes_back),
            ACME_T(sites_are_found_by_any_name),
            ACME_T(it_is_rewritten_only_when_it_changes),
            ACME_T(what_is_damaged_is_a_problem))
