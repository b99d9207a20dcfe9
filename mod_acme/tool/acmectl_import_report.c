/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "acmectl_import.h"

static const char *fate(const acmectl_import_entry_t *entry, apr_pool_t *p)
{
    if (entry->known) {
        return "the store has it already";
    }
    if (entry->change) {
        return apr_pstrcat(p,
                           "served after the next restart, until the one that "
                           "is ordered then is there: ",
                           entry->change, NULL);
    }
    if (entry->sites->nelts > 1) {
        return apr_psprintf(p,
                            "served by %d sites after the next restart, unless "
                            "they have longer living ones",
                            entry->sites->nelts);
    }
    return entry->sites->nelts ? "served after the next restart, unless a "
                                 "longer living one is"
                               : "kept until a site wants it";
}

/* Says how many certificates are replaced by an order at once, because that
 * meets the limits of the CA when there are many. While no configuration is
 * known, says what it would have to be. */
static void warn_of_orders(const acmectl_import_t *import)
{
    const acmectl_t *ctl = import->ctl;
    acme_key_spec_t spec = {ACME_KEY_P256, 0};
    const char *key = acme_key_spec_print(&spec, ctl->p);
    const char *change = NULL;
    int i, changes = 0, keys = 0, others = 0, count = import->entries->nelts;

    for (i = 0; i < count; ++i) {
        const acmectl_import_entry_t *entry =
            &APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t);

        if (entry->change && !entry->known) {
            change = entry->change;
            ++changes;
            keys += strncmp(change, "another kind of key", 19) == 0;
        }
        others += strcmp(entry->info->key_type, key) != 0;
    }
    if (changes > 0) {
        acmectl_io_say("%d of %d certificates %s only until another one is "
                       "ordered after the next restart (%s%s)%s",
                       changes, count,
                       changes == 1 ? "is served" : "are served",
                       changes == 1 ? "" : "for instance ", change,
                       keys > 0 ? "; without ACMEPrivateKeys the key of an "
                                  "imported one will do until it is due"
                                : "");
    }
    else if (others > 0 && ctl->published->certs->nelts == 0) {
        acmectl_io_say("%d of %d certificates %s another kind of key than %s, "
                       "and no configuration is known yet: leave "
                       "ACMEPrivateKeys out, and they are served until they "
                       "are due; with it, those with another kind of key than "
                       "it names are ordered anew at the first start",
                       others, count, others == 1 ? "has" : "have", key);
    }
}

static const apr_array_header_t *names_of(const acmectl_import_entry_t *entry,
                                          apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 2, sizeof(const char *));
    int i;

    for (i = 0; i < entry->sites->nelts; ++i) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(entry->sites, i, const acme_spec_t *)->name;
    }
    return names;
}

/* Says that the other client does not know of this. */
static void tell_of_renewals(const acmectl_t *ctl)
{
    if (!ctl->from) {
        return;
    }
    if (strcmp(ctl->from, "certbot") == 0) {
        acmectl_io_say("certbot goes on renewing what it has, too, until it "
                       "is told not to: certbot delete --cert-name NAME for "
                       "each of them when no configuration names its files "
                       "any more, or systemctl disable --now certbot.timer");
    }
    else {
        acmectl_io_say("mod_md goes on renewing what it has, too, until its "
                       "directives (MDomain) are removed from the "
                       "configuration");
    }
}

int acmectl_import_report(const acmectl_import_t *import)
{
    const acmectl_t *ctl = import->ctl;
    acme_json_t *json = acme_json_object(ctl->p);
    acme_json_t *imported = acme_json_array(ctl->p);
    acme_json_t *skipped = acme_json_array(ctl->p);
    int i, accounts, count = 0;

    for (i = 0; i < import->entries->nelts; ++i) {
        const acmectl_import_entry_t *entry =
            &APR_ARRAY_IDX(import->entries, i, acmectl_import_entry_t);
        acme_json_t *one = acme_json_object(ctl->p);

        acme_json_set_str(one, "name", entry->name);
        acme_json_set_strs(one, "names", entry->info->names);
        acme_json_set_time(one, "until", entry->info->not_after);
        acme_json_set_str(one, "key", entry->info->key_type);
        acme_json_set_str(one, "ordered-anew", entry->change);
        acme_json_set_bool(one, "known", entry->known);
        acme_json_set_bool(one, "wanted", entry->sites->nelts > 0);
        acme_json_set_strs(one, "sites", names_of(entry, ctl->p));
        acme_json_append(imported, one);
        count += !entry->known;
        if (!ctl->json) {
            printf("%s: valid until %s UTC, %s\n", entry->name,
                   acmectl_io_date(entry->info->not_after, ctl->p),
                   fate(entry, ctl->p));
        }
    }
    for (i = 0; i < import->skipped->nelts; ++i) {
        const acme_import_skip_t *skip =
            &APR_ARRAY_IDX(import->skipped, i, acme_import_skip_t);
        acme_json_t *one = acme_json_object(ctl->p);

        acme_json_set_str(one, "what", skip->what);
        acme_json_set_str(one, "why", skip->why);
        acme_json_append(skipped, one);
        acmectl_io_say("left out: %s: %s", skip->what, skip->why);
    }
    if (ctl->json) {
        acme_json_set(json, "certificates", imported);
        acme_json_set(json, "skipped", skipped);
        acme_json_set_int(json, "accounts", import->export->accounts->nelts);
        acme_json_set_bool(json, "dry-run", ctl->dry_run);
        acmectl_io_print_json(ctl, json);
    }
    else {
        accounts =
            ctl->dry_run ? import->export->accounts->nelts : import->accounts;
        printf("%d certificate%s and %d account%s %s, %d left out\n", count,
               count == 1 ? "" : "s", accounts, accounts == 1 ? "" : "s",
               ctl->dry_run ? "would be imported" : "imported",
               import->skipped->nelts);
    }
    warn_of_orders(import);
    if (count) {
        tell_of_renewals(ctl);
    }
    return count;
}
