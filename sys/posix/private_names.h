/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linker names for what the files of the POSIX layer share: a program that has a file_get of its own
 * must neither replace ours nor clash with it. Included before every file of the layer (meson.build);
 * a test sees to it that nothing but reserved names and documented functions is exported.
 */
#pragma once

#define archive_access        __posix_archive_access
#define archive_open          __posix_archive_open
#define archive_refuse        __posix_archive_refuse
#define archive_resolve       __posix_archive_resolve
#define archive_stat          __posix_archive_stat
#define at_directory          __posix_at_directory
#define bootfs_file_directory __posix_bootfs_file_directory
#define bootfs_file_open      __posix_bootfs_file_open
#define bootfs_file_stat      __posix_bootfs_file_stat
#define bootfs_own            __posix_bootfs_own
#define child_handle          __posix_child_handle
#define child_start           __posix_child_start
#define clock_now             __posix_clock_now
#define cwd_duplicate         __posix_cwd_duplicate
#define cwd_get               __posix_cwd_get
#define cwd_inherit           __posix_cwd_inherit
#define cwd_text              __posix_cwd_text
#define deadline_from         __posix_deadline_from
#define device_file_new       __posix_device_file_new
#define errno_from_status     __posix_errno_from_status
#define fd_available          __posix_fd_available
#define fd_duplicate          __posix_fd_duplicate
#define fd_flags_get          __posix_fd_flags_get
#define fd_flags_set          __posix_fd_flags_set
#define fd_get                __posix_fd_get
#define fd_get_inherited      __posix_fd_get_inherited
#define fd_install            __posix_fd_install
#define fd_install_at         __posix_fd_install_at
#define fd_taken              __posix_fd_taken
#define file_get              __posix_file_get
#define file_log              __posix_file_log
#define file_log_flush        __posix_file_log_flush
#define file_new              __posix_file_new
#define file_null_ops         __posix_file_null_ops
#define file_put              __posix_file_put
#define file_read_all         __posix_file_read_all
#define file_std_open         __posix_file_std_open
#define inherit_drop          __posix_inherit_drop
#define inherit_make          __posix_inherit_make
#define lock_control          __posix_lock_control
#define locks_release         __posix_locks_release
#define mount_cache_clear     __posix_mount_cache_clear
#define mount_cache_find      __posix_mount_cache_find
#define mount_cache_forget    __posix_mount_cache_forget
#define mount_cache_learn     __posix_mount_cache_learn
#define mount_cache_root      __posix_mount_cache_root
#define path_apply            __posix_path_apply
#define path_apply_from       __posix_path_apply_from
#define path_error            __posix_path_error
#define path_find             __posix_path_find
#define path_is               __posix_path_is
#define path_open             __posix_path_open
#define path_start            __posix_path_start
#define program_close         __posix_program_close
#define program_open          __posix_program_open
#define remote_flags_get      __posix_remote_flags_get
#define remote_flags_set      __posix_remote_flags_set
#define remote_mode           __posix_remote_mode
#define remote_new            __posix_remote_new
#define remote_ops            __posix_remote_ops
#define resolve_end           __posix_resolve_end
#define resolve_forget        __posix_resolve_forget
#define resolve_start         __posix_resolve_start
#define resolve_step          __posix_resolve_step
#define resolve_use           __posix_resolve_use
#define resolve_vfs           __posix_resolve_vfs
#define stat_from_attributes  __posix_stat_from_attributes
#define tty_line_input        __posix_tty_line_input
#define tty_line_take         __posix_tty_line_take
#define tty_opened_ops        __posix_tty_opened_ops
#define tty_ops               __posix_tty_ops
#define tty_settings_default  __posix_tty_settings_default
#define tty_settings_get      __posix_tty_settings_get
#define tty_translate_input   __posix_tty_translate_input
#define tty_translate_output  __posix_tty_translate_output
#define view_start            __posix_view_start
#define view_umask            __posix_view_umask
