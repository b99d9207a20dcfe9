/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_resource.h
 * @brief Members of a CA's resources, each checked as it is read
 * (RFC 8555 7.1).
 *
 * Whatever is missing, of another type or out of bounds is a problem of type
 * ACME_PROBLEM_PROTOCOL, class BACKOFF, that names the resource and the
 * member. Strings are copied, so that they outlive the answer.
 */
#ifndef ACME_RESOURCE_H
#define ACME_RESOURCE_H

#include "acme_json.h"
#include "acme_problem.h"

/** Longest URL of a CA that we follow. */
#define ACME_RESOURCE_URL_MAX 2000

/** A resource being read. */
typedef struct acme_resource_t {
    const char *name; /**< "order": for messages */
    const acme_json_t *json;
    acme_problem_t *problem;
    apr_pool_t *p;
} acme_resource_t;

/** Whether it is absolute, https, of sane length and printable ASCII. */
int acme_resource_is_url(const char *url);

/** Sets the problem; always APR_EINVAL. */
apr_status_t acme_resource_wrong(const acme_resource_t *resource,
                                 const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Whether there is a JSON object to read from at all. */
apr_status_t acme_resource_object(const acme_resource_t *resource);

/** A https URL; `*url` is NULL when it is absent and may be. */
apr_status_t acme_resource_url(const char **url,
                               const acme_resource_t *resource, const char *key,
                               int required);

/** A string; `*text` is NULL when it is absent and may be. */
apr_status_t acme_resource_str(const char **text,
                               const acme_resource_t *resource, const char *key,
                               int required);

/** One of a list of words, as its index. */
apr_status_t acme_resource_word(int *index, const acme_resource_t *resource,
                                const char *key, const char *const *words,
                                int count);

/** A time, 0 when it is absent. */
apr_status_t acme_resource_time(apr_time_t *t, const acme_resource_t *resource,
                                const char *key);

/** An embedded problem document, NULL when it is absent. */
apr_status_t acme_resource_error(const acme_problem_t **error,
                                 const acme_resource_t *resource,
                                 const char *key);

/** An embedded object, NULL when it is absent and may be. */
apr_status_t acme_resource_sub(const acme_json_t **sub,
                               const acme_resource_t *resource, const char *key,
                               int required);

#endif
