/* A chat room on epoll with edge-triggered entries, also for the listener. Each entry is for EPOLLIN
 * and EPOLLOUT from the start, and never changes. After each event, the room reads until no byte is
 * left, and writes until nothing is kept or the kernel has no room. */
#include "interest.h"

static void write_all(struct member *to)
{
    size_t before;
    do {
        before = to->kept_length;
        flush(to);
    } while (!to->leaves && to->kept_length > 0 && to->kept_length < before);
}

int main(void)
{
    int listener = start_room(), epoll = epoll_create1(EPOLL_CLOEXEC);
    set_entry(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET, NULL);
    log_start(capacity);
    for (;;) {
        struct epoll_event events[MAX_EVENTS];
        bool is_client_there = false;
        int count = epoll_wait(epoll, events, MAX_EVENTS, -1);
        for (int at = 0; at < count; at++) {
            struct member *member = events[at].data.ptr;
            if (member == NULL) {
                is_client_there = true;
                continue;
            }
            if (member->kept_length > 0)
                write_all(member);
            while (!member->leaves && read_once(member)) {
            }
        }
        remove_leaving();
        while (is_client_there && accept_one(listener)) {
        }
        watch_members(epoll, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 0);
    }
}
