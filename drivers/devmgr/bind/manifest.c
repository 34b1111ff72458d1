/* SPDX-License-Identifier: BSD-2-Clause */
/* The ELF file's section table, as far as one section's place in the file. Offsets are compared
 * against what is left of the file, so that no sum can wrap. */
#include "drivers/devmgr/bind/manifest.h"

#include <stdbool.h>
#include <string.h>

/* Tool Interface Standard, ELF 1.2 with the 64-bit layout of the System V ABI */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_section {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};
static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_section) == 64, "ELF64");

#define ELF_MACHINE_RISCV 243
#define ELF_SHT_NOBITS    8

struct file {
	const uint8_t *data;
	size_t size;
};

static bool inside(const struct file *file, uint64_t offset, uint64_t len)
{
	return offset <= file->size && len <= file->size - offset;
}

static bool section_get(const struct file *file, const struct elf_header *header, uint16_t index,
			struct elf_section *out)
{
	uint64_t at = (uint64_t)index * sizeof(*out);

	if (index >= header->shnum || header->shoff > file->size || !inside(file, header->shoff + at, sizeof(*out)))
		return false;
	memcpy(out, file->data + header->shoff + at, sizeof(*out));
	return out->type == ELF_SHT_NOBITS || inside(file, out->offset, out->size);
}

static bool named(const struct file *file, const struct elf_section *strings, uint32_t name)
{
	static const char wanted[] = DRIVER_MANIFEST_SECTION;

	return name < strings->size && strings->size - name >= sizeof(wanted) &&
	       !memcmp(file->data + strings->offset + name, wanted, sizeof(wanted));
}

static const char *manifest_check(const struct driver_manifest *m)
{
	if (m->magic != DRIVER_MANIFEST_MAGIC)
		return "bad magic number";
	if (!m->version || m->version > DRIVER_MANIFEST_VERSION || m->match_size != sizeof(struct driver_match))
		return "other version";
	if (!m->name[0] || !memchr(m->name, 0, sizeof(m->name)))
		return "bad name";
	for (const char *c = m->name; *c; c++) {
		if (*c <= ' ' || *c > '~')
			return "bad name";
	}
	for (size_t i = 0; i < sizeof(m->reserved) / sizeof(m->reserved[0]); i++) {
		if (m->reserved[i])
			return "of a later kind";
	}
	if (m->class >= DRIVER_CLASS_COUNT)
		return "unknown class";
	for (int i = 0; i < DRIVER_MATCHES_MAX && m->matches[i].kind != DRIVER_MATCH_END; i++) {
		const struct driver_match *match = &m->matches[i];

		if (match->kind == DRIVER_MATCH_COMPATIBLE &&
		    (!match->compatible[0] || !memchr(match->compatible, 0, sizeof(match->compatible))))
			return "bad compatible";
	}
	return NULL;
}

status_t manifest_read(const void *data, size_t size, struct driver_manifest *out, const char **problem)
{
	const struct file file = {data, size};
	struct elf_header header;
	struct elf_section strings, section;

	*problem = "not an ELF file for this machine";
	if (size < sizeof(header))
		return ERR_BAD_FORMAT;
	memcpy(&header, data, sizeof(header));
	if (memcmp(header.ident, "\177ELF\2\1\1", 7) || header.machine != ELF_MACHINE_RISCV)
		return ERR_BAD_FORMAT;
	*problem = "damaged section table";
	if (header.shentsize != sizeof(struct elf_section) || !section_get(&file, &header, header.shstrndx, &strings) ||
	    strings.type == ELF_SHT_NOBITS)
		return ERR_BAD_FORMAT;
	for (uint16_t i = 0; i < header.shnum; i++) {
		if (!section_get(&file, &header, i, &section))
			return ERR_BAD_FORMAT;
		if (!named(&file, &strings, section.name))
			continue;
		*problem = "manifest of another size";
		if (section.type == ELF_SHT_NOBITS ||
		    (section.size != sizeof(*out) && section.size != DRIVER_MANIFEST_SIZE_1))
			return ERR_BAD_FORMAT;
		memset(out, 0, sizeof(*out));
		memcpy(out, file.data + section.offset, section.size);
		if (out->version >= 2 && section.size != sizeof(*out))
			return ERR_BAD_FORMAT;
		if (out->version == 1) {
			out->dma_bytes = 0;
			memset((uint8_t *)out + DRIVER_MANIFEST_SIZE_1, 0, sizeof(*out) - DRIVER_MANIFEST_SIZE_1);
		}
		*problem = manifest_check(out);
		return *problem ? ERR_BAD_FORMAT : OK;
	}
	*problem = "no manifest";
	return ERR_NOT_FOUND;
}
