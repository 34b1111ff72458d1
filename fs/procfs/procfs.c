/* SPDX-License-Identifier: BSD-2-Clause */
/* The directories: which files there are, whose they are, and how they are found. */
#include "fs/procfs/procfs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/lib/syscall.h"

/* Inode numbers */
#define PID_SHIFT   20
#define PID_MAX     (1ull << 42) /* no more than this fits; numbers count all objects of the kernel */
#define INDEX_SHIFT 4
#define TREE_BIT    (1ull << 62)
#define INODE_ROOT  1ull
#define INODE_SELF  2ull
#define INODE_FILES 3ull /* of system_files[0] */

/* Places in the listing of the root: its files, then the processes by number */
#define PLACE_PROCESS (1ull << 20)

#define NUMBER_TEXT 24

/* What of a process, in the lowest bits of an inode number */
enum part { PART_DIRECTORY = 1, PART_FD, PART_FD_LINK, PART_FILE };

struct proc_node {
	struct node node;
	struct fs_attr attr;
};

/* ---- tables ----------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint32_t permissions;
	subject_make *make;
} process_files[] = {
	{"cmdline", 0444, subject_cmdline}, {"comm", 0444, subject_comm},     {"environ", 0400, subject_environ},
	{"handles", 0400, subject_handles}, {"maps", 0400, subject_maps},     {"stat", 0444, subject_stat},
	{"statm", 0444, subject_statm},     {"status", 0444, subject_status},
};
#define PROCESS_FILES (sizeof(process_files) / sizeof(process_files[0]))

/* make NULL: the device tree */
static const struct {
	const char *name;
	system_make *make;
} system_files[] = {
	{"cpuinfo", system_cpuinfo}, {"device-tree", NULL},       {"interrupts", system_interrupts},
	{"meminfo", system_meminfo}, {"mounts", system_mounts},   {"stat", system_stat},
	{"uptime", system_uptime},   {"version", system_version},
};
#define SYSTEM_FILES (sizeof(system_files) / sizeof(system_files[0]))

/* ---- numbers ------------------------------------------------------------------------------------------------------ */

static uint64_t process_inode(uint64_t pid, uint32_t index, enum part part)
{
	return pid << PID_SHIFT | (uint64_t)index << INDEX_SHIFT | part;
}

static uint64_t inode_pid(uint64_t inode)
{
	return inode >> PID_SHIFT;
}

static enum part inode_part(uint64_t inode)
{
	return (enum part)(inode & ((1u << INDEX_SHIFT) - 1));
}

static uint32_t inode_index(uint64_t inode)
{
	return (uint32_t)(inode >> INDEX_SHIFT) & ((1u << (PID_SHIFT - INDEX_SHIFT)) - 1);
}

static uint64_t tree_inode(uint32_t entry)
{
	return TREE_BIT | entry;
}

static bool in_tree(uint64_t inode)
{
	return inode & TREE_BIT;
}

/* A number as it is listed: no sign, no zero in front. */
static bool number_parse(const char *name, size_t len, uint64_t *out)
{
	uint64_t n = 0;

	if (len == 0 || len > 15 || (len > 1 && name[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(name[i] - '0');
	}
	*out = n;
	return true;
}

/* ---- attributes ---------------------------------------------------------------------------------------------------- */

static void attr_set(struct node *node, enum file_kind kind, uint32_t permissions)
{
	node->attr->kind = (uint8_t)kind;
	node->attr->permissions = permissions;
	/* Of a directory: nobody counts. */
	node->attr->links = 1;
	node->made = kind == FILE_KIND_REGULAR;
}

static bool system_attr(struct node *node)
{
	if (node->inode == INODE_ROOT)
		attr_set(node, FILE_KIND_DIRECTORY, 0555);
	else if (node->inode == INODE_SELF)
		attr_set(node, FILE_KIND_SYMLINK, 0777);
	else if (node->inode < INODE_FILES || node->inode - INODE_FILES >= SYSTEM_FILES ||
		 !system_files[node->inode - INODE_FILES].make)
		return false;
	else
		attr_set(node, FILE_KIND_REGULAR, 0444);
	return true;
}

static bool tree_attr(const struct tree *tree, struct node *node)
{
	uint64_t index = node->inode & ~TREE_BIT;

	if (index >= tree->count)
		return false;
	const struct tree_entry *entry = &tree->entries[index];
	attr_set(node, entry->directory ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR, entry->directory ? 0555 : 0444);
	node->made = false;
	node->attr->size = entry->size + entry->ends;
	if (entry->directory)
		node->attr->links = 2 + entry->children;
	return true;
}

/* A process's files are its view's user's, as long as it lives. */
static bool process_attr(const struct fs *fs, struct node *node, const struct subject *s)
{
	struct vfs_identity who = {0};
	uint64_t started = 0;
	uint32_t index = inode_index(node->inode);
	enum part part = inode_part(node->inode);

	switch (part) {
	case PART_DIRECTORY: attr_set(node, FILE_KIND_DIRECTORY, 0555); break;
	case PART_FD: attr_set(node, FILE_KIND_DIRECTORY, 0500); break;
	case PART_FD_LINK: attr_set(node, FILE_KIND_SYMLINK, 0777); break;
	default:
		if (part != PART_FILE || index >= PROCESS_FILES)
			return false;
		attr_set(node, FILE_KIND_REGULAR, process_files[index].permissions);
		break;
	}
	if (s) {
		subject_owner(s, &who, NULL);
		started = s->info.started_ns;
	}
	node->attr->user = who.user;
	node->attr->group = who.group;
	node->attr->modified = node->attr->changed = node->attr->accessed = fs_time(fs, started);
	return true;
}

/* Also of processes that are no more: whoever has something of them open hears that when he reads it. */
static status_t procfs_node_load(struct fs *fs, struct node *node)
{
	static struct subject s;
	struct procfs *procfs = fs_data(fs);
	bool found;

	node->attr = &((struct proc_node *)node)->attr;
	if (in_tree(node->inode)) {
		found = tree_attr(&procfs->tree, node);
	} else if (inode_pid(node->inode) == 0) {
		node->attr->modified = node->attr->changed = node->attr->accessed = fs_now(fs);
		found = system_attr(node);
	} else {
		bool lives = subject_open(procfs, inode_pid(node->inode), &s) == OK;

		found = process_attr(fs, node, lives ? &s : NULL);
		if (lives)
			subject_close(&s);
	}
	return found ? OK : ERR_NOT_FOUND;
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

static status_t lookup_root(struct procfs *procfs, const char *name, size_t len, uint64_t *inode)
{
	uint64_t pid;

	if (len == 4 && memcmp(name, "self", 4) == 0) {
		*inode = INODE_SELF;
		return OK;
	}
	for (size_t i = 0; i < SYSTEM_FILES; i++) {
		if (strlen(system_files[i].name) != len || memcmp(system_files[i].name, name, len) != 0)
			continue;
		if (!system_files[i].make && procfs->tree.count == 0)
			return ERR_NOT_FOUND;
		*inode = system_files[i].make ? INODE_FILES + i : tree_inode(TREE_ROOT);
		return OK;
	}
	if (!number_parse(name, len, &pid) || pid == 0 || pid >= PID_MAX)
		return ERR_NOT_FOUND;
	*inode = process_inode(pid, 0, PART_DIRECTORY);
	return OK;
}

static status_t lookup_process(struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	uint64_t pid = inode_pid(dir->inode);

	if (len == 2 && memcmp(name, "fd", 2) == 0) {
		*inode = process_inode(pid, 0, PART_FD);
		return OK;
	}
	for (uint32_t i = 0; i < PROCESS_FILES; i++) {
		if (strlen(process_files[i].name) == len && memcmp(process_files[i].name, name, len) == 0) {
			*inode = process_inode(pid, i, PART_FILE);
			return OK;
		}
	}
	return ERR_NOT_FOUND;
}

static status_t lookup_fd(const struct subject *s, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	uint64_t number;
	uint32_t found;
	handle_t handle;

	if (!number_parse(name, len, &number) || number >= 1u << (PID_SHIFT - INDEX_SHIFT) ||
	    subject_descriptor(s, (uint32_t)number, &found, &handle) != OK || found != number)
		return ERR_NOT_FOUND;
	*inode = process_inode(inode_pid(dir->inode), found, PART_FD_LINK);
	return OK;
}

static status_t procfs_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	static struct subject s;
	struct procfs *procfs = fs_data(fs);
	status_t status = OK;

	if (in_tree(dir->inode)) {
		uint32_t entry = tree_find(&procfs->tree, (uint32_t)(dir->inode & ~TREE_BIT), name, len);

		*inode = tree_inode(entry);
		return entry == TREE_NONE ? ERR_NOT_FOUND : OK;
	}
	if (dir->inode != INODE_ROOT)
		status = lookup_process(dir, name, len, inode);
	else
		status = lookup_root(procfs, name, len, inode);
	bool fd = inode_part(dir->inode) == PART_FD && dir->inode != INODE_ROOT;
	if ((status != OK && !fd) || (status == OK && (in_tree(*inode) || inode_pid(*inode) == 0)))
		return status;
	/* Names of a process are there as long as it is. */
	status = subject_open(procfs, inode_pid(fd ? dir->inode : *inode), &s);
	if (status != OK)
		return ERR_NOT_FOUND;
	if (fd)
		status = lookup_fd(&s, dir, name, len, inode);
	/* A node that is known may be from before the process had its view. */
	struct node *known = status == OK ? fs_node_find(fs, *inode) : NULL;
	if (known)
		(void)process_attr(fs, known, &s);
	subject_close(&s);
	return status;
}

static status_t procfs_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	const struct procfs *procfs = fs_data(fs);
	uint64_t entry = dir->inode & ~TREE_BIT;

	if (in_tree(dir->inode) && entry != TREE_ROOT)
		*inode = tree_inode(procfs->tree.entries[entry].parent);
	else if (!in_tree(dir->inode) && inode_part(dir->inode) == PART_FD && inode_pid(dir->inode))
		*inode = process_inode(inode_pid(dir->inode), 0, PART_DIRECTORY);
	else
		*inode = INODE_ROOT;
	return OK;
}

/* ---- listings -------------------------------------------------------------------------------------------------------- */

static status_t list_root(struct procfs *procfs, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	struct process_info info = {0};
	char name[NUMBER_TEXT];
	status_t status;

	if (from < FS_LIST_FIRST) {
		if (!emit(list, "self", 4, INODE_SELF, FILE_KIND_SYMLINK, FS_LIST_FIRST))
			return OK;
		from = FS_LIST_FIRST;
	}
	for (uint64_t i = from < PLACE_PROCESS ? from - FS_LIST_FIRST : SYSTEM_FILES; i < SYSTEM_FILES; i++) {
		bool tree = !system_files[i].make;

		if (tree && procfs->tree.count == 0)
			continue;
		if (!emit(list, system_files[i].name, strlen(system_files[i].name),
			  tree ? tree_inode(TREE_ROOT) : INODE_FILES + i,
			  tree ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR, FS_LIST_FIRST + i + 1))
			return OK;
	}
	if (from > PLACE_PROCESS)
		info.koid = from - PLACE_PROCESS;
	while ((status = system_info(procfs->inspect, INFO_PROCESS, info.koid, &info, sizeof(info), NULL)) == OK) {
		if (info.state == PROCESS_ENDED)
			continue;
		if (info.koid >= PID_MAX)
			return OK;
		snprintf(name, sizeof(name), "%" PRIu64, info.koid);
		if (!emit(list, name, strlen(name), process_inode(info.koid, 0, PART_DIRECTORY), FILE_KIND_DIRECTORY,
			  PLACE_PROCESS + info.koid))
			return OK;
	}
	return status == ERR_NOT_FOUND ? OK : ERR_IO;
}

static void list_process(struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	uint64_t pid = inode_pid(dir->inode);

	if (from < FS_LIST_FIRST) {
		if (!emit(list, "fd", 2, process_inode(pid, 0, PART_FD), FILE_KIND_DIRECTORY, FS_LIST_FIRST))
			return;
		from = FS_LIST_FIRST;
	}
	for (uint64_t i = from - FS_LIST_FIRST; i < PROCESS_FILES; i++) {
		if (!emit(list, process_files[i].name, strlen(process_files[i].name),
			  process_inode(pid, (uint32_t)i, PART_FILE), FILE_KIND_REGULAR, FS_LIST_FIRST + i + 1))
			return;
	}
}

static void list_fd(const struct subject *s, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	char name[NUMBER_TEXT];
	handle_t handle;
	uint32_t fd = from < FS_LIST_FIRST ? 0 : (uint32_t)(from - FS_LIST_FIRST);

	for (; subject_descriptor(s, fd, &fd, &handle) == OK; fd++) {
		snprintf(name, sizeof(name), "%" PRIu32, fd);
		if (!emit(list, name, strlen(name), process_inode(inode_pid(dir->inode), fd, PART_FD_LINK),
			  FILE_KIND_SYMLINK, FS_LIST_FIRST + fd + 1))
			return;
	}
}

static void list_tree(const struct tree *tree, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	uint32_t entry = tree->entries[dir->inode & ~TREE_BIT].first;
	char name[TREE_NAME_MAX + 1];

	/* A place is the number of the entry before it. */
	if (from >= FS_LIST_FIRST)
		entry = from - FS_LIST_FIRST < tree->count ? tree->entries[from - FS_LIST_FIRST].next : TREE_NONE;
	for (; entry != TREE_NONE; entry = tree->entries[entry].next) {
		size_t len = tree_name(tree, entry, name);

		if (!emit(list, name, len, tree_inode(entry),
			  tree->entries[entry].directory ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR,
			  FS_LIST_FIRST + entry))
			return;
	}
}

static status_t procfs_list(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	static struct subject s;
	struct procfs *procfs = fs_data(fs);

	if (in_tree(dir->inode)) {
		list_tree(&procfs->tree, dir, from, list, emit);
		return OK;
	}
	if (dir->inode == INODE_ROOT)
		return list_root(procfs, from, list, emit);
	status_t status = subject_open(procfs, inode_pid(dir->inode), &s);
	if (status != OK)
		return status == ERR_NOT_FOUND ? OK : status; /* nothing is left of it */
	if (inode_part(dir->inode) == PART_FD)
		list_fd(&s, dir, from, list, emit);
	else
		list_process(dir, from, list, emit);
	subject_close(&s);
	return OK;
}

/* ---- contents -------------------------------------------------------------------------------------------------------- */

/* self: whoever asks. The kernel knows which process the call is from; it says a name, and gives no right to anything. */
static status_t link_self(char *text, size_t size)
{
	uint64_t pid;
	status_t status = caller_process(HANDLE_NONE, &pid);

	if (status == OK)
		snprintf(text, size, "%" PRIu64, pid);
	return status == OK ? OK : ERR_NOT_FOUND;
}

static status_t procfs_read_link(struct fs *fs, struct node *node, char *text, size_t size, size_t *len)
{
	static struct subject s;
	char name[FILE_PATH_MAX + 1];
	uint32_t found;
	handle_t handle;
	status_t status;

	if (node->inode == INODE_SELF) {
		status = link_self(name, sizeof(name));
	} else {
		status = subject_open(fs_data(fs), inode_pid(node->inode), &s);
		if (status != OK)
			return status;
		status = subject_descriptor(&s, inode_index(node->inode), &found, &handle);
		if (status == OK && found != inode_index(node->inode))
			status = ERR_NOT_FOUND;
		if (status == OK)
			(void)subject_open_name(&s, found, handle, name, sizeof(name));
		subject_close(&s);
	}
	if (status != OK)
		return status;
	*len = strlen(name);
	memcpy(text, name, *len < size ? *len : size);
	return OK;
}

/* Properties of the tree: all else is made. */
static status_t procfs_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	const struct procfs *procfs = fs_data(fs);
	const struct tree_entry *entry = &procfs->tree.entries[node->inode & ~TREE_BIT];
	size_t in_blob = offset < entry->size ? entry->size - offset : 0;
	status_t status = OK;

	if (in_blob > len)
		in_blob = len;
	if (in_blob)
		status = fs_io_put(io, 0, entry->data + offset, in_blob);
	/* The NUL that is not in the blob */
	if (status == OK && len > in_blob)
		status = fs_io_put(io, in_blob, "", 1);
	return status;
}

static status_t procfs_make(struct fs *fs, struct node *node, const struct state_view *view, struct fs_text *text)
{
	static struct subject s;
	struct procfs *procfs = fs_data(fs);
	uint64_t caller;
	status_t status;

	if (inode_pid(node->inode) == 0) {
		procfs->boot_time = fs_time(fs, 0) / 1000000000;
		return system_files[node->inode - INODE_FILES].make(procfs, view, text);
	}
	status = subject_open(procfs, inode_pid(node->inode), &s);
	if (status != OK)
		return status;
	/* Who reads of himself waits for this answer and does nothing else: that is working. */
	if (caller_process(HANDLE_NONE, &caller) == OK && caller == s.info.koid)
		s.info.active++;
	status = process_files[inode_index(node->inode)].make(&s, text);
	/* What was found of one that ended meanwhile is not the whole. */
	if (status == OK)
		status = process_info(s.process, &s.info);
	if (status == OK && s.info.state >= PROCESS_ENDING)
		status = ERR_NOT_FOUND;
	subject_close(&s);
	return status;
}

static void procfs_volume(struct fs *fs, struct file_volume *volume)
{
	(void)fs;
	volume->block_size = 4096;
}

const struct fs_ops procfs_ops = {
	.type = "procfs",
	.node_size = sizeof(struct proc_node),
	.flags = FS_NO_NAME_CACHE,
	.root = INODE_ROOT,
	.block_size = 4096,
	.node_load = procfs_node_load,
	.lookup = procfs_lookup,
	.parent = procfs_parent,
	.list = procfs_list,
	.read_link = procfs_read_link,
	.read = procfs_read,
	.make = procfs_make,
	.volume = procfs_volume,
};
