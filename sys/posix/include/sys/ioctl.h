/* SPDX-License-Identifier: BSD-2-Clause */
/* ioctl: what programs ask of terminals beyond POSIX. Everything else fails with ENOTTY. */
#ifndef _SYS_IOCTL_H
#define _SYS_IOCTL_H

#include <sys/termios.h> /* struct winsize */

#ifdef __cplusplus
extern "C" {
#endif

#define TIOCGWINSZ  0x7401 /* struct winsize * */
#define TIOCSWINSZ  0x7402 /* const struct winsize * */
#define TIOCSCTTY   0x7403 /* int: ignored */
#define TIOCNOTTY   0x7404
#define TIOCGPGRP   0x7405 /* pid_t * */
#define TIOCSPGRP   0x7406 /* const pid_t * */
#define TIOCGSID    0x7407 /* pid_t * */
#define TIOCOUTQ    0x7408 /* int *: bytes that wait to be sent */
#define TIOCGPTN    0x7409 /* unsigned *: number of a master's slave */
#define TIOCSPTLCK  0x740a /* const int *: lock the slave */
#define TIOCGPTPEER 0x740b /* int: flags of open; a descriptor of the slave */
#define FIONREAD    0x7410 /* int *: bytes that can be read */
#define TIOCINQ     FIONREAD
#define FIONBIO     0x7411 /* const int *: O_NONBLOCK, of any descriptor */
#define FIOCLEX     0x7412 /* FD_CLOEXEC on and off, of any descriptor */
#define FIONCLEX    0x7413

int ioctl(int fd, unsigned long request, ...);

#ifdef __cplusplus
}
#endif

#endif
