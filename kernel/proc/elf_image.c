/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's ELF reader. Spawning in general is user space's work (sys/lib/spawn.c). */
#include "kernel/proc/elf_image.h"

#include "sys/abi/object.h"
#include "sys/abi/syscall.h"
#include <string.h>

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum { ET_EXEC = 2, EM_RISCV = 243, PT_LOAD = 1, PF_X = 1, PF_W = 2, PF_R = 4 };

static const char *segment_add(const struct elf_phdr *ph, size_t size, struct elf_image *out)
{
	struct elf_segment *s = &out->segment[out->segments];

	if (out->segments == ELF_SEGMENTS)
		return "too many segments";
	if (ph->offset > size || ph->filesz > size - ph->offset || ph->filesz > ph->memsz)
		return "a segment lies outside of the file";
	if (ph->vaddr < USER_BASE || ph->vaddr >= USER_TOP || ph->memsz > USER_TOP - ph->vaddr)
		return "a segment lies outside of the user addresses";
	if ((ph->flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return "a segment is writable and executable";
	*s = (struct elf_segment){
		.vaddr = ph->vaddr,
		.memsz = ph->memsz,
		.offset = ph->offset,
		.filesz = ph->filesz,
		.prot = MAP_READ | (ph->flags & PF_W ? MAP_WRITE : 0u) | (ph->flags & PF_X ? MAP_EXEC : 0u),
	};
	out->segments++;
	uint64_t end = (ph->vaddr + ph->memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	if (out->end && ph->vaddr < out->end)
		return "segments overlap or are out of order";
	if (!out->base)
		out->base = ph->vaddr & ~(PAGE_SIZE - 1);
	out->end = end;
	return NULL;
}

const char *elf_image_parse(const void *image, size_t size, struct elf_image *out)
{
	struct elf_header h;
	const char *why;

	memset(out, 0, sizeof(*out));
	if (size < sizeof(h))
		return "it is too short for an ELF file";
	memcpy(&h, image, sizeof(h));
	/* 64-bit, little endian */
	if (memcmp(h.ident, "\177ELF\2\1", 6) || h.machine != EM_RISCV || h.type != ET_EXEC)
		return "it is not a static RISC-V ELF64 program";
	if (h.phentsize != sizeof(struct elf_phdr) || h.phoff > size ||
	    (size - h.phoff) / sizeof(struct elf_phdr) < h.phnum)
		return "its program headers lie outside of the file";
	for (unsigned i = 0; i < h.phnum; i++) {
		struct elf_phdr ph;

		memcpy(&ph, (const char *)image + h.phoff + i * sizeof(ph), sizeof(ph));
		if (ph.type != PT_LOAD || !ph.memsz)
			continue;
		why = segment_add(&ph, size, out);
		if (why)
			return why;
		if (h.phoff >= ph.offset && h.phoff + h.phnum * sizeof(ph) <= ph.offset + ph.filesz) {
			out->phdr = ph.vaddr + (h.phoff - ph.offset);
			out->phnum = h.phnum;
		}
	}
	for (unsigned i = 0; i < out->segments; i++) {
		const struct elf_segment *s = &out->segment[i];

		if (s->prot & MAP_EXEC && h.entry - s->vaddr < s->memsz)
			out->entry = h.entry;
	}
	return out->entry ? NULL : "its entry point is in no executable segment";
}
