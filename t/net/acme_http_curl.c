/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_http_curl.c
 * @brief Single requests: answers, redirects and failures.
 */
#include "acme_http_curl_t.h"

/* ---- answers ---- */

static void gets_posts_and_heads(void **state)
{
    world_t *w = *state;
    apr_time_t before = apr_time_now();
    outcome_t *o = ask(w, "GET", "/echo");

    assert_int_equal(o->rv, APR_SUCCESS);
    assert_int_equal(o->status, 200);
    assert_string_equal(o->body, "GET||mod_acme/test||");
    assert_true(o->received >= before && o->received <= apr_time_now());
    assert_int_equal(w->logged, 1);
    assert_non_null(strstr(w->last_log, "localhost"));
    assert_non_null(strstr(w->last_log, "GET https://localhost:"));
    assert_non_null(strstr(w->last_log, "answered 200, 20 bytes"));

    o = ask(w, "HEAD", "/bytes/1000");
    assert_int_equal(o->status, 200);
    assert_int_equal(o->body_len, 0);
    assert_string_equal(apr_table_get(o->headers, "content-length"), "1000");

    o = ask(w, "POST", "/echo");
    assert_string_equal(o->body, "POST||mod_acme/test||");
}

static void posts_a_body_as_it_is(void **state)
{
    world_t *w = *state;
    outcome_t *o = make(w, "POST", "/echo");
    char *body = apr_pcalloc(w->p, 8001);

    memset(body, 'b', 8000);
    body[4000] = '%';
    o->request.content_type = "application/jose+json";
    o->request.body = body;
    o->request.body_len = 7000;
    submit(o);
    run_all(w);
    assert_int_equal(o->status, 200);
    assert_string_equal(o->body,
                        apr_psprintf(w->p,
                                     "POST|application/jose+json|mod_acme/test"
                                     "||%.7000s",
                                     body));
    assert_null(strstr(w->last_log, "bbb"));
}

static void joins_repeated_headers(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask(w, "GET", "/headers");

    assert_int_equal(o->status, 418);
    assert_string_equal(apr_table_get(o->headers, "link"), "<a>, <b>");
    assert_string_equal(apr_table_get(o->headers, "replay-nonce"), "n1");
    assert_string_equal(apr_table_get(o->headers, "Empty"), "");
    assert_int_equal(apr_table_elts(o->headers)->nelts, 4);
    assert_string_equal(o->body, "");
}

static void takes_no_header_from_a_trailer(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask(w, "GET", "/trailer");

    assert_string_equal(o->body, "ab");
    assert_string_equal(apr_table_get(o->headers, "Replay-Nonce"), "n1");
}

static void takes_no_header_from_the_trailer_of_nothing(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask(w, "GET", "/empty-trailer");

    assert_string_equal(o->body, "");
    assert_string_equal(apr_table_get(o->headers, "Replay-Nonce"), "n1");
    assert_null(apr_table_get(o->headers, "Location"));
}

static outcome_t *ask_once(world_t *w, const char *path)
{
    outcome_t *o = make(w, "POST", path);

    o->request.repeatable = 0;
    submit(o);
    run_all(w);
    assert_int_equal(o->calls, 1);
    return o;
}

static void hears_what_was_made_even_if_the_body_is_cut(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask_once(w, "/cut-made");

    assert_int_equal(o->rv, APR_SUCCESS);
    assert_int_equal(o->status, 201);
    assert_string_equal(apr_table_get(o->headers, "Location"), "https://c/1");
    assert_int_equal(o->body_len, 0);
    /* A request that may be repeated has failed; half headers say nothing. */
    assert_failed(ask(w, "POST", "/cut-made"), "failed: ");
    assert_failed(ask_once(w, "/cut-headers"), "failed: ");
    assert_failed(ask_once(w, "/cut"), "failed: ");
}

static void bounds_the_body(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask(w, "GET", "/bytes/524288");
    apr_size_t i;

    assert_int_equal(o->rv, APR_SUCCESS);
    assert_int_equal(o->body_len, ACME_HTTP_MAX_BODY);
    for (i = 0; i < o->body_len; i++) {
        assert_int_equal(o->body[i], 'x');
    }
    o = ask(w, "GET", "/chunks/524288");
    assert_int_equal(o->body_len, ACME_HTTP_MAX_BODY);
    assert_failed(ask(w, "GET", "/bytes/524289"), "more than 524288 bytes");
    assert_failed(ask(w, "GET", "/chunks/524289"), "more than 524288 bytes");
    assert_failed(ask(w, "POST", "/bytes/99999999999"), "more than");
    o = ask(w, "GET", "/endless");
    assert_failed(o, "more than 524288 bytes");
    assert_int_equal(o->rv, EMSGSIZE);
    assert_non_null(strstr(o->problem->detail, "localhost:"));
}

static void bounds_the_headers(void **state)
{
    world_t *w = *state;

    assert_failed(ask(w, "GET", "/endless-headers"), "too many headers");
    assert_failed(ask(w, "HEAD", "/endless-headers"), "too many headers");
    assert_failed(ask(w, "GET", "/endless-continue"), "too many headers");
    assert_failed(ask(w, "GET", "/endless-line"), "failed: ");
}

/* ---- redirects ---- */

static void follows_three_redirects(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask(w, "GET", "/redirect/3");

    assert_int_equal(o->status, 200);
    assert_string_equal(o->body, "arrived");
    assert_null(apr_table_get(o->headers, "Location"));
    assert_int_equal(ask(w, "HEAD", "/redirect/1")->status, 200);
    assert_misled(ask(w, "GET", "/redirect/4"), "3");
    assert_misled(ask(w, "GET", "/loop"), "redirects");
    assert_misled(ask(w, "HEAD", "/loop"), "redirects");
    assert_failed(ask(w, "GET", "/endless-redirect"), "more than");
}

static void follows_no_redirect_of_a_post(void **state)
{
    world_t *w = *state;
    outcome_t *o = ask(w, "POST", "/redirect/1");

    assert_int_equal(o->rv, APR_SUCCESS);
    assert_int_equal(o->status, 302);
    assert_string_equal(apr_table_get(o->headers, "Location"), "/redirect/0");
}

static void leaves_https_for_nothing(void **state)
{
    world_t *w = *state;
    const char *wrong[] = {"http://localhost:1/", "ftp://localhost/",
                           "file:///etc/passwd", "gopher://localhost:1/x",
                           "mailto:a@example.org"};
    apr_size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_failed(ask(w, "GET", wrong[i]), "");
        assert_int_not_equal(
            ask(w, "GET", apr_pstrcat(w->p, "/to/", wrong[i], NULL))->rv,
            APR_SUCCESS);
    }
    assert_misled(ask(w, "GET", "/to/http://localhost:1/"), "http");
    assert_failed(ask(w, "GET", "/to/https://u:p@localhost:1/"), "");
}

/* ---- failures ---- */

static void refuses_requests_that_cannot_be(void **state)
{
    world_t *w = *state;
    const char *wrong[] = {"",
                           "https://",
                           "localhost/x",
                           "https:///x",
                           "https://local host/",
                           "https://localhost:99999/",
                           "https://[::1/",
                           "\r\nX: y",
                           "https://localhost/\r\nX: y"};
    outcome_t *o;
    apr_size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        assert_failed(ask(w, "GET", wrong[i]), "failed: ");
    }
    assert_failed(ask(w, "DELETE", "/echo"), "method");
    assert_failed(ask(w, "get", "/echo"), "method");
    o = ask(w, "GET", "https://user:hush@localhost:1/");
    assert_failed(o, "failed: ");
    assert_null(strstr(o->problem->detail, "hush"));
    assert_null(strstr(w->last_log, "hush"));
    assert_int_equal(w->http->pending(w->http), 0);
}

static void says_who_cannot_be_reached(void **state)
{
    world_t *w = *state;
    int port;
    int fd = tls_listen(&port);
    outcome_t *o;

    close(fd);
    o = ask(w, "GET", apr_psprintf(w->p, "https://localhost:%d/", port));
    assert_failed(o, apr_psprintf(w->p, "localhost:%d", port));
    assert_int_equal(o->rv, APR_ECONNREFUSED);
    assert_failed(ask(w, "GET", "/drop"), "localhost:");
    assert_failed(ask(w, "GET", "/cut"), "localhost:");
    assert_failed(ask(w, "GET", "/garbage"), "localhost:");
    assert_non_null(strstr(w->last_log, "has no answer"));
}

static void gives_up_in_time(void **state)
{
    world_t *w = *state;
    const char *slow[] = {"/slow", "/half"};
    int i;

    w->config.timeout = apr_time_from_msec(300);
    open_http(w);
    for (i = 0; i < 2; i++) {
        apr_time_t before = apr_time_now();
        outcome_t *o = ask(w, "GET", slow[i]);
        apr_time_t took = apr_time_now() - before;

        assert_failed(o, "timed out");
        assert_int_equal(o->rv, APR_TIMEUP);
        /* not before the timeout; without a timeout this would never end */
        assert_true(took >= apr_time_from_msec(290));
    }
}

static void trusts_its_own_roots_only(void **state)
{
    world_t *w = *state;
    outcome_t *o;

    w->config.ca_file = w->server->other_ca_file;
    open_http(w);
    o = ask(w, "GET", "/echo");
    assert_failed(o, "certificate");
    assert_non_null(strstr(o->problem->to_fix, "ACMECACertificateFile"));
    w->config.ca_file = NULL;
    open_http(w);
    assert_failed(ask(w, "GET", "/echo"), "certificate");
    w->config.ca_file = "/nonexistent/roots.pem";
    open_http(w);
    assert_failed(ask(w, "GET", "/echo"), "/nonexistent/roots.pem");
}

static void checks_the_name_of_the_server(void **state)
{
    world_t *w = *state;
    const char *url =
        apr_psprintf(w->p, "https://127.0.0.1:%d/echo", w->server->port);

    assert_failed(ask(w, "GET", url), "127.0.0.1");
    assert_failed(ask(w, "GET", apr_pstrcat(w->p, "/to/", url, NULL)),
                  "127.0.0.1");
}

static void uses_no_proxy_of_the_environment(void **state)
{
    world_t *w = *state;

    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    open_http(w);
    assert_int_equal(ask(w, "GET", "/echo")->status, 200);
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("ALL_PROXY");
}

static outcome_t *probe(world_t *w, const char *path,
                        const acme_http_probe_t *where)
{
    outcome_t *o = make(w, "GET", path);

    o->request.probe = where;
    submit(o);
    run_all(w);
    assert_int_equal(o->calls, 1);
    return o;
}

static void a_probe_takes_what_a_ca_takes(void **state)
{
    world_t *w = *state;
    acme_http_probe_t where = {"127.0.0.1", 0, apr_time_from_sec(30)};
    outcome_t *o;

    where.port = w->server->port;
    /* nothing is verified, and the name is not looked up */
    w->config.ca_file = NULL;
    w->config.proxy = "http://127.0.0.1:1";
    open_http(w);
    o = probe(w, "https://nobody.invalid/echo", &where);
    assert_int_equal(o->status, 200);
    o = probe(w, "https://nobody.invalid/redirect/1", &where);
    assert_int_equal(o->status, 302);
    assert_string_equal(apr_table_get(o->headers, "Location"), "/redirect/0");
    o = probe(w, "https://nobody.invalid/bytes/16384", &where);
    assert_int_equal(o->body_len, ACME_HTTP_MAX_PROBE_BODY);
    o = probe(w, "https://nobody.invalid/bytes/16385", &where);
    assert_failed(o, "more than 16384 bytes");
    assert_int_equal(o->rv, EMSGSIZE);
}

static void a_probe_says_how_it_failed(void **state)
{
    world_t *w = *state;
    acme_http_probe_t where = {"127.0.0.1", 1, apr_time_from_sec(30)};
    outcome_t *o = probe(w, "http://nobody.invalid/echo", &where);

    assert_int_equal(o->rv, APR_ECONNREFUSED);
    where.port = w->server->port;
    where.timeout = apr_time_from_msec(100);
    o = probe(w, "https://nobody.invalid/slow", &where);
    assert_int_equal(o->rv, APR_TIMEUP);
    o = probe(w, "ftp://nobody.invalid/echo", &where);
    assert_failed(o, "");
}

ACME_T_MAIN(T(gets_posts_and_heads), T(posts_a_body_as_it_is),
            T(joins_repeated_headers), T(takes_no_header_from_a_trailer),
            T(takes_no_header_from_the_trailer_of_nothing),
            T(hears_what_was_made_even_if_the_body_is_cut), T(bounds_the_body),
            T(bounds_the_headers), T(follows_three_redirects),
            T(follows_no_redirect_of_a_post), T(leaves_https_for_nothing),
            T(refuses_requests_that_cannot_be), T(says_who_cannot_be_reached),
            T(gives_up_in_time), T(trusts_its_own_roots_only),
            T(checks_the_name_of_the_server),
            T(uses_no_proxy_of_the_environment),
            T(a_probe_takes_what_a_ca_takes), T(a_probe_says_how_it_failed))
