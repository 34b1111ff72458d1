/* SPDX-License-Identifier: BSD-2-Clause */
/* sigsetjmp and siglongjmp: the mask goes along. */
#include <setjmp.h>
#include <signal.h>

void __sigsetjmp_save(struct __sigjmp *env, int save)
{
	sigset_t mask;

	env->__saved = save;
	if (save && sigprocmask(SIG_BLOCK, NULL, &mask) == 0)
		env->__mask = mask;
}

void siglongjmp(sigjmp_buf env, int value)
{
	sigset_t mask = env->__mask;

	/* A handler that is let in by this runs before the jump, where the one that jumps is. */
	if (env->__saved)
		(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	longjmp(env->__jump, value);
}
