/* SPDX-License-Identifier: BSD-2-Clause */
/* Size of a file system. */
#ifndef _SYS_STATVFS_H
#define _SYS_STATVFS_H

#include <sys/cdefs.h>
#include <sys/types.h>

struct statvfs {
	unsigned long f_bsize;
	unsigned long f_frsize; /* the unit of the block counts */
	fsblkcnt_t f_blocks;
	fsblkcnt_t f_bfree;
	fsblkcnt_t f_bavail; /* for users without privilege */
	fsfilcnt_t f_files;
	fsfilcnt_t f_ffree;
	fsfilcnt_t f_favail;
	unsigned long f_fsid; /* st_dev of its files */
	unsigned long f_flag;
	unsigned long f_namemax;
#if __MISC_VISIBLE
	char f_fstypename[16]; /* "ext4", "tmpfs" */
#endif
};

#define ST_RDONLY 1
#define ST_NOSUID 2 /* always: programs get no more rights by their file's bits */

_BEGIN_STD_C
int statvfs(const char *__restrict, struct statvfs *__restrict);
int fstatvfs(int, struct statvfs *);
_END_STD_C

#endif
