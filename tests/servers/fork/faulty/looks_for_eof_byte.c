/* Reads a byte at a time and looks for the end of file in it, where there is none. */
#include "../fork.h"

static void converse_badly(int client)
{
    signed char letter;
    if (read(client, &letter, 1) < 0)
        return;
    while (letter != EOF) {
        if (isalpha((unsigned char)letter))
            letter ^= 0x20;
        if (write(client, &letter, 1) < 0)
            return;
        if (read(client, &letter, 1) < 0)
            return;
    }
}

int main(void)
{
    int door = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(door, NULL, NULL);
        pid_t child = fork();
        if (child == 0) {
            close(door);
            converse_badly(client);
            return 0;
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
