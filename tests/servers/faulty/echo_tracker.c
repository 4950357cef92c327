/* A poll tracker that echoes, and reads on while output waits. Without a macro, or with one of the
 * first group, it is correct: the macros of the first group say what it does with output for which
 * there is no room. Each macro of the second group is a fault.
 *
 *   DROPS_BEYOND    what does not fit is dropped
 *   CLOSES_BEYOND   the client is closed
 *   DROPS_REST      what the kernel has not taken is dropped
 *   RETRIES_ONCE    the rest is sent once more at once, and then dropped
 *   KEEPS_LITTLE    no more than 16 KiB of output wait
 *
 *   SENDS_LATER     pending output is sent only after the client's next bytes
 *   SIGNALLED       SIGPIPE has its default action
 *   CLOSES_AGAIN    the number that was closed last is closed again, some time later
 *   CLOSES_LOST     the same, but only the number of a client that was lost during a write
 *   ENTRY_OF_SLOT   the number of a slot is taken for the position of an entry
 *   MOVED_EVENTS    an entry that moves into a gap asks for POLLIN alone, until all its output is sent
 *   IN_TURN         each new client gets the next slot
 *   ASKS_FOR_END    while output waits, poll reports the end of file again and again (POLLRDHUP)
 *   LOST_UNNAMED    the log names no descriptor of a client that was lost during a write
 *   KEEPS_PENDING   output that waits for a client that leaves is sent to the next client of its slot
 *   KEEPS_LOST      a client that is lost while its pending output is sent keeps its slot, unlogged
 *   STAYS_OPEN      a client that leaves while output waits for it is logged, and stays open
 *   GOES_FORWARD    the loop goes forward to the number of entries that poll got
 *   NEEDS_ROOM      a client for which the kernel has no room at all is closed
 *   ASKS_PEER       the server ends if an accepted client has no address any more (getpeername), but
 *                   not among its first 203 clients, some of which are gone just after accept
 *   FORGETS_PEER    it forgets such a client, whose descriptor stays open
 *   ENDS_ON_ERROR   the server ends when read fails with another error than ECONNRESET
 *   STAYS_ON_ERROR  a client stays when read fails with another error than ECONNRESET
 *   FIXED_ARRAY     the array has 65 entries, whatever MAX_CLIENTS is
 *   NUMBER_IN_BYTE  descriptors are stored in one byte
 *   UNUSED_FIRST    a slot is given again only if no unused slot is left
 *   READS_REJECTED  a rejected client is read from until it leaves */
#include "../common.h"
#include "../reserve.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#ifdef KEEPS_LITTLE
enum { LIMIT = 16 << 10 };
#elif defined DROPS_BEYOND || defined CLOSES_BEYOND
enum { LIMIT = 64 << 10 };
#else
enum { LIMIT = 256 << 10 };
#endif

struct client {
    int fd;           /* -1: the slot is free */
    size_t pending;   /* the bytes of `output` that wait */
    char output[LIMIT];
};

static struct client clients[CLIENT_LIMIT]; /* by slot */
static struct pollfd watched[CLIENT_LIMIT + 1]; /* entry 0 is the listener */
static int count = 1, max_clients;
#if defined CLOSES_AGAIN || defined CLOSES_LOST
static int closed = -1;
#endif
#if defined LOST_UNNAMED || defined CLOSES_LOST || defined KEEPS_LOST
static bool was_lost;
#endif
#ifdef MOVED_EVENTS
static int moved = -1; /* the descriptor of the entry that moved last */
#endif

static int slot_of(int fd)
{
    int slot = 0;
    while (slot < max_clients - 1 && clients[slot].fd != fd)
        slot++;
    return slot;
}

static int free_slot(void)
{
#ifdef IN_TURN
    static int next;
    for (int tried = 0; tried < max_clients; tried++, next++)
        if (clients[next % max_clients].fd == -1)
            return next++ % max_clients;
    return -1;
#else
#ifdef UNUSED_FIRST
    static int unused;
    if (unused < max_clients)
        return unused++;
#endif
    for (int slot = 0; slot < max_clients; slot++)
        if (clients[slot].fd == -1)
            return slot;
    return -1;
#endif
}

static void admit(void)
{
    int fd = accept(watched[0].fd, NULL, NULL);
    if (fd == -1) {
        reject_by_spare(watched[0].fd);
        return;
    }
#if defined ASKS_PEER || defined FORGETS_PEER
    static int accepted;
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    if (++accepted > 203 && getpeername(fd, (struct sockaddr *)&peer, &size) == -1) {
#ifdef ASKS_PEER
        exit(EXIT_FAILURE);
#endif
        return;
    }
#endif
    int slot = free_slot();
    if (slot == -1) {
#ifdef READS_REJECTED
        char byte;
        shutdown(fd, SHUT_WR);
        while (read(fd, &byte, 1) > 0)
            ;
#endif
        close(fd);
        log_reject(max_clients);
        return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
#ifdef NUMBER_IN_BYTE
    fd = (unsigned char)fd;
#endif
    clients[slot].fd = fd;
#ifndef KEEPS_PENDING
    clients[slot].pending = 0;
#endif
    watched[count++] = (struct pollfd){fd, POLLIN, 0};
#ifdef FIXED_ARRAY
    if (count > 65)
        count = 65;
#endif
    log_accept(fd, slot);
}

static bool is_temporary(void) { return errno == EAGAIN || errno == EINTR; }

/* Sends as much as the kernel takes. Returns the number of bytes, or -1 if the client is gone. */
static ssize_t put(int fd, const char *bytes, size_t length)
{
#ifdef SIGNALLED
    ssize_t sent = write(fd, bytes, length);
#else
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
#endif
#ifdef NEEDS_ROOM
    return sent;
#endif
    return sent == -1 && is_temporary() ? 0 : sent;
}

/* Sends what waits. Returns false if the client is gone. */
static bool flush(struct client *client)
{
    ssize_t sent = client->pending == 0 ? 0 : put(client->fd, client->output, client->pending);
    if (sent <= 0)
        return sent == 0;
    client->pending -= sent;
    memmove(client->output, client->output + sent, client->pending);
    return true;
}

/* Writes bytes after what waits. Returns false if the client is gone. */
static bool answer(struct client *client, const char *bytes, size_t length)
{
    if (!flush(client))
        return false;
    ssize_t sent = client->pending == 0 ? put(client->fd, bytes, length) : 0;
    if (sent == -1)
        return false;
    size_t rest = length - sent;
#if defined DROPS_REST
    return true;
#elif defined RETRIES_ONCE
    return rest == 0 || put(client->fd, bytes + sent, rest) != -1;
#elif defined CLOSES_BEYOND
    if (rest > LIMIT - client->pending)
        return false;
#endif
    if (rest > LIMIT - client->pending)
        rest = LIMIT - client->pending;
    memcpy(client->output + client->pending, bytes + sent, rest);
    client->pending += rest;
    return true;
}

/* Returns false if the client has left. */
static bool serve(struct client *client, short revents)
{
    char bytes[4096];
    if (revents & POLLOUT && !flush(client)) {
#ifdef KEEPS_LOST
        was_lost = true;
#endif
        return false;
    }
#ifdef ASKS_FOR_END
    revents &= ~POLLRDHUP;
#endif
    if ((revents & ~POLLOUT) == 0)
        return true;
    ssize_t got = read(client->fd, bytes, sizeof bytes);
#ifdef ENDS_ON_ERROR
    if (got == -1 && !is_temporary() && errno != ECONNRESET)
        exit(EXIT_FAILURE);
#elif defined STAYS_ON_ERROR
    if (got == -1)
        return errno != ECONNRESET;
#endif
    if (got == -1)
        return is_temporary();
    if (got == 0)
        return false;
    bool is_there = answer(client, bytes, got);
#if defined LOST_UNNAMED || defined CLOSES_LOST
    if (!is_there)
        was_lost = true;
#endif
    return is_there;
}

static void release(int at)
{
    int fd = watched[at].fd, slot = slot_of(fd);
    clients[slot].fd = -1;
#ifdef STAYS_OPEN
    if (clients[slot].pending == 0)
#endif
        close(fd);
#ifdef KEEPS_LOST
    if (was_lost)
        clients[slot].fd = -2;
    else
        log_disconnect(fd, slot);
    was_lost = false;
#elif defined LOST_UNNAMED
    log_disconnect(was_lost ? -1 : fd, slot);
    was_lost = false;
#else
    log_disconnect(fd, slot);
#endif
#ifdef CLOSES_AGAIN
    closed = fd;
#elif defined CLOSES_LOST
    if (was_lost)
        closed = fd;
    was_lost = false;
#endif
#ifdef MOVED_EVENTS
    moved = watched[count - 1].fd;
#endif
#ifdef ENTRY_OF_SLOT
    watched[slot + 1] = watched[--count];
#else
    watched[at] = watched[--count];
#endif
}

static short events_of(int fd)
{
#if defined SENDS_LATER
    (void)fd;
    return POLLIN;
#elif defined ASKS_FOR_END
    return clients[slot_of(fd)].pending > 0 ? POLLOUT | POLLRDHUP : POLLIN;
#else
    const struct client *client = &clients[slot_of(fd)];
#ifdef MOVED_EVENTS
    if (client->pending == 0 && fd == moved)
        moved = -1;
    if (fd == moved)
        return POLLIN;
#endif
    bool is_full = LIMIT - client->pending < 4096;
#if defined DROPS_BEYOND || defined CLOSES_BEYOND || defined KEEPS_LITTLE
    is_full = false;
#endif
    return (is_full ? 0 : POLLIN) | (client->pending > 0 ? POLLOUT : 0);
#endif
}

int main(void)
{
    int port = port_setting(), listener = socket(AF_INET, SOCK_STREAM, 0);
    max_clients = max_clients_setting();
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (bind(listener, (struct sockaddr *)&any, sizeof any) == -1 || listen(listener, 128) == -1)
        refuse_port(port);
    open_spare();
    for (int slot = 0; slot < max_clients; slot++)
        clients[slot].fd = -1;
    watched[0] = (struct pollfd){listener, POLLIN, 0};
    log_start(max_clients);
    for (;;) {
        for (int at = 1; at < count; at++)
            watched[at].events = events_of(watched[at].fd);
        if (poll(watched, count, -1) == -1)
            continue; /* A signal interrupted poll (poll(2), EINTR). */
        int last = count;
        if (watched[0].revents)
            admit();
#if defined CLOSES_AGAIN || defined CLOSES_LOST
        if (closed != -1)
            close(closed);
        closed = -1;
#endif
#ifdef GOES_FORWARD
        for (int at = 1; at < last; at++) {
#else
        for (int at = last - 1; at > 0; at--) {
#endif
            short revents = watched[at].revents;
            if (revents && !serve(&clients[slot_of(watched[at].fd)], revents))
                release(at);
        }
    }
}
