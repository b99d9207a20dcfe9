/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_challenge_type.h
 * @brief The challenge types we can meet, one table row each (RFC 8555 8).
 */
#ifndef ACME_CHALLENGE_TYPE_H
#define ACME_CHALLENGE_TYPE_H

/** The table's own string for this type, NULL for one we do not know. */
const char *acme_challenge_type(const char *type);

/** Whether this type is in the table. */
int acme_challenge_type_known(const char *type);

#endif
