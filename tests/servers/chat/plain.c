/* A chat room on poll. The array is made anew before each wait. */
#include "members.h"

#include <poll.h>

int main(void)
{
    int listener = start_room();
    log_start(capacity);
    static struct pollfd entries[CLIENT_LIMIT + 1];
    static int slots[CLIENT_LIMIT + 1];
    for (;;) {
        int count = 0;
        entries[count++] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (int slot = 0; slot < capacity; slot++)
            if (members[slot].fd >= 0) {
                short events = POLLIN | (members[slot].kept_length > 0 ? POLLOUT : 0);
                slots[count] = slot;
                entries[count++] = (struct pollfd){.fd = members[slot].fd, .events = events};
            }
        if (poll(entries, count, -1) < 0)
            continue; /* EINTR */
        for (int at = 1; at < count; at++) {
            struct member *member = &members[slots[at]];
            if (entries[at].revents & POLLOUT)
                flush(member);
            if (entries[at].revents & ~POLLOUT && !member->leaves)
                read_once(member);
        }
        remove_leaving();
        if (entries[0].revents != 0)
            accept_one(listener);
    }
}
