/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_setting.h"

#include <string.h>

void acme_setting_merge(acme_setting_t *inner, const acme_setting_t *outer,
                        int count)
{
    int i;

    for (i = 0; i < count; ++i) {
        if (!inner[i].place) {
            inner[i] = outer[i];
        }
    }
}

int acme_setting_join(acme_setting_t *site, const acme_setting_t *more,
                      int count)
{
    int i;

    for (i = 0; i < count; ++i) {
        if (!more[i].place) {
            continue;
        }
        if (!site[i].place) {
            site[i] = more[i];
        }
        else if (strcmp(site[i].text, more[i].text) != 0) {
            return i;
        }
    }
    return count;
}
