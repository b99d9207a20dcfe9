/* SPDX-License-Identifier: Apache-2.0 */

#include "random_ca.h"

#include <string.h>

#include <apr_strings.h>

#include "acme_time.h"

#define JSON    "application/json"
#define PROBLEM "application/problem+json"
#define PEM     "application/pem-certificate-chain"
#define TOKEN   "0123456789abcdef"

static const char *const order_words[] = {"pending", "ready",   "processing",
                                          "valid",   "invalid", "odd"};
static const char *const authz_words[] = {
    "pending", "valid", "invalid", "deactivated", "expired", "revoked", "odd"};
static const char *const challenge_words[] = {"pending", "processing", "valid",
                                              "invalid", "odd"};

int random_ca_roll(random_ca_t *ca, int n)
{
    /* splitmix64 */
    uint64_t z = (ca->dice += 0x9e3779b97f4a7c15ull);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (int)((z ^ (z >> 31)) % (uint64_t)n);
}

int random_ca_percent(random_ca_t *ca, int n)
{
    return random_ca_roll(ca, 100) < n;
}

/* ---- the CA: what happens there ---- */

static int all_valid(const random_ca_t *ca)
{
    int i;

    for (i = 0; i < ca->n_names; ++i) {
        if (!ca->truth.valid[i]) {
            return 0;
        }
    }
    return 1;
}

static void new_truth(random_ca_t *ca)
{
    random_ca_truth_t *truth = &ca->truth;
    int i;

    if (truth->made && !truth->gone && truth->order != RANDOM_CA_INVALID
        && random_ca_percent(ca, 30)) {
        return; /* the same order once more, as some CAs do */
    }
    memset(truth, 0, sizeof(*truth));
    truth->made = 1;
    truth->wrong = random_ca_percent(ca, 3);
    truth->polls = random_ca_roll(ca, 4);
    for (i = 0; i < ca->n_names; ++i) {
        truth->valid[i] = random_ca_percent(ca, 20);
    }
    truth->order = all_valid(ca) && random_ca_percent(ca, 70)
                       ? RANDOM_CA_READY
                       : RANDOM_CA_PENDING;
    if (random_ca_percent(ca, 10)) {
        truth->expires =
            ca->now + apr_time_from_sec(60 + random_ca_roll(ca, 7200));
    }
}

/* Time passes, seen from an order that is polled. */
static void advance(random_ca_t *ca)
{
    random_ca_truth_t *truth = &ca->truth;
    int i;

    if (truth->polls > 0) {
        --truth->polls;
        return;
    }
    truth->polls = random_ca_percent(ca, ca->lags) ? random_ca_roll(ca, 60) : 0;
    for (i = 0; i < ca->n_names; ++i) {
        if (truth->told[i] && !truth->valid[i]) {
            truth->valid[i] = 1;
            return;
        }
    }
    if (truth->order == RANDOM_CA_PENDING && all_valid(ca)
        && !random_ca_percent(ca, ca->lags)) {
        truth->order = RANDOM_CA_READY;
    }
    else if (truth->order == RANDOM_CA_PROCESSING) {
        truth->order = random_ca_percent(ca, ca->turns) ? RANDOM_CA_READY
                                                        : RANDOM_CA_VALID;
    }
    else if (truth->order == RANDOM_CA_READY
             && random_ca_percent(ca, ca->turns / 2)) {
        truth->order = RANDOM_CA_PENDING;
    }
}

static int index_of(const char *url)
{
    return url[strlen(url) - 1] - '0';
}

int random_ca_is(const char *url, const char *what)
{
    return strncmp(url + strlen(RANDOM_CA_BASE), what, strlen(what)) == 0;
}

/* Does what is asked for. */
void random_ca_hear(random_ca_t *ca, const char *url)
{
    random_ca_truth_t *truth = &ca->truth;

    truth->taken = 0;
    if (random_ca_is(url, "new")) {
        new_truth(ca);
    }
    else if (random_ca_is(url, "chall")) {
        truth->told[index_of(url)] = 1;
    }
    else if (random_ca_is(url, "order")) {
        advance(ca);
    }
    else if (random_ca_is(url, "finalize")
             && (truth->order == RANDOM_CA_READY
                 || (truth->order == RANDOM_CA_PENDING && all_valid(ca)))
             && !random_ca_percent(ca, ca->turns)) {
        truth->taken = 1;
        truth->order =
            random_ca_percent(ca, 50) ? RANDOM_CA_PROCESSING : RANDOM_CA_VALID;
        truth->polls = random_ca_roll(ca, 4);
    }
    if (truth->expires && ca->now >= truth->expires
        && truth->order != RANDOM_CA_VALID
        && truth->order != RANDOM_CA_PROCESSING) {
        truth->order = RANDOM_CA_INVALID;
    }
}

/* ---- the CA: what it says ---- */

static const char *order_text(const random_ca_t *ca, const char *status,
                              int with_certificate, apr_pool_t *p)
{
    const char *urls = "";
    const char *expires = "";
    int i;

    for (i = 0; i < ca->n_names; ++i) {
        urls = apr_psprintf(p, "%s%s\"" RANDOM_CA_BASE "authz/%d\"", urls,
                            i ? "," : "", i);
    }
    if (ca->truth.expires) {
        expires = apr_psprintf(p, ",\"expires\":\"%s\"",
                               acme_time_print(ca->truth.expires, p));
    }
    return apr_psprintf(p,
                        "{\"status\":\"%s\",\"authorizations\":[%s],"
                        "\"finalize\":\"" RANDOM_CA_BASE "finalize\"%s%s}",
                        status, urls, expires,
                        with_certificate ? ",\"certificate\":\"" RANDOM_CA_BASE
                                           "certificate\""
                                         : "");
}

static const char *challenge_text(int i, const char *status, apr_pool_t *p)
{
    return apr_psprintf(p,
                        "{\"type\":\"http-01\",\"url\":\"" RANDOM_CA_BASE
                        "chall/%d\","
                        "\"token\":\"" TOKEN "-%d\",\"status\":\"%s\"%s}",
                        i, i, status,
                        strcmp(status, "invalid") == 0
                            ? ",\"error\":{\"type\":\"urn:ietf:params:acme:"
                              "error:dns\",\"detail\":\"NXDOMAIN\"}"
                            : "");
}

static const char *authz_text(const random_ca_t *ca, int i, const char *status,
                              const char *challenge, apr_pool_t *p)
{
    return apr_psprintf(p,
                        "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\","
                        "\"value\":\"%s\"},\"challenges\":[%s]}",
                        status, APR_ARRAY_IDX(ca->names, i, const char *),
                        challenge_text(i, challenge, p));
}

static void say_body(random_ca_answer_t *answer, const char *body)
{
    answer->status = 200;
    answer->type = JSON;
    answer->body = body;
}

static void say_error(random_ca_answer_t *answer, int status, const char *type,
                      apr_pool_t *p)
{
    answer->status = status;
    answer->type = PROBLEM;
    answer->body = apr_psprintf(p,
                                "{\"type\":\"urn:ietf:params:acme:error:%s\","
                                "\"detail\":\"so it is\"}",
                                type);
}

/* Answers with the truth. */
void random_ca_tell(random_ca_t *ca, random_ca_answer_t *answer,
                    const char *url, apr_pool_t *p)
{
    const random_ca_truth_t *truth = &ca->truth;
    int i = index_of(url);

    if (truth->gone) {
        say_error(answer, 404, "malformed", p);
    }
    else if (random_ca_is(url, "new")) {
        say_body(answer, order_text(ca, order_words[truth->order],
                                    truth->order == RANDOM_CA_VALID, p));
        answer->status = 201;
        answer->location = RANDOM_CA_ORDER;
    }
    else if (random_ca_is(url, "order")) {
        say_body(answer, order_text(ca, order_words[truth->order],
                                    truth->order == RANDOM_CA_VALID, p));
    }
    else if (random_ca_is(url, "authz")) {
        say_body(answer,
                 authz_text(ca, i, truth->valid[i] ? "valid" : "pending",
                            truth->valid[i]  ? "valid"
                            : truth->told[i] ? "processing"
                                             : "pending",
                            p));
    }
    else if (random_ca_is(url, "chall")) {
        say_body(answer, challenge_text(i, "processing", p));
    }
    else if (random_ca_is(url, "finalize")) {
        if (truth->order == RANDOM_CA_PENDING) {
            say_error(answer, 403, "orderNotReady", p);
        }
        else if (ca->strict && !truth->taken && truth->order != RANDOM_CA_READY
                 && random_ca_percent(ca, 50)) {
            say_error(answer, 400, "malformed", p);
        }
        else {
            say_body(answer, order_text(ca, order_words[truth->order],
                                        truth->order == RANDOM_CA_VALID, p));
        }
    }
    else if (truth->order == RANDOM_CA_VALID) {
        answer->status = 200;
        answer->type = PEM;
        answer->body = TEST_CHAIN;
    }
    else {
        say_error(answer, 404, "malformed", p);
    }
}

/* Answers with anything, of the right kind as a rule. */
void random_ca_lie(random_ca_t *ca, random_ca_answer_t *answer, const char *url,
                   apr_pool_t *p)
{
    static const char *const chains[] = {"",
                                         "<html>",
                                         TEST_CHAIN TEST_CHAIN,
                                         "text\n" TEST_CHAIN "text",
                                         "-----BEGIN CERTIFICATE-----\nAAAA",
                                         TEST_CHAIN RANDOM_CA_KEY};
    int i =
        index_of(url) >= 0 && index_of(url) < ca->n_names ? index_of(url) : 0;

    if (random_ca_percent(ca, 15)) {
        say_body(answer, random_ca_roll(ca, 2) ? "<html>" : "{}");
        return;
    }
    if (random_ca_is(url, "authz")) {
        say_body(answer, authz_text(ca, i, authz_words[random_ca_roll(ca, 7)],
                                    challenge_words[random_ca_roll(ca, 5)], p));
    }
    else if (random_ca_is(url, "chall")) {
        say_body(answer,
                 challenge_text(i, challenge_words[random_ca_roll(ca, 5)], p));
    }
    else if (random_ca_is(url, "certificate")) {
        say_body(answer, chains[random_ca_roll(ca, 6)]);
    }
    else {
        say_body(answer, order_text(ca, order_words[random_ca_roll(ca, 6)],
                                    random_ca_roll(ca, 2), p));
        answer->location = random_ca_is(url, "new") && random_ca_roll(ca, 4)
                               ? RANDOM_CA_ORDER
                               : NULL;
    }
}

void random_ca_go_wrong(random_ca_t *ca, random_ca_answer_t *answer,
                        apr_pool_t *p)
{
    static const int statuses[] = {301, 307, 400, 403, 403, 404, 404, 404, 405,
                                   408, 409, 410, 425, 429, 500, 502, 503, 504};
    static const char *const types[] = {"malformed",
                                        "malformed",
                                        "unauthorized",
                                        "serverInternal",
                                        "rateLimited",
                                        "orderNotReady",
                                        "badNonce",
                                        "userActionRequired",
                                        "accountDoesNotExist",
                                        "conflict",
                                        "caa",
                                        "badCSR"};

    say_error(answer, statuses[random_ca_roll(ca, 18)],
              types[random_ca_roll(ca, 12)], p);
    if (random_ca_roll(ca, 4) == 0) {
        answer->type = "text/html";
        answer->body = "<html>";
    }
}

/* Chooses how the CA of this seed is. */
void random_ca_choose(random_ca_t *ca)
{
    static const int degrees[] = {0, 0, 1, 5, 20, 60};
    ca->lies = degrees[random_ca_roll(ca, 6)];
    ca->errors = degrees[random_ca_roll(ca, 6)];
    ca->lost = degrees[random_ca_roll(ca, 6)];
    ca->crashes = degrees[random_ca_roll(ca, 5)];
    ca->named = random_ca_roll(ca, 2) ? degrees[random_ca_roll(ca, 6)] : 0;
    ca->lags = degrees[random_ca_roll(ca, 6)];
    ca->turns = random_ca_roll(ca, 12) ? degrees[random_ca_roll(ca, 6)] : 100;
    ca->strict = random_ca_roll(ca, 2);
}
