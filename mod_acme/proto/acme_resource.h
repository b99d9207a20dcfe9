/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_resource.h
 * @brief Reads and checks members of a CA's resources (RFC 8555 7.1).
 *
 * What is required of a resource depends on its status and on what is done
 * next, so each reader says of each member whether it is used now
 * (acme_resource_need_e): CAs leave out, null or misspell what nobody needs. A
 * member that is used and cannot be is a problem of type ACME_PROBLEM_PROTOCOL,
 * class BACKOFF, that names the resource and the member; the status is
 * APR_EINVAL. Strings are copied into the pool of the acme_resource_t, so that
 * they outlive the answer.
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

/** Says what is made of a member that is absent, null or "", and of one that is
 *  of another type or out of bounds. */
typedef enum {
    ACME_RESOURCE_UNUSED,  /**< either is taken for absent */
    ACME_RESOURCE_USED,    /**< may be absent, else it has to be right */
    ACME_RESOURCE_REQUIRED /**< either is a problem */
} acme_resource_need_e;

/** Reads an https URL. `*url` is NULL when it is absent. */
apr_status_t acme_resource_url(const char **url,
                               const acme_resource_t *resource, const char *key,
                               acme_resource_need_e need);

/** Reads a string that is not empty. `*text` is NULL when it is absent. */
apr_status_t acme_resource_str(const char **text,
                               const acme_resource_t *resource, const char *key,
                               acme_resource_need_e need);

/** Reads one of a list of words, as its index. `*index` stays when it is
 *  absent. */
apr_status_t acme_resource_word(int *index, const acme_resource_t *resource,
                                const char *key, const char *const *words,
                                int count, acme_resource_need_e need);

/** Reads a time. `*t` is 0 when it is absent. */
apr_status_t acme_resource_time(apr_time_t *t, const acme_resource_t *resource,
                                const char *key, acme_resource_need_e need);

/** Returns the embedded problem document, or the text in its place; NULL when
 *  it says nothing. */
const acme_problem_t *acme_resource_error(const acme_resource_t *resource,
                                          const char *key);

/** Reads an embedded object. `*sub` is NULL when it is absent; it is not
 *  copied. */
apr_status_t acme_resource_sub(const acme_json_t **sub,
                               const acme_resource_t *resource, const char *key,
                               acme_resource_need_e need);

#endif
