/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_promote_guard.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore.h"
#include "acme_certstore_path.h"

/* A line of either file: two words. */
typedef struct line_t {
    const char *name;
    const char *value;
} line_t;

struct acme_promote_guard_t {
    acme_certstore_t *certstore;
    const char *marker;
    const char *refused;
    apr_array_header_t *marked; /* line_t: name, what print_mark() says */
    apr_pool_t *p;
};

static apr_array_header_t *read_lines(const char *path, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(line_t));
    char *data, *line;
    char *state = NULL;
    apr_size_t len;

    if (acme_file_read(&data, &len, path, ACME_FILE_MAX, p) != APR_SUCCESS) {
        return lines;
    }
    for (line = apr_strtok(data, "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        char *space = strchr(line, ' ');
        line_t made;

        if (space) {
            *space = '\0';
            made.name = line;
            made.value = space + 1;
            APR_ARRAY_PUSH(lines, line_t) = made;
        }
    }
    return lines;
}

static apr_status_t write_lines(const char *path,
                                const apr_array_header_t *lines,
                                acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *parts =
        apr_array_make(p, 4 * lines->nelts + 1, sizeof(const char *));
    const char *text;
    apr_status_t rv;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(lines, i, line_t);

        APR_ARRAY_PUSH(parts, const char *) = line->name;
        APR_ARRAY_PUSH(parts, const char *) = " ";
        APR_ARRAY_PUSH(parts, const char *) = line->value;
        APR_ARRAY_PUSH(parts, const char *) = "\n";
    }
    text = apr_array_pstrcat(p, parts, 0);
    rv = acme_file_write(path, text, strlen(text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC, p);
    return rv == APR_SUCCESS
               ? rv
               : acme_problem_set(problem, rv, ACME_RETRY_INTERNAL,
                                  ACME_PROBLEM_STORE, p,
                                  "%s cannot be written: %pm", path, &rv);
}

acme_promote_guard_t *acme_promote_guard_read(acme_certstore_t *certstore,
                                              const char *dir, apr_pool_t *p)
{
    acme_promote_guard_t *made = apr_pcalloc(p, sizeof(*made));

    made->p = p;
    made->certstore = certstore;
    made->marker = apr_pstrcat(p, dir, "/unproven", NULL);
    made->refused = apr_pstrcat(p, dir, "/refused", NULL);
    made->marked = read_lines(made->marker, p);
    certstore->refused = read_lines(made->refused, p);
    return made;
}

/* Returns the version that is live, or 0 when it is not of the site's own
 * archive. */
static int version_of(const acme_certstore_t *certstore, const char *name,
                      apr_pool_t *ptemp)
{
    acme_certstore_path_t site;
    int number = 0;

    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, name, ptemp);
    return acme_certstore_path_pointed(&number, &site) == APR_SUCCESS ? number
                                                                      : 0;
}

/* Prints the newest version and what the pointer says before a promotion. A
 * promoted certificate has a higher number than that; one that comes back from
 * the stash has not. */
static const char *print_mark(const acme_certstore_t *certstore,
                              const char *name, apr_pool_t *p)
{
    apr_array_header_t *numbers;
    acme_certstore_path_t site;
    acme_certstore_target_t aim;
    int newest = 0;

    acme_certstore_path_find(&site, certstore, ACME_PLACE_LIVE, name, p);
    if (acme_archive_list(&numbers, site.archive, p) == APR_SUCCESS
        && numbers->nelts) {
        newest = APR_ARRAY_IDX(numbers, numbers->nelts - 1, int);
    }
    return acme_certstore_path_follow(&aim, certstore, &site, p) == APR_SUCCESS
               ? apr_psprintf(p, "%d %s", newest, aim.link)
               : apr_itoa(p, newest);
}

/* Parses what print_mark() says. Returns zero when it is damaged; *link may be
 * NULL. */
static int parse_mark(int *newest, const char **link, const line_t *line,
                      apr_pool_t *p)
{
    const char *space = strchr(line->value, ' ');
    const char *number =
        space
            ? apr_pstrmemdup(p, line->value, (apr_size_t)(space - line->value))
            : line->value;

    *link = space ? space + 1 : NULL;
    *newest = acme_archive_version(number);
    return *newest > 0 || !strcmp(number, "0");
}

static int is_new(const acme_promote_guard_t *guard, const line_t *line,
                  apr_pool_t *ptemp)
{
    const char *link;
    int newest;

    return parse_mark(&newest, &link, line, ptemp)
           && version_of(guard->certstore, line->name, ptemp) > newest;
}

int acme_promote_guard_has(const acme_promote_guard_t *guard, const char *name,
                           apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < guard->marked->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(guard->marked, i, line_t);

        if (!strcmp(line->name, name) && is_new(guard, line, ptemp)) {
            return 1;
        }
    }
    return 0;
}

/* Returns NULL when a revoked certificate would come back: it is never
 * restored, even if the site is then without one. */
static const char *unless_revoked(const acme_certstore_t *certstore,
                                  const char *link, apr_pool_t *p)
{
    return link
                   && acme_certstore_refusal_dir(
                       certstore,
                       apr_pstrcat(p, certstore->places[ACME_PLACE_LIVE], "/",
                                   link, NULL),
                       p)
               ? NULL
               : link;
}

static apr_status_t point_back(const acme_promote_guard_t *guard,
                               const acme_promote_guard_undone_t *undone,
                               acme_problem_t *problem, apr_pool_t *p)
{
    acme_certstore_path_t site;
    apr_status_t rv;

    acme_certstore_path_find(&site, guard->certstore, ACME_PLACE_LIVE,
                             undone->name, p);
    if (undone->link) {
        rv = acme_file_link(site.link, undone->link, ACME_FILE_SYNC, p);
    }
    else {
        rv = apr_file_remove(site.link, p);
    }
    return rv == APR_SUCCESS
               ? rv
               : acme_problem_set(
                   problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, p,
                   "%s: %s cannot be changed: %pm", site.name, site.link, &rv);
}

/* Writes what is refused before it takes anything back, so that a start that is
 * killed here is done again. */
apr_status_t acme_promote_guard_undo(apr_array_header_t **undone,
                                     acme_promote_guard_t *guard,
                                     acme_problem_t *problem, apr_pool_t *ptemp)
{
    apr_pool_t *p = guard->p;
    apr_status_t rv = APR_SUCCESS;
    int i;

    *undone = apr_array_make(p, 1, sizeof(acme_promote_guard_undone_t));
    for (i = 0; i < guard->marked->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(guard->marked, i, line_t);
        acme_certstore_cert_t *cert;
        acme_promote_guard_undone_t made;
        line_t refused;
        const char *slash;
        int newest;

        if (!is_new(guard, line, ptemp)) {
            continue;
        }
        made.name = line->name;
        made.refused = version_of(guard->certstore, line->name, ptemp);
        (void)parse_mark(&newest, &made.link, line, p);
        made.link = unless_revoked(guard->certstore, made.link, ptemp);
        slash = made.link ? strrchr(made.link, '/') : NULL;
        made.live = slash ? acme_archive_version(slash + 1) : 0;
        APR_ARRAY_PUSH(*undone, acme_promote_guard_undone_t) = made;
        if (acme_certstore_get(&cert, guard->certstore, line->name, NULL, p)
                == APR_SUCCESS
            && !acme_promote_guard_refused(guard->certstore, line->name,
                                           cert->info->fingerprint)) {
            refused.name = line->name;
            refused.value = cert->info->fingerprint;
            APR_ARRAY_PUSH(guard->certstore->refused, line_t) = refused;
        }
    }
    if ((*undone)->nelts) {
        rv = write_lines(guard->refused, guard->certstore->refused, problem,
                         ptemp);
    }
    for (i = 0; rv == APR_SUCCESS && i < (*undone)->nelts; i++) {
        rv = point_back(guard,
                        &APR_ARRAY_IDX(*undone, i, acme_promote_guard_undone_t),
                        problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        apr_file_remove(guard->marker, ptemp);
        apr_array_clear(guard->marked);
    }
    return rv;
}

apr_status_t acme_promote_guard_begin(acme_promote_guard_t *guard,
                                      const apr_array_header_t *names,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    apr_pool_t *p = guard->p;
    int i;

    apr_array_clear(guard->marked);
    for (i = 0; i < names->nelts; i++) {
        line_t line;

        line.name = APR_ARRAY_IDX(names, i, const char *);
        line.value = print_mark(guard->certstore, line.name, p);
        APR_ARRAY_PUSH(guard->marked, line_t) = line;
    }
    return names->nelts
               ? write_lines(guard->marker, guard->marked, problem, ptemp)
               : APR_SUCCESS;
}

/* mod_ssl has loaded the newest certificate of each name, so remove the
 * refusals of these names. */
static void forgive(acme_promote_guard_t *guard, apr_pool_t *ptemp)
{
    const apr_array_header_t *all = guard->certstore->refused;
    apr_array_header_t *left = apr_array_make(ptemp, 1, sizeof(line_t));
    int i;

    for (i = 0; i < all->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(all, i, line_t);

        if (!acme_promote_guard_has(guard, line->name, ptemp)) {
            APR_ARRAY_PUSH(left, line_t) = *line;
        }
    }
    if (!left->nelts && all->nelts) {
        apr_file_remove(guard->refused, ptemp);
    }
    else if (left->nelts < all->nelts) {
        write_lines(guard->refused, left, NULL, ptemp);
    }
}

void acme_promote_guard_end(acme_promote_guard_t *guard, apr_pool_t *ptemp)
{
    if (guard->marked->nelts) {
        forgive(guard, ptemp);
        apr_file_remove(guard->marker, ptemp);
        apr_array_clear(guard->marked);
    }
}

int acme_promote_guard_refused(const acme_certstore_t *certstore,
                               const char *name, const char *fingerprint)
{
    int count = 0;
    int is_one = 0;
    int i;

    for (i = 0; certstore->refused && i < certstore->refused->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(certstore->refused, i, line_t);

        if (!strcmp(line->name, name)) {
            count++;
            is_one |= !strcmp(line->value, fingerprint);
        }
    }
    return is_one ? count : 0;
}
