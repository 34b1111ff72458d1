/* SPDX-License-Identifier: BSD-2-Clause */
/* Just enough ELF (System V gABI, "Program Header") to start the first process: static, 64-bit, RISC-V. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS 8

struct elf_segment {
	uint64_t vaddr, memsz, offset, filesz;
	uint32_t prot; /* MAP_* */
};

struct elf_image {
	uint64_t entry, base, end; /* end: page aligned */
	uint64_t phdr;             /* address of the program headers in memory, 0: not in a segment */
	uint32_t phnum;
	unsigned segments;
	struct elf_segment segment[ELF_SEGMENTS];
};

/* NULL, or why not. Everything in *out lies inside of the image and of user addresses. */
const char *elf_image_parse(const void *image, size_t size, struct elf_image *out);
