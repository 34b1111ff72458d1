/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's <setjmp.h>, and jumps that bring the mask of signals back (POSIX.1-2017, sigsetjmp). */
#ifndef _POSIX_WRAP_SETJMP_H
#define _POSIX_WRAP_SETJMP_H

#include_next <setjmp.h>

#ifdef __cplusplus
extern "C" {
#endif

struct __sigjmp {
	jmp_buf __jump;
	int __saved;
	unsigned long __mask;
};
typedef struct __sigjmp sigjmp_buf[1];

void __sigsetjmp_save(struct __sigjmp *env, int save);
void siglongjmp(sigjmp_buf env, int value) __attribute__((__noreturn__));

/* setjmp itself must be called where it is written. */
#define sigsetjmp(env, save) (__sigsetjmp_save((env), (save)), setjmp((env)->__jump))

#ifndef _setjmp
#define _setjmp(env) setjmp(env)
#endif
#ifndef _longjmp
#define _longjmp(env, value) longjmp(env, value)
#endif

#ifdef __cplusplus
}
#endif

#endif
