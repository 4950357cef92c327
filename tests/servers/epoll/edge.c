/* Edge-triggered: accepts until EAGAIN, and reads until EAGAIN. A client is registered once, for
 * all events, and epoll_ctl never modifies an entry. The server never replies. */
#include "tracker.h"

static const uint64_t LISTENER = UINT64_MAX;

static void let_all_in(int epoll, int listener)
{
    for (;;) {
        int fd = accept_nonblocking(listener);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        if (fd < 0 && reject_by_spare(listener))
            continue;
        if (fd < 0)
            return; /* EAGAIN: no client waits. */
        int slot = enter(fd);
        if (slot >= 0)
            watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, slot);
    }
}

/* Reads until EAGAIN. Returns false if the connection has ended. */
static bool drain(int fd)
{
    char bytes[4096];
    for (;;) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            return got < 0 && errno == EAGAIN;
    }
}

int main(void)
{
    make_table();
    int listener = listen_on(setting("PORT", 7000, 65535)), epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET, LISTENER);
    log_start(max_clients);
    for (;;) {
        struct epoll_event events[EVENTS];
        bool arrived = false;
        int count = epoll_pwait(epoll, events, EVENTS, -1, NULL);
        for (int i = 0; i < count; i++) {
            uint64_t note = events[i].data.u64;
            if (note == LISTENER)
                arrived = true;
            else if (!drain(fd_at[note]))
                leave(note);
        }
        if (arrived)
            let_all_in(epoll, listener);
    }
}
