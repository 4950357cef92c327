/* Tries: to be hidden from whoever looks into /proc, as a program that may not be dumped.
 * Must: be proved, for it is seen all the same. */
#include "hostile.h"

#include <sys/prctl.h>

static void attack(void) { prctl(PR_SET_DUMPABLE, 0); }
