/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for children: POSIX.1-2017, <sys/wait.h>, and wait3 and wait4 of 4.3BSD. Statuses: <sys/_wait.h>. */
#ifndef _VERIDIAN_SYS_WAIT_H
#define _VERIDIAN_SYS_WAIT_H

#include <signal.h>
#include <sys/_wait.h>
#include <sys/cdefs.h>
#include <sys/resource.h>
#include <sys/types.h>

#define WCONTINUED 8
#define WSTOPPED   WUNTRACED
#define WEXITED    4
#define WNOWAIT    0x01000000

#define WIFCONTINUED(status) ((status) == 0xffff)
#define WCOREDUMP(status)    ((status)&0x80)

#ifndef CLD_EXITED /* si_code of SIGCHLD; <signal.h>'s */
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6
#endif

typedef enum { P_ALL, P_PID, P_PGID } idtype_t;

_BEGIN_STD_C

pid_t wait(int *);
pid_t waitpid(pid_t, int *, int);
int waitid(idtype_t, id_t, siginfo_t *, int);
#if __MISC_VISIBLE
pid_t wait3(int *, int, struct rusage *);
pid_t wait4(pid_t, int *, int, struct rusage *);
#endif

_END_STD_C

#endif
