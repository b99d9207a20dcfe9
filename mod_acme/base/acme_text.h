/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_text.h
 * @brief Text that somebody else wrote: UTF-8, length, and one safe line.
 *
 * What a CA, a file or a command line hands us may hold anything. These make it
 * fit for JSON, for a bounded field and for a log line.
 */
#ifndef ACME_TEXT_H
#define ACME_TEXT_H

#include <apr_pools.h>

/** Returns the text with each byte that is no UTF-8 replaced by U+FFFD (of
 *  overlong forms, surrogates and code points above U+10FFFF, too), or the text
 *  itself where nothing is wrong. */
const char *acme_text_utf8(const char *text, apr_pool_t *p);

/** Returns a copy of at most max bytes, never cut inside a character; a cut
 *  text ends in "...". max is at least 4. */
const char *acme_text_bound(const char *text, apr_size_t max, apr_pool_t *p);

/**
 * Returns one printable line of at most max bytes, cut as acme_text_bound()
 * does. Control characters, line and paragraph separators, characters that turn
 * the direction of text, and bytes that are no UTF-8 become \xHH; a backslash
 * is doubled.
 */
const char *acme_text_escape(const char *text, apr_size_t max, apr_pool_t *p);

#endif
