/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include <apr_strings.h>

#include "acme_plan.h"
#include "acme_schedule.h"
#include "acme_time.h"

#define NOW     apr_time_from_sec(1893456000)
#define DAYS(n) ((n)*ACME_TIME_DAY)

/* A common site: served, valid for 60 of 90 days, nothing to do. */
typedef struct site_t {
    acme_ca_spec_t ca;
    acme_spec_t spec;
    acme_cert_info_t info;
    acme_certstore_cert_t live;
    acme_inventory_t inventory;
    acme_job_t job;
    apr_pool_t *p;
} site_t;

static apr_array_header_t *strings(apr_pool_t *p, const char *list)
{
    apr_array_header_t *array = apr_array_make(p, 4, sizeof(const char *));
    char *copy = apr_pstrdup(p, list);
    char *state, *word;

    for (word = apr_strtok(copy, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(array, const char *) = word;
    }
    return array;
}

static site_t *site_create(apr_pool_t *p)
{
    site_t *site = apr_pcalloc(p, sizeof(*site));

    site->p = p;
    site->ca.url = "https://ca.example/dir";
    site->ca.label = "ca.example";
    site->ca.agreed = 1;
    site->spec.name = "a.example";
    site->spec.names = strings(p, "a.example www.a.example");
    site->spec.ca = &site->ca;
    site->spec.challenge_types = strings(p, "http-01");
    site->spec.retry_delay = ACME_TIME_MINUTE;
    site->info.names = strings(p, "www.a.example a.example");
    site->info.fingerprint = "f00d";
    site->info.key_type = "P-256";
    site->spec.key.type = ACME_KEY_P256;
    site->info.not_before = NOW - DAYS(30);
    site->info.not_after = NOW + DAYS(60);
    site->live.info = &site->info;
    site->inventory.serving = ACME_SERVING_LKC;
    site->inventory.live = &site->live;
    site->job.name = site->spec.name;
    site->job.p = p;
    return site;
}

static acme_plan_t plan(const site_t *site)
{
    acme_plan_t made;

    memset(&made, 0, sizeof(made));
    acme_plan(&made, &site->spec, &site->inventory, &site->job, NOW, site->p);
    assert_non_null(made.reason);
    assert_true(made.at >= NOW);
    return made;
}

static void assert_order(const site_t *site, const char *reason)
{
    acme_plan_t made = plan(site);

    assert_string_equal(acme_plan_name(made.what), "order");
    assert_string_equal(made.reason, reason);
    assert_int_equal(made.at, NOW);
}

static void assert_idle(const site_t *site, apr_time_t at)
{
    acme_plan_t made = plan(site);

    assert_string_equal(acme_plan_name(made.what), "idle");
    assert_int_equal(made.at, at);
}

static void a_valid_certificate_is_left_alone_until_its_window(void **state)
{
    site_t *site = site_create(*state);

    assert_idle(site, NOW + DAYS(60) - DAYS(90) / 100 * 33);
}

static void the_first_certificate_is_ordered(void **state)
{
    site_t *site = site_create(*state);

    site->inventory.live = NULL;
    site->inventory.serving = ACME_SERVING_PLACEHOLDER;
    assert_order(site, "first certificate");
    site->inventory.serving = ACME_SERVING_OKC;
    assert_order(site, "first certificate");
}

static void what_is_due_is_renewed(void **state)
{
    site_t *site = site_create(*state);

    site->info.not_before = NOW - DAYS(61);
    site->info.not_after = NOW + DAYS(29);
    assert_order(site, "expires in 29 days");
    site->spec.renew_window.span = DAYS(28);
    assert_idle(site, NOW + DAYS(1));
    site->spec.renew_window.span = DAYS(29);
    assert_order(site, "expires in 29 days");
}

static void what_has_expired_is_ordered(void **state)
{
    site_t *site = site_create(*state);

    site->info.not_before = NOW - DAYS(100);
    site->info.not_after = NOW - DAYS(10);
    assert_order(site, "expired 10 days ago");
    site->info.not_after = NOW;
    assert_string_equal(acme_plan_name(plan(site).what), "order");
}

static void only_an_age_depends_on_the_clock(void **state)
{
    site_t *site = site_create(*state);

    site->info.not_after = NOW + DAYS(1);
    assert_true(plan(site).by_age);
    site->info.not_after = NOW - DAYS(1);
    assert_true(plan(site).by_age);
    /* an order that was requested or begun is not made for its age */
    site->job.asked = ACME_ASKED_FORCE;
    assert_false(plan(site).by_age);
    site->job.asked = ACME_ASKED_NO;
    site->info.not_after = NOW + DAYS(60);
    site->spec.names = strings(site->p, "a.example new.example");
    assert_int_equal(plan(site).what, ACME_PLAN_ORDER);
    assert_false(plan(site).by_age);
    site->inventory.live = NULL;
    assert_false(plan(site).by_age);
    site->inventory.aged = 1;
    assert_true(plan(site).by_age);
    assert_string_equal(plan(site).reason, "what was kept has expired");
}

static void one_of_another_authority_is_replaced(void **state)
{
    site_t *site = site_create(*state);

    site->inventory.foreign = 1;
    assert_order(site, "the certificate is from another authority");
    assert_false(plan(site).by_age);
}

static void an_added_name_is_ordered_and_a_removed_one_kept(void **state)
{
    site_t *site = site_create(*state);

    site->spec.names = strings(*state, "a.example www.a.example b.example");
    assert_order(site, "name added: b.example");
    site->spec.names = strings(*state, "a.example");
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->info.names = strings(*state, "*.a.example a.example");
    site->spec.names = strings(*state, "a.example www.a.example");
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->spec.names = strings(*state, "a.example x.www.a.example");
    assert_order(site, "name added: x.www.a.example");
}

static void nothing_is_ordered_that_no_tls_site_uses(void **state)
{
    site_t *site = site_create(*state);
    acme_plan_t made;

    site->inventory.live = NULL;
    site->inventory.serving = ACME_SERVING_NOTHING;
    assert_idle(site, ACME_SCHEDULE_NEVER);
    made = plan(site);
    assert_string_equal(made.reason, "no TLS virtual host uses it");
    site->spec.renew_mode = ACME_RENEW_ALWAYS;
    assert_order(site, "first certificate");
}

static void manual_waits_to_be_asked(void **state)
{
    site_t *site = site_create(*state);
    acme_plan_t made;

    site->spec.renew_mode = ACME_RENEW_MANUAL;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->inventory.live = NULL;
    made = plan(site);
    assert_string_equal(acme_plan_name(made.what), "manual");
    assert_string_equal(made.reason, "first certificate");
    assert_true(made.at == ACME_SCHEDULE_NEVER);
    /* but a finished certificate is put to use */
    site->job.staged = "beef";
    assert_string_equal(acme_plan_name(plan(site).what), "staged");
}

static void what_is_staged_waits_for_root(void **state)
{
    site_t *site = site_create(*state);
    acme_plan_t made;

    site->inventory.live = NULL;
    site->job.staged = "beef";
    made = plan(site);
    assert_string_equal(acme_plan_name(made.what), "staged");
    assert_true(made.at == ACME_SCHEDULE_NEVER);
    /* root has decided upon another certificate */
    site->inventory.staged = ACME_STAGED_REFUSED;
    site->inventory.staged_fingerprint = "dead";
    assert_string_equal(acme_plan_name(plan(site).what), "staged");
    site->inventory.staged_fingerprint = NULL;
    assert_string_equal(acme_plan_name(plan(site).what), "staged");
}

static void what_root_decided_is_settled(void **state)
{
    site_t *site = site_create(*state);

    site->job.staged = "f00d";
    assert_string_equal(acme_plan_name(plan(site).what), "settle");
    site->job.staged = "beef";
    site->inventory.staged_fingerprint = "beef";
    site->inventory.staged = ACME_STAGED_REFUSED;
    assert_string_equal(acme_plan_name(plan(site).what), "settle");
    site->inventory.staged = ACME_STAGED_PROMOTED;
    assert_string_equal(acme_plan_name(plan(site).what), "settle");
}

static site_t *failed_site(apr_pool_t *p)
{
    site_t *site = site_create(p);

    site->inventory.live = NULL;
    site->job.errors = 2;
    site->job.digest = acme_spec_digest(&site->spec, p);
    site->job.next_run = NOW + ACME_TIME_HOUR;
    return site;
}

static void a_failure_is_waited_out(void **state)
{
    site_t *site = failed_site(*state);
    acme_plan_t made = plan(site);

    assert_idle(site, NOW + ACME_TIME_HOUR);
    assert_string_equal(made.reason, "tried again in 1 hour, after 2 failures");
    site->job.errors = 1;
    site->job.digest = NULL;
    made = plan(site);
    assert_string_equal(made.reason, "tried again in 1 hour, after 1 failure");
    site->job.next_run = NOW;
    assert_order(site, "first certificate");
}

static void a_changed_set_waits_for_nothing(void **state)
{
    site_t *site = failed_site(*state);

    site->spec.names = strings(*state, "a.example");
    assert_order(site, "first certificate");
    site->job.next_run = ACME_SCHEDULE_NEVER;
    site->job.config = acme_plan_config(&site->spec, *state);
    assert_order(site, "first certificate");
}

static void a_wait_that_we_never_set_does_not_count(void **state)
{
    site_t *site = failed_site(*state);

    site->job.next_run = NOW + DAYS(4000);
    assert_order(site, "first certificate");
    site->job.next_run = NOW + DAYS(8);
    assert_idle(site, NOW + DAYS(8));
}

static void a_wait_does_not_count_once_the_clock_is_turned_back(void **state)
{
    site_t *site = failed_site(*state);

    site->job.last_run = NOW + ACME_TIME_HOUR / 2;
    assert_order(site, "first certificate");
    /* but not when the clock is corrected by a little */
    site->job.last_run = NOW + apr_time_from_sec(2);
    assert_idle(site, NOW + ACME_TIME_HOUR);
}

static void
a_mistake_is_not_repeated_before_the_configuration_changes(void **state)
{
    site_t *site = failed_site(*state);

    site->job.next_run = ACME_SCHEDULE_NEVER;
    site->job.config = acme_plan_config(&site->spec, *state);
    assert_idle(site, ACME_SCHEDULE_NEVER);
    site->job.config = NULL;
    assert_order(site, "first certificate");
    site->job.config = "of another time";
    assert_order(site, "first certificate");
}

static void all_that_a_mistake_can_be_about_is_looked_at(void **state)
{
    site_t *site = failed_site(*state);
    apr_pool_t *p = *state;

    site->job.next_run = ACME_SCHEDULE_NEVER;
    site->job.config = acme_plan_config(&site->spec, p);
    site->ca.agreed = 0;
    assert_order(site, "first certificate");
    site->ca.agreed = 1;
    assert_idle(site, ACME_SCHEDULE_NEVER);
    site->ca.ca_file = "/etc/ca.pem";
    assert_order(site, "first certificate");
    site->ca.ca_file = NULL;
    site->spec.challenge_types = strings(p, "tls-alpn-01 http-01");
    assert_order(site, "first certificate");
    site->spec.challenge_types = strings(p, "http-01");
    /* an alias that the CA rejects may be left out now */
    site->spec.optional = strings(p, "www.example.org");
    assert_order(site, "first certificate");
    site->spec.optional = NULL;
    site->spec.retry_delay = 1;
    site->spec.renew_window.percent = 50;
    assert_idle(site, ACME_SCHEDULE_NEVER);
}

static void an_order_under_way_is_finished(void **state)
{
    site_t *site = site_create(*state);

    site->job.order = acme_json_object(*state);
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->job.digest = acme_spec_digest(&site->spec, *state);
    assert_order(site, "an order is under way");
    site->job.digest = "another";
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
}

static void an_order_in_place_of_what_is_gone_is_needless(void **state)
{
    site_t *site = site_create(*state);
    acme_problem_t problem = ACME_PROBLEM_INIT;

    site->job.digest = acme_spec_digest(&site->spec, *state);
    site->job.order = acme_json_object(*state);
    /* failures of the certificate that is still live */
    site->job.instead = "f00d";
    assert_order(site, "an order is under way");
    assert_false(plan(site).needless);
    /* failures without a certificate, and with another one */
    site->job.instead = "";
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    assert_true(plan(site).needless && plan(site).satisfied);
    site->job.instead = "beef";
    assert_true(plan(site).needless);
    /* a request without need ends as well; a forced one goes on */
    site->job.asked = ACME_ASKED_DUE;
    assert_true(plan(site).needless);
    site->job.asked = ACME_ASKED_FORCE;
    assert_order(site, "asked for by acmectl renew");
    assert_false(plan(site).needless);
    site->job.asked = ACME_ASKED_NO;
    /* so does an order for a certificate whose names, or kind of key, have
     * changed */
    site->info.names = strings(*state, "a.example");
    assert_order(site, "name added: www.a.example");
    assert_false(plan(site).needless);
    site->info.names = strings(*state, "a.example www.a.example");
    site->live.ca_url = site->ca.url;
    site->info.key_type = "RSA 2048";
    assert_order(site, "another kind of key: P-256");
    assert_false(plan(site).needless);
    site->info.key_type = "P-256";
    /* failures without an order are over, too; without any there is nothing to
     * end */
    site->job.order = NULL;
    assert_false(plan(site).needless);
    site->job.problem = &problem;
    site->job.errors = 1;
    site->job.next_run = NOW + 1;
    assert_true(plan(site).needless);
    site->job.instead = NULL;
    assert_false(plan(site).needless);
    site->job.instead = "";
    site->inventory.live = NULL;
    assert_false(plan(site).needless);
}

static void what_is_not_valid_yet_is_replaced_when_asked(void **state)
{
    site_t *site = site_create(*state);

    site->live.ca_url = site->ca.url;
    /* A clock that is behind says the same. */
    site->info.not_before = NOW + DAYS(3);
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->job.asked = ACME_ASKED_DUE;
    assert_order(site, "valid only in 3 days");
    assert_true(plan(site).urgent);
    site->inventory.pinned = 1;
    assert_order(site, "valid only in 3 days");
    site->info.not_before = NOW;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
}

static void what_has_changed_is_ordered_anew(void **state)
{
    site_t *site = site_create(*state);

    site->live.ca_url = site->ca.url;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    assert_null(plan(site).other);
    site->live.ca_url = "https://other.example/dir";
    assert_order(site, "another CA: ca.example");
    assert_string_equal(plan(site).other, "another CA: ca.example");
    assert_true(plan(site).urgent);
    site->live.ca_url = site->ca.url;
    site->spec.key.type = ACME_KEY_P384;
    assert_order(site, "another kind of key: P-384");
    assert_true(plan(site).urgent);
    site->spec.key.type = ACME_KEY_P256;
    site->spec.profile = "shortlived";
    assert_order(site, "another profile: shortlived");
    site->live.profile = "shortlived";
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->spec.profile = NULL;
    assert_order(site, "another profile: the CA's own");
    assert_true(plan(site).urgent);
    /* a renewal is not urgent */
    site->live.profile = NULL;
    site->info.not_after = NOW + DAYS(2);
    assert_order(site, "expires in 2 days");
    assert_false(plan(site).urgent);
    /* unless an administrator waits for it */
    site->job.asked = ACME_ASKED_DUE;
    assert_true(plan(site).urgent);
    site->job.asked = ACME_ASKED_NO;
    site->info.not_after = NOW + DAYS(60);
    /* the kind of key of an imported one counts once it is due */
    site->live.imported = 1;
    site->spec.key.type = ACME_KEY_P384;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->spec.key_written = ACME_SPEC_KEY_EXACT;
    assert_order(site, "another kind of key: P-384");
    /* a certificate from elsewhere is left alone */
    site->live.ca_url = NULL;
    site->spec.key.type = ACME_KEY_P384;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
}

static void the_ca_is_asked_before_a_renewal_and_when_it_says_so(void **state)
{
    site_t *site = site_create(*state);
    acme_ari_t ari = {0};

    site->spec.via_ari = 1;
    site->info.ari_id = "key.serial";
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->live.ca_url = site->ca.url;
    assert_string_equal(acme_plan_name(plan(site).what), "ask");
    /* even when the window says that it is due */
    site->spec.renew_window.span = DAYS(61);
    assert_string_equal(acme_plan_name(plan(site).what), "ask");
    /* but not when a name is missing, or the end is near */
    site->spec.names = strings(site->p, "a.example new.example");
    assert_order(site, "name added: new.example");
    site->spec.names = strings(site->p, "a.example");
    site->info.not_after = NOW + DAYS(2);
    assert_order(site, "expires in 2 days");
    site->info.not_after = NOW + DAYS(60);

    ari.cert = "key.serial";
    ari.next = NOW + DAYS(1);
    site->job.ari = &ari;
    assert_order(site, "expires in 60 days");
    ari.start = NOW + DAYS(20);
    ari.end = NOW + DAYS(22);
    ari.selected = NOW + DAYS(21);
    assert_idle(site, NOW + DAYS(1));
    ari.next = NOW + DAYS(2);
    ari.selected = NOW;
    assert_order(site, "the CA wants it renewed, it expires in 60 days");
    assert_false(plan(site).urgent);
    ari.start = NOW - DAYS(2);
    ari.end = NOW - DAYS(1);
    assert_true(plan(site).urgent);
    /* the answer counts with the CA that issued the certificate */
    site->live.ca_url = "https://other.example/dir";
    site->spec.renew_window.span = 0;
    assert_order(site, "another CA: ca.example");
}

static void what_is_asked_for_is_ordered(void **state)
{
    site_t *site = site_create(*state);

    site->job.asked = ACME_ASKED_DUE;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->job.asked = ACME_ASKED_FORCE;
    assert_order(site, "asked for by acmectl renew");
    /* a failure since then still makes it wait */
    site->job.next_run = NOW + ACME_TIME_HOUR;
    assert_idle(site, NOW + ACME_TIME_HOUR);
    site->job.next_run = 0;
    site->spec.renew_mode = ACME_RENEW_MANUAL;
    assert_order(site, "asked for by acmectl renew");
    site->spec.renew_mode = ACME_RENEW_AUTO;
    site->inventory.serving = ACME_SERVING_NOTHING;
    assert_order(site, "asked for by acmectl renew");
}

static void what_was_rolled_back_to_is_kept_until_it_is_due(void **state)
{
    site_t *site = site_create(*state);

    site->inventory.pinned = 1;
    site->info.not_after = NOW + DAYS(10);
    site->info.not_before = NOW - DAYS(80);
    assert_idle(site, NOW + DAYS(1));
    site->info.names = strings(*state, "a.example");
    assert_idle(site, NOW + DAYS(1));
    site->job.asked = ACME_ASKED_DUE;
    assert_order(site, "name added: www.a.example");
    site->job.asked = ACME_ASKED_NO;
    site->info.not_after = NOW + DAYS(8);
    assert_string_equal(acme_plan_name(plan(site).what), "order");
}

static void neither_its_kind_nor_its_ca_undoes_a_rollback(void **state)
{
    site_t *site = site_create(*state);
    acme_ari_t ari = {0};

    site->live.ca_url = site->ca.url;
    site->spec.key.type = ACME_KEY_P384;
    site->spec.profile = "shortlived";
    site->spec.via_ari = 1;
    site->info.ari_id = "key.serial";
    ari.cert = "key.serial";
    ari.next = NOW + DAYS(1);
    ari.start = NOW - DAYS(2);
    ari.end = NOW - DAYS(1);
    ari.selected = NOW - DAYS(2);
    site->job.ari = &ari;
    assert_order(site, "another kind of key: P-384");
    site->inventory.pinned = 1;
    assert_idle(site, NOW + DAYS(1));
    site->job.asked = ACME_ASKED_DUE;
    assert_order(site, "another kind of key: P-384");
}

static void what_was_revoked_is_replaced_at_once(void **state)
{
    site_t *site = site_create(*state);
    acme_blocklist_entry_t mark;

    memset(&mark, 0, sizeof(mark));
    mark.fingerprint = "f00d";
    mark.when = NOW;
    mark.reason = 4;
    mark.done = 1;
    site->inventory.revoked = &mark;
    assert_string_equal(plan(site).reason, "it was revoked (superseded) at "
                                           "2030-01-01T00:00:00Z");
    assert_int_equal(plan(site).what, ACME_PLAN_ORDER);
    assert_true(plan(site).urgent);
    assert_false(plan(site).by_age);
    /* no rollback and no question to the CA delays it */
    site->inventory.pinned = 1;
    site->spec.via_ari = 1;
    site->info.ari_id = "key.serial";
    site->live.ca_url = site->ca.url;
    assert_int_equal(plan(site).what, ACME_PLAN_ORDER);
    site->spec.renew_mode = ACME_RENEW_MANUAL;
    assert_int_equal(plan(site).what, ACME_PLAN_MANUAL);
    /* noted by the job since the start: it is about the live certificate
     * only */
    site = site_create(*state);
    site->job.revoked = &mark;
    assert_int_equal(plan(site).what, ACME_PLAN_ORDER);
    assert_true(plan(site).urgent);
    mark.fingerprint = "another";
    assert_int_equal(plan(site).what, ACME_PLAN_IDLE);
    assert_null(acme_plan_revoked(&site->inventory, NULL));
}

static void what_was_signed_for_another_machine_is_done(void **state)
{
    site_t *site = site_create(*state);

    site->inventory.live = NULL;
    site->job.signed_pem = "a chain";
    assert_idle(site, ACME_SCHEDULE_NEVER);
}

static void
names_that_were_left_out_are_no_reason_before_the_renewal(void **state)
{
    site_t *site = site_create(*state);
    acme_job_name_t *out;

    site->job.names = apr_array_make(*state, 1, sizeof(acme_job_name_t));
    site->spec.names = strings(*state, "a.example www.a.example old.a.example");
    site->spec.optional = strings(*state, "www.a.example old.a.example");
    assert_order(site, "name added: old.a.example");
    out = apr_array_push(site->job.names);
    memset(out, 0, sizeof(*out));
    out->name = "old.a.example";
    out->failures = 1;
    site->job.digest = acme_spec_digest(&site->spec, *state);
    assert_order(site, "name added: old.a.example");
    out->failures = 2;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    assert_true(plan(site).satisfied);
    /* failures of another set of names do not count */
    site->job.digest = "another";
    assert_order(site, "name added: old.a.example");
    site->job.digest = acme_spec_digest(&site->spec, *state);
    site->info.not_after = NOW + DAYS(10);
    assert_string_equal(acme_plan_name(plan(site).what), "order");
    assert_false(plan(site).satisfied);
}

static void a_certificate_of_ones_own_is_watched(void **state)
{
    site_t *site = site_create(*state);

    site->spec.cert_file = "/etc/ssl/own.pem";
    site->spec.cert_key_file = "/etc/ssl/own.key";
    site->inventory.live = NULL;
    site->inventory.file = &site->info;
    site->inventory.serving = ACME_SERVING_OKC;
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    assert_null(plan(site).warning);
    assert_true(plan(site).at == NOW + DAYS(51));
    site->info.not_after = NOW + DAYS(2);
    assert_non_null(strstr(plan(site).warning, "expires in 2 days"));
    assert_true(plan(site).at == NOW + DAYS(1));
    site->info.not_after = NOW - DAYS(1);
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    assert_non_null(strstr(plan(site).warning, "has expired"));
    /* whatever a job from before says */
    site->job.staged = "f00d";
    assert_string_equal(acme_plan_name(plan(site).what), "idle");
    site->inventory.file = NULL;
    assert_idle(site, ACME_SCHEDULE_NEVER);
}

ACME_T_MAIN(ACME_T(what_is_not_valid_yet_is_replaced_when_asked),
            ACME_T(what_has_changed_is_ordered_anew),
            ACME_T(the_ca_is_asked_before_a_renewal_and_when_it_says_so),
            ACME_T(what_is_asked_for_is_ordered),
            ACME_T(what_was_rolled_back_to_is_kept_until_it_is_due),
            ACME_T(neither_its_kind_nor_its_ca_undoes_a_rollback),
            ACME_T(what_was_revoked_is_replaced_at_once),
            ACME_T(what_was_signed_for_another_machine_is_done),
            ACME_T(a_valid_certificate_is_left_alone_until_its_window),
            ACME_T(the_first_certificate_is_ordered),
            ACME_T(what_is_due_is_renewed), ACME_T(what_has_expired_is_ordered),
            ACME_T(only_an_age_depends_on_the_clock),
            ACME_T(one_of_another_authority_is_replaced),
            ACME_T(an_added_name_is_ordered_and_a_removed_one_kept),
            ACME_T(nothing_is_ordered_that_no_tls_site_uses),
            ACME_T(manual_waits_to_be_asked),
            ACME_T(what_is_staged_waits_for_root),
            ACME_T(what_root_decided_is_settled),
            ACME_T(a_failure_is_waited_out),
            ACME_T(a_changed_set_waits_for_nothing),
            ACME_T(a_wait_that_we_never_set_does_not_count),
            ACME_T(a_wait_does_not_count_once_the_clock_is_turned_back),
            ACME_T(a_mistake_is_not_repeated_before_the_configuration_changes),
            ACME_T(all_that_a_mistake_can_be_about_is_looked_at),
            ACME_T(an_order_under_way_is_finished),
            ACME_T(an_order_in_place_of_what_is_gone_is_needless),
            ACME_T(names_that_were_left_out_are_no_reason_before_the_renewal),
            ACME_T(a_certificate_of_ones_own_is_watched))
