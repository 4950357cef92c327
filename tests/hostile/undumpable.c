/* Tries: to hide from readers of /proc, as a process that is not dumpable.
 * Must: be proved, because the witness can observe such a process, too. */
#include "hostile.h"

#include <sys/prctl.h>

static void attack(void) { prctl(PR_SET_DUMPABLE, 0); }
