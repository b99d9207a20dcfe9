/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore_place.h"

const char *acme_certstore_place_name(acme_place_e place)
{
    switch (place) {
    case ACME_PLACE_LIVE:
        return "live";
    case ACME_PLACE_STASH:
        return "stash";
    case ACME_PLACE_IMPORT:
        return "import";
    case ACME_PLACES:
        break;
    }
    return "?";
}
