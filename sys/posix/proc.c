/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/posix/proc.h"

#include <stdlib.h>
#include <string.h>

#include "sys/lib/startup.h"
#include "sys/posix/file.h"

handle_t proc_endpoint(void)
{
	static _Atomic handle_t known;
	static _Atomic bool looked;
	handle_t endpoint;

	if (looked)
		return known;
	endpoint = startup_handle(HND_PROC);
	known = endpoint;
	looked = true;
	return endpoint;
}

uint64_t proc_stack_limit;

void proc_start(void)
{
	uint64_t number;

	if (proc_startup(PROC_STACK, &number))
		proc_stack_limit = number;
	if (proc_startup(PROC_NOFILE, &number) && number < FD_COUNT)
		fd_limit = (int)number;
}

bool proc_startup(const char *prefix, uint64_t *number)
{
	const struct startup *s = startup_get();
	size_t len = strlen(prefix);

	for (uint32_t i = 0; i < s->nhandles && i < STARTUP_HANDLES; i++) {
		const char *name = s->handles[i].name;

		if (strncmp(name, prefix, len) != 0)
			continue;
		*number = strtoull(name + len, NULL, 16);
		return true;
	}
	return false;
}
