/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_json.h
 * @brief JSON values owned by a pool, over jansson, with typed getters.
 *
 * A value belongs to the pool in which it was made. Children that a getter
 * returns belong to the same pool. Strings that a getter returns point into the
 * value. Two threads must not use a value at once.
 *
 * Getters return APR_SUCCESS, APR_NOTFOUND (no such member, or null) or
 * APR_EINVAL (of another type); the output is set on success only.
 */
#ifndef ACME_JSON_H
#define ACME_JSON_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

typedef struct acme_json_t acme_json_t;

/**
 * Parses one JSON text (object or array). Duplicate members and nesting over
 * 64 levels are refused. A byte order mark is skipped, because some servers and
 * editors write it (RFC 8259 8.1).
 * @param error set to a sentence on failure; may be NULL
 * @return APR_EINVAL when the text is not valid JSON
 */
apr_status_t acme_json_parse(acme_json_t **json, const char *data,
                             apr_size_t len, const char **error, apr_pool_t *p);

/** acme_json_parse() for what others write. What is not used of it must not
 *  spoil the rest: of members with the same name the last one counts, as with
 *  most parsers, and a whole number may have any size. */
apr_status_t acme_json_parse_foreign(acme_json_t **json, const char *data,
                                     apr_size_t len, const char **error,
                                     apr_pool_t *p);

acme_json_t *acme_json_object(apr_pool_t *p);
acme_json_t *acme_json_array(apr_pool_t *p);

/** Returns the text of a value, with members in the order in which they were
 *  set.
 *  @param pretty non-zero: indented, with a final newline; zero: compact */
const char *acme_json_print(const acme_json_t *json, int pretty, apr_pool_t *p);

int acme_json_is_object(const acme_json_t *json);

/** Returns the text that the value is, NULL when it is none. */
const char *acme_json_text(const acme_json_t *json);

apr_status_t acme_json_get(acme_json_t **value, const acme_json_t *object,
                           const char *key);
/** Gets a string, which may be empty. A string with a NUL in it is
 *  APR_EINVAL. */
apr_status_t acme_json_get_str(const char **value, const acme_json_t *object,
                               const char *key);
apr_status_t acme_json_get_int(apr_int64_t *value, const acme_json_t *object,
                               const char *key);

/** Most of what acme_json_get_count() takes for a number of something. */
#define ACME_JSON_COUNT_MAX 1000000

/** Gets a number of things that happened, to which more may be added: from 0 to
 *  ACME_JSON_COUNT_MAX, all else is APR_EINVAL. When it fails the value is left
 *  unchanged. */
apr_status_t acme_json_get_count(int *value, const acme_json_t *object,
                                 const char *key);
apr_status_t acme_json_get_bool(int *value, const acme_json_t *object,
                                const char *key);
/** Gets a time that is written as in RFC 3339. */
apr_status_t acme_json_get_time(apr_time_t *value, const acme_json_t *object,
                                const char *key);
/** Gets an array whose elements are all strings.
 *  @param values set to an APR array of const char *, in p */
apr_status_t acme_json_get_strs(apr_array_header_t **values,
                                const acme_json_t *object, const char *key,
                                apr_pool_t *p);

/** Returns the names of an object's members, as const char * in p; an empty
 *  array for any other value. */
apr_array_header_t *acme_json_keys(const acme_json_t *object, apr_pool_t *p);

/** Returns the number of elements of an array, 0 for any other value. */
int acme_json_count(const acme_json_t *array);
/** Returns element i of an array, NULL when there is none. */
acme_json_t *acme_json_at(const acme_json_t *array, int i);

/** Sets a member, as do all setters, to a copy of the value. NULL sets nothing.
 */
void acme_json_set(acme_json_t *object, const char *key,
                   const acme_json_t *value);
/** Sets a member to the value itself, without a copy. The value must not be
 *  changed afterwards, nor contain the object. */
void acme_json_give(acme_json_t *object, const char *key,
                    const acme_json_t *value);
void acme_json_set_str(acme_json_t *object, const char *key, const char *value);
void acme_json_set_int(acme_json_t *object, const char *key, apr_int64_t value);
void acme_json_set_bool(acme_json_t *object, const char *key, int value);
/** Sets a time as in RFC 3339, with microseconds if it has any; 0 sets nothing.
 */
void acme_json_set_time(acme_json_t *object, const char *key, apr_time_t value);
void acme_json_set_strs(acme_json_t *object, const char *key,
                        const apr_array_header_t *values);
void acme_json_append(acme_json_t *array, const acme_json_t *value);
/** Appends the value itself, as acme_json_give(). */
void acme_json_append_given(acme_json_t *array, const acme_json_t *value);
void acme_json_append_str(acme_json_t *array, const char *value);

#endif
