/* SPDX-License-Identifier: BSD-2-Clause */
/* What chapters ask of files again and again. Results are -1 or NULL with errno, unless it says else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Of an open: closes what was opened, 0 or -1. */
int shut(int fd);
/* A file with mode 0644 and that text, new or emptied. */
int put(const char *path, const char *text);
/* What is in a file or a buffer, up to 255 bytes of it, with `.` for NUL; valid until the second call after it. */
const char *get(const char *path);
const char *bytes(const void *data, size_t size);
/* What a descriptor reads next, at most so many bytes. */
const char *next(int fd, size_t size);

/* lstat's answers */
long mode_of(const char *path); /* the bits 07777 */
long size_of(const char *path);
long links_of(const char *path);
const char *type_of(const char *path);
int exists(const char *path); /* 0 */
bool same_file(const char *a, const char *b);

/* Can the file system of the working directory have them? FAT has neither. */
bool owners_offered(void);
bool symlinks_offered(void);

const char *link_text(const char *path);
/* Names in a directory but `.` and `..`, sorted, with a blank between each two. */
const char *names_in(const char *path);
/* So many directory entries, `.` and `..` not counted. */
long entries_of(const char *path);
/* The path and all below it; 0 also when it is not there. */
int tree_remove(const char *path);
