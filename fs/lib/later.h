/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that read and that wait for a device, while others are served: see FS_DEFERS of fs.h. */
#pragma once

#include "fs/lib/internal.h"

/* The protocol `file`, for a file system that defers. */
const struct ipc_protocol *later_protocol(void);
/* The server's notification is that one, before it has signals. */
status_t later_prepare(struct fs *fs, handle_t notification);
/* All that waits is served now, however long that takes: the file system ends. */
void later_finish(struct fs *fs);
/* Forgets all that waits: for tests that have many instances in one process. */
void later_forget(struct fs *fs);
