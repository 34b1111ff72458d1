/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs to be started: an ELF file in memory, wherever it comes from. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/object.h"
#include "sys/posix/view.h"

struct program {
	const void *image;
	size_t size;
	handle_t vmo;    /* the same bytes; HANDLE_NONE: only in memory */
	uint64_t offset; /* in vmo; page aligned */
	void *mapped;    /* to be given back; NULL: nothing is */
	size_t mapped_size;
	char name[NAME_MAX_BYTES];
};

/* 0 or an errno value. */
int program_open(int at, const char *path, struct program *out);
void program_close(struct program *p);
