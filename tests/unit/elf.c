/* SPDX-License-Identifier: BSD-2-Clause */
/* The ELF parser: a good file, and every field of it made wrong. */
#include "sys/lib/elf.h"

#include <stdlib.h>

#include "sys/abi/object.h"
#include "tests/unit/check.h"
#include "tests/unit/elf_file.h"

static struct elf_file file;
static struct elf_image image;

static status_t parse(void)
{
	return elf_parse(file.bytes, sizeof(file.bytes), USER_BASE, USER_TOP, &image);
}

static void test_good(void)
{
	elf_file_make(&file);
	if (!CHECK_INT(parse(), OK))
		return;
	CHECK_INT(image.entry, 0x101000);
	CHECK_INT(image.start, 0x100000);
	CHECK_INT(image.end, 0x107000);
	CHECK_INT(image.phdr, 0x100040);
	CHECK_INT(image.phnum, 4);
	CHECK_INT(image.nsegments, 3);
	CHECK_INT(image.segments[0].flags, ELF_READ);
	CHECK_INT(image.segments[1].flags, ELF_READ | ELF_EXEC);
	CHECK_INT(image.segments[2].flags, ELF_READ | ELF_WRITE);
	CHECK_INT(image.segments[2].vaddr, 0x103000);
	CHECK_INT(image.segments[2].file_offset, 0x3000);
	CHECK_INT(image.segments[2].file_size, 0xe20);
	CHECK_INT(image.segments[2].mem_size, 0x3880);
	/* Headers that no segment holds have no address. */
	elf_file_phdr(&file, 0)->offset = 0x100;
	CHECK_INT(parse(), OK);
	CHECK_INT(image.phdr, 0);
	/* The file may be cut right behind the last byte that is loaded. */
	elf_file_make(&file);
	CHECK_INT(elf_parse(file.bytes, 0x3e20, USER_BASE, USER_TOP, &image), OK);
	CHECK_INT(elf_parse(file.bytes, 0x3e1f, USER_BASE, USER_TOP, &image), ERR_BAD_FORMAT);
}

/* Runs `change` on a fresh file and wants the parser to refuse it. */
#define REFUSED(...)                                                                                \
	do {                                                                                        \
		struct elf_file_header *h = elf_file_header(&file);                                 \
		struct elf_file_phdr *ro = elf_file_phdr(&file, 0), *text = ro + 1, *data = ro + 2; \
		struct elf_file_phdr *tls = ro + 3;                                                 \
		elf_file_make(&file);                                                               \
		(void)h, (void)ro, (void)text, (void)data, (void)tls;                               \
		__VA_ARGS__;                                                                        \
		check_numbers(parse(), ERR_BAD_FORMAT, __FILE__, __LINE__, #__VA_ARGS__);           \
	} while (0)

static void test_header(void)
{
	for (size_t size = 0; size < sizeof(struct elf_file_header); size++) {
		elf_file_make(&file);
		CHECK_INT(elf_parse(file.bytes, size, USER_BASE, USER_TOP, &image), ERR_BAD_FORMAT);
	}
	REFUSED(h->ident[0] = 0);
	REFUSED(h->ident[3] = 'f');
	REFUSED(h->ident[4] = 1);
	REFUSED(h->ident[5] = 2);
	REFUSED(h->ident[6] = 0);
	REFUSED(h->type = 3);
	REFUSED(h->type = 1);
	REFUSED(h->machine = 62);
	REFUSED(h->version = 0);
	REFUSED(h->phentsize = 32);
	REFUSED(h->phentsize = 0);
	REFUSED(h->phnum = 0);
	REFUSED(h->phnum = ELF_PHDRS_MAX + 1);
	REFUSED(h->phnum = UINT16_MAX);
	REFUSED(h->phoff = UINT64_MAX);
	REFUSED(h->phoff = UINT64_MAX - 100);
	REFUSED(h->phoff = ELF_FILE_SIZE - 4 * sizeof(struct elf_file_phdr) + 1);
	REFUSED(h->entry = 0);
	REFUSED(h->entry = 0x101001);          /* odd */
	REFUSED(h->entry = 0x100100);          /* constants */
	REFUSED(h->entry = 0x103000);          /* data */
	REFUSED(h->entry = 0x101000 + 0x1234); /* just behind the text */
	REFUSED(h->entry = UINT64_MAX);
}

static void test_segments(void)
{
	REFUSED(text->memsz = 0, text->filesz = 0);
	REFUSED(data->filesz = data->memsz + 1);
	REFUSED(data->offset = ELF_FILE_SIZE);
	REFUSED(data->offset = UINT64_MAX - 0x100);
	REFUSED(data->filesz = data->memsz = UINT64_MAX);
	REFUSED(data->memsz = UINT64_MAX - data->vaddr);
	REFUSED(data->memsz = UINT64_MAX - data->vaddr + 2);
	REFUSED(data->memsz = ELF_SPAN_MAX);
	REFUSED(data->memsz = USER_TOP);
	REFUSED(data->vaddr = USER_TOP - 0x1000);
	REFUSED(data->vaddr = UINT64_MAX - 0xfff);
	REFUSED(ro->vaddr = USER_BASE - 1);
	REFUSED(ro->vaddr = 0);
	REFUSED(text->flags = PH_R | PH_W | PH_X);
	REFUSED(text->flags = PH_X);
	REFUSED(text->flags = PH_W);
	REFUSED(text->flags = 0);
	REFUSED(data->vaddr = text->vaddr);                                     /* overlap */
	REFUSED(data->vaddr = text->vaddr + text->memsz);                       /* the same page */
	REFUSED(data->vaddr = 0x80000, data->memsz = 0x1000, data->filesz = 0); /* not ascending */
	REFUSED(ro->type = PH_INTERP);
	REFUSED(ro->type = PH_DYNAMIC);
	REFUSED(ro->type = text->type = data->type = 0); /* nothing to load */

	/* One segment too many. */
	elf_file_make(&file);
	elf_file_header(&file)->phnum = ELF_SEGMENTS_MAX + 1;
	for (unsigned i = 0; i <= ELF_SEGMENTS_MAX; i++)
		*elf_file_phdr(&file, i) = (struct elf_file_phdr){PH_LOAD, PH_R | PH_X, 0x1000, 0x100000 + i * 0x1000,
								  0,       0x100,       0x100,  0x1000};
	elf_file_header(&file)->entry = 0x100000;
	CHECK_INT(parse(), ERR_BAD_FORMAT);
	elf_file_header(&file)->phnum = ELF_SEGMENTS_MAX;
	CHECK_INT(parse(), OK);
}

static void test_tls(void)
{
	REFUSED(tls->filesz = tls->memsz + 1);
	REFUSED(tls->memsz = UINT64_MAX);
	REFUSED(tls->vaddr = 0x100000 + 0xa00 - 0x1f); /* sticks out of its segment */
	REFUSED(tls->vaddr = 0);
	REFUSED(tls->vaddr = UINT64_MAX);
	REFUSED(tls->vaddr = 0x103e20); /* bss holds no template */
	elf_file_make(&file);
	elf_file_phdr(&file, 3)->filesz = 0;
	elf_file_phdr(&file, 3)->vaddr = 0;
	CHECK_INT(parse(), OK); /* no template: the address says nothing */
}

/* The table of program headers at every alignment, in memory that ends with the file (for the
 * address checker). */
static void test_bounds(void)
{
	for (unsigned shift = 0; shift < 8; shift++) {
		size_t size = ELF_FILE_SIZE;
		uint8_t *copy = malloc(size);

		if (!copy)
			exit(1);
		elf_file_make(&file);
		uint64_t phoff = size - 4 * sizeof(struct elf_file_phdr) - shift;

		elf_file_header(&file)->phoff = phoff;
		memmove(file.bytes + phoff, elf_file_phdr(&file, 0), 4 * sizeof(struct elf_file_phdr));
		memcpy(copy, file.bytes, size);
		CHECK_INT(elf_parse(copy, size, USER_BASE, USER_TOP, &image), OK);
		free(copy);
	}
}

int main(void)
{
	test_good();
	test_header();
	test_segments();
	test_tls();
	test_bounds();
	return check_end();
}
