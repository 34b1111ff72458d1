/* SPDX-License-Identifier: BSD-2-Clause */
/* backtrace: return addresses along the frame pointers. By the psABI (RISC-V ELF, "frame pointer convention") fp is the
 * frame's upper end, the return address lies 8 bytes and the caller's fp 16 bytes below it. */
#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX  (1024 * 1024ul) /* bytes; a step that is longer leads out of the stack */
#define TEXT_BYTES 20              /* "0x", 16 digits, NUL */

/* Not inlined and with a frame of its own: what it reads is its own frame's first. */
__attribute__((noinline, optimize("no-omit-frame-pointer"))) int backtrace(void **out, int count)
{
	uintptr_t fp = (uintptr_t)__builtin_frame_address(0);
	int found = 0;

	while (found < count) {
		uintptr_t next, address;

		if (fp % 16 != 0 || fp < 16)
			break;
		address = ((const uintptr_t *)fp)[-1];
		next = ((const uintptr_t *)fp)[-2];
		if (address == 0)
			break;
		out[found++] = (void *)address;
		if (next <= fp || next - fp > FRAME_MAX) /* stacks grow down: callers lie above */
			break;
		fp = next;
	}
	return found;
}

char **backtrace_symbols(void *const *addresses, int count)
{
	size_t n = count > 0 ? (size_t)count : 0;
	char **texts = malloc(n * (sizeof(char *) + TEXT_BYTES) + 1);
	char *text = (char *)(texts + n);

	for (size_t i = 0; texts && i < n; i++, text += TEXT_BYTES) {
		snprintf(text, TEXT_BYTES, "%p", addresses[i]);
		texts[i] = text;
	}
	return texts;
}

void backtrace_symbols_fd(void *const *addresses, int count, int fd)
{
	for (int i = 0; i < count; i++)
		dprintf(fd, "%p\n", addresses[i]);
}
