/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore_place.h"

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
