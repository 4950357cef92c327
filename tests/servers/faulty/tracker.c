/* A poll tracker that can run out of descriptors. Without a macro, or with one of the first group,
 * it is correct: it closes the client that it has no descriptor for. The macros of the first group
 * are other correct ways to go on; each macro of the second group is a fault.
 *
 *   PAUSES             the listener is not watched for 20 ms
 *   ONE_ENTRY_A_SLOT   poll gets an entry for each slot, and -1 in the entries of free slots
 *
 *   RETRIES_AT_ONCE    the listener is watched, so that poll returns at once
 *   WAITS_FOR_LEAVING  the listener is not watched until a client leaves
 *   LOSES_SPARE        the spare descriptor is not there when none is free for a second time
 *   NAPS_EVER_AFTER    poll has a time-out of 1 ms for ever after no descriptor was free
 *   CLOSES_FOR_ROOM    a client that is connected is closed to make room for the next one
 *   LETS_IN_BLOCKING   the client that the spare descriptor lets in stays in blocking mode
 *   NAPS_IN_PPOLL      ppoll has a time-out of 5 ms
 *   GIVES_UP           the listener is never watched again
 *   UNCHECKED_ACCEPT   -1 is taken for a client
 *   ENDS_ON_EINTR      an interrupted poll ends the server */
#include "../common.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct pollfd watched[CLIENT_LIMIT + 1]; /* entry 0 is the listener, entry i is slot i - 1 */
static int max_clients, active, spare = -1, was_short;
#ifdef UNCHECKED_ACCEPT
static char is_used[CLIENT_LIMIT + 1]; /* an entry with -1 may be in use */
#endif

static void leave(int at)
{
    int fd = watched[at].fd;
    close(fd);
    watched[at].fd = -1;
#ifdef UNCHECKED_ACCEPT
    is_used[at] = 0;
#endif
    active--;
    log_disconnect(fd, at - 1);
#ifdef WAITS_FOR_LEAVING
    watched[0].events = POLLIN;
#endif
}

/* Puts a client into the first free entry. */
static void enter(int client)
{
    int at = 1;
#ifdef UNCHECKED_ACCEPT
    while (is_used[at])
        at++;
    is_used[at] = 1;
#else
    while (watched[at].fd != -1)
        at++;
#endif
    watched[at] = (struct pollfd){client, POLLIN, 0};
    active++;
    log_accept(client, at - 1);
}

/* Called after accept has failed, because no descriptor is free. */
static void go_on_without_descriptor(void)
{
    was_short = 1;
#if defined PAUSES || defined WAITS_FOR_LEAVING || defined GIVES_UP
    watched[0].events = 0;
#elif defined CLOSES_FOR_ROOM
    for (int at = 1; at <= max_clients; at++) {
        if (watched[at].fd != -1) {
            leave(at);
            break;
        }
    }
#elif defined LETS_IN_BLOCKING
    close(spare);
    int client = accept(watched[0].fd, NULL, NULL);
    spare = open("/dev/null", O_RDONLY);
    if (client != -1 && spare != -1 && active < max_clients) {
        enter(client); /* a descriptor has become free in the meantime */
        return;
    }
    if (client != -1)
        close(client);
    if (spare == -1)
        spare = open("/dev/null", O_RDONLY);
#elif !defined RETRIES_AT_ONCE
    close(spare);
    int rejected = accept(watched[0].fd, NULL, NULL);
#ifdef LOSES_SPARE
    spare = open("/dev/null", O_RDONLY); /* the number is still in use */
#endif
    if (rejected != -1)
        close(rejected);
#ifndef LOSES_SPARE
    spare = open("/dev/null", O_RDONLY);
#endif
#endif
}

static void admit(void)
{
    int client = accept(watched[0].fd, NULL, NULL);
#ifndef UNCHECKED_ACCEPT
    if (client == -1) {
        if (errno == EMFILE || errno == ENFILE)
            go_on_without_descriptor();
        return;
    }
#else
    (void)go_on_without_descriptor;
#endif
    if (active == max_clients) {
        close(client);
        log_reject(max_clients);
        return;
    }
    fcntl(client, F_SETFL, O_NONBLOCK);
    enter(client);
}

/* The number of entries that poll gets. */
static int entries(void)
{
    int count = max_clients + 1;
#ifndef ONE_ENTRY_A_SLOT
    while (count > 1 && watched[count - 1].fd == -1)
        count--;
#endif
    return count;
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    int port = port_setting(), listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    max_clients = max_clients_setting();
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (bind(listener, (struct sockaddr *)&any, sizeof any) == -1 || listen(listener, 128) == -1)
        refuse_port(port);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    spare = open("/dev/null", O_RDONLY);
    for (int at = 0; at <= max_clients; at++)
        watched[at] = (struct pollfd){at == 0 ? listener : -1, POLLIN, 0};
    log_start(max_clients);
    for (;;) {
        int timeout = watched[0].events == 0 ? 20 : -1;
#if defined WAITS_FOR_LEAVING || defined GIVES_UP
        timeout = -1;
#endif
#ifdef NAPS_EVER_AFTER
        timeout = was_short ? 1 : -1;
#endif
#ifdef NAPS_IN_PPOLL
        (void)timeout;
        int count = ppoll(watched, entries(), &(struct timespec){.tv_nsec = 5000000}, NULL);
#else
        int count = poll(watched, entries(), timeout);
#endif
#ifdef ENDS_ON_EINTR
        if (count == -1) {
            perror("poll");
            return 1;
        }
#endif
        if (count == -1)
            continue;
#ifdef PAUSES
        watched[0].events = POLLIN;
#endif
        for (int at = 1, last = entries(); at < last; at++) {
            char bytes[4096];
            if (watched[at].fd == -1 || watched[at].revents == 0)
                continue;
            ssize_t got = read(watched[at].fd, bytes, sizeof bytes);
            if (got == 0 || (got == -1 && errno != EAGAIN && errno != EINTR))
                leave(at);
        }
        if (watched[0].revents & POLLIN)
            admit();
    }
}
