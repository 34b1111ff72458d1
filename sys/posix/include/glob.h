/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of files by pattern. POSIX.1-2017 glob; GLOB_ONLYDIR, GLOB_PERIOD and GLOB_BRACE are not known. */
#ifndef _GLOB_H
#define _GLOB_H

#include <sys/cdefs.h>
#include <sys/types.h>

typedef struct {
	size_t gl_pathc; /* names, without the empty slots */
	char **gl_pathv; /* gl_offs empty slots, the names, NULL */
	size_t gl_offs;
} glob_t;

#define GLOB_ERR      0x01 /* a directory that cannot be read ends it */
#define GLOB_MARK     0x02 /* a slash behind directories */
#define GLOB_NOSORT   0x04
#define GLOB_DOOFFS   0x08
#define GLOB_NOCHECK  0x10 /* nothing matches: the pattern itself */
#define GLOB_APPEND   0x20
#define GLOB_NOESCAPE 0x40 /* a backslash is a character like others */

#define GLOB_NOSPACE 1
#define GLOB_ABORTED 2
#define GLOB_NOMATCH 3

_BEGIN_STD_C
int glob(const char *__restrict, int, int (*)(const char *, int), glob_t *__restrict);
void globfree(glob_t *);
_END_STD_C

#endif
