/* A client that keeps its answer in memory of exactly its length, and puts a NUL behind it. Everything
 * else that the criterion whole-reply asks of it is right. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &list) != 0)
        return 1;
    printf("[client] attempting connection to %s\n", argv[1]);
    int fd = socket(list->ai_family, list->ai_socktype, 0);
    if (connect(fd, list->ai_addr, list->ai_addrlen) == -1)
        return 1;
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, stdin);
    if (length > 0 && line[length - 1] == '\n')
        length--;
    if (length <= 0)
        return 0;
    for (ssize_t sent = 0, count; sent < length; sent += count)
        if ((count = send(fd, line + sent, length - sent, MSG_NOSIGNAL)) == -1)
            return 1;
    char *answer = malloc(length);
    for (ssize_t received = 0, count; received < length; received += count)
        if ((count = recv(fd, answer + received, length - received, 0)) <= 0)
            return 1;
    *(volatile char *)(answer + length) = '\0'; /* the byte behind the memory */
    printf("[client] received '%s'\n", answer);
    free(answer);
    free(line);
    close(fd);
    return 0;
}
