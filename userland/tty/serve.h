/* SPDX-License-Identifier: BSD-2-Clause */
/* What the server's endpoint speaks. */
#pragma once

#include "userland/tty/tty.h"

extern const struct file_ops serve_file_ops;
extern const struct tty_ops serve_tty_ops;
