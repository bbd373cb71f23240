// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules for faults of logins outlive the daemon, as sessions and the module's
 * rules do.  A line for each: ID TID TARGET SEEN HITS RANDOM KIND PARAMS, with
 * TARGET in hexadecimal; it is the seed's state that says what comes next.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "login_fault.h"
#include "run_file.h"

#define KIND "iet-faults"

/* three texts, a name in hexadecimal, eight numbers with their names */
#define LINE_MAX_LEN (3 * LOGIN_FAULT_TEXT_MAX + 3 * ISCSI_NAME_MAX + 512)

static const char *file_path = LOGIN_FAULT_FILE;
static uint64_t instance;

void login_fault_set_path(const char *path)
{
	file_path = path;
}

static int write_one(const struct login_fault *f, void *arg)
{
	const char *p = f->target;
	FILE *out = arg;

	fprintf(out, "%" PRIu32 " %" PRIu32 " ", f->id, f->tid);
	for (; *p; p++)
		fprintf(out, "%02x", (unsigned char)*p);
	fprintf(out, ". %" PRIu64 " %" PRIu64 " %" PRIu32 " %s ", f->seen,
		f->hits, f->random, login_fault_kind_name(f->args.kind));
	login_fault_print_params(&f->args, ',', out);
	fputc('\n', out);
	return ferror(out) ? -EIO : 0;
}

void login_fault_save(void)
{
	struct run_file *file = run_file_create(file_path, KIND, instance);
	int err;

	err = !file ? -errno :
		      run_file_commit(file,
				      login_fault_each(write_one,
						       run_file_stream(file)));
	if (err)
		log_error("%s: %s", file_path, strerror(-err));
}

static int read_target(const char *hex, char *name)
{
	unsigned int byte;
	size_t i = 0;

	for (; *hex != '.'; hex += 2) {
		if (i == ISCSI_NAME_MAX || !isxdigit((unsigned char)hex[0]) ||
		    !isxdigit((unsigned char)hex[1]) ||
		    sscanf(hex, "%2x", &byte) != 1 || !byte)
			return -EINVAL;
		name[i++] = byte;
	}
	name[i] = '\0';
	return hex[1] ? -EINVAL : 0;
}

static int read_one(char *line, void *arg)
{
	char hex[2 * ISCSI_NAME_MAX + 2], kind[32], reason[256];
	struct login_fault f = { 0 };
	char *end = strchr(line, '\n');
	int at = 0;

	(void)arg;
	if (!end)
		return -EINVAL;
	*end = '\0';
	if (sscanf(line,
		   "%" SCNu32 " %" SCNu32 " %447s %" SCNu64 " %" SCNu64
		   " %" SCNu32 " %31s %n",
		   &f.id, &f.tid, hex, &f.seen, &f.hits, &f.random, kind,
		   &at) != 7 ||
	    !at || !f.id || read_target(hex, f.target) || !f.tid != !*f.target)
		return -EINVAL;
	if (login_fault_parse(kind, line + at, !f.tid, &f.args, reason,
			      sizeof(reason)))
		return -EINVAL;
	return login_fault_new(&f);
}

void login_fault_load(uint64_t of_instance)
{
	int err;

	instance = of_instance;
	err = run_file_read(file_path, KIND, instance, LINE_MAX_LEN, read_one,
			    NULL);
	if (err)
		log_error("%s: %s: rules for faults are lost", file_path,
			  err == -EINVAL ? "is damaged" :
			  err == -EPERM	 ? "others could have written it" :
					   strerror(-err));
}
