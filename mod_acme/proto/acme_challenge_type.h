/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_challenge_type.h
 * @brief The challenge types that we can present (RFC 8555 8).
 */
#ifndef ACME_CHALLENGE_TYPE_H
#define ACME_CHALLENGE_TYPE_H

/** Returns our own constant string for this type, NULL for an unknown type. */
const char *acme_challenge_type(const char *type);

/** Returns non-zero when we can present challenges of this type. */
int acme_challenge_type_known(const char *type);

#endif
