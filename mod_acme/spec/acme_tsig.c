/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_tsig.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_b64.h"
#include "acme_file.h"
#include "acme_key.h"
#include "acme_str.h"

#define FILE_LONGEST 16384

/* Algorithm of a line that names none, as nsupdate has it. */
#define USUAL_ALGORITHM "hmac-sha256"

/* Longest name of the DNS. */
#define NAME_LONGEST 253

#define HELP                                                        \
    "write into it what 'tsig-keygen -a hmac-sha256 NAME' of BIND " \
    "prints"

/* Reads words of a configuration file of BIND. */
typedef struct words_t {
    const char *next;
    int quoted; /* the last word was in quotes */
    apr_pool_t *p;
} words_t;

/* Skips blanks and the comments of C, C++ and the shell. */
static void skip(words_t *words)
{
    const char *c = words->next;
    const char *end;

    for (;;) {
        while (apr_isspace(*c)) {
            ++c;
        }
        if (*c == '#' || (c[0] == '/' && c[1] == '/')) {
            c += strcspn(c, "\n");
        }
        else if (c[0] == '/' && c[1] == '*') {
            end = strstr(c + 2, "*/");
            c = end ? end + 2 : c + strlen(c);
        }
        else {
            break;
        }
    }
    words->next = c;
}

/* Returns the next word, or NULL at the end. */
static const char *word(words_t *words)
{
    const char *begin;
    apr_size_t len;
    char *copy;

    skip(words);
    words->quoted = *words->next == '"';
    begin = words->next + (words->quoted ? 1 : 0);
    if (!*words->next) {
        return NULL;
    }
    if (words->quoted) {
        len = strcspn(begin, "\"\n");
        words->next = begin + len + (begin[len] == '"' ? 1 : 0);
    }
    else if (strchr("{};", *begin)) {
        len = 1;
        words->next = begin + 1;
    }
    else {
        len = strcspn(begin, "{};\" \t\r\n");
        words->next = begin + len;
    }
    copy = apr_pstrmemdup(words->p, begin, len);
    acme_key_wipe_with_pool(copy, len, words->p);
    return copy;
}

static int is_next(words_t *words, const char *text)
{
    const char *next = word(words);

    return next && !words->quoted && strcasecmp(next, text) == 0;
}

/* Reads `key NAME { algorithm ...; secret ...; };`. Returns what is wrong, or
 * NULL. */
static const char *parse_block(acme_tsig_t *tsig, words_t *words)
{
    const char *next;

    tsig->name = word(words);
    if (!tsig->name || !is_next(words, "{")) {
        return "has no '{' after the name of its key; " HELP;
    }
    while ((next = word(words)) != NULL && strcmp(next, "}") != 0) {
        const char *value = word(words);

        if (strcasecmp(next, "algorithm") == 0) {
            tsig->algorithm = value;
        }
        else if (strcasecmp(next, "secret") == 0) {
            tsig->secret = value;
        }
        else {
            return "has something else than algorithm and secret in its "
                   "key; " HELP;
        }
        if (!is_next(words, ";")) {
            return "lacks a ';' after a value; " HELP;
        }
    }
    if (!next) {
        return "ends within its key; " HELP;
    }
    next = word(words);
    if (next && strcmp(next, ";") == 0) {
        next = word(words);
    }
    return next ? "has more than one key; keep the one that is to sign" : NULL;
}

static int is_algorithm(const char *text)
{
    return strncasecmp(text, "hmac-", 5) == 0;
}

/* Reads NAME:SECRET, ALGORITHM:NAME:SECRET or NAME:ALGORITHM:SECRET. */
static const char *parse_line(acme_tsig_t *tsig, char *line)
{
    char *parts[3] = {NULL, NULL, NULL}, *state = NULL, *part;
    int n = 0, is_first;

    for (part = apr_strtok(line, ":", &state); part;
         part = apr_strtok(NULL, ":", &state)) {
        if (n == 3) {
            return "has more than ALGORITHM:NAME:SECRET; " HELP;
        }
        parts[n++] = part;
    }
    tsig->algorithm = USUAL_ALGORITHM;
    if (n == 2) {
        tsig->name = parts[0];
        tsig->secret = parts[1];
        return NULL;
    }
    if (n != 3) {
        return "has no key; " HELP;
    }
    is_first = is_algorithm(parts[0]);
    tsig->algorithm = parts[is_first ? 0 : 1];
    tsig->name = parts[is_first ? 1 : 0];
    tsig->secret = parts[2];
    return NULL;
}

/* Returns the name as the DNS compares it, or NULL. */
static const char *canonical(const char *text, apr_pool_t *p)
{
    char *name = acme_str_lower(text, p);
    apr_size_t len = strlen(name);

    if (len > 1 && name[len - 1] == '.') {
        name[--len] = '\0';
    }
    return len > 0 && len <= NAME_LONGEST && *name != '.' && !strstr(name, "..")
                   && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")
                          == len
               ? name
               : NULL;
}

/* Returns non-zero for base64 with its padding, as ldns takes it. */
static int is_base64(const char *text, apr_pool_t *p)
{
    unsigned char *bytes;
    apr_size_t len;

    if (strlen(text) % 4 != 0 || strpbrk(text, "-_ ")
        || acme_b64_decode_copied(&bytes, &len, text, p) != APR_SUCCESS) {
        return 0;
    }
    acme_key_wipe(bytes, len);
    return len > 0;
}

/* Checks what was read and moves it to p. Returns what is wrong, or NULL. */
static const char *check(acme_tsig_t *tsig, const acme_tsig_t *read,
                         apr_pool_t *p)
{
    char *secret;

    if (!read->name || !read->algorithm || !read->secret) {
        return "lacks the algorithm or the secret of its key; " HELP;
    }
    tsig->name = canonical(read->name, p);
    if (!tsig->name) {
        return "has a key whose name is no name of the DNS; " HELP;
    }
    if (!is_base64(read->secret, p)) {
        return "has a secret that is no base64; " HELP;
    }
    tsig->algorithm = acme_str_lower(read->algorithm, p);
    secret = apr_pstrdup(p, read->secret);
    acme_key_wipe_with_pool(secret, strlen(secret), p);
    tsig->secret = secret;
    return NULL;
}

static apr_status_t parse(acme_tsig_t *tsig, const char *text, const char **why,
                          apr_pool_t *p)
{
    acme_tsig_t read;
    words_t words;
    char *line;

    tsig->secret = NULL;
    memset(&read, 0, sizeof(read));
    apr_pool_create(&words.p, p);
    words.next = text;
    skip(&words);
    if (strncmp(words.next, "Private-key-format:", 19) == 0) {
        *why = "is half of a pair of files that dnssec-keygen once made, which "
               "has no name; " HELP;
    }
    else if (!strncmp(words.next, "key", 3) && apr_isspace(words.next[3])) {
        (void)word(&words);
        *why = parse_block(&read, &words);
    }
    else {
        line =
            apr_pstrmemdup(words.p, words.next, strcspn(words.next, " \t\r\n"));
        acme_key_wipe_with_pool(line, strlen(line), words.p);
        *why = parse_line(&read, line);
    }
    if (!*why) {
        *why = check(tsig, &read, p);
    }
    apr_pool_destroy(words.p);
    return *why ? APR_EINVAL : APR_SUCCESS;
}

apr_status_t acme_tsig_load(acme_tsig_t *tsig, const char **why, apr_pool_t *p)
{
    apr_pool_t *ptemp;
    apr_size_t len;
    char *data;
    apr_status_t rv;

    apr_pool_create(&ptemp, p);
    rv = acme_file_read_linked(&data, &len, tsig->file, FILE_LONGEST, ptemp);
    if (rv == APR_SUCCESS) {
        rv = parse(tsig, data, why, p);
        acme_key_wipe(data, len);
    }
    else {
        *why = apr_psprintf(p, "cannot be read: %pm", &rv);
    }
    apr_pool_destroy(ptemp);
    return rv;
}
