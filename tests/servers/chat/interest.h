/* Included by chat rooms on epoll in C: the interest list. The data of an entry is a pointer to the
 * member, and NULL for the listener. */
#ifndef INTEREST_H
#define INTEREST_H

#include "members.h"

#include <sys/epoll.h>

#define MAX_EVENTS 64

static void set_entry(int epoll, int operation, int fd, uint32_t events, struct member *member)
{
    struct epoll_event entry = {.events = events, .data.ptr = member};
    epoll_ctl(epoll, operation, fd, &entry);
}

/* Adds the members that are not on the list, and changes the entries whose events have changed. A
 * descriptor that is closed leaves the list by itself, because nothing duplicates it (epoll(7)). */
static void watch_members(int epoll, uint32_t always, uint32_t while_kept)
{
    for (int slot = 0; slot < capacity; slot++) {
        struct member *member = &members[slot];
        uint32_t wanted = always | (member->kept_length > 0 ? while_kept : 0);
        if (member->fd < 0 || member->watched == wanted)
            continue;
        int operation = member->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
        set_entry(epoll, operation, member->fd, wanted, member);
        member->watched = wanted;
    }
}

#endif
