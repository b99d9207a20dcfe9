/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_text.h
 * @brief Makes text of others safe: UTF-8, length, a single line.
 *
 * Text from a CA, a file or a command line may hold any bytes. These functions
 * make it valid for JSON, for a field of limited length and for a log line.
 */
#ifndef ACME_TEXT_H
#define ACME_TEXT_H

#include <apr_pools.h>

/** Returns the text with U+FFFD in place of each byte that is not valid UTF-8,
 *  which includes the bytes of overlong forms, of surrogates and of code points
 *  above U+10FFFF. Returns the text itself when all of it is valid. */
const char *acme_text_utf8(const char *text, apr_pool_t *p);

/** Returns a copy of at most max bytes, never cut inside a character; a cut
 *  text ends in "...". max is at least 4. */
const char *acme_text_bound(const char *text, apr_size_t max, apr_pool_t *p);

/**
 * Returns one printable line of at most max bytes, cut as acme_text_bound()
 * does. Control characters, line and paragraph separators, characters that
 * change the direction of text, and bytes that are not valid UTF-8 become \xHH;
 * a backslash is doubled.
 */
const char *acme_text_escape(const char *text, apr_size_t max, apr_pool_t *p);

#endif
