/* SPDX-License-Identifier: BSD-2-Clause */
/* Facts that other users see: as_user.c makes the files, children with another user look at them. */
#pragma once

struct user_part {
	const char *name;
	void (*run)(const char *fact);
};
extern const struct user_part user_parts[]; /* the last has no name */
