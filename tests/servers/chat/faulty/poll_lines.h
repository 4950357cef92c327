/* Included by poll_waits.c, before the members: faults in lines, names and calls of accept. */

#ifdef TRIMS
/* The length of a line without its newline, and without the blanks and tabs before it. */
static inline size_t trimmed(const char *line, size_t length)
{
    length -= line[length - 1] == '\n';
    while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
        length--;
    return length;
}
#define TEXT_LENGTH(line, length) trimmed(line, length)
#endif

#ifdef BLANK_LOST
/* Whether a line has something else than blanks, tabs and CR, or nothing at all. */
static inline bool has_text(const char *line, size_t length)
{
    size_t at = 0;
    while (at < length && strchr(" \t\r\n", line[at]) != NULL && line[at] != '\0')
        at++;
    return at < length || length == 1;
}
#define MAY_PASS_ON(line, length) has_text(line, length)
#endif

#ifdef QUIT_WORD
#define MAY_PASS_ON(line, length) ((length) != 6 || memcmp(line, "/quit", 5) != 0)
#endif

#ifdef SHORT_NAME
#define NAME_SIZE sizeof "user 99: "
#endif

#ifdef ONE_CHUNK
#define FLUSH_LENGTH(to) ((to)->kept_length < 8192 ? (to)->kept_length : 8192)
#endif

#ifdef NUL_ANSWER
#define TOO_LONG "*** this line is too long\n"
#define REFUSE(from) \
    (tell(from, TOO_LONG, sizeof TOO_LONG), (from)->length = 0, (from)->skips = true)
#endif

#ifdef TELLS_EARLY
static inline void tell_early(int fd);
#define ON_ACCEPT(fd) tell_early(fd)
#endif

#if defined(TELLS_PRESENT) || defined(GREETS_OPEN)
struct member;
static inline void greet(struct member *member);
#define ON_JOIN(member) greet(member)
#endif

#ifdef ACCEPT_EINTR
static inline int accept_or_end(int listener, struct sockaddr *address, socklen_t *size)
{
    int fd = accept(listener, address, size);
    if (fd < 0 && errno == EINTR) {
        perror("accept");
        exit(EXIT_FAILURE);
    }
    return fd;
}
#define accept accept_or_end
#endif
