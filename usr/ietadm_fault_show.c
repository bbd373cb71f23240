// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules for faults that there are, of the module and of the daemon: in
 * lines, or as JSON for programs.  Both are made of the same names and values.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ietadm_fault.h"
#include "ietadm_json.h"
#include "kernel.h"

/* numbers in JSON; what may also be a word is text, and so are 64 bits */
static const char *const numbers[] = {
	"Tid",	"Lun",	 "Opcode", "Reason", "Length", "Delay",
	"Skip", "Count", "Seed",   "Seen",   "Hits",   "Held",
};

/**
 * struct view - where rules go
 * @q: request
 * @before: in front of each line
 * @json: as that, if @q->has says so
 * @more: the line has begun
 */
struct view {
	const struct request *q;
	const char *before;
	struct json json;
	bool more;
};

static bool is_json(const struct view *v)
{
	return v->q->has & HAS_JSON;
}

static bool is_number(const char *name)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(numbers[i], name))
			return true;
	return false;
}

static void put(struct view *v, const char *name, const char *value)
{
	char key[32];
	size_t i;

	if (!is_json(v)) {
		fprintf(v->q->out, "%s%s=%s", v->more ? " " : v->before, name,
			value);
		v->more = true;
		return;
	}
	for (i = 0; name[i] && i < sizeof(key) - 1; i++)
		key[i] = tolower((unsigned char)name[i]);
	key[i] = '\0';
	if (is_number(name))
		json_number(&v->json, key, strtoull(value, NULL, 0));
	else
		json_string(&v->json, key, value);
}

static void put_number(struct view *v, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	put(v, name, text);
}

static void begin(struct view *v)
{
	v->more = false;
	if (is_json(v))
		json_open(&v->json, NULL, "{");
}

static void end(struct view *v)
{
	if (is_json(v))
		json_close(&v->json, "}");
	else
		fputc('\n', v->q->out);
}

/* --- the module's --- */

static void put_key(struct view *v, const struct fault_key *k,
		    const struct kernel_fault *f)
{
	char text[ISCSI_NAME_MAX + 64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	if (!out)
		return;
	k->print(k, f, out);
	fclose(out);
	put(v, k->name, text);
}

static int show_one(const struct kernel_fault *f, void *arg)
{
	struct view *v = arg;
	size_t i;

	begin(v);
	put_number(v, "Tid", f->tid);
	put_number(v, "Id", f->id);
	put(v, "Kind", ietadm_fault_kind(f->kind));
	if (f->set & K_HAS(IET_F_SID))
		put_number(v, "Sid", f->sid);
	if (f->set & K_HAS(IET_F_SID) && f->ended)
		put(v, "Ended", "Yes");
	if (f->set & K_HAS(IET_F_LUN))
		put_number(v, "Lun", f->lun);
	for (i = 0; i < ietadm_nr_fault_keys; i++)
		if (f->set & K_HAS(ietadm_fault_keys[i].attr))
			put_key(v, &ietadm_fault_keys[i], f);
	put_number(v, "Seen", f->seen);
	put_number(v, "Hits", f->hits);
	put_number(v, "Held", f->held);
	end(v);
	return 0;
}

/* --- the daemon's: it has printed them already --- */

static void show_line(struct view *v, const char *line)
{
	char *copy = strdup(line), *rest = copy, *word;

	if (!copy)
		return;
	begin(v);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		put(v, word, value);
	}
	end(v);
	free(copy);
}

/* Return: 0, or a negative errno without a message */
static int show_logins(struct view *v, const char *tid)
{
	struct admin_msg msg = { 0 }, answer = { 0 };
	size_t pos = 0;
	const char *line;
	int err;

	admin_msg_add(&msg, "fault-list");
	admin_msg_add(&msg, tid);
	err = ietadm_ask_quietly(&msg, &answer);
	admin_msg_next(&answer, &pos);
	while (!err && (line = admin_msg_next(&answer, &pos)))
		show_line(v, line);
	admin_msg_free(&answer);
	/* a daemon of before the upgrade, still running */
	return err == -EOPNOTSUPP ? 0 : err;
}

/* --- all --- */

static int show(struct view *v)
{
	const struct request *q = v->q;
	char tid[16] = "";
	int err = 0;

	if (q->has & HAS_TID)
		snprintf(tid, sizeof(tid), "%" PRIu32, q->tid);
	if (!(q->has & HAS_TID) || q->tid)
		err = kernel->fault_dump(q->tid, show_one, v);
	if (err)
		return ietadm_kernel_fail(q, err);
	err = show_logins(v, tid);
	if (!ietadm_no_daemon(err))
		return err ? ietadm_fail(q, err, "faults of logins: %s",
					 strerror(-err)) :
			     0;
	fprintf(q->err, "ietadm: ietd is not running: faults of logins are not "
			"shown\n");
	return 0;
}

int ietadm_show_fault(struct request *q)
{
	struct view v = { .q = q, .before = "", .json = { .out = q->out } };
	int err;

	if (q->fault)
		return ietadm_fail(q, -EINVAL,
				   "--fault has no value here: all are shown");
	if (!is_json(&v))
		return show(&v);
	json_open(&v.json, NULL, "{");
	json_open(&v.json, "faults", "[");
	err = show(&v);
	json_close(&v.json, "]");
	json_close(&v.json, "}");
	fputc('\n', q->out);
	return err;
}

int ietadm_show_faults_of(const struct request *q, uint32_t tid)
{
	struct view v = { .q = q, .before = "\tfault: " };
	char text[16];
	int err = tid ? kernel->fault_dump(tid, show_one, &v) : 0;

	/* a module of before the upgrade, still in use */
	if (err && err != -EOPNOTSUPP)
		return err;
	snprintf(text, sizeof(text), "%" PRIu32, tid);
	/* that there is no daemon has been said */
	show_logins(&v, text);
	return 0;
}
