/* The interest list contains other descriptors, too: an eventfd that wakes the server once, a timer
 * that expires only after descriptors have run out, a signalfd for SIGTERM, and a second epoll
 * descriptor for the clients. The listener's entry has EPOLLEXCLUSIVE. epoll_wait has no time-out, so
 * the timer alone wakes the server when descriptors have run out. */
#include "tracker.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

enum { LISTENER = CLIENT_LIMIT, CLIENTS, WAKE, TIMER, SIGTERM_RECEIVED };

/* Takes the listener off the list, and lets the timer expire in 200 ms. */
static void pause_listener(int epoll, int listener, int timer)
{
    struct itimerspec soon = {.it_value.tv_nsec = 200000000L};
    epoll_ctl(epoll, EPOLL_CTL_DEL, listener, NULL);
    timerfd_settime(timer, 0, &soon, NULL);
}

static void accept_client(int clients, int listener)
{
    int fd = accept_nonblocking(listener);
    int slot = fd < 0 ? -1 : enter(fd);
    if (slot >= 0)
        watch(clients, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP, slot);
}

static bool serve(int fd)
{
    char bytes[8192];
    ssize_t got = read(fd, bytes, sizeof bytes);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void serve_all(int clients)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(clients, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        int slot = events[i].data.u64;
        if (!serve(fd_at[slot]))
            leave(slot);
    }
}

static int sigterm(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int main(void)
{
    make_table();
    int listener = listen_on(setting("PORT", 7000, 65535));
    int epoll = epoll_create1(EPOLL_CLOEXEC), clients = epoll_create1(EPOLL_CLOEXEC);
    int wake = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLEXCLUSIVE, LISTENER);
    watch(epoll, EPOLL_CTL_ADD, clients, EPOLLIN, CLIENTS);
    watch(epoll, EPOLL_CTL_ADD, wake, EPOLLIN, WAKE);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    watch(epoll, EPOLL_CTL_ADD, timer, EPOLLIN, TIMER);
    watch(epoll, EPOLL_CTL_ADD, sigterm(), EPOLLIN, SIGTERM_RECEIVED);
    log_start(max_clients);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) <= 0)
            continue;
        uint64_t number;
        switch (event.data.u64) {
        case LISTENER:
            errno = 0;
            accept_client(clients, listener);
            if (is_out_of_descriptors())
                pause_listener(epoll, listener, timer);
            break;
        case TIMER:
            (void)!read(timer, &number, sizeof number);
            watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLEXCLUSIVE, LISTENER);
            break;
        case CLIENTS: serve_all(clients); break;
        case WAKE: (void)!read(wake, &number, sizeof number); break;
        case SIGTERM_RECEIVED: return EXIT_SUCCESS;
        }
    }
}
