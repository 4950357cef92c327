/* Included by the servers in C: two settings from the environment, and the log lines of a tracker.
 * Include this file before all others: it defines _GNU_SOURCE, which declares the calls that only
 * Linux has (feature_test_macros(7)). */
#ifndef COMMON_H
#define COMMON_H

#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The maximum number of slots. poll fails with EINVAL if the number of entries exceeds
 * RLIMIT_NOFILE, which is often 1024 (poll(2)). */
#ifndef CLIENT_LIMIT
#define CLIENT_LIMIT 1000
#endif

/* The value of an environment variable, or `fallback` if the variable is not set. A value that is
 * not an integer from 1 to `most` ends the program. */
static inline int setting(const char *name, int fallback, int most)
{
    const char *text = getenv(name);
    if (text == NULL)
        return fallback;
    long value = strtol(text, NULL, 10);
    if (text[strspn(text, "0123456789")] != '\0' || value < 1 || value > most) {
        fprintf(stderr, "%s=%s: give a whole number from 1 to %d\n", name, text, most);
        exit(EXIT_FAILURE);
    }
    return (int)value;
}

static inline int port_setting(void) { return setting("PORT", 7000, 65535); }

static inline int max_clients_setting(void) { return setting("MAX_CLIENTS", 64, CLIENT_LIMIT); }

/* Ends the program because it cannot listen on the port. errno contains the reason. */
static inline _Noreturn void refuse_port(int port)
{
    fprintf(stderr, "PORT=%d: cannot listen: %s\n", port, strerror(errno));
    exit(EXIT_FAILURE);
}

static inline void log_start(int max_clients) { printf("[START] active=0/%d\n", max_clients); }

static inline void log_accept(int fd, int slot) { printf("[ACCEPT] fd=%d slot=%d\n", fd, slot); }

static inline void log_disconnect(int fd, int slot)
{
    printf("[DISCONNECT] fd=%d slot=%d\n", fd, slot);
}

/* A client is rejected only when every slot is in use. Therefore both numbers are the same. */
static inline void log_reject(int max_clients)
{
    printf("[REJECT] at capacity (%d/%d)\n", max_clients, max_clients);
}

#endif
