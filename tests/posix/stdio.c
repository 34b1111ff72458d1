/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams over files: modes, positions, and what reaches the file when. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

/* Opens, writes a word, closes: 0 or -1. */
static int with(const char *path, const char *mode, const char *word)
{
	FILE *file = fopen(path, mode);

	if (!file)
		return -1;
	if (word[0] && fputs(word, file) < 0) {
		int error = errno;

		fclose(file);
		errno = error;
		return -1;
	}
	return fclose(file) == 0 ? 0 : -1;
}

static void modes(void)
{
	FACT("r of a missing file", with("none", "r", ""));
	FACT("r+ of a missing file", with("none", "r+", ""));
	FACT("w", with("file", "w", "first"));
	FACT_OCTAL("mode of what w makes", mode_of("file"));
	FACT_TEXT("contents after w", get("file"));
	FACT("a", with("file", "a", " more"));
	FACT_TEXT("contents after a", get("file"));
	FACT("r+", with("file", "r+", "FIRST"));
	FACT_TEXT("contents after r+", get("file"));
	FACT("w+", with("file", "w+", "new"));
	FACT_TEXT("contents after w+", get("file"));
	FACT("a+", with("file", "a+", "er"));
	FACT_TEXT("contents after a+", get("file"));
	FACT("wx of a file that is there", with("file", "wx", ""));
	FACT("wx of a new file", with("exclusive", "wx", "x"));
	FACT("r of a directory", with(".", "r", ""));
	FACT("w of a directory", with(".", "w", ""));
	FACT("unknown mode", with("file", "q", ""));
	FACT("write to a stream to read", with("file", "r", "x"));
}

static void positions(void)
{
	char text[16] = "";
	FILE *file = fopen("file", "w+");

	MUST_BE(file != NULL);
	FACT("fputs", fputs("0123456789", file) < 0 ? -1 : 0);
	FACT("size before fflush", size_of("file"));
	FACT("fflush", fflush(file));
	FACT("size after fflush", size_of("file"));
	FACT("fseek", fseek(file, 3, SEEK_SET));
	FACT("ftell", ftell(file));
	FACT_TEXT("fgets", fgets(text, 4, file));
	FACT("ftell after fgets", ftell(file));
	FACT("fseek to the end", fseek(file, 0, SEEK_END));
	FACT("ftell at the end", ftell(file));
	FACT("fgetc at the end", fgetc(file) == EOF ? 1 : 0);
	FACT_YES("feof", feof(file));
	FACT("fseek before the start", fseek(file, -1, SEEK_SET));
	rewind(file);
	FACT("fgetc after rewind", fgetc(file));
	FACT("ungetc", ungetc('X', file));
	FACT("fgetc after ungetc", fgetc(file));
	FACT("fclose", fclose(file));
}

static void descriptors(void)
{
	int fd = MUST(open("file", O_RDWR | O_TRUNC)), reader = MUST(open("file", O_RDONLY));
	FILE *file = fdopen(fd, "r+");

	MUST_BE(file != NULL);
	FACT_YES("fileno", fileno(file) == fd);
	MUST_BE(fputs("text", file) >= 0);
	FACT("fclose writes", fclose(file));
	FACT_TEXT("what it wrote", get("file"));
	FACT("fclose closes", fcntl(fd, F_GETFD));
	FACT("fdopen to write of a read-only descriptor", fdopen(reader, "w") ? 0 : -1);
	close(reader);
	FACT("fdopen of a closed descriptor", fdopen(reader, "r") ? 0 : -1);
	file = fopen("file", "a+");
	MUST_BE(file != NULL);
	FACT("ftell of a+ after open", fseek(file, 0, SEEK_CUR) == 0 ? ftell(file) : -1);
	rewind(file);
	FACT("fgetc of a+ at the start", fgetc(file));
	MUST(fseek(file, 0, SEEK_SET));
	MUST_BE(fputs("!", file) >= 0);
	fclose(file);
	FACT_TEXT("a+ writes at the end", get("file"));
	file = fopen("file", "r");
	MUST_BE(file != NULL);
	FACT_YES("freopen", freopen("other", "w", file) == file);
	MUST_BE(fputs("other", file) >= 0);
	fclose(file);
	FACT_TEXT("what freopen's stream wrote", get("other"));
}

void chapter_stdio(void)
{
	modes();
	positions();
	descriptors();
}
