/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_resource.h
 * @brief Reads and checks members of a CA's resources (RFC 8555 7.1).
 *
 * A member that is missing, of another type or out of bounds is a problem of
 * type ACME_PROBLEM_PROTOCOL, class BACKOFF, that names the resource and the
 * member; the status is APR_EINVAL. Strings are copied into the pool of the
 * acme_resource_t, so that they outlive the answer.
 */
#ifndef ACME_RESOURCE_H
#define ACME_RESOURCE_H

#include "acme_json.h"
#include "acme_problem.h"

/** Longest URL of a CA that we use. */
#define ACME_RESOURCE_URL_MAX 2000

/** A resource that is read. */
typedef struct acme_resource_t {
    const char *name; /**< "order": for messages */
    const acme_json_t *json;
    acme_problem_t *problem;
    apr_pool_t *p;
} acme_resource_t;

/** Returns non-zero when the URL is absolute, https, not over
 *  ACME_RESOURCE_URL_MAX and printable ASCII. */
int acme_resource_is_url(const char *url);

/** Sets the problem, "the NAME FMT". Returns APR_EINVAL. */
apr_status_t acme_resource_wrong(const acme_resource_t *resource,
                                 const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Checks that the resource is a JSON object. */
apr_status_t acme_resource_object(const acme_resource_t *resource);

/** Reads an https URL. `*url` is NULL when it is absent and not required. */
apr_status_t acme_resource_url(const char **url,
                               const acme_resource_t *resource, const char *key,
                               int required);

/** Reads a string. `*text` is NULL when it is absent and not required. */
apr_status_t acme_resource_str(const char **text,
                               const acme_resource_t *resource, const char *key,
                               int required);

/** Reads one of a list of words, as its index; it is required. */
apr_status_t acme_resource_word(int *index, const acme_resource_t *resource,
                                const char *key, const char *const *words,
                                int count);

/** Reads a time. `*t` is 0 when it is absent. */
apr_status_t acme_resource_time(apr_time_t *t, const acme_resource_t *resource,
                                const char *key);

/** Reads an embedded problem document. `*error` is NULL when it is absent. */
apr_status_t acme_resource_error(const acme_problem_t **error,
                                 const acme_resource_t *resource,
                                 const char *key);

/** Reads an embedded object. `*sub` is NULL when it is absent and not
 *  required; it is not copied. */
apr_status_t acme_resource_sub(const acme_json_t **sub,
                               const acme_resource_t *resource, const char *key,
                               int required);

#endif
