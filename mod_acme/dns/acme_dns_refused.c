/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_dns_refused.h"

#include <apr_strings.h>

#include "acme_dns_rcode.h"
#include "acme_time.h"

static const char *signer(const acme_dns_message_t *sent, apr_pool_t *p)
{
    return sent->key ? apr_psprintf(p, "the key %s (%s)", sent->key->name,
                                    sent->key->algorithm)
                     : "no key";
}

/* Names both clocks. */
static const char *clocks(const acme_dns_reply_t *reply, apr_time_t now,
                          apr_pool_t *p)
{
    if (!reply->server_time) {
        return apr_psprintf(p, "; ours says %s", acme_time_print(now, p));
    }
    return apr_psprintf(p, "; its clock says %s, ours %s",
                        acme_time_print(reply->server_time, p),
                        acme_time_print(now, p));
}

static apr_status_t refused_signature(const acme_dns_reply_t *reply,
                                      const char *label,
                                      const acme_dns_message_t *sent,
                                      apr_time_t now, acme_problem_t *problem,
                                      apr_pool_t *p)
{
    int is_time = reply->tsig_error == ACME_DNS_MESSAGE_BADTIME;

    acme_problem_set(
        problem, APR_EACCES, ACME_RETRY_BACKOFF, ACME_PROBLEM_DNS_UPDATE, p,
        "the name server %s does not accept %s: NOTAUTH, %s: %s%s", label,
        signer(sent, p), acme_dns_rcode_tsig_name(reply->tsig_error, p),
        acme_dns_rcode_tsig_words(reply->tsig_error),
        is_time ? clocks(reply, now, p) : "");
    problem->to_fix =
        is_time ? "set the clocks of both machines, by NTP for instance"
                : "let the name server's configuration and the key file of "
                  "ACMEDnsUpdate have the same name, algorithm and secret";
    return APR_EACCES;
}

apr_status_t acme_dns_refused(const acme_dns_reply_t *reply, const char *label,
                              const acme_dns_message_t *sent, apr_time_t now,
                              acme_problem_t *problem, apr_pool_t *p)
{
    if (reply->tsig_error) {
        return refused_signature(reply, label, sent, now, problem, p);
    }
    acme_problem_set(problem, APR_EACCES, ACME_RETRY_BACKOFF,
                     ACME_PROBLEM_DNS_UPDATE, p,
                     "the name server %s has refused the update of the zone "
                     "%s, signed by %s: %s: %s",
                     label, sent->name, signer(sent, p),
                     acme_dns_rcode_name(reply->rcode, p),
                     acme_dns_rcode_words(reply->rcode));
    problem->to_fix =
        reply->rcode == ACME_DNS_MESSAGE_NOTAUTH
            ? "name the primary server of the zone in ACMEDnsUpdate, and the "
              "zone as that has it"
            : "let the server's update-policy allow the key to write this TXT "
              "record, and see its log";
    return APR_EACCES;
}
