/* SPDX-License-Identifier: BSD-2-Clause */
/* FAT files in use: found by number and by the place of their directory entry, and kept in step with that. */
#include <string.h>

#include "fs/fat/fat_internal.h"

/* A number is a place, and above it a count for those whose place's number is taken by a file that has left that place. */
#define PLACE_BITS 40
#define PLACE_MASK ((1ull << PLACE_BITS) - 1)

/* ---- tables -------------------------------------------------------------------------------------------------------- */

static struct fat_node *find_id(const struct fat *f, uint64_t id)
{
	struct fat_node *n = f->by_id[fat_hash(id)];

	while (n && n->id != id)
		n = n->by_id;
	return n;
}

static struct fat_node *find_place(const struct fat *f, uint64_t place)
{
	struct fat_node *n = f->by_place[fat_hash(place)];

	while (n && n->place != place)
		n = n->by_place;
	return n;
}

void fat_node_place(struct fat *f, struct fat_node *node, uint64_t place)
{
	node->place = place;
	node->by_place = f->by_place[fat_hash(place)];
	f->by_place[fat_hash(place)] = node;
}

void fat_node_unplace(struct fat *f, struct fat_node *node)
{
	struct fat_node **at = &f->by_place[fat_hash(node->place)];

	if (!node->place)
		return;
	while (*at != node)
		at = &(*at)->by_place;
	*at = node->by_place;
	node->place = 0;
}

uint64_t fat_place_of(struct fat *f, const DIR *d)
{
	return (uint64_t)d->sect * f->entries + (uint64_t)(d->dir - f->fs.win) / ENTRY_BYTES;
}

uint64_t fat_id_at(struct fat *f, uint64_t place)
{
	const struct fat_node *n = find_place(f, place);
	uint64_t id = place;

	if (n)
		return n->id;
	while (find_id(f, id))
		id += PLACE_MASK + 1;
	return id;
}

/* ---- entries -------------------------------------------------------------------------------------------------------- */

static status_t entry_load(struct fat *f, uint64_t place, uint8_t **entry)
{
	status_t status = fat_status(fatfs_load(&f->fs, (LBA_t)(place / f->entries)));

	*entry = f->fs.win + place % f->entries * ENTRY_BYTES;
	return status;
}

void fat_entry_fill(struct fat *f, const struct fat_node *node, uint8_t *entry)
{
	entry[ENTRY_ATTR] = (uint8_t)((entry[ENTRY_ATTR] & ~ATTR_READ_ONLY) | (node->read_only ? ATTR_READ_ONLY : 0));
	put32(entry + ENTRY_MODIFIED, fat_dos_time(node->modified, NULL));
	put16(entry + ENTRY_ACCESSED, fat_dos_time(node->accessed, NULL) >> 16);
	fatfs_cluster_set(&f->fs, entry, node->cluster);
	put32(entry + ENTRY_SIZE, node->directory ? 0 : (uint32_t)node->size);
}

status_t fat_entry_store(struct fat *f, struct fat_node *node)
{
	uint8_t *entry;

	if (node->unlinked || !node->place) {
		fat_node_unchange(f, node);
		return OK;
	}
	status_t status = entry_load(f, node->place, &entry);
	if (status != OK)
		return status;
	fat_entry_fill(f, node, entry);
	f->fs.wflag = 1;
	fat_node_unchange(f, node);
	return OK;
}

void fat_node_change(struct fat *f, struct fat_node *node, bool times_only)
{
	if (node->id == FAT_ROOT)
		return; /* has no entry */
	if (!node->changed) {
		node->changed = node->times_changed = true;
		node->next_changed = f->changed;
		node->changed_at = &f->changed;
		if (f->changed)
			f->changed->changed_at = &node->next_changed;
		f->changed = node;
	}
	node->times_changed &= times_only;
}

void fat_node_unchange(struct fat *f, struct fat_node *node)
{
	(void)f;
	if (!node->changed)
		return;
	*node->changed_at = node->next_changed;
	if (node->next_changed)
		node->next_changed->changed_at = node->changed_at;
	node->changed = node->times_changed = false;
}

void fat_changed(struct fat *f, struct fat_node *node)
{
	if (!f->read_only)
		fat_node_change(f, node, true);
}

/* ---- loading ---------------------------------------------------------------------------------------------------------- */

static uint32_t generation_of(const uint8_t *entry)
{
	uint32_t hash = 2166136261u;

	/* name and time of creation: what another file in the same place differs in */
	for (unsigned i = 0; i < ENTRY_ACCESSED; i++) {
		if (i != ENTRY_ATTR)
			hash = (hash ^ entry[i]) * 16777619u;
	}
	return hash;
}

static bool entry_good(const uint8_t *entry)
{
	uint8_t first = entry[ENTRY_NAME];

	return first && first != ENTRY_FREE && first != '.' && !(entry[ENTRY_ATTR] & ATTR_LABEL);
}

static bool place_good(const struct fat *f, uint64_t place)
{
	uint64_t sector = place / f->entries, end = f->fs.database + (uint64_t)f->fs.csize * (f->fs.n_fatent - 2);

	return sector >= (f->fs.fs_type == FS_FAT32 ? f->fs.database : f->fs.dirbase) && sector < end;
}

static status_t entry_read(struct fat *f, struct fat_node *node, uint64_t place)
{
	uint8_t *e;

	if (!place_good(f, place))
		return ERR_NOT_FOUND;
	status_t status = entry_load(f, place, &e);
	if (status != OK)
		return status;
	if (!entry_good(e))
		return ERR_NOT_FOUND;
	node->directory = e[ENTRY_ATTR] & ATTR_DIRECTORY;
	node->read_only = e[ENTRY_ATTR] & ATTR_READ_ONLY;
	node->size = node->directory ? f->cluster_bytes : get32(e + ENTRY_SIZE);
	node->created = fat_time(get32(e + ENTRY_CREATED), e[ENTRY_CREATED_10MS]);
	node->modified = fat_time(get32(e + ENTRY_MODIFIED), 0);
	node->accessed = fat_time((uint32_t)get16(e + ENTRY_ACCESSED) << 16, 0);
	node->cluster = fatfs_cluster(&f->fs, e) & (f->fs.fs_type == FS_FAT32 ? 0x0fffffff : 0xffff);
	node->generation = generation_of(e);
	/* A directory without clusters would be the root once more. */
	if (node->directory && (node->cluster < 2 || node->cluster >= f->fs.n_fatent))
		return ERR_IO;
	return OK;
}

status_t fat_node_load(struct fat *f, struct fat_node *node, uint64_t id)
{
	status_t status = OK;

	*node = (struct fat_node){.id = id, .directory = true, .size = f->cluster_bytes};
	if (id != FAT_ROOT)
		status = entry_read(f, node, id & PLACE_MASK);
	if (status != OK)
		return status;
	/* Whose place's number is taken was given another one by a look-up; a number that nobody was given names nothing. */
	if (find_id(f, id) || (id != FAT_ROOT && fat_id_at(f, id & PLACE_MASK) != id))
		return ERR_NOT_FOUND;
	/* Its clusters are still linked to those that it gave up before it was dropped. */
	if (fat_chain_cut(f, node->cluster))
		status = fat_sync(f, NULL, false);
	if (status != OK)
		return status;
	cache_owner_open(&node->owner);
	node->hashed = true;
	node->by_id = f->by_id[fat_hash(id)];
	f->by_id[fat_hash(id)] = node;
	if (id != FAT_ROOT)
		fat_node_place(f, node, id & PLACE_MASK);
	return OK;
}

void fat_node_drop(struct fat *f, struct fat_node *node)
{
	struct fat_node **at = &f->by_id[fat_hash(node->id)];

	if (!node->hashed)
		return;
	if (node->changed && fat_entry_store(f, node) != OK)
		fat_node_unchange(f, node); /* a disk that cannot even be read there: nobody is left to be told */
	while (*at != node)
		at = &(*at)->by_id;
	*at = node->by_id;
	fat_node_unplace(f, node);
	fat_runs_drop(node);
	cache_owner_close(f->cache, &node->owner);
	node->hashed = false;
}

void fat_node_free(struct fat *f, struct fat_node *node)
{
	uint32_t cluster = node->cluster;

	fat_node_unchange(f, node);
	fat_runs_drop(node);
	node->cluster = 0;
	node->size = 0;
	if (!cluster || f->read_only)
		return;
	/* No memory to remember it: at once then, and if that fails too, the clusters are lost, not more. */
	if (fat_chain_give_up(f, cluster, cluster, 0) != OK && fat_sync(f, NULL, false) == OK)
		(void)fat_chain_give_up(f, cluster, cluster, 0);
}
