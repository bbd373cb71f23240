// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of access rules.
 *
 * A discovery asks for each target and each address: with as many lines as
 * targets, reading the files for each question would keep the daemon busy
 * for seconds, and anybody may discover.
 */
#define _GNU_SOURCE
#include "acl_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "log.h"

/* three files in each of two directories */
#define FILES_MAX 6
/* what changed just now may change once more and not show it in its times */
#define SETTLED_S 2

/**
 * struct rules - a file
 * @path: its path, NULL if this place is free
 * @checked: the hold in which it was looked at last
 * @err: why it can't be read, negative, or 0
 * @present: it is there
 * @settled: @id tells whether it has changed
 * @id: which state of it was read
 * @lines: its lines
 * @nr: how many
 * @by_name: those with the name of a target, by name and place
 * @nr_names: how many
 * @all: the first one for ALL, or NULL
 */
struct rules {
	char *path;
	unsigned int checked;
	int err;
	bool present;
	bool settled;
	struct stat id;
	struct acl_line *lines;
	size_t nr;
	struct acl_line **by_name;
	size_t nr_names;
	struct acl_line *all;
};

static struct rules files[FILES_MAX];
static unsigned int hold_nr = 1;
static bool holding;

void acl_rules_hold(bool on)
{
	holding = on;
	hold_nr++;
}

static void clear(struct rules *r)
{
	for (size_t i = 0; i < r->nr; i++) {
		free(r->lines[i].target);
		free(r->lines[i].asked);
	}
	free(r->lines);
	free(r->by_name);
	*r = (struct rules){ .path = r->path, .checked = r->checked };
}

void acl_rules_forget(void)
{
	for (size_t i = 0; i < FILES_MAX; i++) {
		clear(&files[i]);
		free(files[i].path);
		files[i] = (struct rules){ 0 };
	}
}

/* --- reading ------------------------------------------------------------- */

static bool is_all(const struct acl_line *l)
{
	return !strcmp(l->target, "ALL");
}

/* @text: the line, whose owner is @l from now on if that is true */
static bool split(struct acl_line *l, char *text)
{
	static const char blanks[] = " \t\r\n";
	char *save, *item;

	l->target = strtok_r(text, blanks, &save);
	if (!l->target || l->target[0] == '#')
		return false;
	/* the memory of a line is that of its first word */
	memmove(text, l->target, strlen(l->target) + 1);
	l->target = text;
	l->items = l->end = text + strlen(text) + 1;
	while ((item = strtok_r(NULL, ", \t\r\n", &save))) {
		size_t size = strlen(item) + 1;

		memmove(l->end, item, size);
		l->end += size;
	}
	return true;
}

static int add_line(struct rules *r, const char *text)
{
	struct acl_line *lines, l = { .nr = r->nr };
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	if (!split(&l, copy)) {
		free(copy);
		return 0;
	}
	lines = r->lines;
	/* room for twice as many each time */
	if (!(r->nr & (r->nr - 1)))
		lines = reallocarray(lines, r->nr ? 2 * r->nr : 1,
				     sizeof(*lines));
	if (!lines) {
		free(copy);
		return -ENOMEM;
	}
	r->lines = lines;
	r->lines[r->nr++] = l;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct acl_line *one = *(struct acl_line *const *)a;
	const struct acl_line *other = *(struct acl_line *const *)b;
	int diff = strcasecmp(one->target, other->target);

	return diff ? diff : (one->nr > other->nr) - (one->nr < other->nr);
}

static int sort_lines(struct rules *r)
{
	r->by_name = calloc(r->nr + 1, sizeof(struct acl_line *));
	if (!r->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < r->nr; i++) {
		struct acl_line *l = &r->lines[i];

		if (!is_all(l))
			r->by_name[r->nr_names++] = l;
		else if (!r->all)
			r->all = l;
	}
	qsort(r->by_name, r->nr_names, sizeof(struct acl_line *), compare);
	return 0;
}

static int read_lines(struct rules *r, FILE *f)
{
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	errno = 0;
	while (!err && getline(&line, &size, f) >= 0)
		err = add_line(r, line);
	if (!err && !feof(f))
		err = errno ? -errno : -EIO;
	free(line);
	return err ? err : sort_lines(r);
}

static void read_file(struct rules *r)
{
	FILE *f = fopen(r->path, "re");

	clear(r);
	if (!f) {
		r->err = errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	} else {
		r->present = true;
		/* from before it is read: what changes meanwhile is seen */
		r->err = fstat(fileno(f), &r->id) ? -errno : read_lines(r, f);
		r->settled = time(NULL) - r->id.st_ctim.tv_sec > SETTLED_S;
		fclose(f);
	}
	if (r->err)
		log_error("%s: %s", r->path, strerror(-r->err));
}

/* --- what is kept -------------------------------------------------------- */

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool has_changed(const struct rules *r)
{
	struct stat now;

	if (stat(r->path, &now))
		return r->present || (errno != ENOENT && errno != ENOTDIR);
	return !r->present || r->err || !r->settled ||
	       now.st_dev != r->id.st_dev || now.st_ino != r->id.st_ino ||
	       now.st_size != r->id.st_size ||
	       !is_same_time(&now.st_mtim, &r->id.st_mtim) ||
	       !is_same_time(&now.st_ctim, &r->id.st_ctim);
}

static struct rules *get_file(const char *dir, const char *name)
{
	char path[4096];
	struct rules *r = files;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	while (r < files + FILES_MAX && r->path && strcmp(r->path, path))
		r++;
	if (r == files + FILES_MAX) {
		acl_rules_forget();
		r = files;
	}
	if (!r->path)
		r->path = strdup(path);
	if (!r->path)
		return NULL;
	if (holding && r->checked == hold_nr)
		return r;
	r->checked = hold_nr;
	if (r->err || has_changed(r))
		read_file(r);
	return r;
}

/* the first line with this name */
static struct acl_line *find_name(const struct rules *r, const char *target)
{
	size_t low = 0, high = r->nr_names;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcasecmp(r->by_name[mid]->target, target) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == r->nr_names || strcasecmp(r->by_name[low]->target, target))
		return NULL;
	return r->by_name[low];
}

struct acl_found acl_rules_find(const char *dir, const char *name,
				const char *target)
{
	struct rules *r = get_file(dir, name);
	struct acl_found found = { 0 };

	if (!r || r->err) {
		found.err = r ? r->err : -ENOMEM;
		return found;
	}
	found.present = r->present;
	found.line = find_name(r, target);
	found.named = found.line;
	if (r->all && (!found.line || r->all->nr < found.line->nr))
		found.line = r->all;
	return found;
}
