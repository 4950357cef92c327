/* Included by poll_waits.c, after the members: what a room says too early, or to a new member. */

#ifdef TELLS_EARLY
/* In a room with a free slot, the others are told later. */
static inline void tell_early(int fd)
{
    char message[64];
    if (active == capacity)
        tell_others(NULL, message, sprintf(message, "user %d joined the chat room\n", fd));
}
#endif

#ifdef GREETS_OPEN
static inline void greet(struct member *member) { tell(member, "Welcome! ", 9); }
#endif

#ifdef TELLS_PRESENT
static inline void greet(struct member *member)
{
    char message[64];
    for (int slot = 0; slot < capacity; slot++)
        if (members[slot].fd >= 0 && &members[slot] != member)
            tell(member, message, sprintf(message, "user %d joined the chat room\n", members[slot].fd));
}
#endif
