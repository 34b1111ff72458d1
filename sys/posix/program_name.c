/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program was started as, out of the startup block, which is as it was whatever main did to argv. */
#include "sys/posix/program_name.h"

#include <stdint.h>
#include <string.h>

#include "sys/lib/startup.h"

const char *program_name(void)
{
	const struct startup *s = startup_get();
	const char *base = (const char *)s, *name, *slash;

	if (s->argc == 0)
		return "?";
	name = base + *(const uint32_t *)(const void *)(base + s->argv);
	slash = strrchr(name, '/');
	return slash && slash[1] ? slash + 1 : name[0] ? name : "?";
}
