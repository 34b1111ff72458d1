/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of /etc/passwd and /etc/group: fields with a colon between them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ACCOUNT_LINE_MAX 1024 /* what getpwnam and the others without a buffer have room for; sysconf says so */

/* Does the entry that was made of a line's fields match? */
typedef bool account_match(const void *entry, const void *wanted);

/* Looks through a file for an entry. `parse` makes one out of the line in buffer[0..size), whose pointers go into the
 * buffer: 0, ENOENT for a line that is none, ERANGE if the buffer is too small. 0 also without a match, *found says which;
 * else an errno. */
int account_find(const char *path, int (*parse)(void *entry, char *buffer, size_t size), account_match *match,
		 const void *wanted, void *entry, char *buffer, size_t size, bool *found);

/* The next entry of an open file: as account_find without a wish. *found: false at the end. */
int account_next(FILE *file, int (*parse)(void *entry, char *buffer, size_t size), void *entry, char *buffer,
		 size_t size, bool *found);

/* Splits a line in place into at most `max` fields; how many there are. */
size_t account_fields(char *line, char **fields, size_t max);

/* A field that is a number of 32 bits and nothing else */
bool account_number(const char *field, unsigned *out);
