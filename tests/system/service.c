/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service as tests of init need it. Arguments, done in their order:
 *   ready          says to init that it is ready          sleep=MS   waits
 *   stop=polite    asks to be told, and ends when told    stop=deaf  asks to be told, and goes on
 *   say=TEXT       a line on standard output              log=TEXT   a line in the kernel's log
 *   flood=N        that many lines on standard output
 *   show=PATH      the first line of that file            exit=N     ends
 * At the end it waits for ever.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocols/init.h"
#include "sys/abi/startup.h"
#include "sys/lib/log.h"
#include "sys/lib/startup.h"
#include "sys/lib/syscall.h"

static handle_t stop;
static bool polite;

static void check(status_t status, const char *what)
{
	if (status == OK)
		return;
	printf("FAIL %s: status %d\n", what, (int)status);
	exit(1);
}

static void ask(const char *how)
{
	polite = strcmp(how, "polite") == 0;
	check(notification_create(&stop), "notification_create");
	handle_t signal;
	check(handle_dup(stop, RIGHT_MOVE | RIGHT_NT_SIGNAL, &signal), "handle_dup");
	check(init_tell_stop(startup_handle(HND_INIT), 1, signal), "tell_stop");
}

static void show(const char *path)
{
	char line[128] = "";
	FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		return;
	}
	if (fgets(line, sizeof(line), file))
		printf("%s: %s", path, line);
	fclose(file);
}

static void act(const char *argument)
{
	const char *value = strchr(argument, '=');
	char line[128];

	value = value ? value + 1 : "";
	if (strcmp(argument, "ready") == 0) {
		check(init_ready(startup_handle(HND_INIT)), "ready");
	} else if (strncmp(argument, "sleep=", 6) == 0) {
		usleep((useconds_t)strtoul(value, NULL, 10) * 1000);
	} else if (strncmp(argument, "stop=", 5) == 0) {
		ask(value);
	} else if (strncmp(argument, "say=", 4) == 0) {
		printf("%s\n", value);
		fflush(stdout);
	} else if (strncmp(argument, "flood=", 6) == 0) {
		for (unsigned long i = 0; i < strtoul(value, NULL, 10); i++)
			printf("flood %lu\n", i);
	} else if (strncmp(argument, "log=", 4) == 0) {
		snprintf(line, sizeof(line), "%s", value);
		log_line(LOG_INFO, line);
	} else if (strncmp(argument, "show=", 5) == 0) {
		show(value);
	} else if (strncmp(argument, "exit=", 5) == 0) {
		exit(atoi(value));
	} else {
		printf("FAIL unknown argument %s\n", argument);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	handle_t never;
	uint64_t bits;

	check(notification_create(&never), "notification_create");
	for (int i = 1; i < argc; i++)
		act(argv[i]);
	check(notification_wait(polite ? stop : never, DEADLINE_NEVER, &bits), "notification_wait");
	log_line(LOG_INFO, "told to end, and ends");
	return 0;
}
