/* The second thread serves the clients, and the first one sleeps for ever in pause. */
#define PAUSE
#include "parked_in_poll.c"
