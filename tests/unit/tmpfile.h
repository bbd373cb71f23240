/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory for one test program, gone when it ends.
 */
#ifndef TMPFILE_H
#define TMPFILE_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char tmp_dir[64];

static void tmp_remove(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf -- '%s'", tmp_dir);
	if (system(command))
		fprintf(stderr, "%s is left\n", tmp_dir);
}

/* a path in the directory; valid until the next four calls */
static inline const char *tmp_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	if (!tmp_dir[0]) {
		strcpy(tmp_dir, "/tmp/iet-unit-XXXXXX");
		if (!mkdtemp(tmp_dir))
			abort();
		atexit(tmp_remove);
	}
	snprintf(path, PATH_MAX, "%s/%s", tmp_dir, name);
	return path;
}

static inline const char *tmp_write(const char *name, const char *text,
				    size_t len)
{
	const char *path = tmp_path(name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(text, 1, len, f) != len || fclose(f) ||
	    chmod(path, 0600))
		abort();
	return path;
}

#endif /* TMPFILE_H */
