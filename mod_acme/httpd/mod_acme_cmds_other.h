/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file mod_acme_cmds_other.h
 * @brief Directives of mod_md that mod_acme does not have, with ACME in the
 *  place of MD.
 *
 * A configuration that is carried over should not end with httpd's "Invalid
 * command". A value that means what mod_acme does anyway is accepted; all
 * others are refused with what there is instead.
 */
#ifndef MOD_ACME_CMDS_OTHER_H
#define MOD_ACME_CMDS_OTHER_H

#include <httpd.h>
#include <http_config.h>

/** Refuses a directive, or accepts a value without any effect. */
const char *mod_acme_cmds_other(cmd_parms *cmd, void *dc, const char *args);

#define MOD_ACME_CMDS_OTHER(name)                                          \
    AP_INIT_RAW_ARGS(name, mod_acme_cmds_other, NULL, OR_ALL,              \
                     "of mod_md, and not of mod_acme: says what there is " \
                     "instead")

/** The rows of the module's table. */
#define MOD_ACME_CMDS_OTHER_ROWS                         \
    MOD_ACME_CMDS_OTHER("ACMECertificateCheck"),         \
        MOD_ACME_CMDS_OTHER("ACMECertificateProtocol"),  \
        MOD_ACME_CMDS_OTHER("ACMECertificateStatus"),    \
        MOD_ACME_CMDS_OTHER("<ACMEDomain"),              \
        MOD_ACME_CMDS_OTHER("ACMEDriveMode"),            \
        MOD_ACME_CMDS_OTHER("ACMECertificateMonitor"),   \
        MOD_ACME_CMDS_OTHER("ACMEomain"),                \
        MOD_ACME_CMDS_OTHER("<ACMEomainSet"),            \
        MOD_ACME_CMDS_OTHER("ACMEInitialDelay"),         \
        MOD_ACME_CMDS_OTHER("ACMEMessageCmd"),           \
        MOD_ACME_CMDS_OTHER("ACMENotifyCmd"),            \
        MOD_ACME_CMDS_OTHER("ACMEServerStatus"),         \
        MOD_ACME_CMDS_OTHER("ACMEStapleOthers"),         \
        MOD_ACME_CMDS_OTHER("ACMEStapling"),             \
        MOD_ACME_CMDS_OTHER("ACMEStaplingKeepResponse"), \
        MOD_ACME_CMDS_OTHER("ACMEStaplingRenewWindow"),  \
        MOD_ACME_CMDS_OTHER("ACMEStoreLocks")

#endif
