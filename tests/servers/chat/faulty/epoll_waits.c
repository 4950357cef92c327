/* A chat room on epoll with a wrong wait:
 * -DEDGE_ONCE    entries are edge-triggered, and the room reads once for each event;
 * -DNO_OUTPUT    no entry is ever for output;
 * -DSTALE_INDEX  the data is the number of entries that were added before, which is the slot only until
 *                a member has left. */
#include "../members.h"

#include <sys/epoll.h>

#define LISTENER UINT64_MAX

static int added; /* the number of entries that were added */

static uint32_t events_of(const struct member *member)
{
#if defined(EDGE_ONCE)
    (void)member;
    return EPOLLIN | EPOLLOUT | EPOLLET;
#elif defined(NO_OUTPUT)
    (void)member;
    return EPOLLIN;
#else
    return EPOLLIN | (member->kept_length > 0 ? EPOLLOUT : 0);
#endif
}

static uint64_t data_of(int slot)
{
#ifdef STALE_INDEX
    (void)slot;
    return added;
#else
    return slot;
#endif
}

static void watch_members(int epoll)
{
    for (int slot = 0; slot < capacity; slot++) {
        struct member *member = &members[slot];
        struct epoll_event entry = {.events = events_of(member), .data.u64 = data_of(slot)};
        if (member->fd < 0 || member->watched == entry.events)
            continue;
        int is_new = member->watched == 0;
        epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, member->fd, &entry);
        member->watched = entry.events;
        added += is_new;
    }
}

int main(void)
{
    int listener = start_room(), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event entry = {.events = EPOLLIN, .data.u64 = LISTENER};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &entry);
    log_start(capacity);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        if (event.data.u64 == LISTENER) {
            accept_one(listener);
        } else {
            struct member *member = &members[event.data.u64 % CLIENT_LIMIT];
            if (event.events & EPOLLOUT)
                flush(member);
            if (member->fd >= 0 && event.events & ~(uint32_t)EPOLLOUT)
                read_once(member);
        }
        remove_leaving();
        watch_members(epoll);
    }
}
