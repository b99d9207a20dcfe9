#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The module exports acme_module and nothing else.

so=${builddir:-.}/.libs/mod_acme.so

echo 1..2
if [ -f "$so" ]; then
    echo "ok 1 - the module is built"
else
    echo "not ok 1 - the module is built"
    echo "# $so is missing"
fi

found=$(${NM:-nm} -D --defined-only "$so" 2>&1 | sed 's/.* //; s/@.*//' |
        grep -v -e '^_init$' -e '^_fini$' -e '^__bss_start$' \
            -e '^_edata$' -e '^_end$')
if [ "$found" = acme_module ]; then
    echo "ok 2 - it exports acme_module only"
else
    echo "not ok 2 - it exports acme_module only"
    echo "$found" | sed 's/^/# exported: /'
fi
