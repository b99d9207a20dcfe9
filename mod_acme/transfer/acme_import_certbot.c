/* SPDX-License-Identifier: Apache-2.0 */

#include "acme_import.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "acme_import_choice.h"
#include "acme_import_common.h"
#include "acme_ident.h"
#include "acme_key_foreign.h"

/* accounts/HOST/PATH/ID is as deep as the path of a CA's directory may be. */
#define DEPTH_MAX 8

/* No renewal of certbot has a number as high as this. */
#define NUMBER_MAX 1000000

typedef struct certbot_t {
    const char *dir;
    acme_import_t *found;
    apr_array_header_t *certs; /* acme_import_choice_t * */
    apr_time_t now;
    apr_pool_t *p;
} certbot_t;

/* Returns the value of "key = value" in an .ini file; NULL: there is none. */
static const char *setting(const char *text, const char *key, apr_pool_t *p)
{
    apr_size_t len = strlen(key);
    const char *end;

    while (text && *text) {
        while (*text == ' ' || *text == '\t') {
            ++text;
        }
        if (strncmp(text, key, len) == 0) {
            text += len;
            while (*text == ' ' || *text == '\t') {
                ++text;
            }
            if (*text == '=') {
                ++text;
                while (*text == ' ' || *text == '\t') {
                    ++text;
                }
                end = text + strcspn(text, "\r\n");
                while (end > text && apr_isspace(end[-1])) {
                    --end;
                }
                return end > text
                           ? apr_pstrmemdup(p, text, (apr_size_t)(end - text))
                           : NULL;
            }
        }
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

/* ---- certificates ---- */

/* Returns the name of the site. The name of the lineage counts only when the
 * certificate covers it, because a lineage may be called anything. */
static const char *name_of(const char *lineage, const acme_cert_info_t *info,
                           apr_pool_t *p)
{
    const char *name, *why;

    if (acme_ident_canonical(&name, lineage, &why, p) == APR_SUCCESS
        && acme_ident_in(info->names, name)) {
        return name;
    }
    return info->names->nelts > 0 ? APR_ARRAY_IDX(info->names, 0, const char *)
                                  : lineage;
}

static acme_import_choice_t *read_files(const certbot_t *bot,
                                        const char *lineage, const char *dir,
                                        const char *number, const char **why)
{
    const char *key_file = apr_pstrcat(bot->p, "privkey", number, ".pem", NULL);
    const char *chain_file =
        apr_pstrcat(bot->p, "fullchain", number, ".pem", NULL);
    acme_import_choice_t *cert = apr_pcalloc(bot->p, sizeof(*cert));
    acme_bundle_t *bundle = apr_pcalloc(bot->p, sizeof(*bundle));
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_chain_t *chain;

    bundle->key_pem = acme_import_common_read(dir, key_file, 1, bot->p);
    bundle->chain_pem = acme_import_common_read(dir, chain_file, 1, bot->p);
    if (!bundle->key_pem || !bundle->chain_pem) {
        *why = apr_pstrcat(bot->p, bundle->key_pem ? chain_file : key_file,
                           " cannot be read", NULL);
        return NULL;
    }
    if (acme_cert_chain_parse(&chain, bundle->chain_pem,
                              strlen(bundle->chain_pem), &problem, bot->p)
        != APR_SUCCESS) {
        *why = problem.detail;
        return NULL;
    }
    bundle->name = name_of(lineage, acme_cert_chain_info(chain), bot->p);
    if (acme_export_check(&cert->info, bundle, bot->now, &problem, bot->p)
        != APR_SUCCESS) {
        *why = problem.detail;
        return NULL;
    }
    bundle->obtained = cert->info->not_before;
    cert->what = apr_pstrcat(bot->p, "live/", lineage, NULL);
    cert->bundle = bundle;
    return cert;
}

/* Returns the numbers of the chains in a folder of the archive, newest
 * first. */
static apr_array_header_t *versions(const char *dir, apr_pool_t *p)
{
    const apr_array_header_t *files = acme_import_common_list(dir, p);
    apr_array_header_t *numbers = apr_array_make(p, 8, sizeof(int));
    int i, j;

    for (i = 0; i < files->nelts; ++i) {
        const char *file = APR_ARRAY_IDX(files, i, const char *);
        char *end;
        apr_int64_t n;

        if (strncmp(file, "fullchain", 9) != 0 || !apr_isdigit(file[9])) {
            continue;
        }
        n = apr_strtoi64(file + 9, &end, 10);
        if (strcmp(end, ".pem") == 0 && n > 0 && n < NUMBER_MAX) {
            APR_ARRAY_PUSH(numbers, int) = (int)n;
            for (j = numbers->nelts - 1;
                 j > 0 && APR_ARRAY_IDX(numbers, j - 1, int) < (int)n; --j) {
                APR_ARRAY_IDX(numbers, j, int) =
                    APR_ARRAY_IDX(numbers, j - 1, int);
            }
            APR_ARRAY_IDX(numbers, j, int) = (int)n;
        }
    }
    return numbers;
}

/* Reads the newest files of the archive that are of use, because live/ is
 * damaged. A renewal that failed halfway leaves newer ones that are not. */
static acme_import_choice_t *read_archive(const certbot_t *bot,
                                          const char *lineage, const char *dir)
{
    const apr_array_header_t *numbers = versions(dir, bot->p);
    acme_import_choice_t *cert = NULL;
    const char *why;
    int i;

    for (i = 0; !cert && i < numbers->nelts; ++i) {
        cert =
            read_files(bot, lineage, dir,
                       apr_itoa(bot->p, APR_ARRAY_IDX(numbers, i, int)), &why);
    }
    return cert;
}

/* Returns the text of the settings of a lineage, or NULL. */
static const char *read_renewal(const certbot_t *bot, const char *lineage)
{
    return acme_import_common_read(
        apr_pstrcat(bot->p, bot->dir, "/renewal", NULL),
        apr_pstrcat(bot->p, lineage, ".conf", NULL), 0, bot->p);
}

/* Returns NULL, and sets *why, when there is no certificate that can be
 * taken. */
static acme_import_choice_t *load_lineage(const certbot_t *bot,
                                          const char *lineage, const char **why)
{
    const char *elsewhere =
        setting(read_renewal(bot, lineage), "archive_dir", bot->p);
    acme_import_choice_t *cert = read_files(
        bot, lineage, apr_pstrcat(bot->p, bot->dir, "/live/", lineage, NULL),
        "", why);

    if (!cert) {
        cert = read_archive(
            bot, lineage,
            apr_pstrcat(bot->p, bot->dir, "/archive/", lineage, NULL));
    }
    if (!cert && elsewhere && *elsewhere == '/') {
        cert = read_archive(bot, lineage, elsewhere);
    }
    return cert;
}

static void read_lineage(const certbot_t *bot, const char *lineage)
{
    const char *why = "it has no key";
    acme_import_choice_t *cert = load_lineage(bot, lineage, &why);

    if (!cert) {
        acme_import_common_skip(bot->found,
                                apr_pstrcat(bot->p, "live/", lineage, NULL),
                                why, bot->p);
        return;
    }
    cert->bundle->ca_url =
        setting(read_renewal(bot, lineage), "server", bot->p);
    APR_ARRAY_PUSH(bot->certs, acme_import_choice_t *) = cert;
}

/* ---- which lineages are asked for ---- */

static const char *without_slashes(const char *path, apr_pool_t *p)
{
    apr_size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        --len;
    }
    return apr_pstrmemdup(p, path, len);
}

/* Returns the name of the lineage that a path in certbot's folder is about,
 * with the folder before it or without; or the text itself. */
static const char *lineage_of(const certbot_t *bot, const char *text)
{
    static const char *const folders[] = {"live/", "archive/", "renewal/"};
    const char *dir =
        apr_pstrcat(bot->p, without_slashes(bot->dir, bot->p), "/", NULL);
    const char *path = without_slashes(text, bot->p);
    apr_size_t len, i;

    if (strncmp(path, dir, strlen(dir)) == 0) {
        path += strlen(dir);
    }
    for (i = 0; i < sizeof(folders) / sizeof(folders[0]); ++i) {
        if (strncmp(path, folders[i], strlen(folders[i])) == 0) {
            path += strlen(folders[i]);
            len = strlen(path);
            return i == 2 && len > 5 && strcmp(path + len - 5, ".conf") == 0
                       ? apr_pstrmemdup(bot->p, path, len - 5)
                       : path;
        }
    }
    return text;
}

/* Marks the lineage of that name, or else those whose certificates are for that
 * name. Returns zero when there is none. */
static int choose(int *chosen, const certbot_t *bot,
                  const apr_array_header_t *entries, const char *asked)
{
    const char *lineage = lineage_of(bot, asked);
    const char *name, *why;
    int i, count = 0;

    for (i = 0; i < entries->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(entries, i, const char *), lineage) == 0) {
            chosen[i] = 1;
            return 1;
        }
    }
    if (acme_ident_canonical(&name, asked, &why, bot->p) != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < entries->nelts; ++i) {
        const acme_import_choice_t *cert =
            load_lineage(bot, APR_ARRAY_IDX(entries, i, const char *), &why);

        if (cert && acme_ident_in(cert->info->names, name)) {
            chosen[i] = 1;
            ++count;
        }
    }
    return count;
}

/* ---- accounts ---- */

static void read_account(const certbot_t *bot, const char *dir,
                         const char *what, const char *ca_url)
{
    const acme_json_t *jwk =
        acme_import_common_json(dir, "private_key.json", bot->p);
    const acme_json_t *regr = acme_import_common_json(dir, "regr.json", bot->p);
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_export_account_t account;
    acme_key_t *key;

    memset(&account, 0, sizeof(account));
    account.ca_url = ca_url;
    account.url = acme_import_common_str(regr, "uri", NULL, bot->p);
    account.contact = acme_import_common_first(regr, "body", "contact", bot->p);
    if (!jwk) {
        acme_import_common_skip(bot->found, what, "private_key.json is no JSON",
                                bot->p);
    }
    else if (acme_key_foreign_jwk(&key, jwk, &problem, bot->p) != APR_SUCCESS
             || acme_key_to_pem(&account.key_pem, key, &problem, bot->p)
                    != APR_SUCCESS) {
        acme_import_common_skip(bot->found, what, problem.detail, bot->p);
    }
    else {
        acme_import_common_account(bot->found, what, &account, bot->p);
    }
}

/* Makes the URL of the CA's directory from the names of the folders:
 * HOST/PATH. */
static void walk_accounts(const certbot_t *bot, const char *dir,
                          const char *what, const char *url, int depth)
{
    apr_array_header_t *entries = acme_import_common_list(dir, bot->p);
    int i;

    for (i = 0; i < entries->nelts; ++i) {
        if (strcmp(APR_ARRAY_IDX(entries, i, const char *), "private_key.json")
            == 0) {
            /* The last folder is the id of the account. */
            read_account(bot, dir, what,
                         apr_pstrmemdup(bot->p, url,
                                        (apr_size_t)(strrchr(url, '/') - url)));
            return;
        }
    }
    for (i = 0; depth < DEPTH_MAX && i < entries->nelts; ++i) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *);

        walk_accounts(bot, apr_pstrcat(bot->p, dir, "/", entry, NULL),
                      apr_pstrcat(bot->p, what, "/", entry, NULL),
                      apr_pstrcat(bot->p, url, depth ? "/" : "", entry, NULL),
                      depth + 1);
    }
}

/* Lists the lineages: folders in live/, and those that only renewal/ has, with
 * their files in archive/ or elsewhere, because some backup programs leave
 * links out. */
static apr_array_header_t *lineages(const char *dir, apr_pool_t *p)
{
    const apr_array_header_t *live =
        acme_import_common_list(apr_pstrcat(p, dir, "/live", NULL), p);
    const apr_array_header_t *renewed =
        acme_import_common_list(apr_pstrcat(p, dir, "/renewal", NULL), p);
    apr_array_header_t *all = apr_array_make(p, 16, sizeof(const char *));
    apr_hash_t *seen = apr_hash_make(p);
    int i;

    for (i = 0; i < live->nelts; ++i) {
        const char *name = APR_ARRAY_IDX(live, i, const char *);

        if (strcmp(name, "README") != 0) {
            apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
            APR_ARRAY_PUSH(all, const char *) = name;
        }
    }
    for (i = 0; i < renewed->nelts; ++i) {
        const char *file = APR_ARRAY_IDX(renewed, i, const char *);
        apr_size_t len = strlen(file);
        const char *name;

        if (len <= 5 || strcmp(file + len - 5, ".conf") != 0) {
            continue;
        }
        name = apr_pstrmemdup(p, file, len - 5);
        if (!apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
            APR_ARRAY_PUSH(all, const char *) = name;
        }
    }
    return all;
}

apr_status_t acme_import_certbot(acme_import_t **found, const char *dir,
                                 const apr_array_header_t *names,
                                 apr_time_t now, acme_problem_t *problem,
                                 apr_pool_t *p)
{
    apr_array_header_t *entries = lineages(dir, p);
    certbot_t bot;
    int *chosen;
    int i;

    bot.dir = dir;
    bot.found = acme_import_common_create(p);
    bot.certs = apr_array_make(p, 16, sizeof(acme_import_choice_t *));
    bot.now = now;
    bot.p = p;
    if (entries->nelts == 0) {
        return acme_problem_set(problem, APR_ENOENT, ACME_RETRY_PERMANENT,
                                ACME_PROBLEM_CONFIG, p,
                                "%s is no folder of certbot: there is nothing "
                                "in its folder live/",
                                dir);
    }
    chosen = apr_pcalloc(p, (apr_size_t)entries->nelts * sizeof(*chosen));
    for (i = names->nelts - 1; i >= 0; --i) {
        const char *asked = APR_ARRAY_IDX(names, i, const char *);

        if (!choose(chosen, &bot, entries, asked)) {
            bot.found->missing = asked;
        }
    }
    for (i = 0; i < entries->nelts; ++i) {
        if (names->nelts == 0 || chosen[i]) {
            read_lineage(&bot, APR_ARRAY_IDX(entries, i, const char *));
        }
    }
    acme_import_choice(bot.found, bot.certs, now, p);
    walk_accounts(&bot, apr_pstrcat(p, dir, "/accounts", NULL), "accounts",
                  "https://", 0);
    *found = bot.found;
    return APR_SUCCESS;
}
