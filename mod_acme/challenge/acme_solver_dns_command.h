/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_solver_dns_command.h
 * @brief The way of ACMEChallengeDns01: a program of the administrator sets
 * records up and tears them down.
 */
#ifndef ACME_SOLVER_DNS_COMMAND_H
#define ACME_SOLVER_DNS_COMMAND_H

#include "acme_solver_dns_work.h"

extern const acme_solver_dns_way_t acme_solver_dns_command;

#endif
