/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linker names for what the files of the POSIX layer share: a program that has a file_get of its own
 * must neither replace ours nor clash with it. Included before every file of the layer (meson.build);
 * a test sees to it that nothing but reserved names and documented functions is exported.
 */
#pragma once

#define bootfs_file_open     __posix_bootfs_file_open
#define bootfs_file_stat     __posix_bootfs_file_stat
#define bootfs_own           __posix_bootfs_own
#define child_handle         __posix_child_handle
#define child_start          __posix_child_start
#define clock_now            __posix_clock_now
#define deadline_from        __posix_deadline_from
#define errno_from_status    __posix_errno_from_status
#define fd_get               __posix_fd_get
#define fd_get_inherited     __posix_fd_get_inherited
#define fd_install           __posix_fd_install
#define fd_install_at        __posix_fd_install_at
#define file_get             __posix_file_get
#define file_log             __posix_file_log
#define file_log_flush       __posix_file_log_flush
#define file_new             __posix_file_new
#define file_null_ops        __posix_file_null_ops
#define file_put             __posix_file_put
#define file_std_open        __posix_file_std_open
#define path_resolve         __posix_path_resolve
#define path_start           __posix_path_start
#define tty_line_input       __posix_tty_line_input
#define tty_line_take        __posix_tty_line_take
#define tty_ops              __posix_tty_ops
#define tty_settings_default __posix_tty_settings_default
#define tty_settings_get     __posix_tty_settings_get
#define tty_translate_input  __posix_tty_translate_input
#define tty_translate_output __posix_tty_translate_output
