/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_cloexec.h
 * @brief Keeps descriptors that a library makes out of programs that the server
 * starts.
 *
 * libcurl makes a pair of sockets to wake a waiting thread, and another pair
 * for each look-up of a name, without CLOEXEC. A CGI program that is started
 * meanwhile inherits them. So: acme_cloexec_note(), what may make some,
 * acme_cloexec_set().
 *
 * What another thread makes in between gets the flag as well. That harms
 * nothing, because a program gets its pipes by dup2(), which clears it.
 */
#ifndef ACME_CLOEXEC_H
#define ACME_CLOEXEC_H

/** Most descriptors that are looked at. */
#define ACME_CLOEXEC_MAX 16384

/** Descriptors that programs inherit. */
typedef struct acme_cloexec_t {
    unsigned char inherited[ACME_CLOEXEC_MAX / 8];
} acme_cloexec_t;

/** Notes what programs inherit now. */
void acme_cloexec_note(acme_cloexec_t *before);

/** Sets CLOEXEC for all sockets, pipes and the like that programs would inherit
 *  and that were not there before. */
void acme_cloexec_set(acme_cloexec_t *before);

#endif
