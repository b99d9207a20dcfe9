/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acmectl_caa.h
 * @brief The CAA guard of acmectl.
 */
#ifndef ACMECTL_CAA_H
#define ACMECTL_CAA_H

#include "acme_account_record.h"
#include "acmectl.h"

/** Warns of CAA records of the sites that only the account may meet, because it
 *  is to end. Waits for the DNS, for a bounded time; says nothing when the DNS
 *  cannot be asked.
 *  @param name of the account's record */
void acmectl_caa_warn(const acmectl_t *ctl, const char *name,
                      const acme_account_record_t *record);

#endif
