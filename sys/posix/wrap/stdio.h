/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <stdio.h>, with popen, renameat, streams over memory and functions, dprintf, and a buffer of streams that is one full
 * message to a file system. */
#ifndef _VERIDIAN_STDIO_H
#define _VERIDIAN_STDIO_H

#define BUFSIZ 4096
#include_next <stdio.h>

#undef L_tmpnam /* the C library's names lie in the working directory */
#define L_tmpnam 16
#undef TMP_MAX
#define TMP_MAX 10000
#undef P_tmpdir
#define P_tmpdir "/tmp"

_BEGIN_STD_C
#if __POSIX_VISIBLE
#define L_ctermid 16
char *ctermid(char *);
FILE *popen(const char *, const char *);
int pclose(FILE *);
#endif
#if __XSI_VISIBLE
char *tempnam(const char *, const char *);
#endif
#if __ATFILE_VISIBLE
int renameat(int, const char *, int, const char *);
#endif
#if __POSIX_VISIBLE >= 200809
int dprintf(int, const char *__restrict, ...) __attribute__((__format__(__printf__, 2, 3)));
int vdprintf(int, const char *__restrict, __gnuc_va_list) __attribute__((__format__(__printf__, 2, 0)));
FILE *open_memstream(char **, size_t *);
#endif
#if __GNU_VISIBLE
#define RENAME_NOREPLACE 1u
int renameat2(int, const char *, int, const char *, unsigned);

typedef ssize_t cookie_read_function_t(void *, char *, size_t);
typedef ssize_t cookie_write_function_t(void *, const char *, size_t);
typedef int cookie_seek_function_t(void *, off_t *, int);
typedef int cookie_close_function_t(void *);
typedef struct {
	cookie_read_function_t *read;
	cookie_write_function_t *write;
	cookie_seek_function_t *seek;
	cookie_close_function_t *close;
} cookie_io_functions_t;
FILE *fopencookie(void *__restrict, const char *__restrict, cookie_io_functions_t);
#endif
_END_STD_C

#endif
