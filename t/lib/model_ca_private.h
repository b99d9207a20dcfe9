/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file model_ca_private.h
 * @brief The inside of the model CA, for its own files only.
 */
#ifndef MODEL_CA_PRIVATE_H
#define MODEL_CA_PRIVATE_H

#include "model_ca.h"

#define MODEL_CA_BASE "https://ca.test/"

/** A request that is answered. */
typedef struct model_call_t {
    model_ca_t *ca;
    const script_request_t *request;
    script_answer_t *answer;
    apr_pool_t *p;
} model_call_t;

void model_ca_say(const model_call_t *call, int status, const char *type,
                  const char *body);
void model_ca_refuse(const model_call_t *call, int status, const char *type,
                     const char *detail);

/** Answers a request about accounts, or from a client without an account.
 *  Returns zero when the request is about something else. */
int model_ca_account(const model_call_t *call);

#endif
