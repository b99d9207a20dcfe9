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
 * @file acme_generation.h
 * @brief The generations of one site's certificate: numbered folders, each
 * written whole.
 *
 * A generation is filled under a temporary name, synced, and then takes its
 * number in one step; it leaves its number in one step as well. So each
 * numbered folder is complete, whenever a writer is killed.
 */
#ifndef ACME_GENERATION_H
#define ACME_GENERATION_H

#include <apr_tables.h>

#include "acme_problem.h"

/** Largest number of a generation. */
#define ACME_GENERATION_MAX 999999999

typedef struct acme_generation_file_t {
    const char *name;
    const char *data;
} acme_generation_file_t;

/** The number that this text is, 0 when it is none. */
int acme_generation_number(const char *text);

/** Numbers (int) of all generations in a site's folder, ascending; none when
 *  there is no such folder. */
apr_status_t acme_generation_list(apr_array_header_t **numbers, const char *dir,
                                  apr_pool_t *p);

/** Removes what a killed writer left behind. */
void acme_generation_tidy(const char *dir, apr_pool_t *ptemp);

/**
 * Writes a generation, files 0600; it and all of its files are on disk when
 * this returns. Leaves nothing behind when it fails.
 * @param files ends with one whose name is NULL
 */
apr_status_t acme_generation_write(const char *dir, int number,
                                   const acme_generation_file_t *files,
                                   acme_problem_t *problem, apr_pool_t *ptemp);

apr_status_t acme_generation_remove(const char *dir, int number,
                                    apr_pool_t *ptemp);

#endif
