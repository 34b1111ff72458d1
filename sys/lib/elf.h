/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the headers of a static RISC-V ELF64 program. Pure: looks only at the bytes it is given and
 * believes none of them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/status.h"

#define ELF_SEGMENTS_MAX 16
#define ELF_PHDRS_MAX    64
#define ELF_SPAN_MAX     (1ull << 30) /* from the first to the last byte in memory */

enum { ELF_EXEC = 1, ELF_WRITE = 2, ELF_READ = 4 }; /* p_flags */

struct elf_segment {
	uint64_t vaddr;
	uint64_t mem_size; /* never 0 */
	uint64_t file_offset;
	uint64_t file_size; /* at most mem_size; the rest is zero */
	uint32_t flags;     /* ELF_READ always; never ELF_WRITE and ELF_EXEC together */
};

struct elf_image {
	uint64_t entry; /* inside of the file part of an executable segment */
	uint64_t start; /* of the first segment, rounded down to a page */
	uint64_t end;   /* of the last segment, rounded up to a page */
	uint64_t phdr;  /* where the program headers are mapped, 0 if nowhere */
	uint32_t phnum;
	uint32_t nsegments;
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* ascending, no two on one page */
};

/* ERR_BAD_FORMAT for anything that cannot be loaded as a whole between low and high. */
status_t elf_parse(const void *file, size_t size, uint64_t low, uint64_t high, struct elf_image *out);
