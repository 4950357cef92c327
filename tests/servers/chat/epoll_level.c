/* A chat room on epoll with level-triggered entries. EPOLLOUT is in an entry while something is kept
 * for its member. */
#include "interest.h"

int main(void)
{
    int listener = start_room(), epoll = epoll_create1(EPOLL_CLOEXEC);
    set_entry(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    log_start(capacity);
    for (;;) {
        struct epoll_event events[MAX_EVENTS];
        bool is_client_there = false;
        int count = epoll_wait(epoll, events, MAX_EVENTS, -1); /* -1 after EINTR */
        for (int at = 0; at < count; at++) {
            struct member *member = events[at].data.ptr;
            if (member == NULL) {
                is_client_there = true;
                continue;
            }
            if (events[at].events & EPOLLOUT)
                flush(member);
            if (events[at].events & ~(uint32_t)EPOLLOUT && !member->leaves)
                read_once(member);
        }
        remove_leaving();
        if (is_client_there)
            accept_one(listener);
        watch_members(epoll, EPOLLIN, EPOLLOUT);
    }
}
