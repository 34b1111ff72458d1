/* SPDX-License-Identifier: BSD-2-Clause */
/* Pseudo-terminals in one call. */
#ifndef _PTY_H
#define _PTY_H

#include <termios.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name (NULL: not wanted) takes the slave's path: 32 bytes are enough. settings and size: NULL for the usual ones. */
int openpty(int *master, int *slave, char *name, const struct termios *settings, const struct winsize *size);
/* A new session with that terminal as its own and as descriptors 0 to 2; fd is closed. */
int login_tty(int fd);

#ifdef __cplusplus
}
#endif

#endif
