/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_json.h
 * @brief JSON values owned by a pool, over jansson, with typed getters.
 *
 * A value belongs to the pool it was made in; children that a getter returns
 * belong to the same pool and stay valid as long as it. Strings returned point
 * into the value. Not safe for use from two threads at once.
 *
 * Getters return APR_SUCCESS, APR_NOTFOUND (no such member, or null) or
 * APR_EINVAL (of another type); only success touches the output.
 */
#ifndef ACME_JSON_H
#define ACME_JSON_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

typedef struct acme_json_t acme_json_t;

/**
 * Parses one JSON text (object or array). Duplicate members and nesting over
 * 64 levels are refused.
 * @param error where to leave one sentence on failure, or NULL
 * @return APR_EINVAL when it is no JSON
 */
apr_status_t acme_json_parse(acme_json_t **json, const char *data,
                             apr_size_t len, const char **error, apr_pool_t *p);

acme_json_t *acme_json_object(apr_pool_t *p);
acme_json_t *acme_json_array(apr_pool_t *p);

/** Text of the value; members in the order they were set. `pretty`: indented
 *  for people and with a final newline, else compact. */
const char *acme_json_print(const acme_json_t *json, int pretty, apr_pool_t *p);

int acme_json_is_object(const acme_json_t *json);

/** Returns the text that the value is, NULL when it is none. */
const char *acme_json_text(const acme_json_t *json);

apr_status_t acme_json_get(acme_json_t **value, const acme_json_t *object,
                           const char *key);
/** Empty strings are returned as they are; embedded NULs are EINVAL. */
apr_status_t acme_json_get_str(const char **value, const acme_json_t *object,
                               const char *key);
apr_status_t acme_json_get_int(apr_int64_t *value, const acme_json_t *object,
                               const char *key);
apr_status_t acme_json_get_bool(int *value, const acme_json_t *object,
                                const char *key);
/** An RFC 3339 string. */
apr_status_t acme_json_get_time(apr_time_t *value, const acme_json_t *object,
                                const char *key);
/** An array of strings only, as an APR array of const char *, made in p. */
apr_status_t acme_json_get_strs(apr_array_header_t **values,
                                const acme_json_t *object, const char *key,
                                apr_pool_t *p);

/** The names of an object's members, const char * in p; none for anything
 *  else. */
apr_array_header_t *acme_json_keys(const acme_json_t *object, apr_pool_t *p);

/** Number of elements of an array, 0 for anything else. */
int acme_json_count(const acme_json_t *array);
/** Element i of an array, NULL when out of range. */
acme_json_t *acme_json_at(const acme_json_t *array, int i);

/** Setters copy what they are given. A NULL string or value sets nothing. */
void acme_json_set(acme_json_t *object, const char *key,
                   const acme_json_t *value);
/** As acme_json_set() without the copy: the value may not be changed any more,
 *  nor contain the object. */
void acme_json_give(acme_json_t *object, const char *key,
                    const acme_json_t *value);
void acme_json_set_str(acme_json_t *object, const char *key, const char *value);
void acme_json_set_int(acme_json_t *object, const char *key, apr_int64_t value);
void acme_json_set_bool(acme_json_t *object, const char *key, int value);
/** As RFC 3339 with microseconds where there are any; 0 sets nothing. */
void acme_json_set_time(acme_json_t *object, const char *key, apr_time_t value);
void acme_json_set_strs(acme_json_t *object, const char *key,
                        const apr_array_header_t *values);
void acme_json_append(acme_json_t *array, const acme_json_t *value);
void acme_json_append_str(acme_json_t *array, const char *value);

#endif
