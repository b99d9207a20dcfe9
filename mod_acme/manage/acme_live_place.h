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

/**
 * @file acme_live_place.h
 * @brief The places that a certificate can be in (acme_live.h).
 */
#ifndef ACME_LIVE_PLACE_H
#define ACME_LIVE_PLACE_H

typedef enum {
    ACME_LIVE_SERVED,   /**< live/: renewed, and served where TLS is */
    ACME_LIVE_STASHED,  /**< stash/: neither */
    ACME_LIVE_IMPORTED, /**< import/: until the next start decides */
    ACME_LIVE_PLACES
} acme_live_place_e;

/** "live", "stash", "import": the folder. */
const char *acme_live_place_name(acme_live_place_e place);

#endif
