/* A chat room on epoll with a wrong wait:
 * -DEDGE_ONCE    entries are edge-triggered, and the room reads once for each event;
 * -DNO_OUTPUT    no entry is ever for output;
 * -DNOTED_OUTPUT it notes in a slot that the entry is for output, also when the slot has another member;
 * -DWAITS_AT_END SIGTERM ends it when everybody has got what is kept for them;
 * -DSTALE_INDEX  the data is the number of entries that were added before, which is the slot only until
 *                a member has left;
 * -DEDGE_CHUNK   entries are edge-triggered, and it sends 8 KiB of what is pending for each event;
 * -DNOT_ARMED    entries have EPOLLONESHOT, and one is not armed again when a line was too long. */
#ifdef NOT_ARMED
#define TOO_LONG "*** this line is too long\n"
static _Bool is_told;
/* The member is told, stays, and loses the line. */
#define REFUSE(from) \
    (tell(from, TOO_LONG, sizeof TOO_LONG - 1), (from)->length = 0, (from)->skips = is_told = 1)
#endif

#ifdef EDGE_CHUNK
#define FLUSH_LENGTH(to) ((to)->kept_length < 8192 ? (to)->kept_length : 8192)
#endif

#include "../members.h"

#include <signal.h>
#include <sys/epoll.h>

#define LISTENER UINT64_MAX

static int added; /* the number of entries that were added */

static uint32_t events_of(const struct member *member)
{
#if defined(EDGE_ONCE)
    (void)member;
    return EPOLLIN | EPOLLOUT | EPOLLET;
#elif defined(EDGE_CHUNK)
    (void)member;
    return EPOLLIN | EPOLLOUT | EPOLLET;
#elif defined(NO_OUTPUT)
    (void)member;
    return EPOLLIN;
#elif defined(NOTED_OUTPUT)
    static bool is_noted[CLIENT_LIMIT];
    bool *noted = &is_noted[member - members], is_kept = member->kept_length > 0;
    if (member->watched == 0)
        return EPOLLIN;
    if (is_kept ? *noted : !(member->watched & EPOLLOUT))
        return member->watched;
    *noted = is_kept;
    return EPOLLIN | (is_kept ? EPOLLOUT : 0);
#elif defined(NOT_ARMED)
    return EPOLLIN | EPOLLONESHOT | (member->kept_length > 0 ? EPOLLOUT : 0);
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

#ifdef WAITS_AT_END
static volatile sig_atomic_t ends;

static void note_end(int number)
{
    (void)number;
    ends = 1;
}

static bool is_output_kept(void)
{
    for (int slot = 0; slot < capacity; slot++)
        if (members[slot].fd >= 0 && members[slot].kept_length > 0)
            return true;
    return false;
}
#endif

int main(void)
{
#ifdef WAITS_AT_END
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = note_end}, NULL);
#endif
    int listener = start_room(), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event entry = {.events = EPOLLIN, .data.u64 = LISTENER};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &entry);
    log_start(capacity);
    for (;;) {
        struct epoll_event event;
#ifdef WAITS_AT_END
        if (ends && !is_output_kept())
            return 0;
#endif
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        if (event.data.u64 == LISTENER) {
            accept_one(listener);
        } else {
            struct member *member = &members[event.data.u64 % CLIENT_LIMIT];
            if (event.events & EPOLLOUT)
                flush(member);
            if (member->fd >= 0 && event.events & ~(uint32_t)EPOLLOUT)
#ifdef EDGE_CHUNK
                while (read_once(member))
                    ;
#else
                read_once(member);
#endif
#ifdef NOT_ARMED
            member->watched = is_told ? events_of(member) : EPOLLONESHOT;
            is_told = false;
#endif
        }
        remove_leaving();
        watch_members(epoll);
    }
}
