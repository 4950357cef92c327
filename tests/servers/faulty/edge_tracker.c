/* An edge-triggered tracker that never replies. Without a macro it is correct.
 *
 *   STOPS_AT_ERROR   the loop of accept ends when the client that waits first has aborted its
 *                    connection, or when a signal has interrupted accept
 *   STOPS_WHEN_FULL  the loop of accept ends after a client for which there is no slot
 *   STOPS_AT_SHORT   bytes are sent back, and reading ends after a read that has not filled the buffer
 *   EXACT_LIMIT      the limit on descriptors leaves none for the server itself
 *   LEAVES_ONE       the last free slot is given to no client */
#include "../epoll/tracker.h"

static const uint64_t LISTENER = UINT64_MAX;

/* Accepts until no client waits. */
static void accept_all(int epoll, int listener)
{
    for (;;) {
        int fd = accept_nonblocking(listener);
        if (fd == -1 && (errno == ECONNABORTED || errno == EINTR)) {
#ifdef STOPS_AT_ERROR
            return;
#else
            continue;
#endif
        }
        if (fd == -1 && !reject_by_spare(listener))
            return;
        int slot = fd == -1 ? -1 : enter(fd);
        if (slot != -1)
            watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET, slot);
#ifdef STOPS_WHEN_FULL
        else
            return;
#endif
    }
}

/* Reads until no bytes are left. */
static void read_all(int slot)
{
    char bytes[16384];
    ssize_t got = 1;
    while (got > 0 || (got == -1 && errno == EINTR)) {
        got = read(fd_at[slot], bytes, sizeof bytes);
#ifdef STOPS_AT_SHORT
        if (got > 0 && send(fd_at[slot], bytes, got, MSG_NOSIGNAL) == -1 && errno != EAGAIN)
            break;
        if (got > 0 && got < (ssize_t)sizeof bytes)
            return;
#endif
    }
    if (got == 0 || errno != EAGAIN)
        leave(slot);
}

int main(void)
{
    make_table();
#ifdef LEAVES_ONE
    memmove(free_slots, free_slots + 1, --free_count * sizeof *free_slots);
#endif
#ifdef EXACT_LIMIT
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = max_clients > 64 ? (rlim_t)max_clients : limit.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &limit);
#endif
    int listener = listen_on(port_setting()), epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET, LISTENER);
    log_start(max_clients);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1), is_ready = 0;
        for (int i = 0; i < count; i++) {
            if (events[i].data.u64 == LISTENER)
                is_ready = 1;
            else
                read_all(events[i].data.u64);
        }
        if (is_ready)
            accept_all(epoll, listener);
    }
}
