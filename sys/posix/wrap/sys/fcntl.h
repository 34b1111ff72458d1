/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <sys/fcntl.h>, with a struct flock whose l_pid has room for a pid, locks of open files (POSIX.1-2024), and O_PATH. */
#ifndef _VERIDIAN_SYS_FCNTL_H
#define _VERIDIAN_SYS_FCNTL_H

#define flock __flock_of_the_c_library
#include_next <sys/fcntl.h>
#undef flock

#include <sys/types.h>

/* Neither to be read nor written: a place for the *at functions, fstat and fchdir. */
#define O_PATH 0x800000

#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38

struct flock {
	short l_type; /* F_RDLCK, F_WRLCK, F_UNLCK */
	short l_whence;
	off_t l_start;
	off_t l_len; /* 0: to the end of the file, wherever that will be */
	pid_t l_pid;
};

_BEGIN_STD_C
#if __BSD_VISIBLE
int flock(int, int);
#endif
#if __POSIX_VISIBLE >= 200112
#define POSIX_FADV_NORMAL     0
#define POSIX_FADV_RANDOM     1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED   3
#define POSIX_FADV_DONTNEED   4
#define POSIX_FADV_NOREUSE    5
int posix_fadvise(int, off_t, off_t, int);
int posix_fallocate(int, off_t, off_t);
#endif
_END_STD_C

#endif
