/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_promote_loading.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme_file.h"

#define FILE_NAME "/loading"
#define KILLED    "loading"
#define ENDED     "ended  " /* as long as the word that it replaces */

struct acme_promote_loading_t {
    const char *path;
    long number;
    int fd;
    pid_t pid;
    apr_pool_t *p;
};

acme_promote_loading_e acme_promote_loading_read(apr_array_header_t **names,
                                                 const char *dir, long number,
                                                 apr_pool_t *p)
{
    char *data, *word, *end;
    char *state = NULL;
    acme_promote_loading_e how;
    apr_size_t len;

    *names = apr_array_make(p, 2, sizeof(const char *));
    if (acme_file_read(&data, &len, apr_pstrcat(p, dir, FILE_NAME, NULL),
                       ACME_FILE_MAX, p)) {
        return ACME_PROMOTE_LOADING_NONE;
    }
    end = strchr(data, '\n');
    if (!end) {
        return ACME_PROMOTE_LOADING_NONE;
    }
    *end = '\0';
    how = strncmp(data, ENDED, strlen(ENDED)) ? ACME_PROMOTE_LOADING_KILLED
                                              : ACME_PROMOTE_LOADING_ENDED;
    word = apr_strtok(data, " ", &state);
    word = word ? apr_strtok(NULL, " ", &state) : NULL;
    if (!word || strtol(word, NULL, 10) != number) {
        return ACME_PROMOTE_LOADING_NONE;
    }
    for (word = apr_strtok(NULL, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(*names, const char *) = word;
    }
    return how;
}

void acme_promote_loading_remove(const char *dir, apr_pool_t *ptemp)
{
    apr_file_remove(apr_pstrcat(ptemp, dir, FILE_NAME, NULL), ptemp);
}

/* Runs when httpd destroys its pools to end. A process that httpd has made
 * notes nothing, because its end is not httpd's. */
static apr_status_t note_end(void *data)
{
    acme_promote_loading_t *loading = data;

    if (loading->fd >= 0 && loading->pid == getpid()) {
        (void)!pwrite(loading->fd, ENDED, strlen(ENDED), 0);
    }
    if (loading->fd >= 0) {
        close(loading->fd);
        loading->fd = -1;
    }
    return APR_SUCCESS;
}

acme_promote_loading_t *acme_promote_loading_open(const char *dir, long number,
                                                  apr_pool_t *p)
{
    acme_promote_loading_t *made = apr_pcalloc(p, sizeof(*made));

    made->p = p;
    made->path = apr_pstrcat(p, dir, FILE_NAME, NULL);
    made->number = number;
    made->pid = getpid();
    made->fd =
        open(made->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
             0600);
    if (made->fd < 0) {
        return NULL;
    }
    apr_pool_cleanup_register(p, made, note_end, apr_pool_cleanup_null);
    acme_promote_loading_note(made, NULL, 0);
    return made;
}

/* Writes the line in one call, because a kill then leaves the old or the new
 * one. A longer line before it leaves a rest behind the end of the line. */
void acme_promote_loading_note(acme_promote_loading_t *loading,
                               const char *const *names, int count)
{
    char line[2048];
    int len, i;

    if (!loading || loading->fd < 0) {
        return;
    }
    len = apr_snprintf(line, sizeof(line), KILLED " %ld", loading->number);
    for (i = 0; i < count; i++) {
        len += apr_snprintf(line + len, sizeof(line) - (apr_size_t)len - 1,
                            " %s", names[i]);
    }
    line[len++] = '\n';
    (void)!pwrite(loading->fd, line, (apr_size_t)len, 0);
}

void acme_promote_loading_close(acme_promote_loading_t *loading)
{
    if (loading && loading->fd >= 0) {
        close(loading->fd);
        loading->fd = -1;
        apr_file_remove(loading->path, loading->p);
        apr_pool_cleanup_kill(loading->p, loading, note_end);
    }
}
