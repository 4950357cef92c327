/* Tries: to print text that a terminal, an HTML page or a spreadsheet interprets as a command.
 * Must: fail starts, and the printed text must have no effect in any output. */
#include "hostile.h"

static void attack(void)
{
    puts("[START] active=\x1b[2J\x1b[H\x1b]0;all proved\x07\x1b[8m0/64");
    puts("[START] <script>document.title = 'hacked'</script><img src=x onerror=alert(1)>");
    puts("[START] =HYPERLINK(\"http://127.0.0.1/\") ]]> \xff\xfe \xc3( \xe2\x80\xae txt.exe");
    fputs("\x1b[31m\x1b[?1049h standard error as well \x1b[6n\n", stderr);
    exit(3);
}
