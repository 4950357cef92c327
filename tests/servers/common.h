/* What the C servers share: two settings from the environment, and the log lines of the contract.
 * Include it first: it asks for the calls that are Linux's own (feature_test_macros(7)). */
#ifndef COMMON_H
#define COMMON_H

#define _GNU_SOURCE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slots at the most: poll refuses more entries than RLIMIT_NOFILE, often 1024 (poll(2), EINVAL). */
#ifndef MOST_CLIENTS
#define MOST_CLIENTS 1000
#endif

/* The whole number in the variable, from 1 to `most`; anything else ends the program. */
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

static inline int max_clients_setting(void) { return setting("MAX_CLIENTS", 64, MOST_CLIENTS); }

/* Ends the program after the listener could not be had; errno says why. */
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

/* A client is turned away only when every slot is in use, so one number says both. */
static inline void log_reject(int max_clients)
{
    printf("[REJECT] at capacity (%d/%d)\n", max_clients, max_clients);
}

#endif
