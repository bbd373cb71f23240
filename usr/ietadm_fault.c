// SPDX-License-Identifier: GPL-2.0-only
/* Faults that a target is to have: doc/fault-injection.md. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ietadm.h"
#include "ietadm_fault.h"
#include "kernel.h"
#include "params.h"

static const struct fault_word kinds[] = {
	{ "drop", IET_FAULT_DROP },
	{ "withhold", IET_FAULT_WITHHOLD },
	{ "reject", IET_FAULT_REJECT },
	{ "async", IET_FAULT_ASYNC },
	{ "split", IET_FAULT_SPLIT },
	{ "stall", IET_FAULT_STALL },
	{ "duplicate", IET_FAULT_DUPLICATE },
	{ "header", IET_FAULT_HEADER },
	{ "header-digest", IET_FAULT_HEADER_DIGEST },
	{ "data", IET_FAULT_DATA },
	{ "data-digest", IET_FAULT_DATA_DIGEST },
	{ "sense", IET_FAULT_SENSE },
	{ "status", IET_FAULT_STATUS },
	{ "delay", IET_FAULT_DELAY },
	{ "hang", IET_FAULT_HANG },
	{ "corrupt", IET_FAULT_CORRUPT },
	{ "no-flush", IET_FAULT_NO_FLUSH },
	{ NULL, 0 },
};

static const struct fault_word directions[] = {
	{ "read", IET_FAULT_READ },
	{ "write", IET_FAULT_WRITE },
	{ NULL, 0 },
};

static const struct fault_word pdus[] = {
	{ "nop-out", ISCSI_OP_NOP_OUT },
	{ "scsi-command", ISCSI_OP_SCSI_CMD },
	{ "task-management", ISCSI_OP_TMF_REQ },
	{ "text", ISCSI_OP_TEXT_REQ },
	{ "data-out", ISCSI_OP_DATA_OUT },
	{ "logout", ISCSI_OP_LOGOUT_REQ },
	{ "snack", ISCSI_OP_SNACK_REQ },
	{ "nop-in", ISCSI_OP_NOP_IN },
	{ "scsi-response", ISCSI_OP_SCSI_RSP },
	{ "task-management-response", ISCSI_OP_TMF_RSP },
	{ "text-response", ISCSI_OP_TEXT_RSP },
	{ "data-in", ISCSI_OP_DATA_IN },
	{ "logout-response", ISCSI_OP_LOGOUT_RSP },
	{ "r2t", ISCSI_OP_R2T },
	{ "async", ISCSI_OP_ASYNC },
	{ "reject", ISCSI_OP_REJECT },
	{ "status", IET_FAULT_PDU_STATUS },
	{ NULL, 0 },
};

static const struct fault_word statuses[] = {
	{ "busy", 0x08 },	   { "reservation-conflict", 0x18 },
	{ "task-set-full", 0x28 }, { "aca-active", 0x30 },
	{ "task-aborted", 0x40 },  { NULL, 0 },
};

static const struct fault_word events[] = {
	{ "logout", IET_ASYNC_LOGOUT },
	{ "drop-connection", IET_ASYNC_DROP_CONNECTION },
	{ "drop-session", IET_ASYNC_DROP_SESSION },
	{ "negotiate", IET_ASYNC_NEGOTIATE },
	{ NULL, 0 },
};

static const struct fault_word bytes[] = {
	{ "end", IET_FAULT_BYTE_END },
	{ NULL, 0 },
};

/* FIRST[-LAST]; one alone is the last as well */
static int parse_lba(const struct fault_key *k, void *rule, const char *text)
{
	struct kernel_fault *f = rule;
	char first[32];
	const char *dash = strchrnul(text, '-');

	(void)k;
	if ((size_t)(dash - text) >= sizeof(first))
		return -EINVAL;
	memcpy(first, text, dash - text);
	first[dash - text] = '\0';
	if (param_number(first, UINT64_MAX, &f->lba))
		return -EINVAL;
	f->lba_last = f->lba;
	f->set |= K_HAS(IET_F_LBA_LAST);
	return *dash ? param_number(dash + 1, UINT64_MAX, &f->lba_last) : 0;
}

static void print_lba(const struct fault_key *k, const void *rule, FILE *out)
{
	const struct kernel_fault *f = rule;

	(void)k;
	fprintf(out, "%" PRIu64, f->lba);
	if (!(f->set & K_HAS(IET_F_LBA_LAST)))
		fputs("-", out);
	else if (f->lba_last != f->lba)
		fprintf(out, "-%" PRIu64, f->lba_last);
}

/* KEY/ASC/ASCQ in hexadecimal */
static int parse_sense(const struct fault_key *k, void *rule, const char *text)
{
	struct kernel_fault *f = rule;
	unsigned int key, asc, ascq;
	int end = -1;

	(void)k;
	if (strspn(text, "0123456789abcdefABCDEF/") != strlen(text) ||
	    sscanf(text, "%1x/%2x/%2x%n", &key, &asc, &ascq, &end) != 3 ||
	    end < 0 || text[end])
		return -EINVAL;
	f->sense = key << 16 | asc << 8 | ascq;
	return 0;
}

static void print_sense(const struct fault_key *k, const void *rule, FILE *out)
{
	const struct kernel_fault *f = rule;

	(void)k;
	fprintf(out, "%" PRIx32 "/%02" PRIx32 "/%02" PRIx32, f->sense >> 16,
		f->sense >> 8 & 0xff, f->sense & 0xff);
}

static void print_opcode(const struct fault_key *k, const void *rule, FILE *out)
{
	const struct kernel_fault *f = rule;

	(void)k;
	fprintf(out, "0x%02" PRIx32, f->opcode);
}

#define RULE struct kernel_fault
#define NUMBER(n, a, member) FAULT_NUMBER(n, a, RULE, member, NULL, false)
#define WORD(n, a, member, w) FAULT_NUMBER(n, a, RULE, member, w, false)

/* in the order in which they are shown */
const struct fault_key ietadm_fault_keys[] = {
	FAULT_TEXT("Initiator", IET_F_INITIATOR, RULE, initiator),
	{ "Opcode", IET_F_OPCODE, offsetof(RULE, opcode),
	  .parse = fault_number_parse, .print = print_opcode },
	WORD("Direction", IET_F_DIRECTION, direction, directions),
	{ "LBA", IET_F_LBA, .parse = parse_lba, .print = print_lba },
	WORD("PDU", IET_F_PDU, pdu, pdus),
	{ "Sense", IET_F_SENSE, .parse = parse_sense, .print = print_sense },
	WORD("Status", IET_F_STATUS, status, statuses),
	NUMBER("Reason", IET_F_REASON, reason),
	WORD("Event", IET_F_ASYNC_EVENT, async_event, events),
	NUMBER("Delay", IET_F_DELAY, delay),
	FAULT_NUMBER("Byte", IET_F_BYTE, RULE, byte, bytes, true),
	FAULT_CHANCE("Chance", IET_F_CHANCE, RULE, chance),
	NUMBER("Skip", IET_F_SKIP, skip),
	NUMBER("Count", IET_F_COUNT, count),
	NUMBER("Seed", IET_F_SEED, seed),
};

const size_t ietadm_nr_fault_keys =
	sizeof(ietadm_fault_keys) / sizeof(ietadm_fault_keys[0]);

const char *ietadm_fault_kind(uint32_t kind)
{
	const char *name = fault_word_of(kinds, kind);

	return name ? name : "unknown";
}

static int set_key(const struct request *q, struct kernel_fault *f,
		   const char *name, const char *val)
{
	const struct fault_key *k =
		fault_key_find(ietadm_fault_keys, ietadm_nr_fault_keys, name);

	if (!k)
		return ietadm_fail(q, -EINVAL,
				   "\"%s\" is not a parameter of a fault",
				   name);
	if (k->parse(k, f, val))
		return ietadm_fail(q, -EINVAL, "%s: \"%s\" is not valid",
				   k->name, val);
	f->set |= K_HAS(k->attr);
	return 0;
}

static int new_of_kernel(struct request *q, uint32_t kind)
{
	struct kernel_fault f = {
		.tid = q->tid,
		.sid = q->sid,
		.lun = q->lun,
		.kind = kind,
	};
	char *rest = q->params, *key, *val;
	int more, err = 0;

	if (!(q->has & HAS_TID))
		return ietadm_fail(q, -EINVAL, "--tid is missing");
	if (q->has & HAS_SID)
		f.set |= K_HAS(IET_F_SID);
	if (q->has & HAS_LUN)
		f.set |= K_HAS(IET_F_LUN);
	while (!err && (more = ietadm_pair(q, &rest, &key, &val))) {
		if (more < 0)
			return more;
		err = set_key(q, &f, key, val);
	}
	if (err)
		return err;
	err = kernel->fault_new(&f);
	if (err)
		return ietadm_kernel_fail(q, err);
	fprintf(q->out, "%" PRIu32 "\n", f.id);
	return 0;
}

int ietadm_new_fault(struct request *q)
{
	const struct fault_word *kind =
		q->fault ? fault_word_find(kinds, q->fault) : NULL;

	if (kind)
		return new_of_kernel(q, kind->val);
	if (!q->fault)
		return ietadm_fail(q, -EINVAL, "which kind? --fault=KIND");
	if (strncasecmp(q->fault, LOGIN_KIND, strlen(LOGIN_KIND)))
		return ietadm_fail(q, -EINVAL,
				   "there is no such kind of fault");
	if (q->has & (HAS_SID | HAS_LUN))
		return ietadm_fail(q, -EINVAL,
				   "a login has no session or LUN yet");
	return ietadm_new_login_fault(q);
}

/* --- delete --- */

struct owners {
	uint32_t id; /* 0: whichever */
	uint32_t *tid;
	size_t nr;
};

static int add_owner(const struct kernel_fault *f, void *arg)
{
	struct owners *o = arg;
	uint32_t *more;

	if ((o->id && f->id != o->id) || (o->nr && o->tid[o->nr - 1] == f->tid))
		return 0;
	more = reallocarray(o->tid, o->nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	o->tid = more;
	o->tid[o->nr++] = f->tid;
	return 0;
}

/* The module's rules are a target's: whose is it? */
static int delete_of_all(const struct request *q, uint32_t id)
{
	struct owners o = { .id = id };
	int err = kernel->fault_dump(0, add_owner, &o);
	size_t i;

	for (i = 0; !err && i < o.nr; i++) {
		err = kernel->fault_del(o.tid[i], id);
		/* gone since the dump was made */
		if (err == -ENOENT)
			err = 0;
	}
	free(o.tid);
	if (err)
		return ietadm_kernel_fail(q, err);
	return id && !o.nr ? ietadm_fail(q, -ENOENT, "no such fault") : 0;
}

static int delete_of_kernel(const struct request *q, uint32_t id)
{
	int err;

	if (!(q->has & HAS_TID))
		return delete_of_all(q, id);
	if (!q->tid)
		return id ? ietadm_fail(q, -ENOENT, "no such fault") : 0;
	err = kernel->fault_del(q->tid, id);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

int ietadm_delete_fault(struct request *q)
{
	bool all = q->fault && !strcmp(q->fault, "all");
	bool login = q->fault && *q->fault == LOGIN_ID;
	uint64_t id = 0;
	int err = 0;

	/* what would not say which must not delete all */
	if (!q->fault ||
	    (!all && (param_number(q->fault + login, UINT32_MAX, &id) || !id)))
		return ietadm_fail(q, -EINVAL,
				   "which one? --fault=FAULT or --fault=all");
	if (!login)
		err = delete_of_kernel(q, id);
	if (!err && (login || all))
		err = ietadm_delete_login_fault(q);
	return err;
}
