/* SPDX-License-Identifier: BSD-2-Clause */
/* The program's start with libc: descriptors, environment, constructors, main, exit. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys/lib/start.h"
#include "sys/lib/startup.h"
#include "sys/posix/file_std.h"
#include "sys/posix/proc.h"
#include "sys/posix/process.h"
#include "sys/posix/signal_thread.h"

int main(int argc, char **argv, char **envp);
void __libc_init_array(void);

/*
 * Functions that picolibc has too. Naming them in the first object of every link makes the linker
 * find ours, which come before picolibc's in its order of search, whatever refers to them later.
 * The table itself is dropped with everything else that nobody uses.
 */
typedef void (*function)(void);
__attribute__((used)) static const function ours_first[] = {
	(function)sbrk, (function)raise, (function)memcpy, (function)memmove, (function)memcmp, (function)malloc,
};

_Noreturn void __program_run(int argc, char **argv, char **envp)
{
	environ = envp;
	/* The block is at the top of the stack; nobody else looks at this word. */
	((struct startup *)(uintptr_t)startup_get())->descriptors = (uintptr_t)&fd_descriptors;
	proc_start();
	file_std_open();
	path_start();
	if (__signal_start)
		__signal_start();
	__libc_init_array();
	exit(main(argc, argv, envp));
}
