/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts programs: loads a static ELF image into a new process and hands it arguments and handles.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/abi/handle.h"
#include "sys/abi/startup.h"
#include "sys/abi/status.h"

#define SPAWN_STACK_DEFAULT (512 * 1024) /* pages are made when they are touched */
#define SPAWN_STACK_MAX     (64 * 1024 * 1024)
#define SPAWN_ARGS_MAX      (64 * 1024) /* bytes of all argv and envp strings, NULs included */
#define SPAWN_STRINGS_MAX   8192        /* argv and envp strings together */

struct spawn_handle {
	const char *name; /* HND_* or the service's own; at most 23 bytes */
	handle_t handle;  /* duplicated into the child: needs RIGHT_DUP */
	uint32_t rights;  /* of the duplicate, or RIGHTS_SAME */
};

struct spawn_args {
	/* The ELF file in memory, and, if image_vmo is set, the page-aligned place in a vmo where
	 * the same bytes lie: read-only pages are then shared and writable ones copied on write. */
	const void *image;
	size_t image_size;
	handle_t image_vmo;
	uint64_t image_offset;

	const char *name;
	const char *const *argv; /* NULL-terminated; NULL: only the name */
	const char *const *envp; /* NULL-terminated; NULL: empty */
	handle_t quota;          /* HANDLE_NONE: the caller's own */
	uint32_t prio;           /* 0: PRIO_DEFAULT, or the caller's own base priority if that is lower */
	uint32_t stack_size;     /* bytes; 0: SPAWN_STACK_DEFAULT */
	const struct spawn_handle *handles;
	size_t nhandles;
	handle_t fault_ep; /* gets the first thread's faults, and goes along as HND_FAULT; or
			      HANDLE_NONE */

	/* Called when everything is there but the first thread does not run yet; an error is spawn's. May be NULL. The handles stay spawn's. */
	status_t (*prepared)(void *context, handle_t process, handle_t main_thread);
	void *context;

	/* For a supervisor that wants to look at the stack later; NULL: not wanted. The vmo is
	 * mapped from *stack_base on, and the startup block is at its end. The handle is the
	 * caller's, with all rights. */
	handle_t *stack_vmo;
	uint64_t *stack_base;
};

/*
 * The process runs when this returns OK; it has got HND_SELF and HND_THREAD besides the handles
 * listed. main_thread may be NULL. On an error nothing is left of it: ERR_BAD_FORMAT for the image,
 * ERR_RANGE for too much of something, else what a system call said.
 */
status_t spawn(const struct spawn_args *args, handle_t *process, handle_t *main_thread);
