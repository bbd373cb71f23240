// SPDX-License-Identifier: GPL-2.0-only
/* Faults that a target is to have: doc/fault-injection.md. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ietadm.h"
#include "kernel.h"
#include "params.h"

struct word {
	const char *name;
	uint32_t val;
};

static const struct word kinds[] = {
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

static const struct word directions[] = {
	{ "read", IET_FAULT_READ },
	{ "write", IET_FAULT_WRITE },
	{ NULL, 0 },
};

static const struct word pdus[] = {
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

static const struct word statuses[] = {
	{ "busy", 0x08 },	   { "reservation-conflict", 0x18 },
	{ "task-set-full", 0x28 }, { "aca-active", 0x30 },
	{ "task-aborted", 0x40 },  { NULL, 0 },
};

static const struct word events[] = {
	{ "logout", IET_ASYNC_LOGOUT },
	{ "drop-connection", IET_ASYNC_DROP_CONNECTION },
	{ "drop-session", IET_ASYNC_DROP_SESSION },
	{ "negotiate", IET_ASYNC_NEGOTIATE },
	{ NULL, 0 },
};

static const struct word bytes[] = {
	{ "end", IET_FAULT_BYTE_END },
	{ NULL, 0 },
};

struct key;

/**
 * struct key - something that a rule may say
 * @name: as in --params
 * @attr: IET_F_*
 * @at: where a number is in struct kernel_fault
 * @words: what it may be, NULL: any number
 * @or_number: or a number
 * @parse: reads a value; 0, or -EINVAL
 * @print: prints a value
 */
struct key {
	const char *name;
	int attr;
	size_t at;
	const struct word *words;
	bool or_number;
	int (*parse)(const struct key *k, struct kernel_fault *f,
		     const char *text);
	void (*print)(const struct key *k, const struct kernel_fault *f,
		      FILE *out);
};

static uint32_t *number_of(const struct key *k, struct kernel_fault *f)
{
	return (uint32_t *)((char *)f + k->at);
}

static const struct word *find_word(const struct word *w, const char *name)
{
	for (; w && w->name; w++)
		if (!strcasecmp(w->name, name))
			return w;
	return NULL;
}

static const char *word_of(const struct word *w, uint32_t val)
{
	for (; w && w->name; w++)
		if (w->val == val)
			return w->name;
	return NULL;
}

static int parse_number(const struct key *k, struct kernel_fault *f,
			const char *text)
{
	const struct word *w = find_word(k->words, text);
	uint64_t n;

	if (w)
		n = w->val;
	else if ((k->words && !k->or_number) ||
		 param_number(text, UINT32_MAX, &n))
		return -EINVAL;
	*number_of(k, f) = n;
	return 0;
}

static void print_number(const struct key *k, const struct kernel_fault *f,
			 FILE *out)
{
	struct kernel_fault copy = *f;
	uint32_t n = *number_of(k, &copy);
	const char *name = word_of(k->words, n);

	if (name)
		fputs(name, out);
	else
		fprintf(out,
			k->attr == IET_F_OPCODE ? "0x%02" PRIx32 : "%" PRIu32,
			n);
}

/* percent, with up to four decimals */
static int parse_chance(const struct key *k, struct kernel_fault *f,
			const char *text)
{
	uint64_t n = 0;
	int decimals = -1, digits = 0;

	(void)k;
	for (; isdigit((unsigned char)*text) || *text == '.'; text++) {
		if (*text == '.') {
			if (decimals >= 0)
				return -EINVAL;
			decimals = 0;
			continue;
		}
		if (++digits > 8 || (decimals >= 0 && ++decimals > 4))
			return -EINVAL;
		n = n * 10 + *text - '0';
	}
	if (!digits || (*text && strcmp(text, "%")))
		return -EINVAL;
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 4; decimals++)
		n *= 10;
	if (!n || n > IET_FAULT_ALWAYS)
		return -EINVAL;
	f->chance = n;
	return 0;
}

static void print_chance(const struct key *k, const struct kernel_fault *f,
			 FILE *out)
{
	char text[32];
	size_t len;

	(void)k;
	snprintf(text, sizeof(text), "%" PRIu32 ".%04" PRIu32,
		 f->chance / 10000, f->chance % 10000);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	fprintf(out, "%.*s%%", (int)len, text);
}

/* FIRST[-LAST]; one alone is the last as well */
static int parse_lba(const struct key *k, struct kernel_fault *f,
		     const char *text)
{
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

static void print_lba(const struct key *k, const struct kernel_fault *f,
		      FILE *out)
{
	(void)k;
	fprintf(out, "%" PRIu64, f->lba);
	if (!(f->set & K_HAS(IET_F_LBA_LAST)))
		fputs("-", out);
	else if (f->lba_last != f->lba)
		fprintf(out, "-%" PRIu64, f->lba_last);
}

/* KEY/ASC/ASCQ in hexadecimal */
static int parse_sense(const struct key *k, struct kernel_fault *f,
		       const char *text)
{
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

static void print_sense(const struct key *k, const struct kernel_fault *f,
			FILE *out)
{
	(void)k;
	fprintf(out, "%" PRIx32 "/%02" PRIx32 "/%02" PRIx32, f->sense >> 16,
		f->sense >> 8 & 0xff, f->sense & 0xff);
}

static int parse_initiator(const struct key *k, struct kernel_fault *f,
			   const char *text)
{
	(void)k;
	if (!*text || strlen(text) >= sizeof(f->initiator))
		return -EINVAL;
	memcpy(f->initiator, text, strlen(text) + 1);
	return 0;
}

static void print_initiator(const struct key *k, const struct kernel_fault *f,
			    FILE *out)
{
	(void)k;
	fputs(f->initiator, out);
}

#define NUMBER(n, a, member)                                 \
	{                                                    \
		.name = (n), .attr = (a),                    \
		.at = offsetof(struct kernel_fault, member), \
		.parse = parse_number, .print = print_number \
	}
#define WORD(n, a, member, w)                                              \
	{                                                                  \
		.name = (n), .attr = (a),                                  \
		.at = offsetof(struct kernel_fault, member), .words = (w), \
		.parse = parse_number, .print = print_number               \
	}

/* in the order in which they are shown */
static const struct key keys[] = {
	{ "Initiator", IET_F_INITIATOR, .parse = parse_initiator,
	  .print = print_initiator },
	NUMBER("Opcode", IET_F_OPCODE, opcode),
	WORD("Direction", IET_F_DIRECTION, direction, directions),
	{ "LBA", IET_F_LBA, .parse = parse_lba, .print = print_lba },
	WORD("PDU", IET_F_PDU, pdu, pdus),
	{ "Sense", IET_F_SENSE, .parse = parse_sense, .print = print_sense },
	WORD("Status", IET_F_STATUS, status, statuses),
	NUMBER("Reason", IET_F_REASON, reason),
	WORD("Event", IET_F_ASYNC_EVENT, async_event, events),
	NUMBER("Delay", IET_F_DELAY, delay),
	{ "Byte", IET_F_BYTE, offsetof(struct kernel_fault, byte),
	  .words = bytes, .or_number = true, .parse = parse_number,
	  .print = print_number },
	{ "Chance", IET_F_CHANCE, .parse = parse_chance,
	  .print = print_chance },
	NUMBER("Skip", IET_F_SKIP, skip),
	NUMBER("Count", IET_F_COUNT, count),
	NUMBER("Seed", IET_F_SEED, seed),
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

static int set_key(const struct request *q, struct kernel_fault *f,
		   const char *name, const char *val)
{
	size_t i;

	for (i = 0; i < NR_KEYS; i++) {
		const struct key *k = &keys[i];

		if (strcasecmp(k->name, name))
			continue;
		if (k->parse(k, f, val))
			return ietadm_fail(q, -EINVAL,
					   "%s: \"%s\" is not valid", k->name,
					   val);
		f->set |= K_HAS(k->attr);
		return 0;
	}
	return ietadm_fail(q, -EINVAL, "\"%s\" is not a parameter of a fault",
			   name);
}

int ietadm_new_fault(struct request *q)
{
	const struct word *kind = q->fault ? find_word(kinds, q->fault) : NULL;
	struct kernel_fault f = { .tid = q->tid, .sid = q->sid, .lun = q->lun };
	char *rest = q->params, *key, *val;
	int more, err = 0;

	if (!kind)
		return ietadm_fail(q, -EINVAL,
				   q->fault ? "there is no such kind of fault" :
					      "which kind? --fault=KIND");
	f.kind = kind->val;
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

int ietadm_delete_fault(struct request *q)
{
	uint64_t id = 0;
	int err;

	/* what would not say which must not delete all */
	if (!q->fault || (strcmp(q->fault, "all") &&
			  (param_number(q->fault, UINT32_MAX, &id) || !id)))
		return ietadm_fail(q, -EINVAL,
				   "which one? --fault=FAULT or --fault=all");
	err = kernel->fault_del(q->tid, id);
	return err ? ietadm_kernel_fail(q, err) : 0;
}

void ietadm_print_fault(const struct request *q, const struct kernel_fault *f)
{
	const char *kind = word_of(kinds, f->kind);
	size_t i;

	fprintf(q->out, "Tid=%" PRIu32 " Id=%" PRIu32 " Kind=%s", f->tid, f->id,
		kind ? kind : "unknown");
	if (f->set & K_HAS(IET_F_SID))
		fprintf(q->out, " Sid=%" PRIu64 "%s", f->sid,
			f->ended ? " Ended=Yes" : "");
	if (f->set & K_HAS(IET_F_LUN))
		fprintf(q->out, " Lun=%" PRIu32, f->lun);
	for (i = 0; i < NR_KEYS; i++) {
		const struct key *k = &keys[i];

		if (!(f->set & K_HAS(k->attr)))
			continue;
		fprintf(q->out, " %s=", k->name);
		k->print(k, f, q->out);
	}
	fprintf(q->out, " Seen=%" PRIu64 " Hits=%" PRIu64 " Held=%" PRIu32 "\n",
		f->seen, f->hits, f->held);
}

static int show(const struct kernel_fault *f, void *arg)
{
	ietadm_print_fault(arg, f);
	return 0;
}

int ietadm_show_fault(struct request *q)
{
	int err;

	if (q->fault)
		return ietadm_fail(q, -EINVAL,
				   "--fault has no value here: all are shown");
	if (q->has & HAS_TID && !q->tid)
		return ietadm_fail(q, -ENOENT, "no such target");
	err = kernel->fault_dump(q->tid, show, q);
	return err ? ietadm_kernel_fail(q, err) : 0;
}
