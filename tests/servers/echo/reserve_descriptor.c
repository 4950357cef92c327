/* Keeps a descriptor in reserve. While no other descriptor is free, it accepts each client with the
 * reserved number and hangs up, so that no client waits for nothing. */
#include "listening.h"

#include <fcntl.h>

int main(void)
{
    int listener = listening(AF_INET, 128);
    int reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    printf("[START] port=%d\n", echo_port());
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client != -1) {
            printf("[ACCEPT] fd=%d\n", client);
            echo_all(client);
            close_client(client);
        } else if ((errno == EMFILE || errno == ENFILE) && reserve != -1) {
            close(reserve);
            client = accept(listener, NULL, NULL);
            if (client != -1)
                close(client);
            reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            usleep(20 * 1000);
            if (reserve == -1)
                reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
        }
    }
}
