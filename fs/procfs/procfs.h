/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /proc: the system's processes and state as files, in the form that Linux gives them. Everything is made when it is read. What it may see it was
 * given by vfs: the resources to list processes and to open them for looking, the device tree, and a handle to ask vfs who has which view.
 *
 * Inode numbers: below 2^20 the files of the system; a process's number times 2^20, an index and what it is; with TREE_BIT the device tree.
 */
#pragma once

#include "fs/lib/fs.h"
#include "fs/procfs/format.h"
#include "fs/procfs/tree.h"
#include "sys/abi/startup.h"

struct procfs {
	handle_t examiner;         /* vfs */
	handle_t inspect, examine; /* resources */
	uint64_t vfs_koid;         /* of vfs's endpoint */
	uint64_t ticks;            /* of _SC_CLK_TCK */
	struct tree tree;          /* no entries: there is none */
	int64_t boot_time;         /* seconds since 1970, when it was asked for last */
};

/* ---- process.c: what is there to be known of a process. It is another one's memory: any of it may be wrong. */

struct subject {
	const struct procfs *procfs;
	handle_t process;
	struct process_info info;
	bool has_block;
	struct startup block; /* if has_block */
};

/* ERR_NOT_FOUND: there is none, or it has ended. */
status_t subject_open(const struct procfs *procfs, uint64_t pid, struct subject *out);
void subject_close(struct subject *s);
/* The user of its view; 0 for one that has none. groups: NULL, or of VFS_GROUPS_MAX. */
void subject_owner(const struct subject *s, struct vfs_identity *who, uint32_t *groups);
/* The first open descriptor from `from` on; ERR_NOT_FOUND. *handle: behind it, HANDLE_NONE: there is none. */
status_t subject_descriptor(const struct subject *s, uint32_t from, uint32_t *descriptor, handle_t *handle);
/* What is open there, as a symbolic link's text; the bytes written. */
size_t subject_open_name(const struct subject *s, uint32_t descriptor, handle_t handle, char *name, size_t size);

typedef status_t subject_make(const struct subject *s, struct fs_text *text);
subject_make subject_status, subject_stat, subject_statm, subject_maps, subject_cmdline, subject_environ, subject_comm,
	subject_handles;

/* ---- system.c */

typedef status_t system_make(struct procfs *procfs, const struct state_view *view, struct fs_text *text);
system_make system_cpuinfo, system_interrupts, system_meminfo, system_mounts, system_stat, system_uptime,
	system_version;

extern const struct fs_ops procfs_ops;
