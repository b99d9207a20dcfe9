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

#include "acme_live_place.h"

const char *acme_live_place_name(acme_live_place_e place)
{
    switch (place) {
    case ACME_LIVE_SERVED:
        return "live";
    case ACME_LIVE_STASHED:
        return "stash";
    case ACME_LIVE_IMPORTED:
        return "import";
    case ACME_LIVE_PLACES:
        break;
    }
    return "?";
}
