/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>

#include "acme_time.h"
#include "config.h"

/* Options that a command takes. */
#define O_JSON    0x0001
#define O_FORCE   0x0002
#define O_ALL     0x0004
#define O_PLAIN   0x0008
#define O_DRY     0x0010
#define O_TIMEOUT 0x0020
#define O_OUT     0x0040
#define O_FROM    0x0080
#define O_KEY     0x0100
#define O_CHAIN   0x0200
#define O_NAMES   0x0400
#define O_PASS    0x0800
#define O_GEN     0x1000
#define O_CA      0x2000
#define O_SERIAL  0x4000
#define O_REASON  0x8000
#define O_YES     0x10000
#define O_ATTN    0x20000
#define O_TYPE    0x40000

/* Values of apr_getopt_option_t for options without a letter. */
enum {
    OPT_STORE = 256,
    OPT_JSON,
    OPT_FORCE,
    OPT_ALL,
    OPT_PLAIN,
    OPT_DRY,
    OPT_TIMEOUT,
    OPT_OUT,
    OPT_FROM,
    OPT_KEY,
    OPT_CHAIN,
    OPT_NAMES,
    OPT_GEN,
    OPT_CA,
    OPT_SERIAL,
    OPT_REASON,
    OPT_YES,
    OPT_ATTN,
    OPT_TYPE,
    OPT_PASS_FD,
    OPT_PASS_FILE,
    OPT_HELP,
    OPT_VERSION
};

static const apr_getopt_option_t options[] = {
    {"store", OPT_STORE, 1, NULL},
    {"json", OPT_JSON, 0, NULL},
    {"force", OPT_FORCE, 0, NULL},
    {"all", OPT_ALL, 0, NULL},
    {"plain", OPT_PLAIN, 0, NULL},
    {"dry-run", OPT_DRY, 0, NULL},
    {"timeout", OPT_TIMEOUT, 1, NULL},
    {"out", OPT_OUT, 1, NULL},
    {"from", OPT_FROM, 1, NULL},
    {"key", OPT_KEY, 1, NULL},
    {"chain", OPT_CHAIN, 1, NULL},
    {"names", OPT_NAMES, 1, NULL},
    {"generation", OPT_GEN, 1, NULL},
    {"ca", OPT_CA, 1, NULL},
    {"serial", OPT_SERIAL, 1, NULL},
    {"reason", OPT_REASON, 1, NULL},
    {"yes", OPT_YES, 0, NULL},
    {"attention", OPT_ATTN, 0, NULL},
    {"type", OPT_TYPE, 1, NULL},
    {"passphrase-fd", OPT_PASS_FD, 1, NULL},
    {"passphrase-file", OPT_PASS_FILE, 1, NULL},
    {"help", OPT_HELP, 0, NULL},
    {"version", OPT_VERSION, 0, NULL},
    {NULL, 0, 0, NULL}};

typedef struct command_t {
    const char *name;
    int (*run)(acmectl_t *ctl);
    int options;
    int min, max; /* words; max -1: any number */
    const char *usage;
    const char *help;
} command_t;

static const command_t commands[] = {
    {"list", acmectl_show_list, O_JSON, 0, 0, "list",
     "all certificates of the store"},
    {"status", acmectl_show_status, O_JSON | O_ATTN, 0, 1,
     "status [NAME] [--attention]",
     "state of all sites, the worst first, or of one; 1 when anything needs "
     "attention; with --attention only what does"},
    {"explain", acmectl_explain, 0, 1, 1, "explain NAME | explain ACMEnnnn",
     "where a site is on its way to a certificate, what is next and what mends "
     "it; or what a message of the log, or a problem type, means"},
    {"check", acmectl_check, O_JSON | O_TYPE | O_TIMEOUT, 1, 1,
     "check NAME [--type T] [--timeout T]",
     "take the way that a CA takes to the names of a site, or to one name, and "
     "say what is wrong; 1 when anything is"},
    {"wait", acmectl_wait, O_JSON | O_TIMEOUT, 0, -1,
     "wait [NAME...] [--timeout T]",
     "until every certificate that is wanted is served"},
    {"renew", acmectl_renew, O_JSON | O_FORCE | O_DRY | O_CA | O_TIMEOUT, 0, -1,
     "renew [NAME...] [--force] [--timeout T] | renew [NAME...] --dry-run "
     "[--ca URL]",
     "order now what is due, or what is named; with --dry-run only try all, or "
     "what is named, at the CA's test service"},
    {"revoke", acmectl_revoke,
     O_JSON | O_GEN | O_CA | O_SERIAL | O_REASON | O_YES | O_TIMEOUT, 1, 1,
     "revoke NAME [--reason R] [--serial S|--generation N] [--yes]",
     "have the CA revoke a certificate for ever, and replace it"},
    {"rollback", acmectl_edit_rollback, O_JSON | O_GEN, 1, 1,
     "rollback NAME [--generation N]",
     "serve an earlier certificate again, until it is due"},
    {"delete", acmectl_edit_delete, O_JSON | O_FORCE, 1, 1,
     "delete NAME [--force]",
     "remove key and certificate of a site that is not served"},
    {"adopt", acmectl_edit_adopt, O_JSON, 0, 0, "adopt",
     "let the next server that starts with this store have it"},
    {"export", acmectl_export, O_ALL | O_PLAIN | O_OUT | O_PASS, 0, -1,
     "export NAME...|--all [--out FILE] [--plain]",
     "a bundle of keys and certificates, with --all accounts too"},
    {"import", acmectl_import,
     O_JSON | O_FROM | O_KEY | O_CHAIN | O_CA | O_DRY | O_PASS, 0, -1,
     "import FILE | --from mod_md|certbot DIR [NAME...] | "
     "--chain FILE [--key FILE] [--ca URL] NAME",
     "take over keys, certificates and accounts; with --dry-run only look"},
    {"csr", acmectl_csr, O_NAMES | O_KEY | O_OUT, 1, 1,
     "csr NAME [--names A,B...] [--key TYPE] [--out FILE]",
     "a signing request, whose key stays here"},
    {"sign", acmectl_csr_sign, O_OUT | O_TIMEOUT, 1, 1,
     "sign FILE [--out FILE] [--timeout T]",
     "have the CA sign a request of another machine"},
    {"account", acmectl_account, O_JSON | O_CA | O_YES | O_TIMEOUT, 1, 1,
     "account show|recover|rollover|deactivate [--ca URL] [--yes]",
     "accounts at CAs: show, find again, give a new key, end"},
};

#define N_COMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

static void help(void)
{
    int i;

    printf("usage: acmectl [--store DIR] COMMAND ...\n\n");
    for (i = 0; i < N_COMMANDS; ++i) {
        printf("  %s\n        %s\n", commands[i].usage, commands[i].help);
    }
    printf("\n--json prints JSON. Passphrases of bundles: prompted for, or "
           "--passphrase-fd N,\n--passphrase-file FILE. Exit status: 0 done, 1 "
           "failed, 2 nothing to do, 64 usage.\n");
}

static const command_t *find_command(const char *name)
{
    int i;

    for (i = 0; i < N_COMMANDS; ++i) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* acmectl help [COMMAND] */
static int help_with(int argc, const apr_getopt_t *getopt)
{
    const command_t *command;

    if (getopt->ind + 1 >= argc) {
        help();
        return CTL_DONE;
    }
    command = find_command(getopt->argv[getopt->ind + 1]);
    if (!command) {
        return acmectl_io_usage(
            "there is no command \"%s\", see acmectl --help",
            getopt->argv[getopt->ind + 1]);
    }
    printf("usage: acmectl [--store DIR] %s\n        %s\n", command->usage,
           command->help);
    return CTL_DONE;
}

static int parse_number(int *number, const char *text)
{
    char *end;
    apr_int64_t n = apr_strtoi64(text, &end, 10);

    if (*text == '\0' || *end != '\0' || n < 0 || n > 65535) {
        return 0;
    }
    *number = (int)n;
    return 1;
}

/* Sets one option. Returns the O_ flag that allows it, 0 when all commands
 * allow it, or -1 when its value is wrong. */
static int take_option(acmectl_t *ctl, int option, const char *value)
{
    switch (option) {
    case OPT_STORE:
        ctl->store = value;
        return 0;
    case OPT_JSON:
        ctl->json = 1;
        return O_JSON;
    case OPT_FORCE:
        ctl->force = 1;
        return O_FORCE;
    case OPT_ALL:
        ctl->all = 1;
        return O_ALL;
    case OPT_PLAIN:
        ctl->plain = 1;
        return O_PLAIN;
    case OPT_DRY:
        ctl->dry_run = 1;
        return O_DRY;
    case OPT_TIMEOUT:
        return acme_time_parse_duration(&ctl->timeout, value,
                                        apr_time_from_sec(1))
                       == APR_SUCCESS
                   ? O_TIMEOUT
                   : -1;
    case OPT_OUT:
        ctl->out = value;
        return O_OUT;
    case OPT_FROM:
        ctl->from = value;
        return O_FROM;
    case OPT_KEY:
        ctl->key = value;
        return O_KEY;
    case OPT_CHAIN:
        ctl->chain = value;
        return O_CHAIN;
    case OPT_NAMES:
        ctl->names = value;
        return O_NAMES;
    case OPT_GEN:
        ctl->version = value;
        return O_GEN;
    case OPT_CA:
        ctl->ca = value;
        return O_CA;
    case OPT_SERIAL:
        ctl->serial = value;
        return O_SERIAL;
    case OPT_REASON:
        ctl->reason = value;
        return O_REASON;
    case OPT_YES:
        ctl->yes = 1;
        return O_YES;
    case OPT_ATTN:
        ctl->attention = 1;
        return O_ATTN;
    case OPT_TYPE:
        ctl->type = value;
        return O_TYPE;
    case OPT_PASS_FD:
        return parse_number(&ctl->passphrase_fd, value) ? O_PASS : -1;
    default:
        ctl->passphrase_file = value;
        return O_PASS;
    }
}

/* Parses the command line. Returns -1 when *command is to be run, else the exit
 * status. */
static int parse(acmectl_t *ctl, const command_t **command, int argc,
                 const char *const *argv)
{
    const char *value;
    apr_getopt_t *getopt;
    apr_status_t rv;
    int taken = 0;
    int option, allowed, i;

    apr_getopt_init(&getopt, ctl->p, argc, argv);
    getopt->interleave = 1;
    /* Replace "-", because apr_getopt_long() takes it for an option without a
     * letter. */
    for (i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "-") == 0) {
            getopt->argv[i] = CTL_STDIN;
        }
    }
    for (;;) {
        rv = apr_getopt_long(getopt, options, &option, &value);
        if (rv == APR_EOF) {
            break;
        }
        if (rv != APR_SUCCESS) {
            return CTL_USAGE;
        }
        if (option == OPT_HELP) {
            help();
            return CTL_DONE;
        }
        if (option == OPT_VERSION) {
            printf("acmectl %s\n", ACME_VERSION);
            return CTL_DONE;
        }
        allowed = take_option(ctl, option, value);
        if (allowed < 0) {
            return acmectl_io_usage("\"%s\" is no value for this option",
                                    value);
        }
        taken |= allowed;
    }
    if (getopt->ind >= argc) {
        return acmectl_io_usage("a command is missing, see acmectl --help");
    }
    *command = find_command(getopt->argv[getopt->ind]);
    if (!*command && strcmp(getopt->argv[getopt->ind], "help") == 0) {
        return help_with(argc, getopt);
    }
    if (!*command) {
        return acmectl_io_usage(
            "there is no command \"%s\", see acmectl --help",
            getopt->argv[getopt->ind]);
    }
    for (i = getopt->ind + 1; i < argc; ++i) {
        APR_ARRAY_PUSH(ctl->args, const char *) = getopt->argv[i];
    }
    if (taken & ~(*command)->options) {
        return acmectl_io_usage(
            "an option is not one of this command: acmectl %s",
            (*command)->usage);
    }
    if (ctl->args->nelts < (*command)->min
        || ((*command)->max >= 0 && ctl->args->nelts > (*command)->max)) {
        return acmectl_io_usage("acmectl %s", (*command)->usage);
    }
    return -1;
}

static int exhausted(int retcode)
{
    (void)retcode;
    abort();
    return 0;
}

int main(int argc, const char *const *argv)
{
    const command_t *command = NULL;
    acmectl_t ctl;
    int status;

    apr_app_initialize(&argc, &argv, NULL);
    memset(&ctl, 0, sizeof(ctl));
    apr_pool_create_ex(&ctl.p, NULL, exhausted, NULL);
    ctl.args = apr_array_make(ctl.p, 4, sizeof(const char *));
    ctl.passphrase_fd = -1;
    ctl.timeout = CTL_TIMEOUT;
    /* New files are private unless their code sets other permissions. */
    umask(077);
    /* Let a write to a closed pipe fail instead of ending the program. */
    signal(SIGPIPE, SIG_IGN);
    status = parse(&ctl, &command, argc, argv);
    if (status < 0) {
        status = command->run(&ctl);
    }
    acmectl_io_progress(NULL);
    if (fflush(stdout) && status == CTL_DONE) {
        acmectl_io_say("standard output cannot be written");
        status = CTL_FAILED;
    }
    apr_pool_destroy(ctl.p);
    apr_terminate();
    return status;
}
