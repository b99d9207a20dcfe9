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

#include "acme_holding.h"

const char *acme_serving_name(acme_serving_e serving)
{
    switch (serving) {
    case ACME_SERVING_NOTHING:
        return "none";
    case ACME_SERVING_PLACEHOLDER:
        return "http";
    case ACME_SERVING_OKC:
        return "okc";
    case ACME_SERVING_LKC:
        return "lkc";
    }
    return "none";
}
