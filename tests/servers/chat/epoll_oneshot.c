/* A chat room on epoll whose members have entries with EPOLLONESHOT, which are armed again after
 * each event. The listener has an entry with EPOLLEXCLUSIVE. The room takes one event for each wait. */
#include "interest.h"

static void serve(struct member *member, uint32_t events)
{
    member->watched = EPOLLONESHOT; /* the kernel has disarmed the entry */
    if (events & EPOLLOUT)
        flush(member);
    if (events & ~(uint32_t)EPOLLOUT && !member->leaves)
        read_once(member);
    remove_leaving();
}

int main(void)
{
    int listener = start_room(), epoll = epoll_create(1);
    set_entry(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLEXCLUSIVE, NULL);
    log_start(capacity);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        if (event.data.ptr == NULL)
            accept_one(listener);
        else
            serve(event.data.ptr, event.events);
        watch_members(epoll, EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, EPOLLOUT);
    }
}
