/* SPDX-License-Identifier: BSD-2-Clause */
/* Fuzz target: any bytes as a program. What the parser lets through must keep every promise of its
 * header. */
/* fuzz-sources: sys/lib/elf.c */
/* fuzz-runs: 3000000 */
#include <stdint.h>
#include <stdlib.h>

#include "sys/abi/object.h"
#include "sys/abi/syscall.h"
#include "sys/lib/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	uint64_t end = 0;
	int entry_found = 0;

	if (elf_parse(data, size, USER_BASE, USER_TOP, &image) != OK)
		return 0;
	require(image.nsegments >= 1 && image.nsegments <= ELF_SEGMENTS_MAX);
	require(image.start >= USER_BASE - PAGE_SIZE && image.end <= USER_TOP && image.start < image.end);
	require(image.end - image.start <= ELF_SPAN_MAX);
	for (uint32_t i = 0; i < image.nsegments; i++) {
		const struct elf_segment *s = &image.segments[i];

		require(s->mem_size && s->file_size <= s->mem_size);
		require(s->file_offset <= size && s->file_size <= size - s->file_offset);
		require(s->vaddr >= USER_BASE && s->mem_size <= USER_TOP - s->vaddr);
		require(s->vaddr / PAGE_SIZE * PAGE_SIZE >= end); /* nothing shares a page */
		end = (s->vaddr + s->mem_size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
		require(s->flags & ELF_READ);
		require((s->flags & (ELF_WRITE | ELF_EXEC)) != (ELF_WRITE | ELF_EXEC));
		entry_found |= (s->flags & ELF_EXEC) && image.entry >= s->vaddr &&
			       image.entry - s->vaddr < s->file_size;
	}
	require(entry_found && image.end == end);
	return 0;
}
