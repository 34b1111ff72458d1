/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams over memory and functions, text to descriptors, lines of any length. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static char cookie_text[64];
static size_t cookie_at;
static int cookie_closed;

/* On one line, as facts are. */
static const char *shown(const char *text)
{
	static char out[100];

	snprintf(out, sizeof(out), "%s", text ? text : "none");
	for (char *at = out; *at; at++)
		*at = *at == '\n' ? '/' : *at;
	return out;
}

static ssize_t cookie_read(void *cookie, char *out, size_t size)
{
	size_t len = strlen(cookie_text) - cookie_at;

	(void)cookie;
	len = len < size ? len : size;
	memcpy(out, cookie_text + cookie_at, len);
	cookie_at += len;
	return (ssize_t)len;
}

static ssize_t cookie_write(void *cookie, const char *data, size_t size)
{
	(void)cookie;
	memcpy(cookie_text + cookie_at, data, size);
	cookie_at += size;
	return (ssize_t)size;
}

static int cookie_seek(void *cookie, off_t *offset, int whence)
{
	(void)cookie;
	if (whence != SEEK_SET)
		return -1;
	cookie_at = (size_t)*offset;
	return 0;
}

static int cookie_close(void *cookie)
{
	cookie_closed = *(int *)cookie;
	return 0;
}

static void memory_streams(void)
{
	char *text = NULL, line[5000];
	size_t size = 99;
	FILE *file = open_memstream(&text, &size);

	MUST_BE(file != NULL);
	FACT("empty stream's fflush", fflush(file));
	FACT("size of nothing", (long)size);
	FACT_TEXT("text of nothing", text);
	FACT("fprintf", fprintf(file, "number %d", 42));
	FACT("fflush", fflush(file));
	FACT_TEXT("text", text);
	FACT("size", (long)size);
	FACT("ftell", ftell(file));
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	FACT_YES("a long line", fputs(line, file) >= 0);
	FACT("fseek to 3", fseek(file, 3, SEEK_SET));
	FACT_YES("fputs there", fputs("ABC", file) >= 0);
	FACT("fflush there", fflush(file));
	FACT("size there", (long)size);
	FACT("fclose", fclose(file));
	FACT_YES("text in the end", strncmp(text, "numABC", 6) == 0);
	free(text);
}

static void cookie_streams(void)
{
	cookie_io_functions_t functions = {cookie_read, cookie_write, cookie_seek, cookie_close};
	char line[64];
	int mark = 5;
	FILE *file = fopencookie(&mark, "w", functions);

	MUST_BE(file != NULL);
	FACT("fprintf to functions", fprintf(file, "one\ntwo\n"));
	FACT("fclose calls close", fclose(file));
	FACT("with the cookie", cookie_closed);
	FACT_TEXT("what came", shown(cookie_text));
	cookie_at = 0;
	file = fopencookie(&mark, "r", functions);
	MUST_BE(file != NULL);
	FACT_TEXT("fgets from functions", shown(fgets(line, sizeof(line), file)));
	FACT("fseek", fseek(file, 1, SEEK_SET));
	FACT_TEXT("fgets after fseek", shown(fgets(line, sizeof(line), file)));
	fclose(file);
}

static void lines(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	MUST(put("lines", "short\n\nno end"));
	file = fopen("lines", "r");
	MUST_BE(file != NULL);
	FACT("getline", getline(&line, &size, file));
	FACT_TEXT("it", shown(line));
	FACT("getline of an empty line", getline(&line, &size, file));
	FACT("getline without an end", getline(&line, &size, file));
	FACT_TEXT("the last", line);
	FACT_YES("getline at the end", getline(&line, &size, file) == -1 && feof(file));
	rewind(file);
	FACT("getdelim", getdelim(&line, &size, 'r', file));
	FACT_TEXT("up to the letter", line);
	fclose(file);
	file = fopen("long", "w+");
	MUST_BE(file != NULL);
	for (int i = 0; i < 100000; i++)
		fputc('a' + i % 26, file);
	fputc('\n', file);
	rewind(file);
	FACT("getline of 100,000 characters", getline(&line, &size, file));
	FACT_YES("with all of them", strlen(line) == 100001 && line[99999] == 'a' + 99999 % 26);
	fclose(file);
	free(line);
}

void chapter_streams(void)
{
	int fd = open("fd", O_RDWR | O_CREAT, 0644);

	MUST(fd);
	FACT("dprintf", dprintf(fd, "%s %d %c", "text", 7, 'c'));
	FACT_TEXT("what it wrote", get("fd"));
	FACT("dprintf of nothing", dprintf(fd, "%s", ""));
	close(fd);
	memory_streams();
	cookie_streams();
	lines();
}
