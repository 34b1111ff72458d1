/* SPDX-License-Identifier: BSD-2-Clause */
/* An ordinary POSIX program: standard output, arguments, memory, threads. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *shout(void *arg)
{
	for (char *c = arg; *c; c++) {
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char *name = strdup(argc > 1 ? argv[1] : "world");

	if (!name || pthread_create(&thread, NULL, shout, name) != 0 || pthread_join(thread, NULL) != 0) {
		perror("hello");
		return 1;
	}
	printf("hello, %s (pi is %.3f)\n", name, 3.14159);
	free(name);
	return 0;
}
