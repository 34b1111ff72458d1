/* SPDX-License-Identifier: BSD-2-Clause */
/* The program's start without libc: main, then the end. No constructors, no buffers to flush. */
#include "sys/lib/start.h"
#include "sys/lib/syscall.h"

int main(int argc, char **argv, char **envp);

_Noreturn void __program_run(int argc, char **argv, char **envp)
{
	process_exit(main(argc, argv, envp));
}
