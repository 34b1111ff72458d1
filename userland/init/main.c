/* SPDX-License-Identifier: BSD-2-Clause */
/* The first process: holds all authority of the system and hands it out, to the services of etc/init/services.toml or, with the boot
 * argument init=PATH, to one program. */
#include "sys/lib/syscall.h"
#include "userland/init/manager.h"
#include "userland/init/program.h"
#include "userland/init/say.h"
#include "userland/init/system.h"

int main(void)
{
	static struct system system;

	if (!system_open(&system))
		return 1; /* the kernel says that the first process ended, and stops */
	if (system.bootargs.program) {
		program_run_alone(&system);
		system_end(&system, false);
	} else {
		manager_run(&system);
	}
	return 1;
}
