/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF headers, checked. Field numbers and offsets are those of the System V ABI, chapters 4 and 5.
 */
#include "sys/lib/elf.h"

#include <stdbool.h>
#include <string.h>

#include "sys/abi/syscall.h"

struct elf_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};
_Static_assert(sizeof(struct elf_header) == 64, "layout of the file");

struct elf_phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};
_Static_assert(sizeof(struct elf_phdr) == 56, "layout of the file");

enum {
	CLASS_64 = 2,
	DATA_LITTLE = 1,
	VERSION_CURRENT = 1,
	TYPE_EXEC = 2,
	MACHINE_RISCV = 243,
	PHDR_LOAD = 1,
	PHDR_DYNAMIC = 2,
	PHDR_INTERP = 3,
	PHDR_TLS = 7,
};

/* offset + len <= limit without overflow */
static bool range_within(uint64_t offset, uint64_t len, uint64_t limit)
{
	return offset <= limit && len <= limit - offset;
}

static uint64_t page_floor(uint64_t addr)
{
	return addr & ~(PAGE_SIZE - 1);
}

/* Only of addresses below a page-aligned limit: cannot overflow. */
static uint64_t page_ceil(uint64_t addr)
{
	return page_floor(addr + PAGE_SIZE - 1);
}

static bool header_valid(const struct elf_header *h)
{
	return memcmp(h->ident, "\177ELF", 4) == 0 && h->ident[4] == CLASS_64 && h->ident[5] == DATA_LITTLE &&
	       h->ident[6] == VERSION_CURRENT && h->type == TYPE_EXEC && h->machine == MACHINE_RISCV &&
	       h->version == VERSION_CURRENT && h->phentsize == sizeof(struct elf_phdr) && h->phnum >= 1 &&
	       h->phnum <= ELF_PHDRS_MAX;
}

static bool segment_add(struct elf_image *image, const struct elf_phdr *p, size_t file_size, uint64_t low,
			uint64_t high)
{
	uint32_t access = p->flags & (ELF_READ | ELF_WRITE | ELF_EXEC);

	if (image->nsegments == ELF_SEGMENTS_MAX || p->memsz == 0 || p->filesz > p->memsz ||
	    !range_within(p->offset, p->filesz, file_size) || p->vaddr < low || !range_within(p->vaddr, p->memsz, high))
		return false;
	if (!(access & ELF_READ) || (access & (ELF_WRITE | ELF_EXEC)) == (ELF_WRITE | ELF_EXEC))
		return false;
	if (image->nsegments == 0)
		image->start = page_floor(p->vaddr);
	else if (page_floor(p->vaddr) < image->end)
		return false;
	image->end = page_ceil(p->vaddr + p->memsz);
	if (image->end - image->start > ELF_SPAN_MAX)
		return false;
	image->segments[image->nsegments++] = (struct elf_segment){
		.vaddr = p->vaddr,
		.mem_size = p->memsz,
		.file_offset = p->offset,
		.file_size = p->filesz,
		.flags = access,
	};
	return true;
}

/* The program copies the template itself; it must lie in the program's own file-backed bytes. */
static bool tls_valid(const struct elf_image *image, const struct elf_phdr *p)
{
	if (p->filesz > p->memsz || p->memsz > ELF_SPAN_MAX)
		return false;
	if (p->filesz == 0)
		return true;
	for (uint32_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segments[i];

		if (p->vaddr >= s->vaddr && range_within(p->vaddr - s->vaddr, p->filesz, s->file_size))
			return true;
	}
	return false;
}

static bool entry_valid(const struct elf_image *image)
{
	for (uint32_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segments[i];

		if ((s->flags & ELF_EXEC) && image->entry >= s->vaddr &&
		    range_within(image->entry - s->vaddr, 2, s->file_size))
			return (image->entry & 1) == 0;
	}
	return false;
}

static void phdr_locate(struct elf_image *image, const struct elf_header *h)
{
	uint64_t len = (uint64_t)h->phnum * sizeof(struct elf_phdr);

	for (uint32_t i = 0; i < image->nsegments; i++) {
		const struct elf_segment *s = &image->segments[i];

		if (h->phoff >= s->file_offset && range_within(h->phoff - s->file_offset, len, s->file_size)) {
			image->phdr = s->vaddr + (h->phoff - s->file_offset);
			return;
		}
	}
}

status_t elf_parse(const void *file, size_t size, uint64_t low, uint64_t high, struct elf_image *out)
{
	const uint8_t *bytes = file;
	struct elf_image image = {0};
	struct elf_header h;
	struct elf_phdr p;

	if (size < sizeof(h))
		return ERR_BAD_FORMAT;
	memcpy(&h, bytes, sizeof(h));
	if (!header_valid(&h) || !range_within(h.phoff, (uint64_t)h.phnum * sizeof(p), size))
		return ERR_BAD_FORMAT;
	image.entry = h.entry;
	image.phnum = h.phnum;

	for (uint32_t i = 0; i < h.phnum; i++) {
		/* memcpy: nothing says that the table is aligned */
		memcpy(&p, bytes + h.phoff + i * sizeof(p), sizeof(p));
		if (p.type == PHDR_DYNAMIC || p.type == PHDR_INTERP)
			return ERR_BAD_FORMAT;
		if (p.type == PHDR_LOAD && !segment_add(&image, &p, size, low, high))
			return ERR_BAD_FORMAT;
	}
	for (uint32_t i = 0; i < h.phnum; i++) {
		memcpy(&p, bytes + h.phoff + i * sizeof(p), sizeof(p));
		if (p.type == PHDR_TLS && !tls_valid(&image, &p))
			return ERR_BAD_FORMAT;
	}
	if (!entry_valid(&image))
		return ERR_BAD_FORMAT;
	phdr_locate(&image, &h);
	*out = image;
	return OK;
}
