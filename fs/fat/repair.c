/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After a power cut: a rename between two sectors may have left both names. Two entries that name the same clusters and were
 * made at the same time are taken for that, and one of them goes. Clusters behind files' ends and those that belong to nobody are freed,
 * unless there is anything that a power cut cannot have left; the two copies of the allocation table are made the same.
 */
#include <stdlib.h>
#include <string.h>

#include "fs/fat/fat_internal.h"

/* Volumes with more are mounted without a look: it would take too long, and too much memory. */
#define FILES_MAX 65536

#define NO_LONG_NAME 0xffffffffu /* of DIR.blk_ofs */

struct seen {
	uint32_t cluster, parent, offset; /* of its entry, in the directory that begins at `parent` */
	bool directory, long_name;
	uint8_t created[ENTRY_ACCESSED - ENTRY_CREATED_10MS];
};

struct walk {
	struct fat *f;
	struct seen *files; /* also the directories still to be looked into, in the order found */
	uint32_t count, room;
	uint32_t *table; /* by cluster: index + 1 */
	uint32_t table_size;
	uint8_t *owned; /* by cluster: a bit, if a file or directory has it */
	bool odd;       /* there is something that no power cut leaves: nothing is to be freed */
};

static bool files_grow(struct walk *w)
{
	uint32_t room = w->room ? 2 * w->room : 256;
	struct seen *files = realloc(w->files, room * sizeof(*files));
	uint32_t *table = calloc(2 * room, sizeof(*table));

	w->files = files ? files : w->files;
	if (!files || !table) {
		free(table);
		return false;
	}
	free(w->table);
	w->table = table;
	w->table_size = 2 * room;
	w->room = room;
	for (uint32_t i = 0; i < w->count; i++) {
		uint32_t at = w->files[i].cluster % w->table_size;

		while (table[at])
			at = at + 1 == w->table_size ? 0 : at + 1;
		table[at] = i + 1;
	}
	return true;
}

/* The same clusters were seen: by an entry that was made at the same time. */
static struct seen *seen_before(const struct walk *w, uint32_t cluster, const uint8_t *entry, bool *known)
{
	uint32_t at = cluster % w->table_size;

	*known = false;
	for (; w->table[at]; at = at + 1 == w->table_size ? 0 : at + 1) {
		struct seen *s = &w->files[w->table[at] - 1];

		if (s->cluster != cluster)
			continue;
		*known = true;
		bool same = !memcmp(s->created, entry + ENTRY_CREATED_10MS, sizeof(s->created)) &&
			    s->directory == !!(entry[ENTRY_ATTR] & ATTR_DIRECTORY);
		return same ? s : NULL;
	}
	return NULL;
}

static void remember(struct walk *w, uint32_t cluster, uint32_t parent, const DIR *d)
{
	const uint8_t *entry = d->dir;
	struct seen *s = &w->files[w->count++];
	uint32_t at = cluster % w->table_size;

	s->cluster = cluster;
	s->parent = parent;
	s->offset = d->dptr;
	s->long_name = d->blk_ofs != NO_LONG_NAME;
	s->directory = entry[ENTRY_ATTR] & ATTR_DIRECTORY;
	memcpy(s->created, entry + ENTRY_CREATED_10MS, sizeof(s->created));
	while (w->table[at])
		at = at + 1 == w->table_size ? 0 : at + 1;
	w->table[at] = w->count;
}

/* One of the two goes: rather the one without a long name, which may have had one that did not get through. */
static FRESULT pair_end(struct walk *w, struct seen *first, const DIR *second, uint32_t directory)
{
	struct fat *f = w->f;
	DIR gone = *second;
	FRESULT result = FR_OK;

	if (!first->long_name && second->blk_ofs != NO_LONG_NAME) {
		fatfs_dir(&gone, &f->fs, first->parent);
		result = fatfs_seek(&gone, first->offset);
		gone.blk_ofs = NO_LONG_NAME;
		first->parent = directory;
		first->offset = second->dptr;
		first->long_name = true;
	}
	if (result == FR_OK)
		result = fatfs_remove(&gone);
	if (result == FR_OK && first->directory && fat_up_set(f, first->cluster, first->parent) != OK)
		result = FR_DISK_ERR;
	return result;
}

/* Half of a link, of FAT12, may lead nowhere. */
static FRESULT end_make(FATFS *fs, uint32_t cluster, DWORD next)
{
	uint32_t ends = fs->fs_type == FS_FAT32 ? 0x0ffffff8 : fs->fs_type == FS_FAT16 ? 0xfff8 : 0xff8;

	return next < ends ? fatfs_link_set(fs, cluster, 0xffffffff) : FR_OK;
}

/* The file's clusters are its own. What is behind its end was allocated for what never came. */
static FRESULT chain_end(struct walk *w, uint32_t cluster, uint32_t count)
{
	FATFS *fs = &w->f->fs;

	for (uint32_t n = 1;; n++) {
		if (w->owned[cluster / 8] & 1u << cluster % 8) {
			w->odd = true; /* two files' or a ring: left alone */
			return FR_OK;
		}
		w->owned[cluster / 8] |= (uint8_t)(1u << cluster % 8);
		DWORD next = fatfs_link(fs, cluster);
		if (next == 0xffffffff)
			return FR_DISK_ERR;
		if (count && n == count)
			return end_make(fs, cluster, next);
		if (next >= fs->n_fatent) {
			w->odd |= count != 0; /* shorter than the file */
			return end_make(fs, cluster, next);
		}
		if (next < 2) {
			w->odd = true;
			return FR_OK;
		}
		cluster = next;
	}
}

/* A file that is known for the first time */
static FRESULT file_check(struct walk *w, uint32_t cluster, uint32_t parent, const DIR *d)
{
	struct fat *f = w->f;
	uint8_t *entry = d->dir;
	uint64_t size = get32(entry + ENTRY_SIZE);

	if (entry[ENTRY_ATTR] & ATTR_DIRECTORY) {
		if (fat_up_set(f, cluster, parent) != OK)
			return FR_DISK_ERR;
		return chain_end(w, cluster, 0);
	}
	if (size)
		return chain_end(w, cluster, (uint32_t)((size + f->cluster_bytes - 1) / f->cluster_bytes));
	fatfs_cluster_set(&f->fs, entry, 0);
	f->fs.wflag = 1;
	return FR_OK;
}

/* Clusters that belong to nobody. FatFs frees chains; here each is one. */
static status_t lost_free(struct walk *w)
{
	FATFS *fs = &w->f->fs;
	FRESULT result = FR_OK;

	for (uint32_t cluster = 2; cluster < fs->n_fatent && result == FR_OK; cluster++) {
		if (w->owned[cluster / 8] & 1u << cluster % 8)
			continue;
		DWORD next = fatfs_link(fs, cluster);
		uint32_t bad = fs->fs_type == FS_FAT32 ? 0x0ffffff7 : fs->fs_type == FS_FAT16 ? 0xfff7 : 0xff7;

		if (next == 0xffffffff)
			result = FR_DISK_ERR;
		else if (next && next != bad)
			result = fatfs_link_set(fs, cluster, 0);
	}
	return fat_status(result);
}

/* A directory ends at its first unused entry, but for some readers only. What was to come behind it, while something in front of it
 * did not get through, names clusters that are not its. */
static FRESULT directory_end(struct walk *w, uint32_t directory)
{
	struct fat *f = w->f;
	bool end = false;
	DIR d;

	fatfs_dir(&d, &f->fs, directory);
	FRESULT result = fatfs_seek(&d, 0);
	while (result == FR_OK && (result = fatfs_load(&f->fs, d.sect)) == FR_OK) {
		if (end && d.dir[ENTRY_NAME]) {
			memset(d.dir, 0, ENTRY_BYTES);
			f->fs.wflag = 1;
		}
		end |= !d.dir[ENTRY_NAME];
		result = fatfs_next(&d);
	}
	return result;
}

/* False: enough, or no memory. */
static bool directory_walk(struct walk *w, uint32_t directory)
{
	struct fat *f = w->f;
	FILINFO info;
	DIR d;

	fatfs_dir(&d, &f->fs, directory);
	FRESULT result = fatfs_seek(&d, 0);
	while (result == FR_OK && (result = fatfs_read(&d, &info)) == FR_OK) {
		uint32_t cluster = fatfs_cluster(&f->fs, d.dir);
		bool known;

		if (cluster >= 2 && cluster < f->fs.n_fatent) {
			if (w->count == w->room && (w->count >= FILES_MAX || !files_grow(w)))
				return false; /* the rest is not known: nothing will be freed */
			struct seen *first = seen_before(w, cluster, d.dir, &known);
			if (first) {
				result = pair_end(w, first, &d, directory);
				if (result != FR_OK)
					break;
			} else if (!known) {
				remember(w, cluster, directory, &d);
				result = file_check(w, cluster, directory, &d);
				if (result != FR_OK)
					break;
			} else {
				w->odd = true;
			}
		}
		result = fatfs_next(&d);
	}
	if (result == FR_NO_FILE)
		result = directory_end(w, directory);
	return result == FR_NO_FILE;
}

/* Both copies of the table are written, one after the other; the first is the one that counts. */
static status_t mirror(struct fat *f)
{
	uint64_t bytes = (uint64_t)f->fs.fsize * f->sector_bytes, first = (uint64_t)f->fs.fatbase * f->sector_bytes;
	uint8_t one[512], two[512];
	status_t status = OK;

	for (uint64_t at = 0; f->fs.n_fats == 2 && at < bytes && status == OK; at += sizeof(one)) {
		status = cache_read(f->cache, first + at, one, sizeof(one));
		if (status == OK)
			status = cache_read(f->cache, first + bytes + at, two, sizeof(two));
		if (status == OK && memcmp(one, two, sizeof(one)) != 0)
			status = cache_write(f->cache, NULL, first + bytes + at, one, sizeof(one));
	}
	return status;
}

status_t fat_repair(struct fat *f)
{
	struct walk w = {.f = f, .owned = calloc(1, f->fs.n_fatent / 8 + 1)};
	uint32_t root = f->fs.fs_type == FS_FAT32 ? f->fs.dirbase : 0;
	bool on = w.owned && root < f->fs.n_fatent && (!root || chain_end(&w, root, 0) == FR_OK) &&
		  directory_walk(&w, 0);
	status_t status = OK;
	DWORD free_clusters;

	for (uint32_t i = 0; on && i < w.count; i++) {
		if (w.files[i].directory)
			on = directory_walk(&w, w.files[i].cluster);
	}
	f->marked = true; /* as it was found */
	if (on && !w.odd)
		status = lost_free(&w);
	f->fs.free_clst = 0xffffffff; /* anew */
	if (status == OK)
		status = fat_status(fatfs_count_free(&f->fs, &free_clusters));
	if (status == OK)
		status = fat_status(fatfs_store(&f->fs));
	if (status == OK)
		status = mirror(f);
	if (status == OK)
		status = fat_sync(f, NULL, false);
	if (status == OK && on && !w.odd)
		f->was_marked = false; /* all is well again */
	free(w.owned);
	free(w.files);
	free(w.table);
	return status;
}
