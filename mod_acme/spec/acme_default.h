/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file acme_default.h
 * @brief Values of directives that are not set.
 *
 * Each value is written here and nowhere else in the code. A default that is
 * "off", another word of the directive or nothing at all is not listed.
 * t/05-directives.t compares the values with the help texts and the manual: the
 * comment above a value names its directive.
 */
#ifndef ACME_DEFAULT_H
#define ACME_DEFAULT_H

#include "acme_key.h"
#include "acme_time.h"

/** ACMECertificateAuthority */
#define ACME_DEFAULT_CA "letsencrypt"

/** ACMEPrivateKeys */
#define ACME_DEFAULT_KEY_TYPE ACME_KEY_P256

/** ACMERenewWindow: percent of a certificate's life, before its end. */
#define ACME_DEFAULT_RENEW_PERCENT 33

/** ACMERenewWindow: the same for a short life. */
#define ACME_DEFAULT_RENEW_PERCENT_SHORT 50

/** ACMERenewWindow: a life below this is short. */
#define ACME_DEFAULT_RENEW_SHORT_LIFE (10 * ACME_TIME_DAY)

/** ACMEWarnWindow: percent of a certificate's life, before its end. */
#define ACME_DEFAULT_WARN_PERCENT 10

/** ACMERetryDelay: after the first failure. */
#define ACME_DEFAULT_RETRY_DELAY (1 * ACME_TIME_MINUTE)

/** ACMERetryFailover: failures of a CA until the next one is tried. */
#define ACME_DEFAULT_FAILOVER 2

/** ACMEChallengeDns01Version */
#define ACME_DEFAULT_DNS_VERSION 2

/** ACMEDnsPropagation: longest wait for the name servers to have a record. */
#define ACME_DEFAULT_DNS_PROPAGATION (2 * ACME_TIME_MINUTE)

/** ACMEDnsPropagation: longest that a command may take. */
#define ACME_DEFAULT_DNS_LIMIT (10 * ACME_TIME_MINUTE)

/** ACMECheckInterval */
#define ACME_DEFAULT_CHECK_INTERVAL (12 * ACME_TIME_HOUR)

/** ACMEParallelOrders: at one CA. */
#define ACME_DEFAULT_PARALLEL 100

/** ACMEPortMap: local port behind the public port 80. */
#define ACME_DEFAULT_HTTP_PORT 80

/** ACMEPortMap: local port behind the public port 443. */
#define ACME_DEFAULT_HTTPS_PORT 443

/** ACMEActivationDelay */
#define ACME_DEFAULT_RESTART_DELAY 0

/** ACMEActivationInterval: least time between two restarts. */
#define ACME_DEFAULT_RESTART_INTERVAL (1 * ACME_TIME_MINUTE)

/** ACMEActivationInterval: longest that routine renewals gather. */
#define ACME_DEFAULT_RESTART_GATHER (6 * ACME_TIME_HOUR)

#endif
