/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes ELF files in memory for the tests of the parser and of spawn. */
#pragma once

#include <stdint.h>
#include <string.h>

struct elf_file_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_file_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum { PH_LOAD = 1, PH_DYNAMIC = 2, PH_INTERP = 3, PH_TLS = 7, PH_X = 1, PH_W = 2, PH_R = 4 };

#define ELF_FILE_SIZE 0x5000

struct elf_file {
	_Alignas(8) uint8_t bytes[ELF_FILE_SIZE];
};

static inline struct elf_file_header *elf_file_header(struct elf_file *f)
{
	return (struct elf_file_header *)(void *)f->bytes;
}

static inline struct elf_file_phdr *elf_file_phdr(struct elf_file *f, unsigned i)
{
	return (struct elf_file_phdr *)(void *)(f->bytes + sizeof(struct elf_file_header)) + i;
}

/* Like what the linker makes: headers and constants, text, data with bss, thread-local data. Data
 * bytes are their offset's low byte XOR 0x5a. */
static inline void elf_file_make(struct elf_file *f)
{
	static const struct elf_file_phdr phdrs[] = {
		{PH_LOAD, PH_R, 0x0000, 0x100000, 0x100000, 0x0a00, 0x0a00, 0x1000},
		{PH_LOAD, PH_R | PH_X, 0x1000, 0x101000, 0x101000, 0x1234, 0x1234, 0x1000},
		{PH_LOAD, PH_R | PH_W, 0x3000, 0x103000, 0x103000, 0x0e20, 0x3880, 0x1000},
		{PH_TLS, PH_R, 0x0900, 0x100900, 0x100900, 0x20, 0x40, 0x40},
	};

	for (unsigned i = 0; i < ELF_FILE_SIZE; i++)
		f->bytes[i] = (uint8_t)(i ^ 0x5a);
	*elf_file_header(f) = (struct elf_file_header){
		.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
		.type = 2,
		.machine = 243,
		.version = 1,
		.entry = 0x101000,
		.phoff = sizeof(struct elf_file_header),
		.ehsize = sizeof(struct elf_file_header),
		.phentsize = sizeof(struct elf_file_phdr),
		.phnum = 4,
	};
	memcpy(elf_file_phdr(f, 0), phdrs, sizeof(phdrs));
}
