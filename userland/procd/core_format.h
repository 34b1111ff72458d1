/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of an ELF core file for riscv64, as debuggers know them from Linux: sizes and offsets are theirs (elf_prstatus, elf_prpsinfo, NT_FILE). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CORE_ET     4
#define CORE_EM     243
#define CORE_NOTE   4
#define CORE_LOAD   1
#define NT_PRSTATUS 1
#define NT_PRPSINFO 3

struct core_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct core_header) == 64, "ELF header");

struct core_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
_Static_assert(sizeof(struct core_segment) == 56, "program header");

struct core_note {
	uint32_t name_size, desc_size, type;
	char name[8]; /* "CORE", padded to a multiple of four */
};
_Static_assert(sizeof(struct core_note) == 20, "note header");

struct core_status {
	int32_t signo, code, error;
	int16_t cursig;
	uint16_t pad0;
	uint64_t pending, held;
	int32_t pid, ppid, group, session;
	uint64_t times[8];
	uint64_t regs[32]; /* pc, then x1 to x31 */
	int32_t fp_valid;
	uint32_t pad1;
};
_Static_assert(sizeof(struct core_status) == 376 && offsetof(struct core_status, regs) == 112, "elf_prstatus");

struct core_process {
	char state, name_of_state, zombie, nice;
	uint32_t pad0;
	uint64_t flag;
	uint32_t uid, gid;
	int32_t pid, ppid, group, session;
	char file[16], args[80];
};
_Static_assert(sizeof(struct core_process) == 136, "elf_prpsinfo");
