/* SPDX-License-Identifier: BSD-2-Clause */
/* An index of the archive: one entry for each file and directory, in an array by inode number, sorted by directory and name. */
#include "fs/bootfs/bootfs.h"

#include <stdlib.h>
#include <string.h>

#include "sys/lib/cpio.h"
#include "sys/lib/syscall.h"

#define PAGE ((uint64_t)PAGE_SIZE)

struct entry {
	struct fs_attr attr;
	const char *name; /* in the archive, not terminated */
	const uint8_t *data;
	uint64_t offset; /* in the archive */
	uint32_t len;
	uint32_t parent; /* index */
	uint32_t first;  /* directory: of its entries in `order` */
	uint32_t count;
};

/* Inode numbers are index + 1; the root is the first. */
struct bootfs_tree {
	struct entry *entries;
	uint32_t *order; /* of all but the root, by directory, then by name */
	uint32_t count, room;
	handle_t vmo;
	uint64_t bytes;
};

struct bootfs_node {
	struct node node;
	struct entry *entry;
};

static struct entry *entry_of(struct node *node)
{
	return ((struct bootfs_node *)node)->entry;
}

/* ---- making the tree ------------------------------------------------------------------------------------- */

static struct entry *entry_add(struct bootfs_tree *tree, uint32_t parent, const char *name, size_t len,
			       enum file_kind kind)
{
	if (tree->count == tree->room) {
		uint32_t room = tree->room ? tree->room * 2 : 128;
		struct entry *more = realloc(tree->entries, room * sizeof(*more));

		if (!more)
			return NULL;
		tree->entries = more;
		tree->room = room;
	}
	struct entry *entry = &tree->entries[tree->count++];

	*entry = (struct entry){.name = name, .len = (uint32_t)len, .parent = parent};
	entry->attr.kind = (uint8_t)kind;
	entry->attr.permissions = kind == FILE_KIND_DIRECTORY ? 0755 : 0444;
	entry->attr.links = kind == FILE_KIND_DIRECTORY ? 2 : 1;
	return entry;
}

static uint32_t child_find(const struct bootfs_tree *tree, uint32_t dir, const char *name, size_t len)
{
	/* Backwards: an archive lists a directory's files together. */
	for (uint32_t i = tree->count; i-- > 1;) {
		if (tree->entries[i].parent == dir && tree->entries[i].len == len &&
		    memcmp(tree->entries[i].name, name, len) == 0)
			return i;
	}
	return 0;
}

static bool component_valid(const char *name, size_t len)
{
	return len != 0 && len <= FILE_NAME_MAX && !(len <= 2 && memcmp(name, "..", len) == 0);
}

/* What is not named in a way that a path can say is left out. */
static status_t path_add(struct bootfs_tree *tree, const struct cpio_entry *file)
{
	const char *at = file->name;
	uint32_t dir = 0, type = file->mode & CPIO_MODE_TYPE;

	while (*at == '/' || (at[0] == '.' && at[1] == '/'))
		at += *at == '/' ? 1 : 2;
	if (*at == '\0' || (type != CPIO_MODE_FILE && type != CPIO_MODE_DIR))
		return OK;
	for (;;) {
		size_t len = strcspn(at, "/");
		const char *next = at + len + strspn(at + len, "/");
		bool last = *next == '\0', is_dir = !last || type == CPIO_MODE_DIR;

		if (!component_valid(at, len) || tree->entries[dir].attr.kind != FILE_KIND_DIRECTORY)
			return OK;
		uint32_t found = child_find(tree, dir, at, len);

		if (found && last)
			return OK; /* the first counts */
		if (!found) {
			struct entry *entry = entry_add(tree, dir, at, len,
							is_dir ? FILE_KIND_DIRECTORY : FILE_KIND_REGULAR);

			if (!entry)
				return ERR_NO_MEMORY;
			found = tree->count - 1;
			if (is_dir)
				tree->entries[dir].attr.links++;
			if (last) {
				uint32_t bits = file->mode & 0777;

				/* Nobody can write; what has no permissions at all has been packed without. */
				entry->attr.permissions = bits ? bits & ~0222u : is_dir ? 0555 : 0444;
				entry->attr.size = is_dir ? 0 : file->size;
				entry->attr.blocks = (entry->attr.size + 511) / 512;
				entry->data = file->data;
				entry->offset = file->offset;
			}
		}
		if (last)
			return OK;
		dir = found;
		at = next;
	}
}

static int name_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : a_len < b_len ? -1 : a_len > b_len;
}

static const struct entry *sorted; /* for the comparison of qsort, which takes no context */

static int by_directory_and_name(const void *a, const void *b)
{
	const struct entry *x = &sorted[*(const uint32_t *)a], *y = &sorted[*(const uint32_t *)b];

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return name_compare(x->name, x->len, y->name, y->len);
}

static bool order_make(struct bootfs_tree *tree)
{
	uint32_t count = tree->count - 1;

	tree->order = malloc((count ? count : 1) * sizeof(*tree->order));
	if (!tree->order)
		return false;
	for (uint32_t i = 0; i < count; i++)
		tree->order[i] = i + 1;
	sorted = tree->entries;
	qsort(tree->order, count, sizeof(*tree->order), by_directory_and_name);
	for (uint32_t i = count; i-- > 0;) {
		struct entry *dir = &tree->entries[tree->entries[tree->order[i]].parent];

		dir->first = i;
		dir->count++;
	}
	return true;
}

void bootfs_tree_free(struct bootfs_tree *tree)
{
	if (tree) {
		free(tree->entries);
		free(tree->order);
	}
	free(tree);
}

struct bootfs_tree *bootfs_tree_make(const void *data, size_t size, handle_t vmo, status_t *status)
{
	struct bootfs_tree *tree = calloc(1, sizeof(*tree));
	struct cpio_entry file;
	size_t cursor = 0;

	*status = ERR_NO_MEMORY;
	if (tree && entry_add(tree, 0, "", 0, FILE_KIND_DIRECTORY)) {
		tree->vmo = vmo;
		tree->bytes = size;
		while ((*status = cpio_next(data, size, &cursor, &file)) == OK) {
			*status = path_add(tree, &file);
			if (*status != OK)
				break;
		}
		/* The end is no error. */
		if (*status == ERR_NOT_FOUND)
			*status = order_make(tree) ? OK : ERR_NO_MEMORY;
	}
	if (*status == OK)
		return tree;
	bootfs_tree_free(tree);
	return NULL;
}

/* ---- struct fs_ops ---------------------------------------------------------------------------------------- */

static status_t bootfs_node_load(struct fs *fs, struct node *node)
{
	struct bootfs_tree *tree = fs_data(fs);

	if (node->inode == 0 || node->inode > tree->count)
		return ERR_NOT_FOUND;
	((struct bootfs_node *)node)->entry = &tree->entries[node->inode - 1];
	node->attr = &tree->entries[node->inode - 1].attr;
	return OK;
}

static status_t bootfs_lookup(struct fs *fs, struct node *dir, const char *name, size_t len, uint64_t *inode)
{
	const struct bootfs_tree *tree = fs_data(fs);
	const struct entry *entry = entry_of(dir);
	uint32_t low = entry->first, high = entry->first + entry->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct entry *other = &tree->entries[tree->order[middle]];
		int order = name_compare(name, len, other->name, other->len);

		if (order == 0) {
			*inode = tree->order[middle] + 1ull;
			return OK;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return ERR_NOT_FOUND;
}

static status_t bootfs_parent(struct fs *fs, struct node *dir, uint64_t *inode)
{
	(void)fs;
	*inode = entry_of(dir)->parent + 1ull;
	return OK;
}

static status_t bootfs_list(struct fs *fs, struct node *dir, uint64_t from, struct fs_list *list, fs_emit_fn emit)
{
	const struct bootfs_tree *tree = fs_data(fs);
	const struct entry *entry = entry_of(dir);

	for (uint64_t i = from ? from - FS_LIST_FIRST + 1 : 0; i < entry->count; i++) {
		uint32_t index = tree->order[entry->first + i];
		const struct entry *child = &tree->entries[index];

		if (!emit(list, child->name, child->len, index + 1ull, (enum file_kind)child->attr.kind,
			  i + FS_LIST_FIRST))
			break;
	}
	return OK;
}

static status_t bootfs_read(struct fs *fs, struct node *node, uint64_t offset, const struct fs_io *io, size_t len)
{
	(void)fs;
	return fs_io_put(io, 0, entry_of(node)->data + offset, len);
}

static void bootfs_volume(struct fs *fs, struct file_volume *volume)
{
	const struct bootfs_tree *tree = fs_data(fs);

	volume->block_size = PAGE;
	volume->blocks = (tree->bytes + PAGE - 1) / PAGE;
	volume->files = tree->count;
}

/* The archive itself: a program is not copied to be run. Whoever may read one file of it may read all. */
static status_t bootfs_memory(struct fs *fs, struct node *node, uint64_t offset, uint64_t len, bool exec, handle_t *vmo,
			      uint64_t *start, uint64_t *size)
{
	const struct bootfs_tree *tree = fs_data(fs);
	const struct entry *entry = entry_of(node);
	uint32_t rights = RIGHT_VMO_READ | RIGHT_DUP | RIGHT_MOVE | RIGHT_INFO | (exec ? RIGHT_VMO_EXEC : 0);

	if (offset >= entry->attr.size)
		return ERR_INVALID;
	/* Packed for it; other archives' files can only be read. */
	if (entry->offset % PAGE != 0)
		return ERR_UNSUPPORTED;
	*start = entry->offset + offset;
	*size = len < entry->attr.size - offset ? len : entry->attr.size - offset;
	return handle_dup(tree->vmo, rights, vmo);
}

const struct fs_ops bootfs_ops = {
	.type = "bootfs",
	.node_size = sizeof(struct bootfs_node),
	.flags = FS_NO_NAME_CACHE,
	.root = 1,
	.block_size = 4096,
	.node_load = bootfs_node_load,
	.lookup = bootfs_lookup,
	.parent = bootfs_parent,
	.list = bootfs_list,
	.read = bootfs_read,
	.volume = bootfs_volume,
	.memory = bootfs_memory,
};
