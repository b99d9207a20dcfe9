/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_t.h"

#include "acme_log.h"

typedef struct {
    int calls;
    acme_log_level_e level;
    apr_status_t rv;
    char message[16384];
} heard_t;

static void hear(void *baton, acme_log_level_e level, apr_status_t rv,
                 const char *message)
{
    heard_t *heard = baton;

    ++heard->calls;
    heard->level = level;
    heard->rv = rv;
    assert_true(strlen(message) < sizeof(heard->message));
    strcpy(heard->message, message);
}

static heard_t heard;

static void setup(acme_log_t *log, acme_log_level_e level)
{
    memset(&heard, 0, sizeof(heard));
    log->sink = hear;
    log->baton = &heard;
    log->level = level;
}

static void hands_on_level_status_and_text(void **state)
{
    acme_log_t log;

    (void)state;
    setup(&log, ACME_LOG_INFO);
    acme_log(&log, ACME_LOG_WARNING, APR_EGENERAL, ACME_TAG(0399) "%s: %d",
             "example.org", 7);
    assert_int_equal(heard.calls, 1);
    assert_int_equal(heard.level, ACME_LOG_WARNING);
    assert_int_equal(heard.rv, APR_EGENERAL);
    assert_string_equal(heard.message, "ACME0399: example.org: 7");
}

static void leaves_out_what_is_above_the_level(void **state)
{
    acme_log_t log;

    (void)state;
    setup(&log, ACME_LOG_NOTICE);
    acme_log(&log, ACME_LOG_INFO, 0, "%s", "quiet");
    acme_log(&log, ACME_LOG_TRACE, 0, "%s", "quiet");
    assert_int_equal(heard.calls, 0);
    acme_log(&log, ACME_LOG_NOTICE, 0, "%s", "loud");
    acme_log(&log, ACME_LOG_ERR, 0, "%s", "louder");
    assert_int_equal(heard.calls, 2);
}

static void takes_no_log_and_no_sink(void **state)
{
    acme_log_t log = {NULL, NULL, ACME_LOG_TRACE};

    (void)state;
    acme_log(NULL, ACME_LOG_ERR, 0, "%s", "nobody");
    acme_log(&log, ACME_LOG_ERR, 0, "%s", "nobody");
}

static void cuts_an_endless_message_between_characters(void **state)
{
    char text[20001];
    acme_log_t log;
    size_t len;
    int shift;

    (void)state;
    for (shift = 0; shift < 2; ++shift) {
        setup(&log, ACME_LOG_INFO);
        for (len = 0; len + 2 < sizeof(text); len += 2) {
            memcpy(text + len, "\xc3\xbc", 2);
        }
        text[len] = '\0';
        acme_log(&log, ACME_LOG_INFO, 0, "%s%s", shift ? "x" : "", text);
        len = strlen(heard.message);
        assert_true(len > 4000 && len < 8000);
        assert_string_equal(heard.message + len - 3, "...");
        assert_int_equal((unsigned char)heard.message[len - 4], 0xbc);
    }
}

ACME_T_MAIN(ACME_T(hands_on_level_status_and_text),
            ACME_T(leaves_out_what_is_above_the_level),
            ACME_T(takes_no_log_and_no_sink),
            ACME_T(cuts_an_endless_message_between_characters))
