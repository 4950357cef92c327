/* A key-value store that uses poll. It parses RESP2 byte by byte, reads once after each poll, and
 * makes one write for each reply.
 *
 * While a client does not read its replies, the server neither reads from this client nor replies
 * to it. All keys are in one linked list, because the tests do not need a fast store. poll sleeps
 * until the next key expires; then the server removes the expired keys. */
#include "../common.h"

#include <ctype.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 1 << 16, WORDS = 1 << 20, STRING = 512 << 20, PENDING = 1 << 20, REPLY = 16 << 20 };

struct bytes {
    char *at;
    size_t length, room;
};

struct list { /* words of a command */
    struct bytes *at;
    size_t length, room;
};

struct entry {
    struct bytes key, value;
    long long deadline; /* in milliseconds; 0 for no deadline */
    struct entry *next;
};

struct queued {
    struct list words;
    struct queued *next;
};

struct client {
    char in[4096]; /* bytes that were read and not parsed yet */
    size_t from, to;
    struct bytes out, line;
    struct list words;
    /* What is missing: words of an array; bytes of a string and its CR LF; -1 outside. */
    long words_left, bytes_left;
    /* is_last: the connection is closed when the replies are sent. */
    bool unlocked, multi, failed, stale, is_last;
    struct queued *queue;
    struct list watched;
};

static struct entry *entries;
static struct client **clients;
static struct pollfd *watch; /* entry 0 is the listener, entry n + 1 is client n */
static int count, max_clients;
static const char *password;

static void *resize(void *at, size_t size)
{
    void *moved = realloc(at, size);
    if (moved == NULL)
        abort();
    return moved;
}

static void add(struct bytes *to, const char *bytes, size_t length)
{
    if (to->length + length > to->room) {
        to->room = 2 * (to->length + length);
        to->at = resize(to->at, to->room);
    }
    if (length > 0)
        memcpy(to->at + to->length, bytes, length);
    to->length += length;
}

static void set(struct bytes *to, const struct bytes *from)
{
    to->length = 0;
    add(to, from->at, from->length);
}

static void push(struct list *to, struct bytes word)
{
    if (to->length == to->room) {
        to->room = 2 * to->room + 4;
        to->at = resize(to->at, to->room * sizeof *to->at);
    }
    to->at[to->length++] = word;
}

static void clear(struct list *list)
{
    for (size_t i = 0; i < list->length; i++)
        free(list->at[i].at);
    free(list->at);
    *list = (struct list){0};
}

static bool same(const struct bytes *a, const struct bytes *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->at, b->at, a->length) == 0);
}

static bool is(const struct bytes *word, const char *name)
{
    return word->length == strlen(name) && strncasecmp(word->at, name, word->length) == 0;
}

/* -------- replies -------- */

static void flush(struct client *client, int fd)
{
    ssize_t sent = send(fd, client->out.at, client->out.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
        client->out.length -= sent;
        memmove(client->out.at, client->out.at + sent, client->out.length);
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        client->out.length = 0; /* nobody reads the replies any more */
        client->is_last = true;
    }
}

static void say(struct client *to, const char *text) { add(&to->out, text, strlen(text)); }

static void say_number(struct client *to, char kind, long long number)
{
    char text[32];
    add(&to->out, text, snprintf(text, sizeof text, "%c%lld\r\n", kind, number));
}

static void say_bytes(struct client *to, const struct bytes *bytes)
{
    if (bytes == NULL) {
        say(to, "$-1\r\n");
        return;
    }
    say_number(to, '$', bytes->length);
    add(&to->out, bytes->at, bytes->length);
    say(to, "\r\n");
}

static bool number(const char *text, size_t length, long long *value)
{
    char copy[24], plain[24], *end;
    if (length == 0 || length > 20)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    errno = 0;
    *value = strtoll(copy, &end, 10);
    snprintf(plain, sizeof plain, "%lld", *value);
    return errno == 0 && strcmp(plain, copy) == 0;
}

/* -------- keys -------- */

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static void touch(const struct bytes *key)
{
    for (int i = 0; i < count; i++)
        for (size_t j = 0; j < clients[i]->watched.length; j++)
            clients[i]->stale |= same(&clients[i]->watched.at[j], key);
}

static void drop(struct entry **place)
{
    struct entry *gone = *place;
    *place = gone->next;
    touch(&gone->key);
    free(gone->key.at);
    free(gone->value.at);
    free(gone);
}

/* Returns the pointer that points to the key's entry, or the last pointer if there is no such
 * entry. Removes expired entries during the search. */
static struct entry **find(const struct bytes *key)
{
    struct entry **place = &entries;
    long long time = now();
    while (*place != NULL) {
        if ((*place)->deadline != 0 && (*place)->deadline <= time)
            drop(place);
        else if (key != NULL && same(&(*place)->key, key))
            break;
        else
            place = &(*place)->next;
    }
    return place;
}

static struct entry *make(const struct bytes *key)
{
    struct entry **place = find(key);
    if (*place == NULL) {
        *place = calloc(1, sizeof **place);
        set(&(*place)->key, key);
    }
    return *place;
}

static bool matches(const char *glob, const char *glob_end, const char *key, const char *end)
{
    if (glob == glob_end)
        return key == end;
    if (*glob == '*')
        return matches(glob + 1, glob_end, key, end)
            || (key < end && matches(glob, glob_end, key + 1, end));
    if (key == end)
        return false;
    if (*glob == '[') {
        bool negated = glob + 1 < glob_end && glob[1] == '^', found = false;
        const char *at = glob + 1 + negated;
        for (; at < glob_end && *at != ']'; at++) {
            bool range = at + 2 < glob_end && at[1] == '-';
            found |= range ? at[0] <= *key && *key <= at[2] : *at == *key;
            at += range ? 2 : 0;
        }
        return found != negated && matches(at + (at < glob_end), glob_end, key + 1, end);
    }
    bool quoted = *glob == '\\' && glob + 1 < glob_end;
    glob += quoted;
    return (*glob == *key || (*glob == '?' && !quoted))
        && matches(glob + 1, glob_end, key + 1, end);
}

/* -------- commands: each gets the client and the words of the command -------- */

static void ping(struct client *to, struct list *words)
{
    if (words->length == 1)
        say(to, "+PONG\r\n");
    else
        say_bytes(to, &words->at[1]);
}

static void get(struct client *to, struct list *words)
{
    struct entry *entry = *find(&words->at[1]);
    say_bytes(to, entry ? &entry->value : NULL);
}

static void put(struct bytes *key, struct bytes *value)
{
    struct entry *entry = make(key);
    set(&entry->value, value);
    entry->deadline = 0;
    touch(key);
}

/* The time that is `word` times `unit` milliseconds after now. Returns false after an error. */
static bool expiry(struct client *to, const struct bytes *word, long long unit, long long *at)
{
    long long value;
    if (!number(word->at, word->length, &value)) {
        say(to, "-ERR value is not an integer or out of range\r\n");
        return false;
    }
    if (__builtin_mul_overflow(value, unit, &value) || __builtin_add_overflow(value, now(), at)) {
        say(to, "-ERR invalid expire time\r\n");
        return false;
    }
    return true;
}

static void set_command(struct client *to, struct list *words)
{
    bool nx = false, xx = false, keep = false;
    long long at = 0, old;
    for (size_t i = 3; i < words->length; i++) {
        struct bytes *option = &words->at[i];
        bool ex = is(option, "EX"), px = is(option, "PX");
        nx |= is(option, "NX");
        xx |= is(option, "XX");
        keep |= is(option, "KEEPTTL");
        bool known = ex || px || is(option, "NX") || is(option, "XX") || is(option, "KEEPTTL");
        bool timed = ex || px;
        if (!known || (timed && (at != 0 || ++i == words->length)) || (nx && xx)
            || (keep && (timed || at != 0))) {
            say(to, "-ERR syntax error\r\n");
            return;
        }
        if (timed && !expiry(to, &words->at[i], ex ? 1000 : 1, &at))
            return;
        if (timed && at <= now()) {
            say(to, "-ERR invalid expire time in 'set' command\r\n");
            return;
        }
    }
    struct entry *entry = *find(&words->at[1]);
    if ((nx && entry != NULL) || (xx && entry == NULL)) {
        say_bytes(to, NULL);
        return;
    }
    old = entry == NULL ? 0 : entry->deadline;
    put(&words->at[1], &words->at[2]);
    make(&words->at[1])->deadline = keep ? old : at;
    say(to, "+OK\r\n");
}

static void del(struct client *to, struct list *words)
{
    int gone = 0;
    for (size_t i = 1; i < words->length; i++) {
        struct entry **place = find(&words->at[i]);
        if (*place != NULL) {
            drop(place);
            gone++;
        }
    }
    say_number(to, ':', gone);
}

static void exists(struct client *to, struct list *words)
{
    int found = 0;
    for (size_t i = 1; i < words->length; i++)
        found += *find(&words->at[i]) != NULL;
    say_number(to, ':', found);
}

static void incr(struct client *to, struct list *words)
{
    struct entry *entry = *find(&words->at[1]);
    long long value = 0;
    if (entry != NULL && !number(entry->value.at, entry->value.length, &value)) {
        say(to, "-ERR value is not an integer or out of range\r\n");
        return;
    }
    if (value == LLONG_MAX) {
        say(to, "-ERR increment or decrement would overflow\r\n");
        return;
    }
    char text[24];
    entry = make(&words->at[1]);
    entry->value.length = 0;
    add(&entry->value, text, snprintf(text, sizeof text, "%lld", value + 1));
    touch(&words->at[1]);
    say_number(to, ':', value + 1);
}

static void append(struct client *to, struct list *words)
{
    struct entry *entry = make(&words->at[1]);
    add(&entry->value, words->at[2].at, words->at[2].length);
    touch(&words->at[1]);
    say_number(to, ':', entry->value.length);
}

static void expire_in(struct client *to, struct list *words, long long unit)
{
    long long at;
    bool nx = false, xx = false, gt = false, lt = false;
    if (!expiry(to, &words->at[2], unit, &at))
        return;
    for (size_t i = 3; i < words->length; i++) {
        struct bytes *option = &words->at[i];
        nx |= is(option, "NX");
        xx |= is(option, "XX");
        gt |= is(option, "GT");
        lt |= is(option, "LT");
        bool known = is(option, "NX") || is(option, "XX") || is(option, "GT") || is(option, "LT");
        if (!known || (nx && (xx || gt || lt)) || (gt && lt)) {
            say(to, "-ERR unsupported option\r\n");
            return;
        }
    }
    struct entry *entry = *find(&words->at[1]);
    long long old = entry == NULL ? 0 : entry->deadline;
    bool later = old != 0 && at > old, sooner = old == 0 || at < old;
    if (entry == NULL || (nx && old != 0) || (xx && old == 0) || (gt && !later)
        || (lt && !sooner)) {
        say_number(to, ':', 0);
        return;
    }
    entry->deadline = at;
    touch(&words->at[1]);
    say_number(to, ':', 1);
}

static void expire(struct client *to, struct list *words) { expire_in(to, words, 1000); }

static void pexpire(struct client *to, struct list *words) { expire_in(to, words, 1); }

static long long left(struct list *words)
{
    struct entry *entry = *find(&words->at[1]);
    return entry == NULL ? -2 : entry->deadline == 0 ? -1 : entry->deadline - now();
}

static void pttl(struct client *to, struct list *words) { say_number(to, ':', left(words)); }

static void ttl(struct client *to, struct list *words)
{
    long long millis = left(words);
    say_number(to, ':', millis < 0 ? millis : (millis + 500) / 1000);
}

static void persist(struct client *to, struct list *words)
{
    struct entry *entry = *find(&words->at[1]);
    bool expires = entry != NULL && entry->deadline != 0;
    if (expires) {
        entry->deadline = 0;
        touch(&words->at[1]);
    }
    say_number(to, ':', expires);
}

static void mget(struct client *to, struct list *words)
{
    say_number(to, '*', words->length - 1);
    for (size_t i = 1; i < words->length; i++) {
        if (to->out.length > REPLY) { /* The client gets a part of the reply, and is closed. */
            to->is_last = true;
            return;
        }
        struct entry *entry = *find(&words->at[i]);
        say_bytes(to, entry ? &entry->value : NULL);
    }
}

static void mset(struct client *to, struct list *words)
{
    if (words->length % 2 == 0) {
        say(to, "-ERR wrong number of arguments\r\n");
        return;
    }
    for (size_t i = 1; i < words->length; i += 2)
        put(&words->at[i], &words->at[i + 1]);
    say(to, "+OK\r\n");
}

static void keys(struct client *to, struct list *words)
{
    struct bytes *glob = &words->at[1], found = {0}, out = to->out;
    long long matched = 0;
    find(NULL);
    to->out = found;
    for (struct entry *it = entries; it != NULL; it = it->next) {
        const char *key = it->key.at;
        if (matches(glob->at, glob->at + glob->length, key, key + it->key.length)) {
            say_bytes(to, &it->key);
            matched++;
        }
    }
    found = to->out;
    to->out = out;
    say_number(to, '*', matched);
    add(&to->out, found.at, found.length);
    free(found.at);
}

static void dbsize(struct client *to, struct list *words)
{
    (void)words;
    long long size = 0;
    find(NULL);
    for (struct entry *it = entries; it != NULL; it = it->next)
        size++;
    say_number(to, ':', size);
}

static void flushdb(struct client *to, struct list *words)
{
    (void)words;
    while (entries != NULL)
        drop(&entries);
    say(to, "+OK\r\n");
}

static void unwatch(struct client *to, struct list *words)
{
    clear(&to->watched);
    to->stale = false;
    if (words != NULL)
        say(to, "+OK\r\n");
}

static void quit(struct client *to, struct list *words)
{
    (void)words;
    to->is_last = true;
    say(to, "+OK\r\n");
}

static void auth(struct client *to, struct list *words)
{
    struct bytes user = {.at = "default", .length = strlen("default")};
    struct bytes *given = &words->at[words->length - 1];
    if (password == NULL)
        say(to, "-ERR no password is set\r\n");
    else if ((words->length == 2 || same(&words->at[1], &user))
             && given->length == strlen(password)
             && memcmp(given->at, password, strlen(password)) == 0)
        to->unlocked = true, say(to, "+OK\r\n");
    else
        say(to, "-WRONGPASS invalid password\r\n");
}

static void multi(struct client *to, struct list *words)
{
    (void)words;
    say(to, to->multi ? "-ERR MULTI calls can not be nested\r\n" : "+OK\r\n");
    to->multi = true;
}

static void remove_client(struct client *client)
{
    while (client->queue != NULL) {
        struct queued *next = client->queue->next;
        clear(&client->queue->words);
        free(client->queue);
        client->queue = next;
    }
    client->multi = client->failed = false;
    unwatch(client, NULL);
}

static void run(struct client *client, struct list *words);

static void exec(struct client *to, struct list *words)
{
    (void)words;
    find(NULL); /* An expired key counts as changed. */
    bool failed = to->failed, stale = to->stale, begun = to->multi;
    struct queued *queue = to->queue;
    long long commands = 0;
    to->multi = false;
    if (failed || stale || !begun) {
        say(to, !begun ? "-ERR EXEC without MULTI\r\n"
                : failed ? "-EXECABORT Transaction discarded\r\n" : "*-1\r\n");
    } else {
        unwatch(to, NULL);
        for (struct queued *it = queue; it != NULL; it = it->next)
            commands++;
        say_number(to, '*', commands);
        for (struct queued *it = queue; it != NULL; it = it->next)
            run(to, &it->words);
    }
    if (begun)
        remove_client(to);
}

static void discard(struct client *to, struct list *words)
{
    (void)words;
    say(to, to->multi ? "+OK\r\n" : "-ERR DISCARD without MULTI\r\n");
    if (to->multi)
        remove_client(to);
}

static void watch_command(struct client *to, struct list *words)
{
    if (to->multi) {
        say(to, "-ERR WATCH inside MULTI is not allowed\r\n");
        return;
    }
    for (size_t i = 1; i < words->length; i++) {
        struct bytes key = {0};
        set(&key, &words->at[i]);
        push(&to->watched, key);
    }
    say(to, "+OK\r\n");
}

static const struct command {
    const char *name;
    void (*run)(struct client *, struct list *);
    size_t least, most; /* minimum and maximum number of words */
    bool at_once;       /* MULTI does not queue the command */
} COMMANDS[] = {
    {"PING", ping, 1, 2, false},        {"ECHO", ping, 2, 2, false},
    {"GET", get, 2, 2, false},          {"SET", set_command, 3, WORDS, false},
    {"DEL", del, 2, WORDS, false},      {"EXISTS", exists, 2, WORDS, false},
    {"INCR", incr, 2, 2, false},        {"APPEND", append, 3, 3, false},
    {"EXPIRE", expire, 3, WORDS, false}, {"PEXPIRE", pexpire, 3, WORDS, false},
    {"TTL", ttl, 2, 2, false},          {"PTTL", pttl, 2, 2, false},
    {"PERSIST", persist, 2, 2, false},  {"QUIT", quit, 1, 1, true},
    {"MGET", mget, 2, WORDS, false},    {"MSET", mset, 3, WORDS, false},
    {"KEYS", keys, 2, 2, false},        {"DBSIZE", dbsize, 1, 1, false},
    {"FLUSHDB", flushdb, 1, 2, false},  {"AUTH", auth, 2, 3, true},
    {"MULTI", multi, 1, 1, true},       {"EXEC", exec, 1, 1, true},
    {"DISCARD", discard, 1, 1, true},   {"WATCH", watch_command, 2, WORDS, true},
    {"UNWATCH", unwatch, 1, 1, false},
};

static void run(struct client *client, struct list *words)
{
    const struct command *command = COMMANDS, *end = COMMANDS + sizeof COMMANDS / sizeof *COMMANDS;
    while (command < end && !is(&words->at[0], command->name))
        command++;
    bool known = command < end;
    if (!client->unlocked && !(known && (command->run == auth || command->run == quit))) {
        say(client, "-NOAUTH Authentication required.\r\n");
    } else if (!known || words->length < command->least || words->length > command->most) {
        say(client, known ? "-ERR wrong number of arguments\r\n" : "-ERR unknown command\r\n");
        client->failed |= client->multi;
    } else if (client->multi && !command->at_once) {
        struct queued **last = &client->queue;
        while (*last != NULL)
            last = &(*last)->next;
        *last = calloc(1, sizeof **last);
        (*last)->words = *words;
        *words = (struct list){0};
        say(client, "+QUEUED\r\n");
    } else {
        command->run(client, words);
    }
}

/* -------- from bytes to commands -------- */

static void refuse(struct client *client, const char *why)
{
    say(client, why);
    client->is_last = true;
}

static void finish(struct client *client, int fd)
{
    client->words_left = -1;
    if (client->words.length > 0)
        run(client, &client->words);
    clear(&client->words);
    flush(client, fd);
}

static void take_line(struct client *client, int fd)
{
    struct bytes *line = &client->line;
    size_t length = line->length;
    long long value;
    line->length = 0;
    if (length > 0 && line->at[length - 1] == '\r')
        length--;
    if (client->words_left >= 0) {
        bool right = length > 0 && line->at[0] == '$' && number(line->at + 1, length - 1, &value);
        if (!right || value < 0 || value > STRING)
            return refuse(client, "-ERR Protocol error: invalid bulk length\r\n");
        client->bytes_left = value + 2;
        push(&client->words, (struct bytes){0});
    } else if (length > 0 && line->at[0] == '*') {
        if (!number(line->at + 1, length - 1, &value) || value > WORDS)
            return refuse(client, "-ERR Protocol error: invalid multibulk length\r\n");
        client->words_left = value;
        if (value <= 0)
            finish(client, fd);
    } else {
        int quotes = 0;
        for (size_t at = 0; at < length; at++)
            quotes += line->at[at] == '"';
        if (quotes % 2 == 1)
            return refuse(client, "-ERR Protocol error: unbalanced quotes in request\r\n");
        for (size_t at = 0, end; at < length; at = end) {
            for (; at < length && isspace((unsigned char)line->at[at]); at++)
                ;
            for (end = at; end < length && !isspace((unsigned char)line->at[end]); end++)
                ;
            struct bytes word = {0};
            add(&word, line->at + at, end - at);
            if (end > at)
                push(&client->words, word);
        }
        finish(client, fd);
    }
}

static void take(struct client *client, char byte, int fd)
{
    if (client->bytes_left < 0) {
        if (byte == '\n')
            take_line(client, fd);
        else if (client->line.length >= LINE)
            refuse(client, "-ERR Protocol error: too big inline request\r\n");
        else
            add(&client->line, &byte, 1);
        return;
    }
    if (client->bytes_left-- > 2)
        add(&client->words.at[client->words.length - 1], &byte, 1);
    if (client->bytes_left == 0) {
        client->bytes_left = -1;
        if (--client->words_left == 0)
            finish(client, fd);
    }
}

/* -------- the loop -------- */

static void release(int index)
{
    struct client *client = clients[index];
    remove_client(client);
    clear(&client->words);
    free(client->out.at);
    free(client->line.at);
    free(client);
    close(watch[index + 1].fd);
    count--;
    clients[index] = clients[count];
    watch[index + 1] = watch[count + 1];
}

static void accept_one(void)
{
    int fd = accept4(watch[0].fd, NULL, NULL, SOCK_NONBLOCK), yes = 1;
    if (fd < 0)
        return;
    if (count == max_clients) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    clients[count] = calloc(1, sizeof **clients);
    clients[count]->words_left = clients[count]->bytes_left = -1;
    clients[count]->unlocked = password == NULL;
    watch[++count] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* Returns false if the server must close the connection. */
static bool serve(struct client *client, int fd)
{
    flush(client, fd);
    if (client->from == client->to && client->out.length == 0) {
        ssize_t length = recv(fd, client->in, sizeof client->in, 0);
        if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
            return false; /* All replies are sent: the server reads only then. */
        client->from = 0;
        client->to = length > 0 ? length : 0;
    }
    do {
        while (client->from < client->to && client->out.length < PENDING && !client->is_last)
            take(client, client->in[client->from++], fd);
        flush(client, fd);
    } while (client->from < client->to && client->out.length == 0 && !client->is_last);
    return !client->is_last || client->out.length > 0;
}

static int listening(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 511) < 0)
        refuse_port(port);
    return fd;
}

/* Removes the expired keys. Returns the time-out for poll: the time until the next key expires. */
static int millis_until_expiry(void)
{
    long long first = 0;
    find(NULL);
    for (struct entry *it = entries; it != NULL; it = it->next)
        if (it->deadline != 0 && (first == 0 || it->deadline < first))
            first = it->deadline;
    if (first == 0)
        return -1;
    long long millis = first - now();
    return millis < 1 ? 1 : millis > INT_MAX ? INT_MAX : (int)millis;
}

int main(void)
{
    int port = setting("PORT", 6379, 65535);
    max_clients = setting("MAX_CLIENTS", 10000, 100000);
    password = getenv("REQUIREPASS");
    clients = calloc(max_clients, sizeof *clients);
    watch = calloc(max_clients + 1, sizeof *watch);
    watch[0] = (struct pollfd){.fd = listening(port), .events = POLLIN};
    for (;;) {
        poll(watch, count + 1, millis_until_expiry());
        for (int index = count - 1; index >= 0; index--) {
            struct pollfd *entry = &watch[index + 1];
            if (entry->revents == 0)
                continue;
            if (!serve(clients[index], entry->fd))
                release(index);
            else
                entry->events = clients[index]->out.length > 0 ? POLLOUT : POLLIN;
        }
        if (watch[0].revents != 0)
            accept_one();
    }
}
