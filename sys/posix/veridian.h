/* SPDX-License-Identifier: BSD-2-Clause */
/* For programs that know what Veridian is: between POSIX and the system's own calls. */
#pragma once

#include "sys/abi/handle.h"
#include "sys/abi/status.h"

/*
 * The endpoint behind a descriptor: of the protocol `file` for files and directories, of its class for a device. It stays the descriptor's and is
 * good as long as that is open. HANDLE_NONE: no such descriptor, or nothing of that kind behind it.
 */
handle_t veridian_fd_handle(int fd);

/* The errno value of a status. */
int veridian_errno(status_t status);
