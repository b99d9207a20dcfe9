/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_removed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_certstore_path.h"
#include "acme_file.h"
#include "acme_time.h"

/* Longer than a certificate of a public CA may be valid. */
#define LIFE (400 * ACME_TIME_DAY)

/* CAs may date a certificate this far back: the Baseline Requirements of the
 * CA/Browser Forum (7.1.2.7) allow 48 hours between notBefore and signing. */
#define BACKDATE (2 * ACME_TIME_DAY)

/* Clocks may differ by this much. */
#define CLOCK_STEP (5 * ACME_TIME_MINUTE)

/* A certificate that the name had, and has no more. */
typedef struct had_t {
    apr_time_t from; /* not_before */
    const char *fingerprint;
} had_t;

/* The note of a name. */
typedef struct note_t {
    apr_time_t newest;       /* latest not_before of all, or 0 */
    apr_time_t obtained;     /* latest time when one was obtained, or 0 */
    apr_array_header_t *had; /* had_t: those that the dates do not bar */
} note_t;

static const char *path_of(const acme_certstore_t *certstore, const char *name,
                           apr_pool_t *p)
{
    return apr_pstrcat(p, certstore->removed, "/",
                       acme_file_name_encode(name, p), NULL);
}

static void push(note_t *note, apr_time_t from, const char *fingerprint)
{
    had_t made;

    made.from = from;
    made.fingerprint = fingerprint;
    APR_ARRAY_PUSH(note->had, had_t) = made;
}

/* Cuts a line at its space. Returns what is behind it, or NULL. */
static char *cut(char *line)
{
    char *space = line ? strchr(line, ' ') : NULL;

    if (space) {
        *space++ = '\0';
    }
    return space;
}

/* Reads the note of a name. It is empty when there is none that can be read. */
static note_t *read_note(const acme_certstore_t *certstore, const char *name,
                         apr_pool_t *p)
{
    note_t *note = apr_pcalloc(p, sizeof(*note));
    apr_size_t len;
    char *text, *line, *more;
    char *state = NULL;
    apr_time_t from;

    note->had = apr_array_make(p, 2, sizeof(had_t));
    if (acme_file_read(&text, &len, path_of(certstore, name, p), ACME_FILE_MAX,
                       p)) {
        return note;
    }
    line = apr_strtok(text, "\n", &state);
    more = cut(line);
    if (!line || acme_time_parse(&note->newest, line)) {
        note->newest = 0;
        return note;
    }
    if (!more || acme_time_parse(&note->obtained, more)) {
        note->obtained = 0;
    }
    for (line = apr_strtok(NULL, "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        more = cut(line);
        if (!more) {
            /* Notes of older versions have one fingerprint, without a time. */
            push(note, note->newest, line);
        }
        else if (acme_time_parse(&from, line) == APR_SUCCESS) {
            push(note, from, more);
        }
    }
    return note;
}

static int has(const note_t *note, const char *fingerprint)
{
    int i;

    for (i = 0; i < note->had->nelts; ++i) {
        if (!strcmp(APR_ARRAY_IDX(note->had, i, had_t).fingerprint,
                    fingerprint)) {
            return 1;
        }
    }
    return 0;
}

/* Leaves out what the dates bar, because the note must not grow for ever, and
 * one certificate. */
static const char *print_note(const note_t *note, const char *without,
                              apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, 8, sizeof(const char *));
    int i;

    APR_ARRAY_PUSH(parts, const char *) = acme_time_print(note->newest, p);
    if (note->obtained) {
        APR_ARRAY_PUSH(parts, const char *) = " ";
        APR_ARRAY_PUSH(parts, const char *) =
            acme_time_print(note->obtained, p);
    }
    APR_ARRAY_PUSH(parts, const char *) = "\n";
    for (i = 0; i < note->had->nelts; ++i) {
        const had_t *one = &APR_ARRAY_IDX(note->had, i, had_t);

        if (one->from >= note->newest - BACKDATE
            && (!without || strcmp(one->fingerprint, without) != 0)) {
            APR_ARRAY_PUSH(parts, const char *) = acme_time_print(one->from, p);
            APR_ARRAY_PUSH(parts, const char *) = " ";
            APR_ARRAY_PUSH(parts, const char *) = one->fingerprint;
            APR_ARRAY_PUSH(parts, const char *) = "\n";
        }
    }
    return apr_array_pstrcat(p, parts, 0);
}

const char *acme_removed_refusal(const acme_certstore_t *certstore,
                                 const char *name, const acme_cert_info_t *info,
                                 apr_time_t obtained,
                                 const acme_certstore_cert_t *live,
                                 apr_time_t now, apr_pool_t *p)
{
    note_t *note = read_note(certstore, name, p);

    if (has(note, info->fingerprint)) {
        return "the site had it before, and it was replaced or removed";
    }
    if (live && live->info->not_before > note->newest) {
        note->newest = live->info->not_before;
    }
    if (live && live->obtained > note->obtained) {
        note->obtained = live->obtained;
    }
    if (info->not_before > note->newest) {
        return NULL;
    }
    if (note->newest > now + CLOCK_STEP || note->obtained > now + CLOCK_STEP) {
        return info->not_before >= now - BACKDATE
                   ? NULL
                   : apr_psprintf(
                       p,
                       "it is valid from %s, and the site had one that is "
                       "valid from %s, which is still to come: a clock was "
                       "ahead then, and only a certificate of the last 48 "
                       "hours is taken for a new one",
                       acme_time_print(info->not_before, p),
                       acme_time_print(note->newest, p));
    }
    if (info->not_before < note->newest - BACKDATE) {
        return apr_psprintf(p,
                            "it is valid from %s, and the site had one that is "
                            "valid from %s, which is more than 48 hours later",
                            acme_time_print(info->not_before, p),
                            acme_time_print(note->newest, p));
    }
    /* Another CA may date back further, and some date all of a day from
     * midnight. So here the order in which they were obtained counts. */
    if (obtained < note->obtained) {
        return apr_psprintf(p,
                            "it is valid from %s and was obtained at %s, and "
                            "the site had one that is valid from %s and was "
                            "obtained at %s",
                            acme_time_print(info->not_before, p),
                            acme_time_print(obtained, p),
                            acme_time_print(note->newest, p),
                            acme_time_print(note->obtained, p));
    }
    return NULL;
}

int acme_removed_since(const acme_certstore_t *certstore, const char *name,
                       const char *fingerprint, apr_time_t at, apr_pool_t *p)
{
    struct stat st;

    return !lstat(path_of(certstore, name, p), &st)
           && apr_time_from_sec(st.st_ctim.tv_sec) + st.st_ctim.tv_nsec / 1000
                  > at
           && has(read_note(certstore, name, p), fingerprint);
}

apr_time_t acme_removed_newest(const acme_certstore_t *certstore,
                               const char *name,
                               const acme_certstore_cert_t *live,
                               apr_pool_t *ptemp)
{
    apr_time_t newest = read_note(certstore, name, ptemp)->newest;

    return live && live->info->not_before > newest ? live->info->not_before
                                                   : newest;
}

apr_status_t acme_removed_note(const acme_certstore_t *certstore,
                               acme_place_e place, const char *name, int given,
                               acme_problem_t *problem, apr_pool_t *ptemp)
{
    const char *path = path_of(certstore, name, ptemp);
    const acme_cert_info_t *info;
    acme_certstore_cert_t *cert;
    const char *text;
    note_t *note;
    apr_status_t rv;

    /* An import that is still one was never a site's. */
    if (place == ACME_PLACE_IMPORT
        || acme_certstore_get_at(&cert, certstore, place, name, NULL, ptemp)) {
        return APR_SUCCESS;
    }
    info = cert->info;
    note = read_note(certstore, name, ptemp);
    if (info->not_before <= note->newest && cert->obtained <= note->obtained
        && (given ? !has(note, info->fingerprint)
                  : has(note, info->fingerprint)
                        || info->not_before < note->newest - BACKDATE)) {
        return APR_SUCCESS;
    }
    if (info->not_before > note->newest) {
        note->newest = info->not_before;
    }
    if (cert->obtained > note->obtained) {
        note->obtained = cert->obtained;
    }
    if (!given && !has(note, info->fingerprint)) {
        push(note, info->not_before, info->fingerprint);
    }
    text = print_note(note, given ? info->fingerprint : NULL, ptemp);
    rv = acme_file_mkdir(
        certstore->removed,
        APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, ptemp);
    if (rv == APR_SUCCESS) {
        rv = acme_file_write(path, text, strlen(text),
                             APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_SYNC,
                             ptemp);
    }
    return rv == APR_SUCCESS
               ? rv
               : acme_problem_set(
                   problem, rv, ACME_RETRY_INTERNAL, ACME_PROBLEM_STORE, ptemp,
                   "%s: %s cannot be written: %pm", name, path, &rv);
}

void acme_removed_prune(const acme_certstore_t *certstore, apr_time_t now,
                        apr_pool_t *ptemp)
{
    apr_array_header_t *names;
    struct stat st;
    int i;

    if (acme_file_list(&names, certstore->removed, ptemp)) {
        return;
    }
    for (i = 0; i < names->nelts; i++) {
        const char *path =
            apr_pstrcat(ptemp, certstore->removed, "/",
                        APR_ARRAY_IDX(names, i, const char *), NULL);

        if (lstat(path, &st) == 0
            && apr_time_from_sec(st.st_mtime) + LIFE < now) {
            (void)unlink(path);
        }
    }
}
