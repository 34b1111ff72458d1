/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in FAT directories: finding, making, moving, removing and listing them. */
#include <string.h>

#include "fs/fat/fat_internal.h"

#define DIRECTORY_MAX 0x200000u /* bytes */

/* ---- names ----------------------------------------------------------------------------------------------------------- */

/* What FatFs would take for something else: the end of a name, a separator, a name without the dots at its end. */
static bool name_good(const char *name, size_t length)
{
	if (!length || length > FAT_NAME_MAX || name[length - 1] == '.' || name[length - 1] == ' ')
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((uint8_t)name[i] < ' ' || name[i] == '\\' || name[i] == '/')
			return false;
	}
	return true;
}

static status_t name_set(DIR *d, const char *name, size_t length)
{
	char text[FAT_NAME_MAX + 1];

	if (!name_good(name, length))
		return ERR_INVALID;
	memcpy(text, name, length);
	text[length] = '\0';
	return fat_status(fatfs_name(d, text));
}

static status_t name_find(struct fat *f, DIR *d, const struct fat_node *dir, const char *name, size_t length)
{
	fatfs_dir(d, &f->fs, dir->cluster);
	status_t status = name_set(d, name, length);
	if (status != OK)
		return status == ERR_INVALID ? ERR_NOT_FOUND : status;
	return fat_status(fatfs_find(d));
}

status_t fat_lookup(struct fat *f, struct fat_node *dir, const char *name, size_t length, uint64_t *id)
{
	DIR d;
	status_t status = name_find(f, &d, dir, name, length);

	if (status == OK)
		*id = fat_id_at(f, fat_place_of(f, &d));
	return status;
}

/* ---- making ------------------------------------------------------------------------------------------------------------ */

static bool entry_free(const DIR *d)
{
	return d->dir[ENTRY_NAME] == ENTRY_FREE || d->dir[ENTRY_NAME] == 0;
}

/* A cluster of zeroes that no chain leads to yet */
static status_t cluster_make(struct fat *f, DWORD *cluster)
{
	*cluster = fatfs_allocate(&f->fs, 0);
	if ((*cluster == 0 || *cluster >= f->fs.n_fatent) && f->chain_count && fat_sync(f, NULL, false) == OK)
		*cluster = fatfs_allocate(&f->fs, 0);
	if (*cluster < 2 || *cluster >= f->fs.n_fatent)
		return fat_allocate_status(*cluster);
	f->unordered = true;
	status_t status = fat_status(fatfs_clear(&f->fs, *cluster));
	f->unordered = false;
	return status;
}

/* Its zeroes are on the medium before the directory's chain leads to it, else old data would show there as entries. */
static status_t directory_extend(struct fat *f, DWORD last)
{
	DWORD cluster;
	status_t status = cluster_make(f, &cluster);

	if (status == OK)
		status = fat_settle(f, NULL);
	return status == OK ? fat_status(fatfs_link_set(&f->fs, last, cluster)) : status;
}

/* Room for so many entries in a row, before FatFs looks for it: it would extend the directory without regard to the order. */
static status_t room_make(struct fat *f, DIR *d, unsigned wanted)
{
	unsigned found = 0;
	FRESULT result = fatfs_seek(d, 0);

	while (result == FR_OK) {
		result = fatfs_load(&f->fs, d->sect);
		if (result != FR_OK)
			break;
		found = entry_free(d) ? found + 1 : 0;
		if (found == wanted)
			return OK;
		DWORD next = d->dptr + ENTRY_BYTES;
		result = fatfs_next(d);
		if (result != FR_NO_FILE)
			continue;
		/* The end: the fixed root directory of FAT12 and FAT16 cannot grow. */
		if (!d->clust || next >= DIRECTORY_MAX)
			return ERR_NO_SPACE;
		status_t status = directory_extend(f, d->clust);
		if (status != OK)
			return status;
		result = fatfs_seek(d, next);
	}
	return fat_status(result);
}

/* A new entry of d's name, in the window */
static status_t entry_make(struct fat *f, DIR *d)
{
	uint8_t name[sizeof(d->fn)];

	memcpy(name, d->fn, sizeof(name));
	status_t status = room_make(f, d, fatfs_entries_needed(d));
	memcpy(d->fn, name, sizeof(name));
	return status == OK ? fat_status(fatfs_register(d)) : status;
}

static void entry_begin(struct fat *f, uint8_t *entry, uint8_t attributes, DWORD cluster)
{
	uint8_t tens_ms;
	uint32_t now = fat_dos_time(f->now(), &tens_ms);

	entry[ENTRY_ATTR] = attributes;
	entry[ENTRY_CREATED_10MS] = tens_ms;
	put32(entry + ENTRY_CREATED, now);
	put32(entry + ENTRY_MODIFIED, now);
	put16(entry + ENTRY_ACCESSED, now >> 16);
	fatfs_cluster_set(&f->fs, entry, cluster);
	f->fs.wflag = 1;
}

/* What ".." says: the root is 0, also where it has a cluster. */
static DWORD parent_cluster(const struct fat *f, const struct fat_node *dir)
{
	return dir->id == FAT_ROOT || (f->fs.fs_type == FS_FAT32 && dir->cluster == f->fs.dirbase) ? 0 : dir->cluster;
}

static status_t directory_make(struct fat *f, const struct fat_node *parent, DWORD *cluster)
{
	status_t status = cluster_make(f, cluster);
	uint8_t *e = f->fs.win;

	if (status != OK)
		return status;
	/* FatFs's window is the cluster's first sector, all zeroes. */
	memset(e, ' ', 11);
	e[0] = '.';
	entry_begin(f, e, ATTR_DIRECTORY, *cluster);
	memcpy(e + ENTRY_BYTES, e, ENTRY_BYTES);
	e[ENTRY_BYTES + 1] = '.';
	fatfs_cluster_set(&f->fs, e + ENTRY_BYTES, parent_cluster(f, parent));
	f->unordered = true;
	status = fat_status(fatfs_store(&f->fs));
	f->unordered = false;
	return status;
}

status_t fat_create(struct fat *f, struct fat_node *dir, const char *name, size_t length, bool directory, uint64_t *id)
{
	DIR d;
	DWORD cluster = 0;
	status_t status = fat_begin(f);

	if (status == OK && directory)
		status = directory_make(f, dir, &cluster);
	if (status != OK)
		return status;
	fatfs_dir(&d, &f->fs, dir->cluster);
	status = name_set(&d, name, length);
	if (status == OK)
		status = entry_make(f, &d);
	if (status != OK) {
		if (cluster)
			(void)fatfs_free(&f->fs, cluster, 0);
		return status;
	}
	entry_begin(f, d.dir, directory ? ATTR_DIRECTORY : ATTR_ARCHIVE, cluster);
	*id = fat_id_at(f, fat_place_of(f, &d));
	return OK;
}

/* ---- removing ---------------------------------------------------------------------------------------------------------- */

static status_t directory_empty(struct fat *f, const struct fat_node *dir)
{
	FILINFO info;
	DIR d;

	fatfs_dir(&d, &f->fs, dir->cluster);
	status_t status = fat_status(fatfs_seek(&d, 0));
	if (status == OK)
		status = fat_status(fatfs_read(&d, &info));
	return status == OK ? ERR_NOT_EMPTY : status == ERR_NOT_FOUND ? OK : status;
}

static void node_unlink(struct fat *f, struct fat_node *node)
{
	fat_node_unchange(f, node);
	fat_node_unplace(f, node);
	node->unlinked = true;
}

status_t fat_remove(struct fat *f, struct fat_node *dir, const char *name, size_t length, struct fat_node *node)
{
	DIR d;
	status_t status = fat_begin(f);

	if (status == OK && node->directory)
		status = directory_empty(f, node);
	if (status == OK)
		status = name_find(f, &d, dir, name, length);
	if (status == OK && fat_place_of(f, &d) != node->place)
		status = ERR_NOT_FOUND;
	if (status == OK)
		status = fat_status(fatfs_remove(&d));
	if (status == OK)
		node_unlink(f, node);
	return status;
}

/* ---- moving ------------------------------------------------------------------------------------------------------------ */

/* The sector that all of an entry lies in, its long name's parts included; 0: it lies in several. */
static LBA_t sector_of(struct fat *f, const DIR *d)
{
	DWORD bytes = d->blk_ofs == 0xffffffff ? 0 : d->dptr - d->blk_ofs;

	return d->dptr % f->sector_bytes >= bytes ? d->sect : 0;
}

status_t fat_up_set(struct fat *f, uint32_t cluster, uint32_t parent)
{
	LBA_t sector = fatfs_sector(&f->fs, cluster);
	uint8_t *e = f->fs.win + ENTRY_BYTES;
	status_t status = sector ? fat_status(fatfs_load(&f->fs, sector)) : ERR_IO;

	if (status != OK)
		return status;
	if (e[0] != '.' || e[1] != '.')
		return OK; /* somebody else's, without */
	if (fatfs_cluster(&f->fs, e) == parent)
		return OK;
	fatfs_cluster_set(&f->fs, e, parent);
	f->fs.wflag = 1;
	return OK;
}

/* Where the new name is, or is to be: `to` is left at its entry, which says what the old one said. */
static status_t new_name(struct fat *f, DIR *to, const struct fat_node *node, const uint8_t *old, struct fat_node *dir,
			 const char *name, size_t length, const struct fat_node *replaced)
{
	status_t status;

	if (replaced) {
		status = name_find(f, to, dir, name, length);
		if (status == OK && fat_place_of(f, to) != replaced->place)
			status = ERR_NOT_FOUND;
	} else {
		fatfs_dir(to, &f->fs, dir->cluster);
		status = name_set(to, name, length);
		if (status == OK)
			status = entry_make(f, to);
	}
	if (status == OK)
		status = fat_status(fatfs_load(&f->fs, to->sect));
	if (status != OK)
		return status;
	/* All but the name, and how that is written */
	to->dir[ENTRY_ATTR] = old[ENTRY_ATTR] | (node->directory ? 0 : ATTR_ARCHIVE);
	memcpy(to->dir + ENTRY_CREATED_10MS, old + ENTRY_CREATED_10MS, ENTRY_BYTES - ENTRY_CREATED_10MS);
	fat_entry_fill(f, node, to->dir);
	f->fs.wflag = 1;
	return OK;
}

status_t fat_rename(struct fat *f, struct fat_node *from, const char *name, size_t length, struct fat_node *node,
		    struct fat_node *to, const char *to_name, size_t to_length, struct fat_node *replaced)
{
	DIR old, fresh;
	uint8_t entry[ENTRY_BYTES];
	status_t status = fat_begin(f);

	if (status == OK && replaced && replaced->directory)
		status = directory_empty(f, replaced);
	if (status == OK)
		status = name_find(f, &old, from, name, length);
	if (status != OK)
		return status;
	if (fat_place_of(f, &old) != node->place)
		return ERR_NOT_FOUND;
	memcpy(entry, old.dir, ENTRY_BYTES);
	status = new_name(f, &fresh, node, entry, to, to_name, to_length, replaced);
	if (status != OK)
		return status;
	if (replaced)
		node_unlink(f, replaced); /* its entry is node's from now on */
	/* Both names rather than none, if power fails now; one sector is written or not. */
	LBA_t sector = sector_of(f, &old);
	bool together = sector && fresh.sect == sector && (replaced || sector_of(f, &fresh) == sector);
	uint64_t place = fat_place_of(f, &fresh);
	if (!together)
		status = fat_sync(f, NULL, false);
	if (status == OK && node->directory && from != to)
		status = fat_up_set(f, node->cluster, parent_cluster(f, to));
	if (status == OK)
		status = fat_status(fatfs_remove(&old));
	if (status != OK)
		return status;
	fat_node_unchange(f, node);
	fat_node_unplace(f, node);
	fat_node_place(f, node, place);
	return together ? OK : fat_sync(f, NULL, false);
}

/* ---- listing ----------------------------------------------------------------------------------------------------------- */

static bool name_shown(const char *name)
{
	return name_good(name, strlen(name)) && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

status_t fat_list(struct fat *f, struct fat_node *dir, uint64_t from, void *context, fat_emit_t emit)
{
	DIR d;
	FILINFO info;
	uint64_t offset = from ? (from - FAT_LIST_BASE) * ENTRY_BYTES : 0;

	if (from && (from <= FAT_LIST_BASE || offset > DIRECTORY_MAX))
		return ERR_INVALID;
	if (offset == DIRECTORY_MAX)
		return OK;
	fatfs_dir(&d, &f->fs, dir->cluster);
	FRESULT result = fatfs_seek(&d, (DWORD)offset);
	/* Behind the last cluster, or the fixed root's last entry: the end, if that is where it was left. */
	if (result == FR_INT_ERR && offset)
		return OK;
	while (result == FR_OK && (result = fatfs_read(&d, &info)) == FR_OK) {
		/* Long names are anything that somebody wrote there. */
		const char *name = name_shown(info.fname) ? info.fname : info.altname;
		uint64_t next = d.dptr / ENTRY_BYTES + 1 + FAT_LIST_BASE;

		if (name_shown(name) && !emit(context, name, strlen(name), fat_id_at(f, fat_place_of(f, &d)),
					      d.dir[ENTRY_ATTR] & ATTR_DIRECTORY, next))
			return OK;
		result = fatfs_next(&d);
	}
	return result == FR_NO_FILE ? OK : fat_status(result);
}

/* ---- upwards ------------------------------------------------------------------------------------------------------------- */

/* What the ".." of the directory in that cluster says */
static status_t up(struct fat *f, DWORD cluster, DWORD *parent)
{
	LBA_t sector = fatfs_sector(&f->fs, cluster);
	const uint8_t *e = f->fs.win + ENTRY_BYTES;
	status_t status = sector ? fat_status(fatfs_load(&f->fs, sector)) : ERR_IO;

	if (status == OK && (e[0] != '.' || e[1] != '.'))
		status = ERR_IO;
	if (status == OK)
		*parent = fatfs_cluster(&f->fs, e);
	if (status == OK && f->fs.fs_type == FS_FAT32 && *parent == f->fs.dirbase)
		*parent = 0;
	return status;
}

status_t fat_parent(struct fat *f, struct fat_node *dir, uint64_t *id)
{
	DWORD parent, above;
	FILINFO info;
	DIR d;

	*id = FAT_ROOT;
	if (dir->id == FAT_ROOT)
		return OK;
	status_t status = up(f, dir->cluster, &parent);
	if (status != OK || !parent)
		return status;
	status = up(f, parent, &above);
	if (status != OK)
		return status;
	fatfs_dir(&d, &f->fs, above);
	status = fat_status(fatfs_seek(&d, 0));
	while (status == OK && (status = fat_status(fatfs_read(&d, &info))) == OK) {
		if (d.dir[ENTRY_ATTR] & ATTR_DIRECTORY && fatfs_cluster(&f->fs, d.dir) == parent) {
			*id = fat_id_at(f, fat_place_of(f, &d));
			return OK;
		}
		status = fat_status(fatfs_next(&d));
	}
	return status == ERR_NOT_FOUND ? ERR_IO : status;
}
