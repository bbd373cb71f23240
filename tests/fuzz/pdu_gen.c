// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes PDUs that a proper initiator could send, or nearly so: what they ask
 * for fits what was sent before.
 */
#include <stdio.h>

#include "pdu_gen.h"

/* splitmix64 */
uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void set_data(struct gen *g, struct client_pdu *p, size_t len)
{
	p->len = len;
	p->data = g->pool + rng_below(&g->rng, GEN_POOL - len);
	put_be(p->bhs + AT_DLENGTH, 3, len);
}

static unsigned int some_unit(struct gen *g)
{
	return g->units[rng_below(&g->rng, g->nr_units)];
}

/* one of those that were used last */
static uint32_t some_tag(struct gen *g)
{
	unsigned int nr = g->nr_tags < GEN_TAGS ? g->nr_tags : GEN_TAGS;

	if (!nr)
		return 1;
	return g->tags[(g->nr_tags - 1 - rng_below(&g->rng, nr)) % GEN_TAGS];
}

static uint8_t immediate(struct gen *g, unsigned int per_mille)
{
	return rng_chance(&g->rng, per_mille) ? ISCSI_OP_IMMEDIATE : 0;
}

/**
 * gen_nop - NOP-Out
 * @g: the session
 * @conn: index of the connection
 * @flags: I bit or 0
 */
void gen_nop(struct gen *g, unsigned int conn, uint8_t flags)
{
	static const uint16_t lengths[] = { 0, 0, 1, 100, 5000 };
	struct client_pdu p;

	client_start(&g->conn[conn], &p, ISCSI_OP_NOP_OUT | flags);
	put_be(p.bhs + AT_TTT, 4, ISCSI_RESERVED_TAG);
	set_data(g, &p, PICK(&g->rng, lengths));
	gen_send(g, conn, &p);
}

/**
 * gen_close_gap - a NOP-Out in place of a request that has not arrived
 * @g: the session
 * @conn: index of the connection
 * @cmd_sn: its CmdSN
 */
void gen_close_gap(struct gen *g, unsigned int conn, uint32_t cmd_sn)
{
	struct client_pdu p;

	client_start(&g->conn[conn], &p, ISCSI_OP_NOP_OUT | ISCSI_OP_IMMEDIATE);
	p.bhs[0] = ISCSI_OP_NOP_OUT;
	put_be(p.bhs + AT_TTT, 4, ISCSI_RESERVED_TAG);
	put_be(p.bhs + AT_CMDSN, 4, cmd_sn);
	gen_send(g, conn, &p);
}

static void some_nop(struct gen *g, unsigned int conn)
{
	gen_nop(g, conn, immediate(g, 500));
}

/* An extended CDB, the read length of a bidirectional command, or neither. */
static void add_ahs(struct gen *g, struct client_pdu *p)
{
	uint8_t *ahs = p->ahs + p->ahs_len;
	size_t len = 5, whole;

	switch (rng_below(&g->rng, 3)) {
	case 0:
		ahs[2] = ISCSI_AHS_EXT_CDB;
		len = 1 + rng_below(&g->rng, 250);
		break;
	case 1:
		ahs[2] = ISCSI_AHS_BIDI_READ_LEN;
		break;
	default:
		len = rng_below(&g->rng, 60);
		ahs[2] = rng_below(&g->rng, 4);
	}
	put_be(ahs, 2, rng_chance(&g->rng, 900) ? len : gen_number(&g->rng));
	memcpy(ahs + 3, g->pool + rng_below(&g->rng, 60000), len);
	whole = (3 + len + 3) & ~(size_t)3;
	if (p->ahs_len + whole > 4 * 255)
		return;
	p->ahs_len += whole;
	p->bhs[4] = p->ahs_len / 4;
}

static void make_cdb(struct gen *g, uint8_t *cdb, unsigned int blocks)
{
	static const uint8_t ops[] = {
		0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x28,
		0x28, 0x28, 0x2a, 0x2a, 0x2a, 0x2a, 0x2a, 0x2e, 0x2f, 0x35,
		0x41, 0x42, 0x4d, 0x55, 0x5a, 0x5e, 0x5f, 0x7f, 0x83, 0x84,
		0x88, 0x89, 0x8a, 0x8e, 0x8f, 0x91, 0x93, 0x9b, 0x9c, 0x9e,
		0xa0, 0xa3, 0xa4, 0xa8, 0xaa, 0xae, 0xaf,
	};
	static const uint16_t lbas[] = { 0, 0, 1, 5000, 30000 };
	uint8_t op = PICK(&g->rng, ops);
	unsigned int lba = PICK(&g->rng, lbas);

	cdb[0] = op;
	if (op >> 5 == 4) {
		put_be(cdb + 6, 4, lba);
		put_be(cdb + 10, 4, blocks);
	} else if (op >> 5 == 5) {
		put_be(cdb + 2, 4, lba);
		put_be(cdb + 6, 4, blocks);
	} else {
		client_rw10(cdb, op, lba, blocks);
	}
	/* allocation lengths, service actions, flags */
	if (rng_chance(&g->rng, 300))
		cdb[1 + rng_below(&g->rng, 15)] = rng_next(&g->rng);
	if (rng_chance(&g->rng, 100))
		cdb[1] = rng_below(&g->rng, 32);
}

/* Data-Out PDUs of the unsolicited sequence of a write. */
static void unsolicited(struct gen *g, unsigned int conn, uint32_t itt,
			unsigned int lun, uint32_t at, uint32_t end)
{
	struct client_pdu p;
	uint32_t sn = 0, n;

	for (; at < end; at += n, sn++) {
		n = end - at < 4096 ? end - at : 4096;
		client_start(&g->conn[conn], &p, ISCSI_OP_DATA_OUT);
		p.bhs[1] = at + n == end ? ISCSI_FLAG_FINAL : 0;
		put_lun(p.bhs, lun);
		put_be(p.bhs + AT_ITT, 4, itt);
		put_be(p.bhs + AT_TTT, 4, ISCSI_RESERVED_TAG);
		put_be(p.bhs + AT_DATASN, 4, sn);
		put_be(p.bhs + AT_OFFSET, 4, at);
		set_data(g, &p, n);
		gen_send(g, conn, &p);
	}
}

static void scsi(struct gen *g, unsigned int conn)
{
	static const uint16_t sizes[] = { 0, 1, 2, 8, 8, 16, 64, 300 };
	static const uint16_t lengths[] = { 0, 512, 512, 4096, 8192 };
	static const uint8_t directions[] = {
		0,
		ISCSI_CMD_READ,
		ISCSI_CMD_READ,
		ISCSI_CMD_WRITE,
		ISCSI_CMD_WRITE,
		ISCSI_CMD_READ | ISCSI_CMD_WRITE,
	};
	unsigned int blocks = PICK(&g->rng, sizes), lun = some_unit(g);
	uint32_t edtl = blocks * 512, itt;
	uint8_t flags = PICK(&g->rng, directions);
	struct client_pdu p;
	size_t data = PICK(&g->rng, lengths), limit;
	bool final = !g->unasked || rng_chance(&g->rng, 500);

	client_start(&g->conn[conn], &p, ISCSI_OP_SCSI_CMD | immediate(g, 100));
	itt = get_be(p.bhs + AT_ITT, 4);
	p.bhs[1] = flags | rng_below(&g->rng, 5) |
		   (final ? ISCSI_FLAG_FINAL : 0);
	put_lun(p.bhs, lun);
	put_be(p.bhs + AT_TTT, 4, edtl);
	make_cdb(g, p.bhs + 32, blocks);
	/* data that fits the direction, if there is a CDB for it */
	if ((flags & ISCSI_CMD_WRITE) && rng_chance(&g->rng, 700))
		p.bhs[32] = rng_chance(&g->rng, 800) ? 0x2a : p.bhs[32];
	while (rng_chance(&g->rng, 50))
		add_ahs(g, &p);
	/* who knows no rules has data where there must be none */
	limit = rng_chance(&g->rng, g->wild / 10) ? 8192 : g->immediate;
	if (!(flags & ISCSI_CMD_WRITE))
		limit = 0;
	limit = limit < edtl ? limit : edtl;
	set_data(g, &p, data < limit ? data : limit);
	data = p.len;
	gen_send(g, conn, &p);
	if (!final && flags & ISCSI_CMD_WRITE && rng_chance(&g->rng, 950))
		unsolicited(g, conn, itt, lun, data,
			    edtl < g->unasked ? edtl : g->unasked);
}

/* The sequence that an R2T asks for, at least a part of it. */
static void answer_r2t(struct gen *g, const struct gen_r2t *r)
{
	uint32_t begin = get_be(r->bhs + AT_OFFSET, 4);
	uint32_t left = get_be(r->bhs + AT_LENGTH, 4);
	static const uint16_t sizes[] = { 512, 4096, 8192, 8192 };
	uint32_t piece = PICK(&g->rng, sizes), at = begin, sn = 0;
	struct client_pdu p;

	while (left && sn < 40) {
		uint32_t n = left < piece ? left : piece;

		client_start(&g->conn[r->conn], &p, ISCSI_OP_DATA_OUT);
		p.bhs[1] = n == left ? ISCSI_FLAG_FINAL : 0;
		memcpy(p.bhs + AT_LUN, r->bhs + AT_LUN, 16);
		put_be(p.bhs + AT_DATASN, 4, sn++);
		put_be(p.bhs + AT_OFFSET, 4, at);
		set_data(g, &p, n);
		gen_send(g, r->conn, &p);
		at += n;
		left -= n;
		/* the rest does not come */
		if (rng_chance(&g->rng, 20))
			return;
	}
}

static void data_out(struct gen *g, unsigned int conn)
{
	unsigned int nr = g->nr_r2ts < GEN_R2TS ? g->nr_r2ts : GEN_R2TS;
	struct client_pdu p;
	struct gen_r2t *r;

	if (!nr && rng_chance(&g->rng, 900)) {
		scsi(g, conn);
		return;
	}
	if (nr && rng_chance(&g->rng, 950)) {
		r = &g->r2ts[rng_below(&g->rng, nr)];
		if (g->conn[r->conn].fd >= 0)
			answer_r2t(g, r);
		/* or it is answered once more */
		if (rng_chance(&g->rng, 900)) {
			*r = g->r2ts[(g->nr_r2ts - 1) % GEN_R2TS];
			g->nr_r2ts = nr - 1;
		}
		return;
	}
	client_start(&g->conn[conn], &p, ISCSI_OP_DATA_OUT);
	put_be(p.bhs + AT_ITT, 4, some_tag(g));
	put_be(p.bhs + AT_TTT, 4,
	       rng_chance(&g->rng, 500) ?
		       ISCSI_RESERVED_TAG :
		       rng_below(&g->rng, 4) << 16 | rng_below(&g->rng, 600));
	set_data(g, &p, 512);
	gen_send(g, conn, &p);
}

static void tmf(struct gen *g, unsigned int conn)
{
	struct client_pdu p;

	client_start(&g->conn[conn], &p, ISCSI_OP_TMF_REQ | immediate(g, 800));
	p.bhs[1] |= 1 + rng_below(&g->rng, 14);
	/* those that end all sessions end the fuzzing of the others, too */
	if ((p.bhs[1] & ISCSI_TMF_MASK) == ISCSI_TMF_TARGET_COLD_RESET &&
	    rng_chance(&g->rng, 900))
		p.bhs[1] = ISCSI_FLAG_FINAL | ISCSI_TMF_ABORT_TASK;
	put_lun(p.bhs, some_unit(g));
	put_be(p.bhs + AT_TTT, 4, some_tag(g));
	put_be(p.bhs + 32, 4, g->session.cmd_sn - rng_below(&g->rng, 4));
	put_be(p.bhs + 36, 4, rng_below(&g->rng, 3));
	gen_send(g, conn, &p);
}

/**
 * gen_reassign - TASK REASSIGN of some task
 * @g: the session
 * @conn: index of the connection that it is to have
 */
void gen_reassign(struct gen *g, unsigned int conn)
{
	struct client_pdu p;

	client_start(&g->conn[conn], &p, ISCSI_OP_TMF_REQ | ISCSI_OP_IMMEDIATE);
	p.bhs[1] |= ISCSI_TMF_TASK_REASSIGN;
	put_lun(p.bhs, some_unit(g));
	put_be(p.bhs + AT_TTT, 4, some_tag(g));
	put_be(p.bhs + 36, 4, rng_below(&g->rng, 4));
	gen_send(g, conn, &p);
}

static void text(struct gen *g, unsigned int conn)
{
	static const char *const keys[] = {
		"SendTargets",
		"SendTargets",
		"MaxRecvDataSegmentLength",
		"InitiatorAlias",
		"HeaderDigest",
		"MaxBurstLength",
		"X-com.example.key",
		"TargetName",
		"ErrorRecoveryLevel",
		"TaskReporting",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	static const char *const values[] = {
		"",
		"All",
		"Yes",
		"No",
		"0",
		"512",
		"8192",
		"16777215",
		"16777216",
		"-1",
		"0x200",
		"None",
		"CRC32C",
		"=",
		"====",
		"\377",
		"99999999999999999999999999999999999999999999999999999999999",
	};
	static const uint8_t lines[] = { 0, 1, 1, 2, 10, 60 };
	static const uint8_t flags[] = { ISCSI_FLAG_FINAL, ISCSI_FLAG_FINAL, 0,
					 ISCSI_FLAG_TEXT_CONTINUE };
	unsigned int nr = PICK(&g->rng, lines);
	struct client_pdu p;
	char buf[8192];
	size_t len = 0;

	while (nr--)
		len += snprintf(buf + len, sizeof(buf) - len, "%s=%s%c",
				PICK(&g->rng, keys), PICK(&g->rng, values), 0);
	client_start(&g->conn[conn], &p, ISCSI_OP_TEXT_REQ | immediate(g, 300));
	p.bhs[1] = PICK(&g->rng, flags);
	put_be(p.bhs + AT_TTT, 4,
	       rng_chance(&g->rng, 900) ? ISCSI_RESERVED_TAG : 1);
	/* or the sequence goes on */
	if (g->text_open && rng_chance(&g->rng, 700)) {
		memcpy(p.bhs + AT_LUN, g->text + AT_LUN, 16);
		len = rng_chance(&g->rng, 500) ? len : 0;
		g->text_open = false;
	}
	p.data = (uint8_t *)buf;
	p.len = len;
	put_be(p.bhs + AT_DLENGTH, 3, len);
	gen_send(g, conn, &p);
}

/* All four types, of what was, is or will be. */
static void snack(struct gen *g, unsigned int conn)
{
	struct client *c = &g->conn[conn];
	unsigned int type = rng_below(&g->rng, 4);
	struct client_pdu p;

	if (!g->erl && rng_chance(&g->rng, 900)) {
		scsi(g, conn);
		return;
	}
	client_start(c, &p, ISCSI_OP_SNACK_REQ);
	p.bhs[1] |= type;
	put_lun(p.bhs, some_unit(g));
	put_be(p.bhs + AT_ITT, 4, type == 1 ? ISCSI_RESERVED_TAG : some_tag(g));
	put_be(p.bhs + AT_TTT, 4, type == 3 ? g->nr_tags : ISCSI_RESERVED_TAG);
	if (rng_chance(&g->rng, 700)) {
		put_be(p.bhs + AT_OFFSET, 4,
		       type == 1 ? c->exp_stat_sn - rng_below(&g->rng, 8) :
				   rng_below(&g->rng, 4));
		put_be(p.bhs + AT_LENGTH, 4, rng_below(&g->rng, 5));
	} else {
		put_be(p.bhs + AT_OFFSET, 4, gen_number(&g->rng));
		put_be(p.bhs + AT_LENGTH, 4, gen_number(&g->rng));
	}
	/* so that there is something to be had once more */
	put_be(p.bhs + AT_EXPSTATSN, 4,
	       c->exp_stat_sn - rng_below(&g->rng, 16));
	gen_send(g, conn, &p);
}

static void other(struct gen *g, unsigned int conn)
{
	static const uint8_t ops[] = { ISCSI_OP_LOGIN_REQ,
				       ISCSI_OP_LOGOUT_REQ,
				       ISCSI_OP_LOGOUT_REQ,
				       7,
				       0x1c,
				       ISCSI_OP_NOP_IN,
				       ISCSI_OP_R2T,
				       ISCSI_OP_REJECT };
	static const uint8_t lengths[] = { 0, 0, 4, 60 };
	struct client_pdu p;

	client_start(&g->conn[conn], &p,
		     PICK(&g->rng, ops) | immediate(g, 500));
	if (client_op(p.bhs) == ISCSI_OP_LOGOUT_REQ) {
		p.bhs[1] |= rng_below(&g->rng, 4);
		put_be(p.bhs + 20, 2, 1 + rng_below(&g->rng, 4));
	} else {
		set_data(g, &p, PICK(&g->rng, lengths));
	}
	gen_send(g, conn, &p);
}

/* What an initiator sent once, with the numbers of today. */
static void captured(struct gen *g, unsigned int conn)
{
	struct gen_capture *cap;
	struct client_pdu p;
	const uint8_t *at;
	size_t data, ahs;

	if (!g->nr_captures) {
		scsi(g, conn);
		return;
	}
	cap = &g->captures[rng_below(&g->rng, g->nr_captures)];
	if (cap->at + ISCSI_BHS_LEN > cap->len)
		cap->at = 0;
	at = cap->data + cap->at;
	ahs = at[4] * 4;
	data = get_be(at + AT_DLENGTH, 3);
	cap->at += ISCSI_BHS_LEN + ahs + ((data + 3) & ~(size_t)3);
	client_start(&g->conn[conn], &p, at[0]);
	memcpy(p.bhs + 1, at + 1, 15);
	memcpy(p.bhs + 20, at + 20, 4);
	memcpy(p.bhs + 32, at + 32, 16);
	memcpy(p.ahs, at + ISCSI_BHS_LEN, ahs);
	p.ahs_len = ahs;
	p.data = at + ISCSI_BHS_LEN + ahs;
	p.len = data;
	gen_send(g, conn, &p);
}

/* how likely each is, of 100 */
static const struct {
	unsigned int share;
	void (*make)(struct gen *g, unsigned int conn);
} makers[] = {
	{ 8, some_nop }, { 37, scsi }, { 24, data_out }, { 5, tmf },
	{ 6, text },	 { 8, snack }, { 1, other },	 { 11, captured },
};

/**
 * gen_next - the next request, or several that belong together
 * @g: the session
 * @conn: index of the connection
 */
void gen_next(struct gen *g, unsigned int conn)
{
	unsigned int at = rng_below(&g->rng, 100), i = 0;

	while (at >= makers[i].share)
		at -= makers[i++].share;
	makers[i].make(g, conn);
}
