/* The chat room of poll_tutorial.c on epoll, as the same guide shows it. The data of an entry is the
 * place of its descriptor in an array. The removal of a descriptor moves the last one, and changes the
 * entry, but not the events of the batch that the room is going through. The limit is a constant, and
 * nothing compares it with the number of members. */
#include "tutorial.h"

#include <sys/epoll.h>

#define MOST 16384 /* descriptors */

static int descriptors[MOST];
static uint64_t count;
static int epoll;

static void tell_others(const char *text, size_t length, int except)
{
    for (uint64_t at = 0; at < count; at++) {
        int fd = descriptors[at];
        if (fd != listener && fd != except && send(fd, text, length, 0) == -1)
            perror("send");
    }
    printf("%s", text);
}

static int watch(int operation, uint64_t at)
{
    struct epoll_event entry = {.events = EPOLLIN, .data.u64 = at};
    int result = epoll_ctl(epoll, operation, descriptors[at], &entry);
    if (result == -1)
        perror("epoll_ctl");
    return result;
}

static void add(int fd)
{
    descriptors[count] = fd;
    if (watch(EPOLL_CTL_ADD, count) == 0)
        count++;
}

/* The last descriptor moves to this place. */
static void drop(uint64_t at)
{
    int fd = descriptors[at];
    if (epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == -1) {
        perror("epoll_ctl");
        return;
    }
    if (close(fd) == -1) {
        perror("close");
        return;
    }
    log_left(fd);
    count--;
    if (at == count)
        return;
    descriptors[at] = descriptors[count];
    watch(EPOLL_CTL_MOD, at);
}

int main(int argc, char **argv)
{
    static struct epoll_event events[MOST];
    if (argc != 2) {
        puts("give the port");
        return EXIT_FAILURE;
    }
    epoll = epoll_create1(0);
    if (epoll == -1)
        fail("epoll_create1");
    listener = create_listening_socket(argv[1], 512);
    if (listener == -1)
        fail("create_listening_socket");
    add(listener);
    printf("[START] active=0/%d\n", MOST - 1);

    for (;;) {
        int ready = epoll_wait(epoll, events, MOST, -1);
        if (is_interrupted(ready, "epoll_wait"))
            continue;
        for (int each = 0; each < ready; each++) {
            uint64_t at = events[each].data.u64;
            int fd = descriptors[at];
            if (events[each].events & (EPOLLIN | EPOLLHUP)) {
                if (fd == listener)
                    let_in();
                else if (!hear(fd)) {
                    drop(at);
                    tell_left(fd);
                }
                continue;
            }
            if (fd != listener) {
                char text[256];
                snprintf(text, sizeof text, "client %d disconnected due to error", fd);
                tell_others(text, strlen(text) + END, fd);
            }
            drop(at);
        }
    }
}
