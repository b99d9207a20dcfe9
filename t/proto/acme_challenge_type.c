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

#include "acme_t.h"

#include "acme_challenge_type.h"

static void the_types_of_the_table_are_known(void **state)
{
    char copy[] = "http-01";

    (void)state;
    assert_true(acme_challenge_known("http-01"));
    assert_true(acme_challenge_known("tls-alpn-01"));
    assert_true(acme_challenge_known("dns-01"));
    assert_ptr_not_equal(acme_challenge_type(copy), copy);
    assert_string_equal(acme_challenge_type(copy), copy);
}

static void others_are_not(void **state)
{
    (void)state;
    assert_false(acme_challenge_known(""));
    assert_false(acme_challenge_known("HTTP-01"));
    assert_false(acme_challenge_known("http-01 "));
    assert_false(acme_challenge_known("tls-sni-01"));
    assert_null(acme_challenge_type("dns-account-01"));
}

ACME_T_MAIN(ACME_T(the_types_of_the_table_are_known), ACME_T(others_are_not))
