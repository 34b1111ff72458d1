/* SPDX-License-Identifier: BSD-2-Clause */
/* Random changes to a running process, as a bug or a flipped bit of the memory would make them. */
#pragma once

#include "tests/system/lib/test.h"

enum inject_kind {
	INJECT_TEXT,  /* an instruction: a bit, the whole of it, or left out */
	INJECT_STACK, /* a bit or word of what is in use of the first thread's stack */
	INJECT_DATA,  /* a bit or word of the image's variables */
	INJECT_KINDS,
};

struct injected {
	enum inject_kind kind;
	uint64_t address, before, after; /* two bytes of TEXT, else eight */
};

/*
 * Suspends the process's first thread, changes one thing, lets it go on. ERR_STATE, ERR_NOT_FOUND: it has ended meanwhile; nothing has
 * happened. The process's handle needs RIGHT_PROC_MANAGE and RIGHT_INFO.
 */
status_t inject(handle_t process, enum inject_kind kind, uint64_t *seed, struct injected *out);
