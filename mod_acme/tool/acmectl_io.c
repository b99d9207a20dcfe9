/* SPDX-License-Identifier: Apache-2.0 */

#include "acmectl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <apr_strings.h>

#include "acme_file.h"
#include "acme_key.h"
#include "acme_text.h"
#include "acme_time.h"

#define PASSPHRASE_MAX 1024

/* A shorter passphrase is refused, because it would not protect a key. */
#define PASSPHRASE_MIN 8

/* ---- messages ---- */

static void say(const char *fmt, va_list args)
    __attribute__((format(printf, 1, 0)));

static void say(const char *fmt, va_list args)
{
    acmectl_io_progress(NULL);
    fputs("acmectl: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

void acmectl_io_say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
}

int acmectl_io_usage(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    return CTL_USAGE;
}

int acmectl_io_fail(const acmectl_t *ctl, const acme_problem_t *problem)
{
    acmectl_io_say("%s", acme_problem_text(problem, ctl->p));
    if (problem->to_fix) {
        acmectl_io_say("what to do: %s", problem->to_fix);
    }
    return CTL_FAILED;
}

int acmectl_io_confirm(const char *fmt, ...)
{
    char answer[8];
    va_list args;

    acmectl_io_progress(NULL);
    if (!isatty(STDIN_FILENO)) {
        acmectl_io_say("nobody can be asked here whether to do it: say --yes");
        return 0;
    }
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputs(" [y/N] ", stderr);
    return fgets(answer, sizeof(answer), stdin) != NULL
           && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}

void acmectl_io_print_json(const acmectl_t *ctl, const acme_json_t *json)
{
    acmectl_io_progress(NULL);
    fputs(acme_json_print(json, 1, ctl->p), stdout);
}

const char *acmectl_io_date(apr_time_t t, apr_pool_t *p)
{
    apr_time_exp_t parts;

    if (t <= 0 || apr_time_exp_gmt(&parts, t)) {
        return "-";
    }
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d", parts.tm_year + 1900,
                        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                        parts.tm_min);
}

/* Returns how many columns a line on the terminal may have, so that it does not
 * go on in the next one. */
static int columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 8
               ? size.ws_col - 1
               : 79;
}

void acmectl_io_progress(const char *line)
{
    static int shown;

    if (!isatty(STDERR_FILENO)) {
        return;
    }
    if (shown) {
        /* Print the result after the line is gone. */
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    shown = line != NULL;
    if (line) {
        fprintf(stderr, "%.*s", columns(), line);
        fflush(stderr);
    }
}

/* ---- passphrase ---- */

/* Signals that end the program: the terminal's echo is restored first. */
static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define N_ENDS ((int)(sizeof(ends) / sizeof(ends[0])))

static volatile sig_atomic_t ended;

static void note_end(int signum)
{
    ended = signum;
}

/* Catches these signals. They are delivered only while we wait for a line,
 * because a signal just before would not end the wait. */
static void watch_ends(struct sigaction old[N_ENDS], sigset_t *mask)
{
    struct sigaction watch;
    sigset_t held;
    int i;

    memset(&watch, 0, sizeof(watch));
    watch.sa_handler = note_end;
    sigemptyset(&watch.sa_mask);
    for (i = 0; i < N_ENDS; ++i) {
        sigaction(ends[i], &watch, &old[i]);
    }
    sigemptyset(&held);
    for (i = 0; i < N_ENDS; ++i) {
        sigaddset(&held, ends[i]);
    }
    sigprocmask(SIG_BLOCK, &held, mask);
}

static void unwatch_ends(const struct sigaction old[N_ENDS],
                         const sigset_t *mask)
{
    int i;

    sigprocmask(SIG_SETMASK, mask, NULL);
    for (i = 0; i < N_ENDS; ++i) {
        sigaction(ends[i], &old[i], NULL);
    }
    if (ended) {
        raise(ended);
    }
}

/* Returns non-zero when there is a line or the end of the input. */
static int wait_for_line(int tty, const sigset_t *mask)
{
    fd_set set;
    int got;

    do {
        FD_ZERO(&set);
        FD_SET(tty, &set);
        got = pselect(tty + 1, &set, NULL, NULL, NULL, mask);
    } while (got < 0 && errno == EINTR && !ended);
    return got > 0;
}

/* Reads the first line. Returns NULL when it cannot be used. */
static char *read_line(int fd, apr_pool_t *p)
{
    char *line = apr_palloc(p, PASSPHRASE_MAX + 2);
    apr_size_t len = 0;
    ssize_t got;
    char *end;

    acme_key_wipe_with_pool(line, PASSPHRASE_MAX + 2, p);
    do {
        got = read(fd, line + len, PASSPHRASE_MAX + 1 - len);
        if (got > 0) {
            len += (apr_size_t)got;
        }
    } while ((got > 0 && len <= PASSPHRASE_MAX && !memchr(line, '\n', len))
             || (got < 0 && errno == EINTR && !ended));
    if (got < 0) {
        return NULL;
    }
    line[len] = '\0';
    end = memchr(line, '\n', len);
    if (!end) {
        end = line + len;
    }
    if (end > line && end[-1] == '\r') {
        --end;
    }
    *end = '\0';
    return end - line <= PASSPHRASE_MAX ? line : NULL;
}

static char *ask(int tty, const char *prompt, apr_pool_t *p)
{
    struct sigaction signals[N_ENDS];
    struct termios old, job_cache;
    sigset_t mask;
    char *line = NULL;

    if (tcgetattr(tty, &old)) {
        return NULL;
    }
    job_cache = old;
    job_cache.c_lflag &= ~(tcflag_t)ECHO;
    job_cache.c_lflag |= ICANON;
    watch_ends(signals, &mask);
    if (tcsetattr(tty, TCSAFLUSH, &job_cache)) {
        goto leave;
    }
    if (write(tty, prompt, strlen(prompt)) < 0) {
        prompt = "";
    }
    if (wait_for_line(tty, &mask)) {
        line = read_line(tty, p);
    }
    tcsetattr(tty, TCSAFLUSH, &old);
    if (write(tty, "\n", 1) < 0) {
        line = NULL;
    }

leave:
    unwatch_ends(signals, &mask);
    return line;
}

static char *prompt(const acmectl_t *ctl, int twice)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    char *first, *again;

    if (tty < 0) {
        acmectl_io_say(
            "there is no terminal to ask for the passphrase: give it with "
            "--passphrase-fd N or --passphrase-file FILE");
        return NULL;
    }
    first = ask(tty, "Passphrase: ", ctl->p);
    again = first && twice ? ask(tty, "Once more: ", ctl->p) : first;
    close(tty);
    if (!first || !again) {
        acmectl_io_say("the passphrase could not be read");
        return NULL;
    }
    if (strcmp(first, again) != 0) {
        acmectl_io_say("the two are not the same");
        return NULL;
    }
    return first;
}

static char *from_file(const acmectl_t *ctl)
{
    struct stat st;
    char *line = NULL;
    int fd = open(ctl->passphrase_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        acmectl_io_say("%s cannot be read, or is no file",
                       ctl->passphrase_file);
    }
    else if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        acmectl_io_say("%s is not only yours: chmod 600 it",
                       ctl->passphrase_file);
    }
    else {
        line = read_line(fd, ctl->p);
        if (!line) {
            acmectl_io_say("%s holds no passphrase", ctl->passphrase_file);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return line;
}

const char *acmectl_io_passphrase(const acmectl_t *ctl, int twice)
{
    char *pass;

    if (ctl->passphrase_fd >= 0) {
        pass = read_line(ctl->passphrase_fd, ctl->p);
        if (!pass) {
            acmectl_io_say("descriptor %d holds no passphrase",
                           ctl->passphrase_fd);
        }
    }
    else if (ctl->passphrase_file) {
        pass = from_file(ctl);
    }
    else {
        pass = prompt(ctl, twice);
    }
    if (pass && twice && strlen(pass) < PASSPHRASE_MIN) {
        acmectl_io_say(
            "the passphrase protects private keys: at least %d characters",
            PASSPHRASE_MIN);
        return NULL;
    }
    if (pass && *pass == '\0') {
        acmectl_io_say("the passphrase is empty");
        return NULL;
    }
    return pass;
}

/* ---- files ---- */

static int write_all(int fd, const char *data, apr_size_t len)
{
    ssize_t put;

    while (len > 0) {
        put = write(fd, data, len);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return 0;
        }
        data += put;
        len -= (apr_size_t)put;
    }
    return 1;
}

/* Writes a file. A new file is 0600; an existing file is replaced only when
 * nobody else can read it. */
static int write_file(const acmectl_t *ctl, const void *data, apr_size_t len)
{
    struct stat st;
    apr_status_t rv;

    if (lstat(ctl->out, &st) == 0) {
        if (!S_ISREG(st.st_mode)) {
            acmectl_io_say("%s is there already, and is no file", ctl->out);
            return 0;
        }
        if (st.st_mode & (S_IRWXG | S_IRWXO)) {
            acmectl_io_say("%s is there already, and others have rights to it: "
                           "remove it, or chmod 600 it",
                           ctl->out);
            return 0;
        }
    }
    rv =
        acme_file_write(ctl->out, data, len, APR_FPROT_UREAD | APR_FPROT_UWRITE,
                        ACME_FILE_SYNC, ctl->p);
    if (rv != APR_SUCCESS) {
        acmectl_io_say("%s: %s", ctl->out,
                       apr_strerror(rv, apr_palloc(ctl->p, 120), 120));
        return 0;
    }
    return 1;
}

int acmectl_io_write(const acmectl_t *ctl, const void *data, apr_size_t len,
                     int secret)
{
    struct stat st;

    if (ctl->out) {
        return write_file(ctl, data, len);
    }
    if (secret && isatty(STDOUT_FILENO)) {
        acmectl_io_say("this is not for a terminal: use --out FILE, or a pipe");
        return 0;
    }
    if (secret && ctl->plain && fstat(STDOUT_FILENO, &st) == 0
        && S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO))) {
        acmectl_io_say(
            "standard output is a file that others have rights to: use "
            "--out FILE, which makes it private");
        return 0;
    }
    if (fflush(stdout) || !write_all(STDOUT_FILENO, data, len)) {
        acmectl_io_say("standard output cannot be written");
        return 0;
    }
    return 1;
}

static int read_input(const acmectl_t *ctl, char **data, apr_size_t *len,
                      apr_size_t max)
{
    apr_size_t room = 65536, have = 0;
    char *bytes = apr_palloc(ctl->p, room + 1);
    char *more;
    ssize_t got;

    for (;;) {
        got = read(STDIN_FILENO, bytes + have, room - have);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        have += (apr_size_t)got;
        if (have > max) {
            return 0;
        }
        if (have == room) {
            more = apr_palloc(ctl->p, 2 * room + 1);
            memcpy(more, bytes, have);
            acme_key_wipe(bytes, have);
            bytes = more;
            room *= 2;
        }
    }
    acme_key_wipe_with_pool(bytes, have, ctl->p);
    bytes[have] = '\0';
    *data = bytes;
    *len = have;
    return got == 0;
}

int acmectl_io_read(const acmectl_t *ctl, char **data, apr_size_t *len,
                    const char *path, apr_size_t max)
{
    apr_status_t rv;

    if (strcmp(path, CTL_STDIN) == 0) {
        if (!read_input(ctl, data, len, max)) {
            acmectl_io_say(
                "standard input cannot be read, or has more than %lu bytes",
                (unsigned long)max);
            return 0;
        }
        return 1;
    }
    rv = acme_file_read_linked(data, len, path, max, ctl->p);
    if (rv == EFBIG) {
        acmectl_io_say("%s has more than %lu bytes", path, (unsigned long)max);
        return 0;
    }
    if (rv != APR_SUCCESS) {
        acmectl_io_say("%s: %s", path,
                       apr_strerror(rv, apr_palloc(ctl->p, 120), 120));
        return 0;
    }
    acme_key_wipe_with_pool(*data, *len, ctl->p);
    return 1;
}
