/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard descriptors over the serial protocol, for programs that run where there is no terminal server: they print, and read lines that are echoed and
 * can be erased in. No settings: to isatty these are no terminals.
 */
#pragma once

#include "sys/posix/file.h"

extern const struct open_file_ops serial_ops;
