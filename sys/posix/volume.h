/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file system says of itself. 0 or a negative errno value; ENOSYS: the file is in no file system that could be asked. */
#pragma once

#include "protocols/file.h"

int volume_of_file(int fd, struct file_volume *out);
int volume_of_path(const char *path, struct file_volume *out);
