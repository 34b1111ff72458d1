/* SPDX-License-Identifier: BSD-2-Clause */
/* What a configure step found, and whether it is so. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#if !HAVE_UNISTD_H || !HAVE_PTHREAD_H || !HAVE_GETLINE || !HAVE_STRLCPY || !HAVE_PTHREAD_CREATE
#error what is there was not found
#endif
#if HAVE_SYS_NOTHING_H || HAVE_NO_SUCH_FUNCTION || HAVE_DLOPEN
#error what is not there was found
#endif
#ifndef __veridian__
#error not built for Veridian
#endif

static void *square(void *number)
{
	*(double *)number = pow(*(double *)number, 2);
	return number;
}

int main(int argc, char **argv)
{
	double number = argc > 1 ? atof(argv[1]) : 3;
	pthread_t thread;

	if (pthread_create(&thread, NULL, square, &number) || pthread_join(thread, NULL))
		return 1;
	printf("%s: %g, %ld harts or more\n", HOW, number, sysconf(_SC_NPROCESSORS_ONLN) > 0 ? 1L : 0L);
	return 0;
}
