
// Tries: to include a file of the machine in its program, with the assembler.
// Must: not compile, because the file is not visible in the build's sandbox.
core::arch::global_asm!(".incbin \"/etc/shadow\""); // hostile
