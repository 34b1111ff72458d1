/* SPDX-License-Identifier: BSD-2-Clause */
/* How Veridian's FAT server wants FatFs built. It takes the place of upstream's ffconf.h, which explains each name. */
#define FFCONF_DEF 80286 /* the revision of ff.h that this is for */

/* Functions: the server works below paths and files, on directories and the allocation table (fs/fat/fatfs.c). */
#define FF_FS_READONLY  0
#define FF_FS_MINIMIZE  0
#define FF_USE_FIND     0
#define FF_USE_MKFS     0
#define FF_USE_FASTSEEK 0
#define FF_USE_EXPAND   0
#define FF_USE_CHMOD    0
#define FF_USE_LABEL    0
#define FF_USE_FORWARD  0
#define FF_USE_STRFUNC  0

/* Names: long ones, given as UTF-8; short ones in the code page that mkfs.vfat, Linux and mtools take too. */
#define FF_CODE_PAGE   437
#define FF_USE_LFN     1
#define FF_MAX_LFN     255
#define FF_LFN_UNICODE 2
#define FF_LFN_BUF     255
#define FF_SFN_BUF     12
#define FF_FS_RPATH    0

/* Volumes: one for each process; sectors as large as the volume says. */
#define FF_VOLUMES         1
#define FF_STR_VOLUME_ID   0
#define FF_MULTI_PARTITION 0
#define FF_MIN_SS          512
#define FF_MAX_SS          4096
#define FF_LBA64           0
#define FF_USE_TRIM        0

/* System: one thread. The free count of FSInfo is only a hint, and wrong after a power cut: it is counted anew. */
#define FF_FS_TINY      1
#define FF_FS_EXFAT     0
#define FF_FS_NORTC     0
#define FF_FS_NOFSINFO  1
#define FF_FS_LOCK      0
#define FF_FS_REENTRANT 0
