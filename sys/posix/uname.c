/* SPDX-License-Identifier: BSD-2-Clause */
/* The names of the system and of this machine. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sys/posix/errno_map.h"

#define NAME_DEFAULT "veridian"
#define NAME_FILE    "/etc/hostname"

/* The first line of /etc/hostname; another program may have written it since. */
static void host_name(char out[_UTSNAME_LENGTH])
{
	int fd = open(NAME_FILE, O_RDONLY | O_CLOEXEC), error = errno;
	ssize_t len = fd < 0 ? 0 : read(fd, out, _UTSNAME_LENGTH - 1);

	if (fd >= 0)
		close(fd);
	errno = error;
	out[len > 0 ? len : 0] = '\0';
	out[strcspn(out, " \t\r\n")] = '\0';
	if (out[0] == '\0')
		strcpy(out, NAME_DEFAULT);
}

int uname(struct utsname *out)
{
	*out = (struct utsname){
		.sysname = "Veridian",
		.release = VERIDIAN_VERSION,
		.version = "1",
		.machine = "riscv64",
	};
	host_name(out->nodename);
	return 0;
}

int gethostname(char *out, size_t size)
{
	char name[_UTSNAME_LENGTH];
	size_t len;

	host_name(name);
	len = strlen(name) + 1;
	if (len > size)
		return (int)posix_result(-ENAMETOOLONG);
	memcpy(out, name, len);
	return 0;
}
