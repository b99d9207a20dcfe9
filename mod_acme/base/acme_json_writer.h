/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_json_writer.h
 * @brief Prints a value of jansson as JSON: for acme_json.c only.
 *
 * Prints what json_dumps() prints with JSON_COMPACT or JSON_INDENT(2). That
 * looks for circles at each array and object, and checks each character, which
 * took half of the time of a page with all sites; our values have no circles,
 * and all texts in them are UTF-8.
 */
#ifndef ACME_JSON_WRITER_H
#define ACME_JSON_WRITER_H

#include <jansson.h>

#include <apr_pools.h>

/** Prints a value of any type.
 *  @param pretty nonzero: in lines, and with a line feed at the end. */
const char *acme_json_writer_print(json_t *json, int pretty, apr_pool_t *p);

#endif
