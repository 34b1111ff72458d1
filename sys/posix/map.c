/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap and its family. */
#include "sys/posix/map.h"

#include "sys/posix/resolve.h"

status_t file_read_all(handle_t file, uint64_t offset, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t piece = size - done < FILE_TRANSFER_MAX ? size - done : FILE_TRANSFER_MAX;
		uint64_t count;
		status_t status;

		CALL_AGAIN(status, file_read(file, offset + done, (char *)buffer + done, piece, &count));
		if (status != OK)
			return status;
		if (count == 0)
			break;
		done += count;
	}
	return OK;
}
