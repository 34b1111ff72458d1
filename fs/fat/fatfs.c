/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FatFs's inner functions under names of ours. Its interface knows files by path only; a server that knows them by number needs
 * the layer below, which is static: so FatFs is compiled as a part of this file.
 */
/* FatFs calls what is under it by names that disk.h has too. */
#define disk_initialize fatfs_disk_initialize
#define disk_status     fatfs_disk_status
#define disk_read       fatfs_disk_read
#define disk_write      fatfs_disk_write
#define disk_ioctl      fatfs_disk_ioctl
#include "ff.c"
#undef disk_read
#undef disk_write

#include "fs/fat/fat_internal.h"

/* ---- under FatFs ---------------------------------------------------------------------------------------------- */

DSTATUS fatfs_disk_initialize(BYTE drive)
{
	(void)drive;
	return 0;
}

DSTATUS fatfs_disk_status(BYTE drive)
{
	(void)drive;
	return 0; /* who may write is decided above */
}

DRESULT fatfs_disk_read(BYTE drive, BYTE *data, LBA_t sector, UINT count)
{
	(void)drive;
	return fat_sectors_read(data, sector, count) == OK ? RES_OK : RES_ERROR;
}

DRESULT fatfs_disk_write(BYTE drive, const BYTE *data, LBA_t sector, UINT count)
{
	(void)drive;
	return fat_sectors_write(data, sector, count) == OK ? RES_OK : RES_ERROR;
}

DRESULT fatfs_disk_ioctl(BYTE drive, BYTE command, void *data)
{
	(void)drive;
	if (command == GET_SECTOR_SIZE)
		*(WORD *)data = (WORD)fat_sector_bytes();
	return RES_OK; /* syncs are made where they belong */
}

DWORD get_fattime(void)
{
	return 0; /* asked by functions for paths only, which nobody calls */
}

/* ---- above it --------------------------------------------------------------------------------------------------- */

FRESULT fatfs_mount(FATFS *fs)
{
	return f_mount(fs, "", 1);
}

void fatfs_unmount(void)
{
	(void)f_mount(NULL, "", 0);
}

FRESULT fatfs_count_free(FATFS *fs, DWORD *free_clusters)
{
	(void)fs;
	return f_getfree("", free_clusters, &fs);
}

void fatfs_dir(DIR *d, FATFS *fs, DWORD cluster)
{
	memset(d, 0, sizeof(*d));
	d->obj.fs = fs;
	d->obj.sclust = cluster;
}

FRESULT fatfs_name(DIR *d, const char *name)
{
	return create_name(d, &name);
}

FRESULT fatfs_find(DIR *d)
{
	return dir_find(d);
}

FRESULT fatfs_seek(DIR *d, DWORD offset)
{
	return dir_sdi(d, offset);
}

FRESULT fatfs_next(DIR *d)
{
	return dir_next(d, 0);
}

FRESULT fatfs_read(DIR *d, FILINFO *info)
{
	FRESULT result = dir_read(d, 0);

	if (result == FR_OK)
		get_fileinfo(d, info);
	return result;
}

FRESULT fatfs_register(DIR *d)
{
	return dir_register(d);
}

FRESULT fatfs_remove(DIR *d)
{
	return dir_remove(d);
}

unsigned fatfs_entries_needed(const DIR *d)
{
	unsigned length = 0;

	while (d->obj.fs->lfnbuf[length])
		length++;
	return d->fn[NSFLAG] & NS_LFN ? (length + 12) / 13 + 1 : 1;
}

FRESULT fatfs_load(FATFS *fs, LBA_t sector)
{
	return move_window(fs, sector);
}

FRESULT fatfs_store(FATFS *fs)
{
	return sync_window(fs);
}

FRESULT fatfs_store_info(FATFS *fs)
{
	return sync_fs(fs);
}

DWORD fatfs_link(FATFS *fs, DWORD cluster)
{
	FFOBJID object = {.fs = fs};

	return get_fat(&object, cluster);
}

FRESULT fatfs_link_set(FATFS *fs, DWORD cluster, DWORD next)
{
	return put_fat(fs, cluster, next);
}

DWORD fatfs_allocate(FATFS *fs, DWORD after)
{
	FFOBJID object = {.fs = fs};

	return create_chain(&object, after);
}

FRESULT fatfs_free(FATFS *fs, DWORD start, DWORD after)
{
	FFOBJID object = {.fs = fs};

	return remove_chain(&object, start, after);
}

FRESULT fatfs_clear(FATFS *fs, DWORD cluster)
{
	return dir_clear(fs, cluster);
}

LBA_t fatfs_sector(FATFS *fs, DWORD cluster)
{
	return clst2sect(fs, cluster);
}

DWORD fatfs_cluster(FATFS *fs, const BYTE *entry)
{
	return ld_clust(fs, entry);
}

void fatfs_cluster_set(FATFS *fs, BYTE *entry, DWORD cluster)
{
	st_clust(fs, entry, cluster);
}
