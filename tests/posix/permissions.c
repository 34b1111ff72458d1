/* SPDX-License-Identifier: BSD-2-Clause */
/* chmod, chown and access, as the owner sees them whoever that is. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/posix/chapters.h"
#include "tests/posix/check.h"
#include "tests/posix/files.h"

static void modes(void)
{
	int fd = MUST(open("file", O_RDWR)), dir = MUST(open("dir", O_RDONLY));

	FACT("chmod", chmod("file", 0640));
	FACT_OCTAL("mode after chmod", mode_of("file"));
	FACT("chmod to nothing", chmod("file", 0));
	FACT_OCTAL("mode after chmod to nothing", mode_of("file"));
	FACT("chmod with the bits of a type", chmod("file", S_IFDIR | 0644));
	FACT_TEXT("it is still a file", type_of("file"));
	FACT("chmod to 06755", chmod("file", 06755));
	FACT_OCTAL("mode after chmod to 06755", mode_of("file"));
	FACT("chmod of a directory to 01777", chmod("dir", 01777));
	FACT_OCTAL("mode of the directory", mode_of("dir"));
	FACT("chmod of a link", chmod("link", 0600));
	FACT_OCTAL("mode of its target", mode_of("file"));
	FACT("chmod of a link to nothing", chmod("dangling", 0600));
	FACT("chmod of a missing file", chmod("none", 0600));
	FACT("chmod of an empty path", chmod("", 0600));
	FACT("chmod below a file", chmod("file/x", 0600));
	FACT("fchmod", fchmod(fd, 0604));
	FACT_OCTAL("mode after fchmod", mode_of("file"));
	FACT("fchmod of a directory", fchmod(dir, 0750));
	FACT_OCTAL("mode of that", mode_of("dir"));
	close(fd);
	close(dir);
	FACT("fchmod of a closed descriptor", fchmod(fd, 0600));
}

/* What was opened stays open, whatever the mode becomes. */
static void open_files(void)
{
	char byte;
	int fd = MUST(open("file", O_RDWR));

	MUST(chmod("file", 0));
	FACT("write to an open file with mode 0", write(fd, "x", 1));
	FACT("read from an open file with mode 0", pread(fd, &byte, 1, 0));
	FACT("ftruncate of an open file with mode 0", ftruncate(fd, 4));
	close(fd);
	fd = MUST(open("readonly", O_RDWR | O_CREAT, 0444));
	FACT("write to a file made with mode 0444", write(fd, "x", 1));
	FACT("fchmod of it", fchmod(fd, 0600));
	close(fd);
	MUST(chmod("file", 0644));
}

static void owners(void)
{
	int fd = MUST(open("file", O_RDWR));
	struct stat st;

	FACT("chown of nothing", chown("file", (uid_t)-1, (gid_t)-1));
	FACT("chown to the same", chown("file", geteuid(), getegid()));
	FACT("fchown to the same", fchown(fd, geteuid(), getegid()));
	FACT("lchown of a link to the same", lchown("dangling", geteuid(), getegid()));
	FACT("chown of a link to nothing", chown("dangling", geteuid(), getegid()));
	FACT("chown of a missing file", chown("none", (uid_t)-1, (gid_t)-1));
	FACT("chown of an empty path", chown("", (uid_t)-1, (gid_t)-1));
	FACT("chown below a file", chown("file/x", (uid_t)-1, (gid_t)-1));
	MUST(fstat(fd, &st));
	FACT_YES("the owner is the same", st.st_uid == geteuid() && st.st_gid == getegid());
	close(fd);
	FACT("fchown of a closed descriptor", fchown(fd, (uid_t)-1, (gid_t)-1));
}

static void asking(void)
{
	MUST(chmod("file", 0600));
	FACT("access F_OK", access("file", F_OK));
	FACT("access R_OK", access("file", R_OK));
	FACT("access R_OK and W_OK", access("file", R_OK | W_OK));
	FACT("access X_OK of a file with no x at all", access("file", X_OK));
	FACT("access R_OK and X_OK of it", access("file", R_OK | X_OK));
	MUST(chmod("file", 0700));
	FACT("access X_OK of a file with x", access("file", X_OK));
	FACT("access of a missing file", access("none", F_OK));
	FACT("access of a link to nothing", access("dangling", F_OK));
	FACT("access below a file", access("file/x", F_OK));
	FACT("access of an empty path", access("", F_OK));
	FACT("access with an unknown mode", access("file", 0x100));
	FACT("access with a negative mode", access("file", -1));
	FACT("access X_OK of a directory", access("dir", X_OK));
	FACT("access of a directory with a slash", access("dir/", R_OK | W_OK | X_OK));
	FACT("faccessat of a link itself", faccessat(AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
}

void chapter_permissions(void)
{
	if (!owners_offered())
		chapter_leave_out();
	MUST(put("file", "text"));
	MUST(mkdir("dir", 0755));
	MUST(symlink("file", "link"));
	MUST(symlink("none", "dangling"));
	modes();
	open_files();
	owners();
	asking();
}
