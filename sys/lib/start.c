/* SPDX-License-Identifier: BSD-2-Clause */
/* From crt0 to the program: thread-local data of the first thread, argv and envp. What happens with
 * them is
 * __program_run's business: start_bare.c without libc, sys/posix/start_posix.c with it. */
#include "sys/lib/start.h"

#include <string.h>

#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"
#include "sys/lib/tls.h"

extern char __tls_main_area[];

static const struct startup *startup_block;

const struct startup *startup_get(void)
{
	return startup_block;
}

handle_t startup_handle(const char *name)
{
	const struct startup *s = startup_block;
	uint32_t count = s->nhandles < STARTUP_HANDLES ? s->nhandles : STARTUP_HANDLES;

	for (uint32_t i = 0; i < count; i++) {
		if (strncmp(s->handles[i].name, name, sizeof(s->handles[i].name)) == 0)
			return s->handles[i].handle;
	}
	return HANDLE_NONE;
}

static void strings_fill(const struct startup *s, uint32_t count, uint32_t table, char **out)
{
	const char *base = (const char *)s;
	const uint32_t *offsets = (const void *)(base + table);

	for (uint32_t i = 0; i < count; i++)
		out[i] = (char *)(uintptr_t)(base + offsets[i]);
	out[count] = NULL;
}

/* Not inlined: it reads thread-local data through tp only after __process_start has set tp. */
static __attribute__((noinline)) _Noreturn void start_with_tls(const struct startup *s)
{
	/* The spawner made the stack larger by these two tables. */
	char **argv = __builtin_alloca((s->argc + 1ul) * sizeof(char *));
	char **envp = __builtin_alloca((s->envc + 1ul) * sizeof(char *));

	tcb_self()->handle = startup_handle(HND_THREAD);
	strings_fill(s, s->argc, s->argv, argv);
	strings_fill(s, s->envc, s->envp, envp);
	__program_run((int)s->argc, argv, envp);
}

_Noreturn void __process_start(const struct startup *s)
{
	static const char bad[] = "start: no startup block from the parent";
	void *tp = tls_area_init(__tls_main_area);

	__asm__ volatile("mv tp, %0" : : "r"(tp) : "memory");
	if (!s || s->magic != STARTUP_MAGIC) {
		(void)log_write(LOG_ERROR, bad, sizeof(bad) - 1);
		process_exit(START_EXIT_BAD_BLOCK);
	}
	startup_block = s;
	start_with_tls(s);
}
