
// Tries: to let the assembler read a file without an end.
// Must: not compile, because the build has a limit of memory.
core::arch::global_asm!(".incbin \"/dev/zero\""); // hostile
