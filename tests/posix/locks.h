/* SPDX-License-Identifier: BSD-2-Clause */
/* Locks in words, for this process and for children. */
#pragma once

/*
 * One fcntl: what is "r 0 10", "w 5 0" or "u 0 0": read lock, write lock or none, start, length (0: for ever). By command
 * F_SETLK or the like.
 */
long lock_set(int fd, int command, const char *what);
/* By F_GETLK or the like: what keeps that lock from being taken: "none" or "w 0 10". */
const char *lock_get(int fd, int command, const char *what);
