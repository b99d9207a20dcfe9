/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_inventory.h"

const char *acme_inventory_serving_name(acme_serving_e serving)
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
