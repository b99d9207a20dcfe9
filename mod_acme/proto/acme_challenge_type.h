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
 * @file acme_challenge_type.h
 * @brief The challenge types we can meet, one table row each (RFC 8555 8).
 */
#ifndef ACME_CHALLENGE_TYPE_H
#define ACME_CHALLENGE_TYPE_H

/** The table's own string for this type, NULL for one we do not know. */
const char *acme_challenge_type(const char *type);

/** Whether this type is in the table. */
int acme_challenge_known(const char *type);

#endif
