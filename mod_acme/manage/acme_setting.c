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
