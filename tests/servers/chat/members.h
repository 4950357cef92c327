/* Included by chat rooms in C: the members of a room, their lines, and what is kept for those who do
 * not read. Each message is written at once, and only what the kernel does not take is kept. A
 * member that has to leave is noted, and removed by `remove_leaving`. The room tells the others of a
 * new member before it logs it, and passes on a last line without a newline. A member whose line is
 * too long is closed. */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "room.h"

#include <stdint.h>

#define MAX_KEPT (200 * 1024)
/* Whether `length` bytes more are too much for a member that does not read. */
#ifndef IS_TOO_MUCH
#define IS_TOO_MUCH(to, length) ((to)->kept_length + (length) > MAX_KEPT)
#endif

/* Whether a message is written at once. What is kept for a member has to be written first. */
#ifndef MAY_WRITE
#define MAY_WRITE(to) ((to)->kept_length == 0)
#endif

/* Whether the member in this slot is told something that is about another one. */
#ifndef MAY_TELL
#define MAY_TELL(slot) true
#endif

/* What happens to a member whose line is too long. */
#ifndef REFUSE
#define REFUSE(from) ((from)->leaves = true)
#endif

/* Whether a line is passed on, and how many of its bytes. */
#ifndef MAY_PASS_ON
#define MAY_PASS_ON(line, length) true
#endif
#ifndef TEXT_LENGTH
#define TEXT_LENGTH(line, length) (length)
#endif

/* The size of the buffer for the name before a line. */
#ifndef NAME_SIZE
#define NAME_SIZE 64
#endif

/* How many of the bytes that are kept for a member are written at a time. */
#ifndef FLUSH_LENGTH
#define FLUSH_LENGTH(to) (to)->kept_length
#endif

/* What happens when a client comes, and when it is a member. */
#ifndef ON_ACCEPT
#define ON_ACCEPT(fd) (void)0
#endif
#ifndef ON_JOIN
#define ON_JOIN(member) (void)0
#endif

struct member {
    int fd; /* -1: the slot is free */
    char *line;
    size_t length; /* of the bytes in `line`, which have no newline yet */
    char *kept;
    size_t kept_length;
    bool leaves;
    bool skips; /* the bytes up to the next newline belong to a line that was too long */
    uint32_t watched; /* the events of its entry on an interest list; 0: no entry */
};

static struct member members[CLIENT_LIMIT];
static int capacity, active;

/* Reads the settings and listens. Returns the listener. */
static int start_room(void)
{
    int port = room_port();
    capacity = room_capacity();
    for (int slot = 0; slot < capacity; slot++)
        members[slot].fd = -1;
    int listener = room_listener(port);
    open_spare();
    return listener;
}

static void keep(struct member *to, const char *bytes, size_t length)
{
    if (IS_TOO_MUCH(to, length)) {
        to->leaves = true;
        return;
    }
    to->kept = realloc(to->kept, to->kept_length + length);
    memcpy(to->kept + to->kept_length, bytes, length);
    to->kept_length += length;
}

static inline size_t write_now(struct member *to, const char *bytes, size_t length)
{
    ssize_t sent = send(to->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        to->leaves = true;
    return sent < 0 ? 0 : (size_t)sent;
}

static void tell(struct member *to, const char *bytes, size_t length)
{
    size_t sent = MAY_WRITE(to) ? write_now(to, bytes, length) : 0;
    if (sent < length && !to->leaves)
        keep(to, bytes + sent, length - sent);
}

static void tell_others(const struct member *about, const char *bytes, size_t length)
{
    for (int slot = 0; slot < capacity; slot++)
        if (members[slot].fd >= 0 && &members[slot] != about && !members[slot].leaves && MAY_TELL(slot))
            tell(&members[slot], bytes, length);
}

static void flush(struct member *to)
{
    size_t sent = write_now(to, to->kept, FLUSH_LENGTH(to));
    to->kept_length -= sent;
    memmove(to->kept, to->kept + sent, to->kept_length);
}

/* Passes on a line, whose newline may be missing. */
static void pass_on(struct member *from, const char *line, size_t length)
{
    static char message[MAX_LINE + 64];
    if (!MAY_PASS_ON(line, length))
        return;
    length = TEXT_LENGTH(line, length);
    snprintf(message, NAME_SIZE, "user %d: ", from->fd);
    size_t size = strlen(message);
    memcpy(message + size, line, length);
    size += length;
    if (message[size - 1] != '\n')
        message[size++] = '\n';
    tell_others(from, message, size);
}

static void take_lines(struct member *from)
{
    char *begin = from->line, *end = from->line + from->length, *newline;
    while ((newline = memchr(begin, '\n', end - begin)) != NULL) {
        if (!from->skips)
            pass_on(from, begin, newline + 1 - begin);
        from->skips = false;
        begin = newline + 1;
    }
    from->length = end - begin;
    memmove(from->line, begin, from->length);
    if (from->length == MAX_LINE)
        REFUSE(from);
}

/* Reads once. Returns whether more bytes may be there. */
static bool read_once(struct member *from)
{
    ssize_t got = recv(from->fd, from->line + from->length, MAX_LINE - from->length, 0);
    if (got > 0) {
        from->length += got;
        take_lines(from);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        if (got == 0 && from->length > 0)
            pass_on(from, from->line, from->length);
        from->leaves = true;
    }
    return got > 0 && !from->leaves;
}

static void admit(int fd)
{
    ON_ACCEPT(fd);
    for (int slot = 0; slot < capacity; slot++) {
        if (members[slot].fd >= 0)
            continue;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        members[slot] = (struct member){.fd = fd, .line = malloc(MAX_LINE)};
        char message[64];
        tell_others(&members[slot], message, sprintf(message, "user %d joined the chat room\n", fd));
        ON_JOIN(&members[slot]);
        active++;
        log_accept(fd, slot);
        return;
    }
    log_reject(capacity);
    close(fd);
}

/* Removes those who leave. Telling the others may show that more have to leave. */
static void remove_leaving(void)
{
    for (int slot = 0; slot < capacity; slot++) {
        struct member *member = &members[slot];
        if (member->fd < 0 || !member->leaves)
            continue;
        int fd = member->fd;
        close(fd);
        free(member->line);
        free(member->kept);
        *member = (struct member){.fd = -1};
        active--;
        log_disconnect(fd, slot);
        char message[64];
        tell_others(NULL, message, sprintf(message, "user %d disconnected\n", fd));
        slot = -1;
    }
}

/* Accepts one client. Returns whether another one may wait. */
static inline bool accept_one(int listener)
{
    int fd = accept(listener, NULL, NULL);
#ifdef SMALL_WINDOW
    /* The kernel keeps the rest of a long line at its sender, until the room has read the start. */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){16384}, sizeof(int));
#endif
    bool is_client_lost = fd < 0 && (errno == ECONNABORTED || errno == EINTR);
    bool is_done = fd >= 0 || is_client_lost || reject_by_spare(listener);
    if (fd >= 0)
        admit(fd);
    remove_leaving();
    return is_done;
}

#endif
