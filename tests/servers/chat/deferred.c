/* A chat room on ppoll. Messages are only queued, and written when ppoll reports room. The queues
 * share the messages. The room reads until EAGAIN, greets a new member, tells a member that its line
 * is too long and ignores the rest of this line, and drops a last line without a newline. */
#include "room.h"

#include <poll.h>

#define MAX_QUEUED (256 * 1024)

struct message {
    int uses;
    size_t length;
    char bytes[];
};

struct entry {
    struct message *message;
    struct entry *next;
};

struct member {
    struct entry *first, *last;
    size_t queued, sent; /* bytes in the queue; bytes of the first message that were sent */
    char *line;
    size_t length, room;
    bool ignores; /* the rest of a line that is too long */
    bool leaves;
};

/* pollfd entry 0 is the listener; the member of entry N is in slot N - 1. Free slots have fd -1,
 * which ppoll ignores. */
static struct pollfd entries[CLIENT_LIMIT + 1];
static struct member members[CLIENT_LIMIT + 1];
static int capacity, active;

static void release(struct message *message)
{
    if (--message->uses == 0)
        free(message);
}

static void queue(int at, struct message *message)
{
    struct member *to = &members[at];
    struct entry *entry = malloc(sizeof *entry);
    *entry = (struct entry){.message = message};
    message->uses++;
    if (to->last != NULL)
        to->last->next = entry;
    else
        to->first = entry;
    to->last = entry;
    to->queued += message->length;
    if (to->queued > MAX_QUEUED)
        to->leaves = true;
    entries[at].events = POLLIN | POLLOUT;
}

static struct message *message_of(const char *name, const char *bytes, size_t length)
{
    size_t prefix = strlen(name);
    struct message *message = malloc(sizeof *message + prefix + length);
    *message = (struct message){.uses = 1, .length = prefix + length};
    memcpy(message->bytes, name, prefix);
    memcpy(message->bytes + prefix, bytes, length);
    return message;
}

static void queue_to_others(int about, struct message *message)
{
    for (int at = 1; at <= capacity; at++)
        if (entries[at].fd >= 0 && at != about)
            queue(at, message);
    release(message);
}

static void forget_first(struct member *to)
{
    struct entry *entry = to->first;
    to->queued -= entry->message->length;
    to->first = entry->next;
    if (to->first == NULL)
        to->last = NULL;
    to->sent = 0;
    release(entry->message);
    free(entry);
}

static void flush(int at)
{
    struct member *to = &members[at];
    while (to->first != NULL) {
        struct message *message = to->first->message;
        ssize_t sent = send(entries[at].fd, message->bytes + to->sent, message->length - to->sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            to->leaves = to->leaves || (errno != EAGAIN && errno != EINTR);
            return;
        }
        to->sent += sent;
        if (to->sent == message->length)
            forget_first(to);
    }
    entries[at].events = POLLIN;
}

static void refuse_line(int at)
{
    struct message *message = message_of("", "your line is too long\n", 22);
    queue(at, message);
    release(message);
    members[at].length = 0;
    members[at].ignores = true;
}

static void take_byte(int at, char byte)
{
    struct member *from = &members[at];
    if (from->ignores) {
        from->ignores = byte != '\n';
        return;
    }
    if (from->length == from->room) {
        from->room = from->room == 0 ? 64 : from->room * 2;
        from->line = realloc(from->line, from->room);
    }
    from->line[from->length++] = byte;
    if (byte == '\n') {
        char name[32];
        sprintf(name, "user %d: ", entries[at].fd);
        queue_to_others(at, message_of(name, from->line, from->length));
        from->length = 0;
    } else if (from->length >= MAX_LINE) {
        refuse_line(at);
    }
}

static void read_all(int at)
{
    char buffer[3000];
    for (;;) {
        ssize_t got = read(entries[at].fd, buffer, sizeof buffer);
        if (got <= 0) {
            members[at].leaves = members[at].leaves || got == 0 || (errno != EAGAIN && errno != EINTR);
            return;
        }
        for (ssize_t byte = 0; byte < got; byte++)
            take_byte(at, buffer[byte]);
    }
}

static void admit(int fd)
{
    for (int at = 1; at <= capacity; at++) {
        if (entries[at].fd >= 0)
            continue;
        fcntl(fd, F_SETFL, O_NONBLOCK);
        entries[at] = (struct pollfd){.fd = fd, .events = POLLIN};
        members[at] = (struct member){0};
        active++;
        log_accept(fd, at - 1);
        struct message *greeting = message_of("", "Welcome! Be kind.\n", 18);
        queue(at, greeting);
        release(greeting);
        char text[64];
        queue_to_others(at, message_of("", text, sprintf(text, "user %d joined the chat room\n", fd)));
        return;
    }
    close(fd);
    log_reject(capacity);
}

static void remove_leaving(void)
{
    for (int at = 1; at <= capacity; at++) {
        if (entries[at].fd < 0 || !members[at].leaves)
            continue;
        int fd = entries[at].fd;
        while (members[at].first != NULL)
            forget_first(&members[at]);
        free(members[at].line);
        entries[at].fd = -1;
        char text[64];
        queue_to_others(at, message_of("", text, sprintf(text, "user %d disconnected\n", fd)));
        active--;
        log_disconnect(fd, at - 1);
        close(fd);
        at = 0;
    }
}

int main(void)
{
    int port = room_port();
    capacity = room_capacity();
    for (int at = 1; at <= capacity; at++)
        entries[at].fd = -1;
    entries[0] = (struct pollfd){.fd = room_listener(port), .events = POLLIN};
    open_spare();
    log_start(capacity);
    for (;;) {
        if (ppoll(entries, capacity + 1, NULL, NULL) < 0)
            continue; /* EINTR */
        for (int at = 1; at <= capacity; at++) {
            if (entries[at].fd < 0)
                continue;
            if (entries[at].revents & ~POLLOUT)
                read_all(at);
            if (entries[at].revents & POLLOUT)
                flush(at);
        }
        remove_leaving();
        if (entries[0].revents == 0)
            continue;
        for (int fd; (fd = accept(entries[0].fd, NULL, NULL)) >= 0;)
            admit(fd);
        reject_by_spare(entries[0].fd);
        remove_leaving();
    }
}
