/* SPDX-License-Identifier: BSD-2-Clause */
/* A FAT volume as a whole: mounting, its sectors between FatFs and the cache, and the order in which they reach the medium. */
#include <stdlib.h>
#include <string.h>

#include "fs/fat/fat_internal.h"

/* Of the boot sector */
enum { BOOT_SECTOR_BYTES = 11, BOOT_STATE_16 = 37, BOOT_STATE_32 = 65 };
#define STATE_DIRTY 0x01

/* FatFs names volumes by number; there is one. */
static struct fat *volume;

status_t fat_status(FRESULT result)
{
	switch (result) {
	case FR_OK: return OK;
	case FR_NO_FILE:
	case FR_NO_PATH: return ERR_NOT_FOUND;
	case FR_INVALID_NAME: return ERR_INVALID;
	case FR_DENIED: return ERR_NO_SPACE;
	case FR_EXIST: return ERR_EXISTS;
	case FR_WRITE_PROTECTED: return ERR_READ_ONLY;
	case FR_NO_FILESYSTEM: return ERR_BAD_FORMAT;
	case FR_NOT_ENOUGH_CORE: return ERR_NO_MEMORY;
	default: return ERR_IO; /* also what FatFs finds to be inconsistent */
	}
}

status_t fat_allocate_status(DWORD cluster)
{
	return cluster ? ERR_IO : ERR_NO_SPACE;
}

/* ---- sectors ------------------------------------------------------------------------------------------------ */

static struct held *held_find(const struct fat *f, LBA_t sector)
{
	struct held *h = f->held[fat_hash(sector)];

	while (h && h->sector != sector)
		h = h->hash_next;
	return h;
}

static struct held *held_make(struct fat *f, LBA_t sector)
{
	struct held **bucket = &f->held[fat_hash(sector)], *h = malloc(sizeof(*h) + f->sector_bytes);

	if (!h)
		return NULL;
	h->sector = sector;
	h->hash_next = *bucket;
	*bucket = h;
	h->next = f->held_list;
	f->held_list = h;
	f->held_count++;
	return h;
}

static status_t held_apply(struct fat *f)
{
	while (f->held_list) {
		struct held *h = f->held_list, **at = &f->held[fat_hash(h->sector)];
		status_t status = cache_write(f->cache, NULL, (uint64_t)h->sector * f->sector_bytes, h->data,
					      f->sector_bytes);

		if (status != OK)
			return status;
		while (*at != h)
			at = &(*at)->hash_next;
		*at = h->hash_next;
		f->held_list = h->next;
		f->held_count--;
		free(h);
	}
	return OK;
}

/* What lies in front of the directories and the data: boot sector, FSInfo, allocation tables */
static bool in_tables(const struct fat *f, LBA_t sector)
{
	return sector < f->fs.fatbase + f->fs.fsize * f->fs.n_fats;
}

status_t fat_sectors_read(uint8_t *data, LBA_t sector, unsigned count)
{
	struct fat *f = volume;
	status_t status = OK;

	for (; count && status == OK; count--, sector++, data += f->sector_bytes) {
		const struct held *h = held_find(f, sector);

		if (h)
			memcpy(data, h->data, f->sector_bytes);
		else
			status = cache_read(f->cache, (uint64_t)sector * f->sector_bytes, data, f->sector_bytes);
	}
	return status;
}

status_t fat_sectors_write(const uint8_t *data, LBA_t sector, unsigned count)
{
	struct fat *f = volume;
	status_t status = OK;

	for (; count && status == OK; count--, sector++, data += f->sector_bytes) {
		struct held *h = held_find(f, sector);
		bool hold = !f->unordered && !in_tables(f, sector);

		if (!h && hold && !(h = held_make(f, sector)))
			status = ERR_NO_MEMORY;
		else if (h)
			memcpy(h->data, data, f->sector_bytes);
		else
			status = cache_write(f->cache, NULL, (uint64_t)sector * f->sector_bytes, data, f->sector_bytes);
	}
	return status;
}

unsigned fat_sector_bytes(void)
{
	return volume->sector_bytes;
}

/* ---- order ----------------------------------------------------------------------------------------------------- */

status_t fat_settle(struct fat *f, struct cache_owner *owner)
{
	status_t status = fat_status(fatfs_store_info(&f->fs));

	if (status != OK)
		return status;
	status = cache_sync(f->cache, NULL);
	/* All data is to be there, but others' errors are others'. */
	return owner ? cache_sync(f->cache, owner) : status;
}

static status_t chains_free(struct fat *f)
{
	status_t status = OK;

	/* In the order in which they were given up: a file's end, then perhaps more of it, then the rest. */
	for (uint32_t i = 0; i < f->chain_count; i++) {
		status_t freed = fat_status(fatfs_free(&f->fs, f->chains[i].start, f->chains[i].after));

		/* A chain that is broken on the disk stays as it is; the others need not wait for it. */
		status = status == OK ? freed : status;
	}
	f->chain_count = f->cuts = 0;
	f->syncs++;
	return status;
}

static status_t directories_settle(struct fat *f)
{
	status_t status = OK;

	while (f->changed && status == OK)
		status = fat_entry_store(f, f->changed);
	if (status == OK)
		status = fat_status(fatfs_store(&f->fs));
	if (status == OK)
		status = held_apply(f);
	return status == OK ? cache_sync(f->cache, NULL) : status;
}

/* Nothing but the file's bytes and perhaps its times have changed since the last sync. */
static bool data_alone(const struct fat *f, const struct fat_node *node, bool data_only)
{
	if (f->fs.wflag || f->held_count)
		return false;
	return !node->changed || (data_only && node->times_changed);
}

status_t fat_sync(struct fat *f, struct fat_node *node, bool data_only)
{
	if (f->read_only)
		return OK;
	if (node && data_alone(f, node, data_only))
		return cache_sync(f->cache, &node->owner);
	status_t status = fat_settle(f, node ? &node->owner : NULL);
	if (status == OK)
		status = directories_settle(f);
	if (status == OK)
		status = chains_free(f);
	return status;
}

status_t fat_chain_give_up(struct fat *f, uint32_t first, uint32_t start, uint32_t after)
{
	if (f->chain_count == f->chain_room) {
		uint32_t room = f->chain_room ? 2 * f->chain_room : 64;
		struct chain *chains = realloc(f->chains, room * sizeof(*chains));

		if (!chains)
			return ERR_NO_MEMORY;
		f->chains = chains;
		f->chain_room = room;
	}
	f->chains[f->chain_count++] = (struct chain){first, start, after};
	f->cuts += after != 0;
	return OK;
}

bool fat_chain_cut(const struct fat *f, uint32_t first)
{
	for (uint32_t i = 0; f->cuts && i < f->chain_count; i++) {
		if (f->chains[i].first == first && f->chains[i].after)
			return true;
	}
	return false;
}

/* A flag that Linux and DOS keep too: whoever mounts a volume that has it knows that it was not unmounted. */
static status_t mark(struct fat *f, bool in_use)
{
	uint64_t at = (uint64_t)f->fs.volbase * f->sector_bytes +
		      (f->fs.fs_type == FS_FAT32 ? BOOT_STATE_32 : BOOT_STATE_16);
	uint8_t state;
	status_t status = cache_read(f->cache, at, &state, 1);

	if (status != OK || !(state & STATE_DIRTY) == !in_use)
		return status;
	state ^= STATE_DIRTY;
	return cache_write(f->cache, NULL, at, &state, 1);
}

status_t fat_begin(struct fat *f)
{
	status_t status = OK;
	DWORD free_clusters;

	if (f->read_only)
		return ERR_READ_ONLY;
	if (!f->marked) {
		status = fat_status(fatfs_count_free(&f->fs, &free_clusters));
		if (status == OK)
			status = mark(f, true);
		if (status == OK)
			status = cache_sync(f->cache, NULL); /* before anything that makes it true */
		f->marked = status == OK;
	}
	if (status == OK && f->held_count > HELD_MAX)
		status = fat_sync(f, NULL, false);
	return status;
}

/* ---- mounting ----------------------------------------------------------------------------------------------------- */

/* Of the volume, whatever the disk's blocks are. FatFs looks at the rest of the boot sector. */
static status_t sector_size(struct fat *f)
{
	uint8_t boot[512];
	status_t status = cache_read(f->cache, 0, boot, sizeof(boot));

	if (status != OK)
		return status == ERR_RANGE ? ERR_BAD_FORMAT : status;
	f->sector_bytes = get16(boot + BOOT_SECTOR_BYTES);
	return f->sector_bytes >= 512 && f->sector_bytes <= 4096 && !(f->sector_bytes & (f->sector_bytes - 1))
		       ? OK
		       : ERR_BAD_FORMAT;
}

/* FatFs adds up sizes in 32 bits, and does not know how large the disk is. */
static bool layout_good(const struct fat *f)
{
	const FATFS *fs = &f->fs;
	uint64_t disk = f->cache->disk->blocks * f->cache->disk->block_size / f->sector_bytes;
	uint64_t tables = fs->fatbase + (uint64_t)fs->fsize * fs->n_fats;
	uint64_t end = fs->database + (uint64_t)fs->csize * (fs->n_fatent - 2);

	if (fs->fs_type != FS_FAT32 && (fs->dirbase != tables || fs->n_rootdir > fs->n_fatent * 65536ull))
		return false;
	return fs->volbase == 0 && fs->fatbase > 0 && tables <= fs->database && end <= disk && end <= UINT32_MAX;
}

static status_t volume_open(struct fat *f)
{
	status_t status = sector_size(f);
	uint8_t state;

	if (status == OK)
		status = fat_status(fatfs_mount(&f->fs));
	if (status == OK && !layout_good(f))
		status = ERR_BAD_FORMAT;
	if (status != OK)
		return status;
	f->entries = f->sector_bytes / ENTRY_BYTES;
	f->cluster_bytes = f->fs.csize * f->sector_bytes;
	status = cache_read(f->cache, f->fs.fs_type == FS_FAT32 ? BOOT_STATE_32 : BOOT_STATE_16, &state, 1);
	f->was_marked = state & STATE_DIRTY;
	return status;
}

static void volume_close(struct fat *f)
{
	fatfs_unmount();
	while (f->held_list) {
		struct held *h = f->held_list;

		f->held_list = h->next;
		free(h);
	}
	free(f->chains);
	free(f);
	volume = NULL;
}

status_t fat_mount(struct fat **out, struct cache *cache, int64_t (*now)(void), bool read_only)
{
	struct fat *f = volume ? NULL : calloc(1, sizeof(*f));

	if (!f)
		return volume ? ERR_BUSY : ERR_NO_MEMORY;
	f->cache = cache;
	f->now = now;
	f->read_only = read_only || cache->disk->read_only;
	f->syncs = 1;
	volume = f;
	status_t status = volume_open(f);
	if (status == OK && f->was_marked && !f->read_only)
		status = fat_repair(f);
	if (status != OK) {
		volume_close(f);
		return status;
	}
	*out = f;
	return OK;
}

status_t fat_unmount(struct fat *f)
{
	status_t status = OK;

	if (f->marked) {
		status = fat_sync(f, NULL, false);
		if (status == OK)
			status = fat_settle(f, NULL); /* what that freed */
		if (status == OK && !f->was_marked)
			status = mark(f, false);
		if (status == OK)
			status = fat_settle(f, NULL);
	}
	volume_close(f);
	return status;
}

status_t fat_volume_get(struct fat *f, struct fat_volume *v)
{
	DWORD free_clusters;
	status_t status = fat_status(fatfs_count_free(&f->fs, &free_clusters));

	*v = (struct fat_volume){
		.cluster_bytes = f->cluster_bytes,
		.clusters = f->fs.n_fatent - 2,
		.free_clusters = status == OK ? free_clusters : 0,
		.bits = f->fs.fs_type == FS_FAT32   ? 32
			: f->fs.fs_type == FS_FAT16 ? 16
						    : 12,
	};
	return status;
}
