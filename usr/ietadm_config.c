// SPDX-License-Identifier: GPL-2.0-only
/* What runs against what the file says: the daemon knows both. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "ietadm.h"

/* Return: the words behind @kind and a blank, or NULL if it is another one */
static const char *after(const char *line, const char *kind)
{
	size_t len = strlen(kind);

	return !strncmp(line, kind, len) && line[len] == ' ' ? line + len + 1 :
							       NULL;
}

/* Account names and paths may hold anything; a line must stay one. */
static void print_line(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' :
								     *text,
		      out);
	fputc('\n', out);
}

/* Return: 0, IETADM_CHANGES, or -EIO if some of it would not work */
static int print_plan(struct request *q, const struct admin_msg *answer)
{
	int result = 0;
	size_t pos = 0;
	const char *s, *text;

	admin_msg_next(answer, &pos);
	while ((s = admin_msg_next(answer, &pos))) {
		if ((text = after(s, "error"))) {
			result = ietadm_fail(q, -EIO, "%s", text);
		} else if (after(s, "warning")) {
			ietadm_fail(q, 0, "warning: %s", after(s, "warning"));
		} else if ((text = after(s, "change"))) {
			print_line(text, q->out);
			result = result ? result : IETADM_CHANGES;
		} else if ((text = after(s, "note"))) {
			print_line(text, q->out);
		}
	}
	return result;
}

/*
 * If the storage of a file hangs, that is to be found out here, and not by the
 * daemon, which has others to serve.
 */
static int try_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char buf[4096];
	ssize_t n = -1;
	int err;

	if (fd >= 0)
		while ((n = read(fd, buf, sizeof(buf))) > 0)
			;
	err = n < 0 ? -errno : 0;
	explicit_bzero(buf, sizeof(buf));
	if (fd >= 0)
		close(fd);
	return err;
}

/* The daemon is in another folder. */
static int add_file(const struct request *q, struct admin_msg *msg)
{
	char *full = realpath(q->file, NULL);
	int err = full ? try_file(full) : -errno;

	if (err) {
		free(full);
		return ietadm_fail(q, err, "%s: %s", q->file, strerror(-err));
	}
	err = admin_msg_add(msg, full);
	free(full);
	return err ? ietadm_fail(q, err, "%s", strerror(-err)) : 0;
}

int ietadm_dry_run(struct request *q)
{
	struct admin_msg msg = { 0 }, answer = { .max = ADMIN_ANSWER_MAX };
	int err = admin_msg_add(&msg, "reload-look");

	if (err)
		return ietadm_fail(q, err, "%s", strerror(-err));
	if (q->file)
		err = add_file(q, &msg);
	if (!err)
		err = ietadm_ask(q, &msg, &answer);
	if (!err)
		err = print_plan(q, &answer);
	admin_msg_free(&msg);
	admin_msg_free(&answer);
	return err;
}

/* Return: whether others may read what is written to standard output */
static bool is_open_to_others(FILE *out)
{
	int fd = fileno(out);
	struct stat st;

	return fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       st.st_mode & (S_IRGRP | S_IROTH);
}

/* Return: 0, or -EIO if there is something that no file can have */
static int print_config(struct request *q, const struct admin_msg *answer)
{
	const char *s, *text;
	size_t pos = 0;
	int result = 0;

	/* not through a buffer of the stream, which nobody wipes */
	if (q->has & HAS_SECRETS)
		setvbuf(q->out, NULL, _IONBF, 0);
	admin_msg_next(answer, &pos);
	while ((s = admin_msg_next(answer, &pos))) {
		if ((text = after(s, "line")))
			fprintf(q->out, "%s\n", text);
		else if ((text = after(s, "warning")))
			result = ietadm_fail(q, -EIO, "%s", text);
	}
	return result;
}

int ietadm_show_config(struct request *q)
{
	struct admin_msg msg = { 0 }, answer = { .max = ADMIN_ANSWER_MAX };
	int err;

	if (q->has & HAS_SECRETS && is_open_to_others(q->out))
		return ietadm_fail(q, -EACCES,
				   "standard output is a file that others can "
				   "read: umask 077, or chmod 600");
	err = admin_msg_add(&msg, "config");
	if (!err && q->has & HAS_SECRETS)
		err = admin_msg_add(&msg, "secrets");
	if (err)
		ietadm_fail(q, err, "%s", strerror(-err));
	else
		err = ietadm_ask(q, &msg, &answer);
	if (!err)
		err = print_config(q, &answer);
	admin_msg_free(&msg);
	admin_msg_free(&answer);
	return err;
}
