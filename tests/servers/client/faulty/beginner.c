/* A client as a first course writes it. It has the faults of such clients: getaddrinfo checks the
 * port, fgets has a fixed buffer, and send and recv are called once. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM 4096

static void show_ip(const struct addrinfo *it, char *text) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)it->ai_addr;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)it->ai_addr;
    const void *ip = it->ai_family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr;
    inet_ntop(it->ai_family, ip, text, INET6_ADDRSTRLEN);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s HOST PORT\n", argv[0]);
        return 1;
    }
    struct addrinfo wanted, *all, *it;
    memset(&wanted, 0, sizeof wanted);
    wanted.ai_socktype = SOCK_STREAM;
    int problem = getaddrinfo(argv[1], argv[2], &wanted, &all);
    if (problem) {
        fprintf(stderr, "%s\n", gai_strerror(problem));
        return 1;
    }
    char ip[INET6_ADDRSTRLEN] = "", text[ROOM];
    int s = -1;
    for (it = all; it; it = it->ai_next) {
        s = socket(it->ai_family, it->ai_socktype, it->ai_protocol);
        show_ip(it, ip);
        printf("[client] attempting connection to %s ...\n", ip);
        if (connect(s, it->ai_addr, it->ai_addrlen) == 0)
            break;
        perror("connect");
        close(s);
    }
    if (!it)
        return 1;
    printf("[client] connected to %s\n", ip);
    freeaddrinfo(all);

    puts("what do you want to send?");
    if (!fgets(text, sizeof text, stdin))
        return 0;
    text[strcspn(text, "\n")] = '\0';
    ssize_t n = send(s, text, strlen(text), 0);
    if (n < 0) {
        perror("send");
        return 1;
    }
    text[n] = '\0';
    printf("[client] sent '%s'\n", text);
    n = recv(s, text, sizeof text - 1, 0);
    if (n < 0) {
        perror("recv");
        return 1;
    }
    text[n] = '\0';
    printf("[client] received '%s'\n", text);
    close(s);
    return 0;
}
