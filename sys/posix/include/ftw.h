/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks over trees of files. POSIX.1-2017 nftw. */
#ifndef _FTW_H
#define _FTW_H

#include <sys/cdefs.h>
#include <sys/stat.h>

#define FTW_F   0 /* a file */
#define FTW_D   1 /* a directory, before what is in it */
#define FTW_DNR 2 /* a directory that cannot be read */
#define FTW_DP  3 /* a directory, after what is in it */
#define FTW_NS  4 /* stat failed: no permission */
#define FTW_SL  5 /* a symbolic link */
#define FTW_SLN 6 /* a symbolic link to nothing */

#define FTW_PHYS  0x1 /* links are not followed */
#define FTW_MOUNT 0x2 /* one file system only */
#define FTW_DEPTH 0x4 /* directories after what is in them */
#define FTW_CHDIR 0x8 /* the function runs in the directory of what it is told */

struct FTW {
	int base; /* of the name in the path */
	int level;
};

_BEGIN_STD_C
int ftw(const char *, int (*)(const char *, const struct stat *, int), int);
int nftw(const char *, int (*)(const char *, const struct stat *, int, struct FTW *), int, int);
_END_STD_C

#endif
