/* A chat room on poll with one fault, which a macro chooses:
 *   OUTPUT_STAYS  it stops asking for POLLOUT only if POLLOUT has led to the last send
 *   NOT_LOGGED    it does not log a member that it removes because output is pending
 *   LOST_SLOT     the slot of such a member is never free again
 *   MOVED_EVENTS  when a member leaves, the last one's entry asks for POLLIN alone, until all is sent
 *   ASKS_SECOND   it asks for POLLOUT only when more is pending than after the first short write
 *   BLOCK_EACH    it allocates 4 KiB more for each message that is pending, and does not count them
 *   TOTAL_LENGTH  it compares all bytes that wait with the limit of one line
 *   COUNT_LIMIT   it removes a member for which 500 messages are pending, however short they are
 *   ONE_BYTE_MORE it passes on a line of 65,537 bytes
 *   OVERTAKES     it writes a message at once, although others are kept for the member
 *   PENDING_STAYS the number of bytes that are pending stays in the slot of a member that has left
 *   READ_IS_ALL   after it has read from a member, it asks for POLLIN alone until more is pending
 *   SMALL_LIMIT   it removes a member for which more than 60,000 bytes are pending
 *   LAST_SLOT     it tells nothing to the member in the last slot of a full room
 *   GAP           it passes over the member after one that it removes in the middle of a message
 *   TELNET        it leaves out the commands of telnet that have three bytes
 *   TRIMS         it leaves out the blanks and tabs before the newline of a line
 *   BLANK_LOST    it does not pass on a line of blanks, tabs and CR
 *   TELLS_EARLY   it tells the others of a client before it looks for a slot
 *   TELLS_PRESENT it tells a new member of all who are there
 *   GREETS_OPEN   it greets a new member with a text without a newline
 *   NUL_ANSWER    it tells a member that its line was too long, with a NUL byte at the end
 *   SHORT_NAME    it writes the name of a member into a buffer with room for two digits
 *   FEW_ENTRIES   it waits for the first 64 descriptors alone
 *   ONE_CHUNK     it sends 8 KiB of what is pending, and waits for POLLOUT again when more is pending
 *   ACCEPT_EINTR  it ends when accept fails with EINTR
 *   ACCEPTS_ON    it accepts until accept fails, but not when no descriptor is free
 *   DROPPED_LATER it removes a member that does not read when this member has an event
 *   NO_REUSE      it does not set SO_REUSEADDR
 *   QUIT_WORD     it takes the line /quit for a command
 *   SHIFTS        when a member leaves, it gives the members after it the slots before theirs
 * Without a macro, it is right. */
#ifdef NO_REUSE
#define REUSE_ADDRESS 0
#endif
#ifdef ONE_BYTE_MORE
#define MAX_LINE 65537
#endif
#include "../room.h"

static bool slow[CLIENT_LIMIT];
static int lost;

/* Logs the end of a member, as `log_disconnect` does. */
static inline void log_end(int fd, int slot)
{
#ifdef NOT_LOGGED
    if (slow[slot])
        return;
#endif
#ifdef LOST_SLOT
    lost += slow[slot];
#endif
#ifdef SHIFTS
    static int shifts[CLIENT_LIMIT];
    for (int later = slot + 1; later < CLIENT_LIMIT; later++)
        shifts[later]++;
    slot -= shifts[slot];
#endif
    log_disconnect(fd, slot);
}

#ifdef BLOCK_EACH
/* Allocates a block for one more message. */
static void *realloc_with_block(void *old, size_t size)
{
    char *volatile block = malloc(4096);
    memset(block, 1, 4096);
    return realloc(old, size);
}
#define realloc realloc_with_block
#endif

#ifdef COUNT_LIMIT
static int messages[CLIENT_LIMIT];
#define IS_TOO_MUCH(to, length) \
    ((messages[(to) - members] = (to)->kept_length > 0 ? messages[(to) - members] + 1 : 1) > 500)
#endif

#ifdef SMALL_LIMIT
#define IS_TOO_MUCH(to, length) ((to)->kept_length + (length) > 60000)
#endif

#ifdef LAST_SLOT
#define MAY_TELL(slot) ((slot) < capacity - 1)
#endif

#ifdef GAP
static int passed_over = -1;
#define IS_TOO_MUCH(to, length) \
    ((to)->kept_length + (length) > MAX_KEPT && (passed_over = (int)((to) - members) + 1, true))
#define MAY_TELL(slot) ((slot) != passed_over || (passed_over = -1, false))
#endif

#ifdef PENDING_STAYS
static size_t pending[CLIENT_LIMIT];
#define IS_TOO_MUCH(to, length) ((pending[(to) - members] += (length)) > MAX_KEPT)
#endif

#ifdef OVERTAKES
#define MAY_WRITE(to) true
#endif

#ifdef TELNET
/* Receives bytes, without the commands of telnet: 255, one of 251 to 254, and an option. */
static inline ssize_t recv_text(int fd, void *buffer, size_t size, int flags)
{
    unsigned char *bytes = buffer;
    ssize_t got = recv(fd, buffer, size, flags), kept = 0;
    for (ssize_t at = 0; at < got; at++) {
        if (at + 2 < got && bytes[at] == 255 && bytes[at + 1] > 250 && bytes[at + 1] < 255)
            at += 2;
        else
            bytes[kept++] = bytes[at];
    }
    return got > 0 ? kept : got;
}
#define recv recv_text
#endif

#include "poll_lines.h"

#define log_disconnect log_end
#include "../members.h"

#include "poll_greets.h"

#include <poll.h>
#include <sys/ioctl.h>

#ifdef MOVED_EVENTS
static bool moved[CLIENT_LIMIT];

static int last_slot(void)
{
    int slot = capacity - 1;
    while (slot > 0 && members[slot].fd < 0)
        slot--;
    return slot;
}
#endif

#ifdef READ_IS_ALL
static size_t kept_at_read[CLIENT_LIMIT];
#endif

#ifdef ONE_CHUNK
static size_t kept_at_flush[CLIENT_LIMIT];
#endif

/* The number of entries that poll gets. */
static int entry_count(void)
{
#ifdef FEW_ENTRIES
    return capacity < 64 ? capacity + 1 : 64;
#else
    return capacity + 1;
#endif
}

static void let_in(int listener)
{
#ifdef ACCEPTS_ON
    int fd;
    while ((fd = accept(listener, NULL, NULL)) >= 0 || errno != EAGAIN)
        if (fd >= 0)
            admit(fd);
        else
            reject_by_spare(listener);
    remove_leaving();
#else
    accept_one(listener);
#endif
}

static void serve(struct member *member, short events, bool *asks)
{
    if (events & POLLOUT && member->kept_length > 0) {
        flush(member);
        *asks = member->kept_length > 0;
#ifdef ONE_CHUNK
        kept_at_flush[member - members] = member->kept_length;
#endif
#ifdef PENDING_STAYS
        pending[member - members] = member->kept_length;
#endif
    }
#ifdef TOTAL_LENGTH
    int waiting = 0;
    ioctl(member->fd, FIONREAD, &waiting);
    member->leaves = member->leaves || member->length + waiting > MAX_LINE;
#endif
    if (events & ~POLLOUT && !member->leaves)
        read_once(member);
#ifdef READ_IS_ALL
    if (events & POLLIN)
        kept_at_read[member - members] = member->kept_length;
#endif
}

int main(void)
{
    int listener = start_room();
    log_start(capacity);
    static struct pollfd entries[CLIENT_LIMIT + 1];
    static bool asks[CLIENT_LIMIT];
    for (;;) {
        entries[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (int slot = 0; slot < capacity; slot++) {
#ifdef OUTPUT_STAYS
            asks[slot] = members[slot].fd >= 0 && (asks[slot] || members[slot].kept_length > 0);
#else
            asks[slot] = members[slot].fd >= 0 && members[slot].kept_length > 0;
#endif
#ifdef ASKS_SECOND
            static size_t first[CLIENT_LIMIT];
            static bool has_more[CLIENT_LIMIT];
            if (!asks[slot])
                first[slot] = has_more[slot] = 0;
            else if (first[slot] == 0)
                first[slot] = members[slot].kept_length;
            has_more[slot] = has_more[slot] || members[slot].kept_length > first[slot];
            asks[slot] = asks[slot] && has_more[slot];
#endif
#ifdef ONE_CHUNK
            asks[slot] = asks[slot] && members[slot].kept_length != kept_at_flush[slot];
#endif
#ifdef READ_IS_ALL
            asks[slot] = asks[slot] && members[slot].kept_length != kept_at_read[slot];
#endif
#ifdef MOVED_EVENTS
            moved[slot] = moved[slot] && asks[slot];
            asks[slot] = asks[slot] && !moved[slot];
#endif
            short events = POLLIN | (asks[slot] ? POLLOUT : 0);
            entries[slot + 1] = (struct pollfd){.fd = members[slot].fd, .events = events};
        }
        if (poll(entries, entry_count(), -1) < 0)
            continue; /* EINTR */
        for (int slot = 0; slot < capacity; slot++)
            if (members[slot].fd >= 0 && !members[slot].leaves && entries[slot + 1].revents != 0) {
#ifdef OUTPUT_STAYS
                /* A line is sent together with what is pending for others. */
                for (int other = 0; other < capacity; other++)
                    if (members[other].fd >= 0 && members[other].kept_length > 0)
                        flush(&members[other]);
#endif
                serve(&members[slot], entries[slot + 1].revents, &asks[slot]);
            }
        for (int slot = 0; slot < capacity; slot++)
            slow[slot] = members[slot].leaves && members[slot].kept_length > 0;
#ifdef DROPPED_LATER
        static bool is_late[CLIENT_LIMIT];
        for (int slot = 0; slot < capacity; slot++) {
            bool has_event = entries[slot + 1].revents != 0;
            members[slot].leaves = has_event ? members[slot].leaves || is_late[slot]
                                             : members[slot].leaves && !slow[slot];
            is_late[slot] = !has_event && (slow[slot] || is_late[slot]);
        }
#endif
#ifdef MOVED_EVENTS
        int before = active, last = last_slot();
#endif
        remove_leaving();
#ifdef MOVED_EVENTS
        moved[last] = moved[last] || active < before;
#endif
        if (entries[0].revents != 0 && (lost == 0 || active + lost < capacity))
            let_in(listener);
        else if (entries[0].revents != 0)
            close(accept(listener, NULL, NULL));
    }
}
