/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_certstore_index.h"

#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_file.h"
#include "acme_certstore_path.h"
#include "acme_owned.h"

#define MAGIC "acme-live-index 4 "

/* Most bytes of the file: more than 100,000 sites need. */
#define SIZE_MAX_READ (256 * 1024 * 1024)

/* A file that changes twice within this time may keep the same times. */
#define CLOCK_STEP apr_time_from_msec(100)

enum {
    NAME,
    VERSION,
    KEY_STAMP,
    CHAIN_STAMP,
    NOT_BEFORE,
    NOT_AFTER,
    OBTAINED,
    IMPORTED,
    CA_URL,
    PROFILE,
    KEY_TYPE,
    KEY_HASH,
    SERIAL,
    ARI_ID,
    FINGERPRINT,
    SUBJECT,
    ISSUER,
    NAMES,
    FIELDS
};

/* A line of the file. */
typedef struct entry_t {
    const char *fields[FIELDS];
    int used;
} entry_t;

struct acme_certstore_index_t {
    apr_pool_t *p;
    const char *path;
    const char *magic;   /* the first line */
    apr_hash_t *entries; /* site's name -> entry_t * */
    int changed;
};

/* Splits a line in place. Returns 0 when it has another number of fields. */
static int split(entry_t *entry, char *line)
{
    int i;

    for (i = 0; i < FIELDS; ++i) {
        char *end = strchr(line, '\t');

        if ((end == NULL) != (i == FIELDS - 1)) {
            return 0;
        }
        entry->fields[i] = line;
        if (end) {
            *end = '\0';
            line = end + 1;
        }
    }
    return 1;
}

static void read_lines(acme_certstore_index_t *index, char *text)
{
    char *line = text;
    char *end = strchr(line, '\n');

    if (!end) {
        return;
    }
    *end = '\0';
    if (strcmp(line, index->magic) != 0) {
        return;
    }
    for (line = end + 1; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        entry_t *entry = apr_pcalloc(index->p, sizeof(*entry));

        *end = '\0';
        if (split(entry, line)) {
            apr_hash_set(index->entries, entry->fields[NAME],
                         APR_HASH_KEY_STRING, entry);
        }
    }
}

acme_certstore_index_t *acme_certstore_index_open(const char *path,
                                                  apr_pool_t *p)
{
    acme_certstore_index_t *index = apr_pcalloc(p, sizeof(*index));
    apr_size_t len;
    char *text;

    index->p = p;
    index->path = apr_pstrdup(p, path);
    index->magic = apr_pstrcat(p, MAGIC, acme_cert_check_loader(p), NULL);
    index->entries = apr_hash_make(p);
    /* Another user who could write the file could hide that a certificate has
     * changed. */
    if (acme_owned_file(path)
        && acme_file_read(&text, &len, path, SIZE_MAX_READ, p) == APR_SUCCESS
        && !memchr(text, '\0', len)) {
        read_lines(index, text);
    }
    return index;
}

/* Returns what tells this version of a file from the next. Returns NULL when
 * there is no such file, and, where `before` is not 0, when it has changed so
 * shortly before that time that it may change again unnoticed. */
static const char *stamp(const char *dir, const char *file, apr_time_t before,
                         apr_pool_t *p)
{
    struct stat st;

    if (lstat(apr_pstrcat(p, dir, "/", file, NULL), &st)
        || !S_ISREG(st.st_mode)) {
        return NULL;
    }
    if (before
        && (apr_time_t)st.st_ctim.tv_sec * APR_USEC_PER_SEC
                   + st.st_ctim.tv_nsec / 1000
               >= before - CLOCK_STEP) {
        return NULL;
    }
    return apr_psprintf(
        p,
        "%" APR_UINT64_T_HEX_FMT ":%" APR_UINT64_T_HEX_FMT
        ":%" APR_UINT64_T_HEX_FMT ":%" APR_UINT64_T_HEX_FMT ".%lx"
        ":%" APR_UINT64_T_HEX_FMT ".%lx",
        (apr_uint64_t)st.st_dev, (apr_uint64_t)st.st_ino,
        (apr_uint64_t)st.st_size, (apr_uint64_t)st.st_mtim.tv_sec,
        (unsigned long)st.st_mtim.tv_nsec, (apr_uint64_t)st.st_ctim.tv_sec,
        (unsigned long)st.st_ctim.tv_nsec);
}

static int is_same(const char *known, const char *dir, const char *file,
                   apr_pool_t *p)
{
    const char *now = stamp(dir, file, 0, p);

    return now && strcmp(known, now) == 0;
}

static const char *or_null(const char *field, apr_pool_t *p)
{
    return *field ? apr_pstrdup(p, field) : NULL;
}

static const char *or_empty(const char *value, apr_pool_t *p)
{
    return value ? apr_pstrdup(p, value) : "";
}

static void fill(acme_certstore_cert_t *cert, const entry_t *entry,
                 apr_pool_t *p)
{
    acme_cert_info_t *info = apr_pcalloc(p, sizeof(*info));
    const char *const *fields = entry->fields;
    char *names = apr_pstrdup(p, fields[NAMES]);
    char *name, *state;

    info->names = apr_array_make(p, 2, sizeof(const char *));
    for (name = apr_strtok(names, " ", &state); name;
         name = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(info->names, const char *) = name;
    }
    info->subject = apr_pstrdup(p, fields[SUBJECT]);
    info->issuer = apr_pstrdup(p, fields[ISSUER]);
    info->serial = apr_pstrdup(p, fields[SERIAL]);
    info->ari_id = or_null(fields[ARI_ID], p);
    info->fingerprint = apr_pstrdup(p, fields[FINGERPRINT]);
    info->key_type = apr_pstrdup(p, fields[KEY_TYPE]);
    info->key_hash = apr_pstrdup(p, fields[KEY_HASH]);
    info->not_before = apr_atoi64(fields[NOT_BEFORE]);
    info->not_after = apr_atoi64(fields[NOT_AFTER]);
    cert->info = info;
    cert->ca_url = or_null(fields[CA_URL], p);
    cert->profile = or_null(fields[PROFILE], p);
    cert->obtained = apr_atoi64(fields[OBTAINED]);
    cert->imported = *fields[IMPORTED] == '1';
    cert->version = atoi(fields[VERSION]);
}

int acme_certstore_index_find(acme_certstore_cert_t *cert,
                              acme_certstore_index_t *index, const char *name,
                              int version, const char *dir, apr_pool_t *p)
{
    entry_t *entry = apr_hash_get(index->entries, name, APR_HASH_KEY_STRING);
    apr_pool_t *ptemp;
    int found;

    if (!entry || atoi(entry->fields[VERSION]) != version) {
        return 0;
    }
    apr_pool_create(&ptemp, p);
    found =
        is_same(entry->fields[KEY_STAMP], dir, ACME_CERTSTORE_KEY, ptemp)
        && is_same(entry->fields[CHAIN_STAMP], dir, ACME_CERTSTORE_FULL, ptemp);
    apr_pool_destroy(ptemp);
    if (found) {
        entry->used = 1;
        fill(cert, entry, p);
    }
    return found;
}

static const char *number(apr_time_t t, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_TIME_T_FMT, t);
}

/* Returns non-zero when the fields can be read back: each is there, and none
 * has a control character, as the separators are. */
static int is_plain(const entry_t *entry)
{
    const char *at;
    int i;

    for (i = 0; i < FIELDS; ++i) {
        if (!entry->fields[i]) {
            return 0;
        }
        for (at = entry->fields[i]; *at; ++at) {
            if (apr_iscntrl(*at)) {
                return 0;
            }
        }
    }
    return 1;
}

void acme_certstore_index_add(acme_certstore_index_t *index, const char *name,
                              const acme_certstore_cert_t *cert,
                              const char *dir)
{
    const acme_cert_info_t *info = cert->info;
    apr_pool_t *p = index->p;
    entry_t *entry = apr_pcalloc(p, sizeof(*entry));
    const char **fields = entry->fields;
    apr_time_t now = apr_time_now();

    fields[NAME] = apr_pstrdup(p, name);
    fields[VERSION] = apr_itoa(p, cert->version);
    fields[KEY_STAMP] = stamp(dir, ACME_CERTSTORE_KEY, now, p);
    fields[CHAIN_STAMP] = stamp(dir, ACME_CERTSTORE_FULL, now, p);
    fields[NOT_BEFORE] = number(info->not_before, p);
    fields[NOT_AFTER] = number(info->not_after, p);
    fields[OBTAINED] = number(cert->obtained, p);
    fields[IMPORTED] = cert->imported ? "1" : "0";
    fields[CA_URL] = or_empty(cert->ca_url, p);
    fields[PROFILE] = or_empty(cert->profile, p);
    fields[KEY_TYPE] = apr_pstrdup(p, info->key_type);
    fields[KEY_HASH] = or_empty(info->key_hash, p);
    fields[SERIAL] = apr_pstrdup(p, info->serial);
    fields[ARI_ID] = or_empty(info->ari_id, p);
    fields[FINGERPRINT] = apr_pstrdup(p, info->fingerprint);
    fields[SUBJECT] = apr_pstrdup(p, info->subject);
    fields[ISSUER] = apr_pstrdup(p, info->issuer);
    fields[NAMES] = apr_array_pstrcat(p, info->names, ' ');
    entry->used = 1;
    if (is_plain(entry)) {
        apr_hash_set(index->entries, fields[NAME], APR_HASH_KEY_STRING, entry);
        index->changed = 1;
    }
}

static apr_size_t line_size(const entry_t *entry)
{
    apr_size_t size = FIELDS;
    int i;

    for (i = 0; i < FIELDS; ++i) {
        size += strlen(entry->fields[i]);
    }
    return size;
}

apr_status_t acme_certstore_index_save(acme_certstore_index_t *index)
{
    apr_size_t size = strlen(index->magic) + 1;
    apr_hash_index_t *at;
    apr_pool_t *ptemp;
    apr_status_t rv;
    entry_t *entry;
    char *text, *end;
    void *value;
    int i;

    for (at = apr_hash_first(index->p, index->entries); at;
         at = apr_hash_next(at)) {
        apr_hash_this(at, NULL, NULL, &value);
        entry = value;
        if (entry->used) {
            size += line_size(entry);
        }
        else {
            index->changed = 1;
        }
    }
    if (!index->changed) {
        return APR_SUCCESS;
    }
    apr_pool_create(&ptemp, index->p);
    text = apr_palloc(ptemp, size + 1);
    end = apr_cpystrn(text, index->magic, size + 1);
    *end++ = '\n';
    for (at = apr_hash_first(index->p, index->entries); at;
         at = apr_hash_next(at)) {
        apr_hash_this(at, NULL, NULL, &value);
        entry = value;
        for (i = 0; entry->used && i < FIELDS; ++i) {
            end = apr_cpystrn(end, entry->fields[i],
                              size + 1 - (apr_size_t)(end - text));
            *end++ = i == FIELDS - 1 ? '\n' : '\t';
        }
    }
    rv = acme_file_write(index->path, text, (apr_size_t)(end - text),
                         APR_FPROT_UREAD | APR_FPROT_UWRITE, ACME_FILE_LAZY,
                         ptemp);
    apr_pool_destroy(ptemp);
    index->changed = rv != APR_SUCCESS;
    return rv;
}
