/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes: what the kernel says of them, what is in their memory, and what vfs says of their handles. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/procfs/block.h"
#include "fs/procfs/procfs.h"
#include "protocols/fs_control.h"
#include "sys/lib/syscall.h"
#include "sys/posix/descriptors.h"

#define MAPPINGS_MAX    65536u /* looked at; a process that has more is told as smaller than it is */
#define DESCRIPTORS_MAX 4096u
#define SLOT_BYTES_MAX  64u
#define PATH_NS         1000000000ull /* a file system that answers later is busy with something else */
#define HANDLE_INDEX(h) ((h) & (HANDLE_MAX_COUNT - 1))

/* ---- its memory ---------------------------------------------------------------------------------------------- */

static bool memory_read(const struct subject *s, uint64_t from, void *to, size_t len)
{
	return process_memory(s->process, PROCESS_READ, from, to, len) == OK;
}

status_t subject_open(const struct procfs *procfs, uint64_t pid, struct subject *out)
{
	status_t status;

	out->procfs = procfs;
	status = process_open(procfs->examine, pid, &out->process);
	if (status != OK)
		return status;
	status = process_info(out->process, &out->info);
	if (status != OK) {
		subject_close(out);
		return status;
	}
	out->info.name[NAME_MAX_BYTES - 1] = '\0';
	out->has_block = out->info.arg0 && memory_read(out, out->info.arg0, &out->block, sizeof(out->block)) &&
			 block_valid(&out->block);
	return OK;
}

void subject_close(struct subject *s)
{
	(void)handle_close(s->process);
}

/* ---- its view ------------------------------------------------------------------------------------------------ */

/* A handle by its value: what it is to the kernel. */
static bool handle_look(const struct subject *s, handle_t handle, struct handle_info *info)
{
	handle_t found;

	return process_handle(s->process, HANDLE_INDEX(handle), info, &found) == OK && found == handle;
}

void subject_owner(const struct subject *s, struct vfs_identity *who, uint32_t *groups)
{
	static struct vfs_group list[VFS_GROUPS_MAX];
	handle_t view = s->has_block ? block_handle(&s->block, HND_VFS) : HANDLE_NONE;
	struct handle_info info;
	uint32_t count = 0;

	*who = (struct vfs_identity){0};
	/* It says which of its handles it is; that it holds that one, and what it is, others say. */
	if (view == HANDLE_NONE || !handle_look(s, view, &info) || info.koid != s->procfs->vfs_koid || info.badge == 0)
		return;
	if (vfs_view_identity(s->procfs->examiner, info.badge, list, VFS_GROUPS_MAX, who, &count) != OK) {
		*who = (struct vfs_identity){0};
		return;
	}
	who->group_count = count;
	for (uint32_t i = 0; groups && i < count; i++)
		groups[i] = list[i].id;
}

/* ---- its descriptors ----------------------------------------------------------------------------------------- */

static bool descriptors_read(const struct subject *s, struct descriptors *d)
{
	return s->has_block && s->block.descriptors && memory_read(s, s->block.descriptors, d, sizeof(*d)) &&
	       d->magic == DESCRIPTORS_MAGIC && d->count <= DESCRIPTORS_MAX && d->slot_bytes >= sizeof(uint64_t) &&
	       d->slot_bytes <= SLOT_BYTES_MAX;
}

status_t subject_descriptor(const struct subject *s, uint32_t from, uint32_t *descriptor, handle_t *handle)
{
	uint8_t slots[16 * SLOT_BYTES_MAX];
	struct descriptors d;

	if (!descriptors_read(s, &d))
		return ERR_NOT_FOUND;
	for (uint32_t at = from, count; at < d.count; at += count) {
		count = d.count - at < 16 ? d.count - at : 16;
		if (!memory_read(s, d.slots + (uint64_t)at * d.slot_bytes, slots, (size_t)count * d.slot_bytes))
			return ERR_NOT_FOUND;
		for (uint32_t i = 0; i < count; i++) {
			uint64_t file;

			memcpy(&file, slots + (size_t)i * d.slot_bytes, sizeof(file));
			if (!file)
				continue;
			*descriptor = at + i;
			if (!memory_read(s, file + d.handle, handle, sizeof(*handle)))
				*handle = HANDLE_NONE;
			return OK;
		}
	}
	return ERR_NOT_FOUND;
}

/* The path in its file system: false if that does not know it, or not soon. One of procfs is not asked: that is us, or it may be asking us. */
static bool path_ask(const struct subject *s, const struct vfs_mount *mount, uint64_t badge, char *path, uint32_t size)
{
	uint64_t now = 0;
	uint32_t len = 0;
	handle_t namer;
	status_t status;

	if (strcmp(mount->type, "procfs") == 0 || vfs_namer(s->procfs->examiner, mount->number, &namer) != OK)
		return false;
	(void)clock_get(&now); /* has no way to fail */
	do
		status = fs_control_path_until(namer, now + PATH_NS, badge, (uint8_t *)path, size - 1, &len);
	while (status == ERR_PEER_DIED);
	(void)handle_close(namer);
	if (status != OK || memchr(path, '\0', len))
		return false;
	path[len] = '\0';
	return true;
}

/* A path, or as Linux names what has none: what kind it is, and its number. */
size_t subject_open_name(const struct subject *s, uint32_t descriptor, handle_t handle, char *name, size_t size)
{
	static struct vfs_mount mount;
	char path[FILE_PATH_MAX + 1];
	struct handle_info info;
	uint64_t inode;
	uint32_t count;

	if (handle == HANDLE_NONE)
		snprintf(name, size, "library:[%" PRIu32 "]", descriptor);
	else if (!handle_look(s, handle, &info))
		snprintf(name, size, "closed:[%" PRIu32 "]", descriptor);
	else if (info.type != OBJ_ENDPOINT ||
		 vfs_open_file(s->procfs->examiner, info.koid, info.badge, &mount, 1, &count, &inode) != OK ||
		 count != 1)
		snprintf(name, size, "%s:[%" PRIu64 "]", format_type(info.type), info.koid);
	else if (path_ask(s, &mount, info.badge, path, sizeof(path)))
		snprintf(name, size, "%s%s%s", mount.point, *path && strcmp(mount.point, "/") != 0 ? "/" : "", path);
	else
		snprintf(name, size, "%s:[%" PRIu64 "]", mount.point, inode);
	return strlen(name);
}

/* ---- its files ----------------------------------------------------------------------------------------------- */

static void facts_find(const struct subject *s, struct process_facts *facts)
{
	struct mapping_info mapping = {0};
	struct vfs_identity who;
	handle_t handle;

	*facts = (struct process_facts){.info = s->info};
	subject_owner(s, &who, facts->groups);
	facts->user = who.user;
	facts->group = who.group;
	facts->group_count = who.group_count;
	for (uint32_t n = 0; n < MAPPINGS_MAX; n++) {
		if (process_mapping(s->process, mapping.base + mapping.size, &mapping) != OK)
			break;
		facts->virtual_bytes += mapping.size;
	}
	for (uint32_t fd = 0; subject_descriptor(s, fd, &fd, &handle) == OK; fd++)
		facts->descriptors = fd + 1;
	if (!s->has_block)
		return;
	facts->image_base = s->block.image_base;
	facts->image_end = s->block.heap_hint < facts->image_base ? facts->image_base : s->block.heap_hint;
	facts->stack_top = s->block.stack_base + s->block.stack_size;
}

status_t subject_status(const struct subject *s, struct fs_text *text)
{
	static struct process_facts facts;

	facts_find(s, &facts);
	format_status(text, &facts);
	return OK;
}

status_t subject_stat(const struct subject *s, struct fs_text *text)
{
	static struct process_facts facts;

	facts_find(s, &facts);
	format_stat(text, &facts, s->procfs->ticks);
	return OK;
}

status_t subject_statm(const struct subject *s, struct fs_text *text)
{
	static struct process_facts facts;

	facts_find(s, &facts);
	format_statm(text, &facts);
	return OK;
}

/* What the startup block says of the place. */
static const char *mapping_name(const struct subject *s, const struct mapping_info *m)
{
	const struct startup *block = &s->block;

	if (m->kind == VMO_KIND_DEVICE)
		return "[device]";
	if (m->kind == VMO_KIND_CONTIGUOUS)
		return "[dma]";
	if (!s->has_block)
		return "";
	if (block->stack_base >= m->base && block->stack_base - m->base < m->size)
		return "[stack]";
	if (block->heap_hint >= m->base && block->heap_hint - m->base < m->size)
		return "[heap]";
	return m->base >= block->image_base && m->base < block->heap_hint ? s->info.name : "";
}

status_t subject_maps(const struct subject *s, struct fs_text *text)
{
	struct mapping_info mapping = {0};
	status_t status;

	do {
		status = process_mapping(s->process, mapping.base + mapping.size, &mapping);
		if (status == OK)
			format_mapping(text, &mapping, mapping_name(s, &mapping));
	} while (status == OK && text->status == OK);
	return status == ERR_NOT_FOUND ? OK : status;
}

static status_t strings(const struct subject *s, bool environment, struct fs_text *text)
{
	void *block;

	if (!s->has_block)
		return OK;
	block = malloc(s->block.size);
	if (!block)
		return ERR_NO_MEMORY;
	/* It may have become another one since it was looked at; then this is not valid. */
	if (memory_read(s, s->info.arg0, block, s->block.size))
		block_strings(block, s->block.size, environment, text);
	free(block);
	return OK;
}

status_t subject_cmdline(const struct subject *s, struct fs_text *text)
{
	return strings(s, false, text);
}

status_t subject_environ(const struct subject *s, struct fs_text *text)
{
	return strings(s, true, text);
}

status_t subject_comm(const struct subject *s, struct fs_text *text)
{
	fs_text_print(text, "%s\n", format_name(&s->info));
	return OK;
}

status_t subject_handles(const struct subject *s, struct fs_text *text)
{
	struct handle_info info;
	handle_t value;
	status_t status = OK;

	for (uint64_t at = 0; status == OK && text->status == OK; at = HANDLE_INDEX(value) + 1) {
		status = process_handle(s->process, at, &info, &value);
		if (status == OK)
			format_handle(text, value, &info);
	}
	return status == ERR_NOT_FOUND ? OK : status;
}
