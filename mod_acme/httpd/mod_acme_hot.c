/* SPDX-License-Identifier: Apache-2.0 */

#include "mod_acme_hot.h"

#include <unistd.h>

#include <ap_mpm.h>
#include <http_log.h>

#include <apr_atomic.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "acme_certstore_path.h"
#include "acme_hot_check.h"
#include "acme_removed.h"
#include "acme_swapped.h"
#include "acme_time.h"
#include "acme_tls_cert.h"
#include "mod_acme_hooks.h"

APLOG_USE_MODULE(acme);

/* How long the activator waits for a worker to announce what it has staged. A
 * worker that was killed in between is followed by another one. */
#define ANNOUNCE_WAIT apr_time_from_sec(20)

/* A certificate of a site, as startup has found it. */
typedef struct hot_cert_t {
    apr_time_t newest;   /* latest notBefore that the site had, or 0 */
    const char *why_not; /* it waits for a restart because of that, or NULL */
    int is_hooked;       /* the callback is set where it is served */
    int is_stapled;
    int is_loaded; /* mod_ssl has loaded its live certificate */
} hot_cert_t;

/* A managed virtual host. */
typedef struct hot_host_t {
    const acme_site_t *site;
    int is_called; /* OpenSSL has called the callback in this process */
} hot_host_t;

struct mod_acme_hot_t {
    acme_hot_table_t *table;
    hot_cert_t *certs; /* by index */
    apr_hash_t *hosts; /* SSL_CTX * -> hot_host_t * */
};

/* A certificate that was taken over. */
typedef struct taken_t {
    apr_pool_t *p; /* contains it */
    acme_key_t *key;
    acme_chain_t *chain;
    acme_certstore_cert_t cert; /* what is known of it */
    int refs; /* under child.mutex: the list, and handshakes */
} taken_t;

/* The certificate of a site that this process serves. */
typedef struct mine_t {
    apr_uint32_t seen;      /* generation that was looked at, atomic */
    apr_uint32_t is_taken;  /* non-zero: `taken` is set, atomic */
    taken_t *taken;         /* under child.mutex, or NULL */
    apr_uint32_t promoted;  /* generation that the worker knows to be live */
    apr_pool_t *pworker[2]; /* inventories for the worker: the last, and the
                               one before */
    const char *known;      /* fingerprint in the last of them, or NULL */
    char refused[65];       /* under child.loading: fingerprint that the worker
                              was told is left for a restart, or "" */
} mine_t;

static struct {
    const acme_setup_t *setup; /* NULL: nothing is served so */
    apr_thread_mutex_t *mutex;
    apr_thread_mutex_t *loading; /* one thread at a time reads the store */
    mine_t *certs;               /* by index */
    int line;                    /* in the list of children, or -1 */
} child;

/* ---- startup ---- */

static const char *find_why_not(const acme_setup_t *setup,
                                const acme_site_cert_t *cert)
{
    if (cert->spec->must_staple) {
        return "ACMEMustStaple is on, and a certificate that mod_ssl has not "
               "loaded itself is not stapled";
    }
    if (!setup->certstore || setup->certstore->is_held
        || cert->inventory->staged == ACME_STAGED_FAILED) {
        return "this start could not put a new certificate in place";
    }
    return NULL;
}

/* Returns why new certificates wait for a restart, or NULL. */
static const char *why_not(const struct mod_acme_hot_t *hot, int index)
{
    const hot_cert_t *cert = &hot->certs[index];

    return cert->why_not || cert->is_hooked ? cert->why_not
                                            : "no TLS virtual host uses it";
}

void mod_acme_hot_prepare(acme_setup_t *setup, apr_pool_t *ptemp)
{
    int i, children = 0, certs = setup->certs->nelts;
    struct mod_acme_hot_t *hot;
    apr_size_t size;
    apr_shm_t *shm;
    apr_status_t rv;

    /* mod_ssl loads what is live, also after ACMEActivation was changed. */
    if (setup->ours) {
        acme_hot_bundle_clear(
            acme_hot_bundle_open(setup->store_dir, setup->seal, ptemp), ptemp);
    }
    if (strcmp(mod_acme_control_activation(setup), "hot") != 0
        || !setup->vault) {
        return;
    }
    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &children);
    size = acme_hot_table_size(certs, children);
    rv = apr_shm_create(&shm, size, NULL, setup->pconf);
    if (rv) {
        acme_log(setup->log, ACME_LOG_ERR, rv,
                 ACME_TAG(0706) "there is no shared memory (%" APR_SIZE_T_FMT
                                " bytes) for ACMEActivation hot: new "
                                "certificates are served after graceful "
                                "restarts",
                 size);
        return;
    }
    memset(apr_shm_baseaddr_get(shm), 0, size);
    hot = apr_pcalloc(setup->pconf, sizeof(*hot));
    hot->table = acme_hot_table_create(apr_shm_baseaddr_get(shm), certs,
                                       children, setup->pconf);
    hot->certs =
        apr_pcalloc(setup->pconf, sizeof(*hot->certs) * (apr_size_t)certs);
    hot->hosts = apr_hash_make(setup->pconf);
    for (i = 0; i < certs; i++) {
        const acme_site_cert_t *cert = acme_site_cert_at(setup->certs, i);

        hot->certs[i].why_not = find_why_not(setup, cert);
        hot->certs[i].newest =
            setup->certstore
                ? acme_removed_newest(setup->certstore, cert->spec->name,
                                      cert->inventory->live, ptemp)
                : 0;
    }
    setup->hot = hot;
}

static int serve(struct ssl_st *ssl, void *baton);

int mod_acme_hot_init_server(server_rec *s, apr_pool_t *p, int is_proxy,
                             struct ssl_ctx_st *ctx)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();
    const acme_site_t *site =
        setup && setup->hot ? mod_acme_config_setup_site(setup, s) : NULL;
    hot_host_t *host;
    int i;

    (void)p;
    if (is_proxy || !ctx || !site
        || site->certs[ACME_SPEC_FIRST_KEY]->spec->cert_file) {
        return DECLINED;
    }
    host = apr_pcalloc(setup->pconf, sizeof(*host));
    host->site = site;
    acme_tls_cert_hook(ctx, serve, host);
    apr_hash_set(setup->hot->hosts,
                 apr_pmemdup(setup->pconf, &ctx, sizeof(ctx)), sizeof(ctx),
                 host);
    for (i = 0; i < ACME_SPEC_KINDS; i++) {
        if (site->certs[i]) {
            hot_cert_t *cert = &setup->hot->certs[site->certs[i]->index];

            cert->is_hooked = 1;
            cert->is_loaded =
                site->certs[i]->inventory->serving == ACME_SERVING_LKC;
            cert->is_stapled |= acme_tls_cert_is_stapled(ctx);
        }
    }
    return OK;
}

/* ---- children ---- */

static apr_status_t leave(void *data)
{
    const acme_setup_t *setup = data;

    acme_hot_table_leave(setup->hot->table, child.line);
    return APR_SUCCESS;
}

void mod_acme_hot_child_init(apr_pool_t *pchild, server_rec *s)
{
    const acme_setup_t *setup = mod_acme_config_setup_get();

    (void)s;
    memset(&child, 0, sizeof(child));
    /* The mutexes are in pconf, because threads may outlive pchild. */
    if (!setup || !setup->hot
        || apr_thread_mutex_create(&child.mutex, APR_THREAD_MUTEX_DEFAULT,
                                   setup->pconf)
        || apr_thread_mutex_create(&child.loading, APR_THREAD_MUTEX_DEFAULT,
                                   setup->pconf)) {
        return;
    }
    child.certs = apr_pcalloc(
        setup->pconf, sizeof(*child.certs) * (apr_size_t)setup->certs->nelts);
    child.line =
        acme_hot_table_enter(setup->hot->table, (apr_uint32_t)getpid());
    apr_pool_pre_cleanup_register(pchild, setup, leave);
    child.setup = setup;
}

/* Gets what this process serves of a certificate, or NULL. */
static taken_t *acquire(int index)
{
    mine_t *mine = &child.certs[index];
    taken_t *taken;

    if (!apr_atomic_read32(&mine->is_taken)) {
        return NULL;
    }
    apr_thread_mutex_lock(child.mutex);
    taken = mine->taken;
    if (taken) {
        taken->refs++;
    }
    apr_thread_mutex_unlock(child.mutex);
    return taken;
}

static void release(taken_t *taken)
{
    int refs;

    if (taken) {
        apr_thread_mutex_lock(child.mutex);
        refs = --taken->refs;
        apr_thread_mutex_unlock(child.mutex);
        if (!refs) {
            apr_pool_destroy(taken->p);
        }
    }
}

/* Reads and checks what is staged, and serves it from now on if it may. A
 * process that has taken nothing over serves what root has made live since the
 * start where it may not. Called under child.loading.
 * @param fingerprint that it must have, or NULL
 * @param p contains the problem */
static acme_hot_reason_e take(int index, const char *fingerprint,
                              acme_problem_t *problem, apr_pool_t *p)
{
    const acme_setup_t *setup = child.setup;
    const acme_site_cert_t *cert = acme_site_cert_at(setup->certs, index);
    acme_hot_check_t check = {
        .spec = cert->spec,
        .live = cert->inventory->live,
        .newest = setup->hot->certs[index].newest,
        .is_stapled = setup->hot->certs[index].is_stapled,
        .now = apr_time_now(),
    };
    mine_t *mine = &child.certs[index];
    acme_promote_staged_t found;
    acme_hot_reason_e reason;
    taken_t *taken, *before;
    apr_pool_t *ptaken;

    if (apr_pool_create_unmanaged(&ptaken)) {
        return ACME_HOT_DAMAGED;
    }
    taken = apr_pcalloc(ptaken, sizeof(*taken));
    taken->p = ptaken;
    taken->refs = 1;
    check.vault = mod_acme_config_setup_vault(setup, p);
    check.blocklist = acme_blocklist_open(setup->store_dir, p);
    check.bundles = acme_hot_bundle_open(setup->store_dir, setup->seal, p);
    check.before = mine->taken ? mine->taken->cert.info : NULL;
    check.or_live = !fingerprint && !mine->taken;
    memset(&found, 0, sizeof(found));
    reason = check.vault ? acme_hot_check(&found, &check, problem, ptaken)
                         : ACME_HOT_DAMAGED;
    if (reason == ACME_HOT_ACCEPTED && fingerprint
        && strcmp(acme_cert_chain_info(found.chain)->fingerprint, fingerprint)
               != 0) {
        reason = ACME_HOT_DAMAGED;
        found.chain = NULL;
    }
    if (reason != ACME_HOT_ACCEPTED) {
        *problem = *acme_problem_dup(problem, p);
    }
    if (!found.chain) {
        apr_pool_destroy(ptaken);
        return reason;
    }
    taken->key = found.key;
    taken->chain = found.chain;
    taken->cert.info = acme_cert_chain_info(found.chain);
    taken->cert.ca_url = found.bundle->ca_url;
    taken->cert.profile = found.bundle->profile;
    taken->cert.obtained = found.bundle->obtained;
    apr_thread_mutex_lock(child.mutex);
    before = mine->taken;
    mine->taken = taken;
    apr_thread_mutex_unlock(child.mutex);
    apr_atomic_set32(&mine->is_taken, 1);
    release(before);
    return reason;
}

static const char *words(const acme_problem_t *problem,
                         acme_hot_reason_e reason, apr_pool_t *p)
{
    return problem->detail ? acme_problem_text(problem, p)
                           : acme_hot_table_reason_text(reason);
}

/* Takes a certificate over that was announced. Called under child.loading. */
static void follow(int index, apr_uint32_t generation)
{
    const acme_setup_t *setup = child.setup;
    const char *name = acme_site_cert_at(setup->certs, index)->spec->name;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    acme_hot_reason_e reason;
    apr_pool_t *p;

    if (apr_pool_create_unmanaged(&p)) {
        return;
    }
    reason = take(index, NULL, &problem, p);
    if (reason == ACME_HOT_ACCEPTED) {
        acme_hot_table_took(setup->hot->table, child.line, generation);
        acme_log(setup->log, ACME_LOG_DEBUG, 0,
                 ACME_TAG(0701) "%s: this process serves the new certificate "
                                "(generation %u)",
                 name, generation);
    }
    else {
        acme_hot_table_kept(setup->hot->table, child.line);
        acme_hot_table_refuse(setup->hot->table, index, reason);
        acme_log(setup->log, ACME_LOG_WARNING, 0,
                 ACME_TAG(0702) "%s: this process keeps the certificate that "
                                "it has, because the new one cannot be served "
                                "without a restart: %s; the server restarts "
                                "gracefully for it",
                 name, words(&problem, reason, p));
    }
    apr_pool_destroy(p);
}

/* Takes the certificate over if one was announced that this process has not
 * looked at. While another thread does so, the one before is served. */
static void refresh(int index)
{
    mine_t *mine = &child.certs[index];
    apr_uint32_t generation =
        acme_hot_table_generation(child.setup->hot->table, index);

    if (generation == apr_atomic_read32(&mine->seen)
        || apr_thread_mutex_trylock(child.loading)) {
        return;
    }
    if (generation != apr_atomic_read32(&mine->seen)) {
        follow(index, generation);
        apr_atomic_set32(&mine->seen, generation);
    }
    apr_thread_mutex_unlock(child.loading);
}

/* Returns non-zero when mod_ssl has loaded the site's certificate with this
 * kind of key, and clients can trust it. */
static int is_loaded(const acme_site_cert_t *cert)
{
    const acme_inventory_t *inventory = cert->inventory;

    return child.setup->hot->certs[cert->index].is_loaded && inventory->live
           && inventory->live->info->not_after > apr_time_now();
}

/* Serves what was taken over. Of a site with two kinds of keys the other one
 * that mod_ssl has loaded stays. */
static int put(struct ssl_st *ssl, const hot_host_t *host,
               taken_t *const taken[ACME_SPEC_KINDS])
{
    const char *failed = NULL;
    int i, alone = 1;

    for (i = 0; i < ACME_SPEC_KINDS; i++) {
        if (host->site->certs[i] && !taken[i]
            && is_loaded(host->site->certs[i])) {
            alone = 0;
        }
    }
    for (i = 0; i < ACME_SPEC_KINDS; i++) {
        if (taken[i] && !failed) {
            failed =
                acme_tls_cert_use(ssl, taken[i]->chain, taken[i]->key, alone);
            alone = 0;
        }
    }
    if (failed) {
        acme_log(child.setup->log, ACME_LOG_ERR, 0,
                 ACME_TAG(0707) "%s: a handshake is refused, because its new "
                                "certificate cannot be served: %s",
                 host->site->certs[ACME_SPEC_FIRST_KEY]->spec->name, failed);
    }
    return failed == NULL;
}

/* The callback, in each full handshake. */
static int serve(struct ssl_st *ssl, void *baton)
{
    hot_host_t *host = baton;
    taken_t *taken[ACME_SPEC_KINDS] = {NULL, NULL};
    int i, ok = 1;

    host->is_called = 1;
    if (!child.setup || acme_tls_cert_is_challenge(ssl)) {
        return 1;
    }
    for (i = 0; i < ACME_SPEC_KINDS; i++) {
        if (host->site->certs[i]) {
            refresh(host->site->certs[i]->index);
            taken[i] = acquire(host->site->certs[i]->index);
        }
    }
    if (taken[ACME_SPEC_FIRST_KEY] || taken[ACME_SPEC_SECOND_KEY]) {
        ok = put(ssl, host, taken);
    }
    release(taken[ACME_SPEC_FIRST_KEY]);
    release(taken[ACME_SPEC_SECOND_KEY]);
    return ok;
}

int mod_acme_hot_connection(conn_rec *c)
{
    struct ssl_st *ssl = child.setup ? mod_acme_alpn_ssl(c) : NULL;
    const struct ssl_ctx_st *ctx = ssl ? acme_tls_cert_ctx(ssl) : NULL;
    const hot_host_t *host =
        ctx ? apr_hash_get(child.setup->hot->hosts, &ctx, sizeof(ctx)) : NULL;

    if (!host || host->is_called || !acme_tls_cert_is_done(ssl)
        || acme_hot_table_is_overridden(child.setup->hot->table)) {
        return DECLINED;
    }
    acme_hot_table_override(child.setup->hot->table);
    ap_log_cerror(APLOG_MARK, APLOG_WARNING, 0, c,
                  ACME_TAG(0705) "new certificates are served after graceful "
                                 "restarts, although ACMEActivation is hot: "
                                 "another module has replaced the callback "
                                 "that OpenSSL calls for certificates");
    return DECLINED;
}

int mod_acme_hot_serves(const acme_setup_t *setup, const acme_site_t *site)
{
    int i, is_taken = 0;

    if (!child.setup || child.setup != setup) {
        return 0;
    }
    for (i = 0; i < ACME_SPEC_KINDS; i++) {
        if (site->certs[i]) {
            refresh(site->certs[i]->index);
            is_taken |=
                apr_atomic_read32(&child.certs[site->certs[i]->index].is_taken)
                != 0;
        }
    }
    return is_taken;
}

/* ---- the worker ---- */

/* Leaves a certificate for a restart, and says so once. */
static void leave_it(int index, const char *fingerprint,
                     acme_hot_reason_e reason, const char *why)
{
    const acme_setup_t *setup = child.setup;

    apr_cpystrn(child.certs[index].refused, fingerprint,
                sizeof(child.certs[index].refused));
    acme_hot_table_refuse(setup->hot->table, index, reason);
    acme_log(setup->log, ACME_LOG_NOTICE, 0,
             ACME_TAG(0704) "%s: the new certificate is served after a "
                            "graceful restart, although ACMEActivation is hot: "
                            "%s",
             acme_site_cert_at(setup->certs, index)->spec->name, why);
}

/* Checks and announces a certificate that this process has not announced yet.
 * Called under child.loading. */
static int announce(int index, const char *fingerprint)
{
    const acme_setup_t *setup = child.setup;
    acme_problem_t problem = ACME_PROBLEM_INIT;
    mine_t *mine = &child.certs[index];
    acme_hot_reason_e reason;
    apr_uint32_t generation;
    apr_pool_t *p;

    if (apr_pool_create_unmanaged(&p)) {
        return 0;
    }
    reason = take(index, fingerprint, &problem, p);
    if (reason == ACME_HOT_ACCEPTED) {
        generation =
            acme_hot_table_announce(setup->hot->table, index, fingerprint);
        apr_atomic_set32(&mine->seen, generation);
        acme_hot_table_took(setup->hot->table, child.line, generation);
        acme_log(setup->log, ACME_LOG_NOTICE, 0,
                 ACME_TAG(0703) "%s: the new certificate is served from now "
                                "on, with no restart (generation %u)",
                 acme_site_cert_at(setup->certs, index)->spec->name,
                 generation);
    }
    else {
        leave_it(index, fingerprint, reason, words(&problem, reason, p));
    }
    apr_pool_destroy(p);
    /* Root may have refused what another worker has announced. */
    return reason == ACME_HOT_ACCEPTED
           && acme_hot_table_is_served(setup->hot->table, index);
}

int mod_acme_hot_swap(void *baton, int index, const char *fingerprint)
{
    const acme_setup_t *setup = baton;
    const struct mod_acme_hot_t *hot = setup->hot;
    mine_t *mine;
    int served = 0;

    if (child.setup != setup || !hot
        || acme_hot_table_is_overridden(hot->table)) {
        return 0;
    }
    mine = &child.certs[index];
    apr_thread_mutex_lock(child.loading);
    if (strcmp(mine->refused, fingerprint) == 0) {
        served = 0;
    }
    else if (why_not(hot, index)) {
        leave_it(index, fingerprint, ACME_HOT_UNFIT, why_not(hot, index));
    }
    else if (apr_atomic_read32(&mine->seen)
             && apr_atomic_read32(&mine->is_taken)
             && strcmp(mine->taken->cert.info->fingerprint, fingerprint) == 0) {
        served = acme_hot_table_is_served(hot->table, index);
    }
    else {
        served = announce(index, fingerprint);
    }
    apr_thread_mutex_unlock(child.loading);
    return served;
}

/* Reads the certificate that root has made live since the start. Returns the
 * site's inventory with it, in a pool of its own, or NULL. */
static acme_inventory_t *read_live(int index, apr_pool_t *p, apr_pool_t *ptemp)
{
    const acme_setup_t *setup = child.setup;
    const acme_site_cert_t *site = acme_site_cert_at(setup->certs, index);
    acme_certstore_cert_t *cert = apr_pcalloc(p, sizeof(*cert));
    acme_inventory_t *inventory;
    acme_store_item_t item;
    acme_bundle_t *bundle;
    acme_chain_t *chain;

    if (acme_hot_bundle_get(
            &item, acme_hot_bundle_open(setup->store_dir, setup->seal, ptemp),
            site->spec->name, ptemp)
        || acme_bundle_parse(&bundle, item.data, item.len, NULL, ptemp)
        || acme_cert_chain_parse(&chain, bundle->chain_pem,
                                 strlen(bundle->chain_pem), NULL, p)) {
        return NULL;
    }
    cert->info = acme_cert_chain_info(chain);
    cert->ca_url = apr_pstrdup(p, bundle->ca_url);
    cert->profile = apr_pstrdup(p, bundle->profile);
    cert->obtained = bundle->obtained;
    inventory = acme_swapped_with(site->inventory, cert, p);
    inventory->staged = ACME_STAGED_PROMOTED;
    inventory->staged_fingerprint = cert->info->fingerprint;
    return inventory;
}

const acme_inventory_t *mod_acme_hot_look_again(void *baton, int index)
{
    const acme_setup_t *setup = baton;
    acme_inventory_t *inventory = NULL;
    apr_uint32_t promoted;
    apr_pool_t *p, *ptemp;
    mine_t *mine;

    if (child.setup != setup) {
        return NULL;
    }
    mine = &child.certs[index];
    promoted = acme_hot_table_promoted(setup->hot->table, index);
    if (promoted == mine->promoted || apr_pool_create_unmanaged(&p)) {
        return NULL;
    }
    if (!apr_pool_create_unmanaged(&ptemp)) {
        inventory = read_live(index, p, ptemp);
        apr_pool_destroy(ptemp);
    }
    if (!inventory) {
        /* The number in shared memory is a hint. */
        apr_pool_destroy(p);
        return NULL;
    }
    if (mine->known
        && strcmp(mine->known, inventory->staged_fingerprint) == 0) {
        /* Keep the inventories, because only root's copy can tell that another
         * certificate is live, and an order may use both. */
        apr_pool_destroy(p);
        mine->promoted = promoted;
        return NULL;
    }
    if (mine->pworker[1]) {
        apr_pool_destroy(mine->pworker[1]);
    }
    mine->pworker[1] = mine->pworker[0];
    mine->pworker[0] = p;
    mine->known = inventory->staged_fingerprint;
    mine->promoted = promoted;
    return inventory;
}

/* ---- the activator ---- */

int mod_acme_hot_is_served(const acme_setup_t *setup, int index)
{
    return setup->hot && !why_not(setup->hot, index)
           && acme_hot_table_is_served(setup->hot->table, index);
}

int mod_acme_hot_is_pending(const acme_setup_t *setup, int index,
                            apr_time_t staged, apr_time_t now)
{
    return setup->hot && !why_not(setup->hot, index)
           && !acme_hot_table_is_overridden(setup->hot->table)
           && acme_hot_table_reason(setup->hot->table, index)
                  == ACME_HOT_ACCEPTED
           && staged <= now && now < staged + ANNOUNCE_WAIT;
}

apr_uint32_t mod_acme_hot_refusals(const acme_setup_t *setup)
{
    return setup->hot ? acme_hot_table_refusals(setup->hot->table) : 0;
}

void mod_acme_hot_promoted(acme_setup_t *setup, int index)
{
    acme_hot_table_promote(setup->hot->table, index);
}

void mod_acme_hot_refused(acme_setup_t *setup, int index)
{
    acme_hot_table_refuse(setup->hot->table, index, ACME_HOT_REFUSED);
}

/* ---- the status ---- */

static apr_status_t release_later(void *data)
{
    release(data);
    return APR_SUCCESS;
}

const acme_inventory_t *mod_acme_hot_inventory(const acme_setup_t *setup,
                                               int index, apr_pool_t *p)
{
    const acme_inventory_t *inventory =
        acme_site_cert_at(setup->certs, index)->inventory;
    taken_t *taken;

    if (!child.setup || child.setup != setup) {
        return inventory;
    }
    refresh(index);
    taken = acquire(index);
    if (!taken) {
        return inventory;
    }
    apr_pool_cleanup_register(p, taken, release_later, apr_pool_cleanup_null);
    return acme_swapped_with(inventory, &taken->cert, p);
}

acme_json_t *mod_acme_hot_report(const acme_setup_t *setup, apr_pool_t *p)
{
    acme_json_t *json, *children, *one;
    acme_hot_child_t line;
    int i, there;

    if (!setup->hot) {
        return NULL;
    }
    json = acme_json_object(p);
    children = acme_json_array(p);
    acme_json_set_int(json, "generation",
                      acme_hot_table_latest(setup->hot->table));
    if (acme_hot_table_is_overridden(setup->hot->table)) {
        acme_json_set_str(json, "off",
                          "another module has replaced the callback that "
                          "OpenSSL calls for certificates");
    }
    for (i = 0;
         (there = acme_hot_table_child(&line, setup->hot->table, i)) >= 0;
         i++) {
        if (there) {
            one = acme_json_object(p);
            acme_json_set_int(one, "pid", line.pid);
            acme_json_set_int(one, "generation", line.generation);
            acme_json_set_int(one, "kept", line.kept);
            acme_json_append_given(children, one);
        }
    }
    acme_json_give(json, "children", children);
    return json;
}

acme_json_t *mod_acme_hot_report_site(const acme_setup_t *setup, int index,
                                      apr_pool_t *p)
{
    acme_hot_table_t *table = setup->hot ? setup->hot->table : NULL;
    acme_hot_reason_e reason;
    acme_json_t *json;
    const char *why;

    if (!table) {
        return NULL;
    }
    json = acme_json_object(p);
    reason = acme_hot_table_reason(table, index);
    why = why_not(setup->hot, index);
    if (!why && reason != ACME_HOT_ACCEPTED) {
        why = acme_hot_table_reason_text(reason);
    }
    acme_json_set_int(json, "generation",
                      acme_hot_table_generation(table, index));
    acme_json_set_str(json, "restart", why);
    return json;
}
