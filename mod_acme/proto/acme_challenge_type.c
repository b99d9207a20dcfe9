/* Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

#include "acme_challenge_type.h"

#include <string.h>

static const char *const types[] = {
    "http-01",
    "tls-alpn-01",
    "dns-01",
};

const char *acme_challenge_type(const char *type)
{
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); ++i) {
        if (strcmp(types[i], type) == 0) {
            return types[i];
        }
    }
    return NULL;
}

int acme_challenge_known(const char *type)
{
    return acme_challenge_type(type) != NULL;
}
