/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process sees files with: its view (the handle "vfs"), its working directory, its umask. A child is given them as handles with these names:
 *
 *   vfs                the view
 *   cwd:UMASK:CLOSED   the working directory; octal umask; which of the descriptors 0 to 2 are closed, as the bits of an octal digit
 *   fd:N:FLAGS[:K]     descriptor N, with open's flags in hexadecimal: an open file; with K a terminal (t) or /dev/null (n, whatever the handle)
 */
#pragma once

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "sys/abi/startup.h"

#define PATH_BYTES 1024 /* of a path kept here, NUL included */

#define HND_VFS "vfs"
#define HND_CWD "cwd:"

/* Takes over what the parent gave; tells which standard descriptors are closed. */
void view_start(unsigned *closed);

mode_t view_umask(void);

/* The working directory, for slot_use; NULL: not looked for yet. */
struct file;
extern _Atomic(struct file *) cwd_slot;

/* The same for the time of one call, to be followed by fd_done; 0 or a negative errno value if there is none to be had. */
int cwd_use(struct file **out);

/* Processes without a view: the text of the working directory is all there is. */
void cwd_text(char out[PATH_BYTES]);
