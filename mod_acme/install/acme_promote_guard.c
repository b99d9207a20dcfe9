/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_promote_guard.h"

#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_archive.h"
#include "acme_certstore.h"
#include "acme_certstore_path.h"
#include "acme_promote_loading.h"

/* First words of the lines of `unproven` that are no marks of a name. */
#define START   "#start"
#define DEATHS  "#deaths"
#define HELD    "#held"
#define SUSPECT "#suspect" /* name, space, version */

/* So many ends that no certificate is to blame for take all back for one
 * start; after that, the next one refuses them. */
#define DEATHS_HELD 2

/* Most bytes of a file: a start may promote 100,000 certificates, and names and
 * pointers of each are in it. */
#define SIZE_MAX_READ (64 * 1024 * 1024)

/* A line of either file: two words. */
typedef struct line_t {
    const char *name;
    const char *value;
} line_t;

struct acme_promote_guard_t {
    acme_certstore_t *certstore;
    const char *marker;
    const char *refused;
    const char *dir;
    apr_array_header_t *marked; /* line_t: name, what print_mark() says */
    apr_hash_t *by_name;        /* of marked: name -> what print_mark() says */
    apr_array_header_t *suspects; /* line_t: name, version */
    long start;                   /* number of the trial */
    int deaths;
    acme_promote_loading_t *loading;
    apr_pool_t *p;
};

static apr_array_header_t *read_lines(const char *path, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(line_t));
    char *data, *line;
    char *state = NULL;
    apr_size_t len;

    if (acme_file_read(&data, &len, path, SIZE_MAX_READ, p) != APR_SUCCESS) {
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

static void push(apr_array_header_t *lines, const char *name, const char *value)
{
    line_t made;

    made.name = name;
    made.value = value;
    APR_ARRAY_PUSH(lines, line_t) = made;
}

static void add_mark(acme_promote_guard_t *guard, const char *name,
                     const char *value)
{
    push(guard->marked, name, value);
    apr_hash_set(guard->by_name, name, APR_HASH_KEY_STRING, value);
}

static void read_note(acme_promote_guard_t *guard, const line_t *line)
{
    const char *space = strchr(line->value, ' ');

    if (!strcmp(line->name, START)) {
        guard->start = strtol(line->value, NULL, 10);
    }
    else if (!strcmp(line->name, DEATHS)) {
        guard->deaths = atoi(line->value);
    }
    else if (!strcmp(line->name, HELD)) {
        guard->certstore->is_held = 1;
    }
    else if (!strcmp(line->name, SUSPECT) && space) {
        push(guard->suspects,
             apr_pstrmemdup(guard->p, line->value,
                            (apr_size_t)(space - line->value)),
             space + 1);
    }
}

acme_promote_guard_t *acme_promote_guard_read(acme_certstore_t *certstore,
                                              const char *dir, apr_pool_t *p)
{
    acme_promote_guard_t *made = apr_pcalloc(p, sizeof(*made));
    const apr_array_header_t *lines;
    int i;

    made->p = p;
    made->certstore = certstore;
    made->dir = apr_pstrdup(p, dir);
    made->marker = apr_pstrcat(p, dir, "/unproven", NULL);
    made->refused = apr_pstrcat(p, dir, "/refused", NULL);
    made->marked = apr_array_make(p, 4, sizeof(line_t));
    made->by_name = apr_hash_make(p);
    made->suspects = apr_array_make(p, 1, sizeof(line_t));
    certstore->is_held = 0;
    lines = read_lines(made->marker, p);
    for (i = 0; i < lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(lines, i, line_t);

        if (*line->name == '#') {
            read_note(made, line);
        }
        else {
            add_mark(made, line->name, line->value);
        }
    }
    certstore->refused = read_lines(made->refused, p);
    return made;
}

/* Writes `unproven`, or removes it when there is nothing to say. */
static apr_status_t save(const acme_promote_guard_t *guard,
                         acme_problem_t *problem, apr_pool_t *p)
{
    apr_array_header_t *lines;
    int i;

    if (!guard->marked->nelts && !guard->deaths) {
        apr_file_remove(guard->marker, p);
        return APR_SUCCESS;
    }
    lines = apr_array_copy(p, guard->marked);
    push(lines, START, apr_ltoa(p, guard->start));
    if (guard->deaths) {
        push(lines, DEATHS, apr_itoa(p, guard->deaths));
    }
    if (guard->certstore->is_held) {
        push(lines, HELD, "1");
    }
    for (i = 0; i < guard->suspects->nelts; i++) {
        const line_t *one = &APR_ARRAY_IDX(guard->suspects, i, line_t);

        push(lines, SUSPECT, apr_pstrcat(p, one->name, " ", one->value, NULL));
    }
    return write_lines(guard->marker, lines, problem, p);
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

int acme_promote_guard_has(const acme_promote_guard_t *guard, const char *name,
                           apr_pool_t *ptemp)
{
    line_t line;
    const char *link;
    int newest;

    line.name = name;
    line.value = apr_hash_get(guard->by_name, name, APR_HASH_KEY_STRING);
    return line.value && parse_mark(&newest, &link, &line, ptemp)
           && version_of(guard->certstore, name, ptemp) > newest;
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
                               const acme_promote_guard_found_t *found,
                               acme_problem_t *problem, apr_pool_t *p)
{
    acme_certstore_path_t site;
    apr_status_t rv;

    acme_certstore_path_find(&site, guard->certstore, ACME_PLACE_LIVE,
                             found->name, p);
    if (found->link) {
        rv = acme_file_link(site.link, found->link, ACME_FILE_SYNC, p);
        acme_certstore_path_changed(guard->certstore, &site, p);
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

/* Lists the certificates that were promoted and not loaded. */
static apr_array_header_t *find(acme_promote_guard_t *guard, apr_pool_t *ptemp)
{
    apr_pool_t *p = guard->p;
    apr_array_header_t *found =
        apr_array_make(p, 1, sizeof(acme_promote_guard_found_t));
    int i;

    for (i = 0; i < guard->marked->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(guard->marked, i, line_t);
        acme_promote_guard_found_t made;
        int newest;

        if (!acme_promote_guard_has(guard, line->name, ptemp)) {
            continue;
        }
        memset(&made, 0, sizeof(made));
        made.name = line->name;
        made.version = version_of(guard->certstore, line->name, ptemp);
        (void)parse_mark(&newest, &made.link, line, p);
        APR_ARRAY_PUSH(found, acme_promote_guard_found_t) = made;
    }
    return found;
}

static int has_name(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(names, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

/* Returns non-zero when a start was killed before while mod_ssl was loading
 * this version; else notes that it was now. */
static int is_suspect(acme_promote_guard_t *guard,
                      const acme_promote_guard_found_t *found)
{
    const char *version = apr_itoa(guard->p, found->version);
    int i;

    for (i = 0; i < guard->suspects->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(guard->suspects, i, line_t);

        if (!strcmp(line->name, found->name) && !strcmp(line->value, version)) {
            return 1;
        }
    }
    push(guard->suspects, found->name, version);
    return 0;
}

/* Judges the certificates that mod_ssl was given last. Returns zero when the
 * server has ended over something else. */
static int judge_given(acme_promote_guard_t *guard, apr_array_header_t *found,
                       const apr_array_header_t *given,
                       acme_promote_loading_e how)
{
    int is_to_blame = 0;
    int i;

    for (i = 0; i < given->nelts; i++) {
        /* Includes a name that a recovery took back and was then killed. */
        is_to_blame |=
            apr_hash_get(guard->by_name, APR_ARRAY_IDX(given, i, const char *),
                         APR_HASH_KEY_STRING)
            != NULL;
    }
    for (i = 0; is_to_blame && i < found->nelts; i++) {
        acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(found, i, acme_promote_guard_found_t);

        if (has_name(given, one->name)
            && (how == ACME_PROMOTE_LOADING_ENDED || is_suspect(guard, one))) {
            one->verdict = ACME_PROMOTE_GUARD_REFUSED;
        }
    }
    return is_to_blame;
}

/* Judges by how the start before has ended; acme_promote_guard.h has the
 * rules. */
static void judge(acme_promote_guard_t *guard, apr_array_header_t *found,
                  apr_pool_t *ptemp)
{
    acme_promote_guard_verdict_e all = ACME_PROMOTE_GUARD_AGAIN;
    int was_held = guard->certstore->is_held;
    apr_array_header_t *given;
    acme_promote_loading_e how;
    int i;

    how = acme_promote_loading_read(&given, guard->dir, guard->start, ptemp);
    guard->certstore->is_held = 0;
    if (how == ACME_PROMOTE_LOADING_NONE) {
        /* Hold them in this start, because the one before has not come so far
         * that it tells anything. */
        guard->certstore->is_held = was_held;
        return;
    }
    if (was_held) {
        /* The server ends without them as well. */
        guard->deaths = 0;
        return;
    }
    if (!found->nelts || judge_given(guard, found, given, how)) {
        return;
    }
    guard->deaths++;
    if (guard->deaths == DEATHS_HELD) {
        all = ACME_PROMOTE_GUARD_HELD;
        guard->certstore->is_held = 1;
    }
    else if (guard->deaths > DEATHS_HELD) {
        all = ACME_PROMOTE_GUARD_REFUSED;
        guard->deaths = 0;
    }
    for (i = 0; i < found->nelts; i++) {
        APR_ARRAY_IDX(found, i, acme_promote_guard_found_t).verdict = all;
    }
}

/* Writes what is refused before anything is taken back. */
static apr_status_t refuse(acme_promote_guard_t *guard,
                           const apr_array_header_t *found,
                           acme_problem_t *problem, apr_pool_t *ptemp)
{
    int count = 0;
    int i;

    for (i = 0; i < found->nelts; i++) {
        const acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(found, i, acme_promote_guard_found_t);
        acme_certstore_cert_t *cert;

        if (one->verdict == ACME_PROMOTE_GUARD_REFUSED
            && acme_certstore_get(&cert, guard->certstore, one->name, NULL,
                                  guard->p)
                   == APR_SUCCESS
            && !acme_promote_guard_refused(guard->certstore, one->name,
                                           cert->info->fingerprint)) {
            push(guard->certstore->refused, one->name, cert->info->fingerprint);
            count++;
        }
    }
    return count ? write_lines(guard->refused, guard->certstore->refused,
                               problem, ptemp)
                 : APR_SUCCESS;
}

static apr_status_t take_back(acme_promote_guard_t *guard,
                              acme_promote_guard_found_t *found,
                              acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *slash;

    found->link = unless_revoked(guard->certstore, found->link, ptemp);
    slash = found->link ? strrchr(found->link, '/') : NULL;
    found->live = slash ? acme_archive_version(slash + 1) : 0;
    return point_back(guard, found, problem, ptemp);
}

/* Keeps the marks of those that are tried again: whatever this start promotes,
 * taking back leads to what was loaded before. */
static void keep_marks(acme_promote_guard_t *guard,
                       const apr_array_header_t *found, apr_pool_t *ptemp)
{
    apr_hash_t *before = apr_hash_copy(ptemp, guard->by_name);
    int i;

    apr_array_clear(guard->marked);
    apr_hash_clear(guard->by_name);
    for (i = 0; i < found->nelts; i++) {
        const acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(found, i, acme_promote_guard_found_t);

        if (one->verdict == ACME_PROMOTE_GUARD_AGAIN) {
            add_mark(guard, one->name,
                     apr_hash_get(before, one->name, APR_HASH_KEY_STRING));
        }
    }
}

/* Killed anywhere, this is done again with the same result: the record of what
 * mod_ssl was loading counts until `unproven` has the next number. */
apr_status_t acme_promote_guard_recover(apr_array_header_t **found,
                                        acme_promote_guard_t *guard,
                                        acme_problem_t *problem,
                                        apr_pool_t *ptemp)
{
    apr_status_t rv;
    int i;

    *found = find(guard, ptemp);
    if (!guard->marked->nelts && !guard->deaths) {
        acme_promote_loading_remove(guard->dir, ptemp);
        return APR_SUCCESS;
    }
    judge(guard, *found, ptemp);
    rv = refuse(guard, *found, problem, ptemp);
    for (i = 0; rv == APR_SUCCESS && i < (*found)->nelts; i++) {
        acme_promote_guard_found_t *one =
            &APR_ARRAY_IDX(*found, i, acme_promote_guard_found_t);

        if (one->verdict != ACME_PROMOTE_GUARD_AGAIN) {
            rv = take_back(guard, one, problem, ptemp);
        }
    }
    if (rv == APR_SUCCESS) {
        keep_marks(guard, *found, ptemp);
        guard->start++;
        rv = save(guard, problem, ptemp);
    }
    if (rv == APR_SUCCESS) {
        acme_promote_loading_remove(guard->dir, ptemp);
    }
    return rv;
}

apr_status_t acme_promote_guard_begin(acme_promote_guard_t *guard,
                                      const apr_array_header_t *names,
                                      acme_problem_t *problem,
                                      apr_pool_t *ptemp)
{
    apr_pool_t *p = guard->p;
    int count = guard->marked->nelts;
    int i;

    for (i = 0; i < names->nelts && !guard->certstore->is_held; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!apr_hash_get(guard->by_name, name, APR_HASH_KEY_STRING)) {
            add_mark(guard, name, print_mark(guard->certstore, name, p));
        }
    }
    return guard->marked->nelts > count ? save(guard, problem, ptemp)
                                        : APR_SUCCESS;
}

void acme_promote_guard_loading(acme_promote_guard_t *guard)
{
    if (guard->marked->nelts || guard->certstore->is_held) {
        guard->loading =
            acme_promote_loading_open(guard->dir, guard->start, guard->p);
    }
}

void acme_promote_guard_give(acme_promote_guard_t *guard,
                             const char *const *names, int count)
{
    acme_promote_loading_note(guard->loading, names, count);
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
    if (guard->marked->nelts || guard->certstore->is_held) {
        forgive(guard, ptemp);
        if (guard->marked->nelts) {
            guard->deaths = 0;
        }
        guard->certstore->is_held = 0;
        apr_array_clear(guard->marked);
        apr_hash_clear(guard->by_name);
        apr_array_clear(guard->suspects);
        (void)save(guard, NULL, ptemp);
    }
    acme_promote_loading_close(guard->loading);
    guard->loading = NULL;
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
