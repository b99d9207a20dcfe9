/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file test_chain.h
 * @brief A certificate for tests that look at no more of it than that it is
 * one: self-signed, for a.example, for a hundred years.
 */
#ifndef TEST_CHAIN_H
#define TEST_CHAIN_H

#define TEST_CHAIN                                                       \
    "-----BEGIN CERTIFICATE-----\n"                                      \
    "MIIBlTCCATugAwIBAgIUaejimYspojCcjKuF+ZohhT6twrgwCgYIKoZIzj0EAwIw\n" \
    "FDESMBAGA1UEAwwJYS5leGFtcGxlMCAXDTI2MTEzMDA3MDYwMVoYDzIxMjYxMTA2\n" \
    "MDcwNjAxWjAUMRIwEAYDVQQDDAlhLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjO\n" \
    "PQMBBwNCAAQlVyh3sfQM1qhbwVayQ5Nf77MGnlJTvUeanAPhgX/peBmF4Y7Dlqlc\n" \
    "xeBNo+qCaVcKh2XR4zPVKVquZO/wy6DKo2kwZzAdBgNVHQ4EFgQUyCZG9bKv+/SS\n" \
    "tpMSYPqt+rrRewQwHwYDVR0jBBgwFoAUyCZG9bKv+/SStpMSYPqt+rrRewQwDwYD\n" \
    "VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglhLmV4YW1wbGUwCgYIKoZIzj0EAwID\n" \
    "SAAwRQIgeZfllnUmpEhENMfIjryPybUUmdTagQZruKif9l4/Rl8CIQDQcsK3zbEM\n" \
    "eSdKyuiHccPPgCXWkmEMX/kCkK7LzVkJPw==\n"                             \
    "-----END CERTIFICATE-----\n"

#endif
