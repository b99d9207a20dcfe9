/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file fake_dns.h
 * @brief A DNS client without a network: what the test has set is answered, in
 * the next run(). A name that was not set does not exist.
 */
#ifndef FAKE_DNS_H
#define FAKE_DNS_H

#include "acme_dns.h"
#include "fake_clock.h"

typedef struct fake_dns_t fake_dns_t;

fake_dns_t *fake_dns_create(fake_clock_t *clock, apr_pool_t *p);

acme_dns_t *fake_dns_client(fake_dns_t *fake);

/** Sets the values of a record, separated by blanks; NULL: there is none. */
void fake_dns_set(fake_dns_t *fake, const char *name, acme_dns_type_e type,
                  const char *values);

/** Sets a CAA record of a name. */
void fake_dns_set_caa(fake_dns_t *fake, const char *name, const char *tag,
                      const char *value);

/** Lets a look-up end so. */
void fake_dns_end(fake_dns_t *fake, const char *name, acme_dns_type_e type,
                  acme_dns_outcome_e outcome);

/** All answers of the resolvers have the AA bit from now on. */
void fake_dns_has_authority(fake_dns_t *fake);

/** The name server at this address is the authority for a name that does not
 *  exist. */
void fake_dns_denies(fake_dns_t *fake, const char *server, const char *name);

/** No question is answered from now on, and each fails after a while; or all
 *  are again. */
void fake_dns_hang(fake_dns_t *fake, int hang);

/** Returns how many questions were asked. */
int fake_dns_count(const fake_dns_t *fake);

#endif
