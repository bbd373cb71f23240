// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes what a PDU says, and what is on its way to the target.
 */
#include "pdu_gen.h"

struct field {
	uint8_t at;
	uint8_t size;
};

#define FIELDS(...) ((const struct field[]){ __VA_ARGS__, { 0, 0 } })
/* opcode, flags, two bytes, AHS and data lengths, LUN, tag */
#define ALL                                                                   \
	{ 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 1 }, { 4, 1 }, { 5, 3 }, { 8, 2 }, \
		{ 8, 4 }, { 12, 4 },                                          \
	{                                                                     \
		16, 4                                                         \
	}
#define ASK                        \
	ALL, { 20, 4 }, { 24, 4 }, \
	{                          \
		28, 4              \
	}

/* by opcode: those that mean something */
static const struct field *const fields[GEN_OPS] = {
	[ISCSI_OP_NOP_OUT] = FIELDS(ASK),
	[ISCSI_OP_SCSI_CMD] = FIELDS(ASK, { 32, 1 }, { 33, 1 }, { 34, 4 },
				     { 39, 2 }, { 38, 4 }, { 42, 4 }, { 41, 1 },
				     { 46, 1 }, { 47, 1 }),
	[ISCSI_OP_TMF_REQ] = FIELDS(ASK, { 32, 4 }, { 36, 4 }),
	[ISCSI_OP_LOGIN_REQ] = FIELDS(ASK, { 14, 2 }, { 20, 2 }),
	[ISCSI_OP_TEXT_REQ] = FIELDS(ASK),
	[ISCSI_OP_DATA_OUT] = FIELDS(ALL, { 20, 4 }, { 20, 2 }, { 22, 2 },
				     { 28, 4 }, { 36, 4 }, { 40, 4 }),
	[ISCSI_OP_LOGOUT_REQ] = FIELDS(ASK, { 20, 2 }),
	[ISCSI_OP_SNACK_REQ] = FIELDS(ASK, { 40, 4 }, { 44, 4 }),
};
static const struct field *const unknown = FIELDS(ASK, { 32, 4 }, { 36, 4 });

/**
 * gen_number - a number that is likely to be an edge of something
 * @r: random numbers
 *
 * Return: the number
 */
uint32_t gen_number(struct rng *r)
{
	static const uint32_t edges[] = {
		0,     1,      2,	 3,	     4,		 7,
		8,     15,     16,	 31,	     32,	 127,
		128,   255,    256,	 511,	     512,	 513,
		4095,  4096,   8191,	 8192,	     8193,	 65535,
		65536, 262144, 1U << 24, 0x7fffffff, 0x80000000, 0xfffffffe,
		-1U,
	};

	return rng_chance(r, 700) ? PICK(r, edges) : rng_next(r);
}

static void change_field(struct gen *g, struct client_pdu *p)
{
	const struct field *f = fields[client_op(p->bhs)] ?: unknown;
	unsigned int nr = 0;
	uint32_t value;

	while (f[nr].size)
		nr++;
	f += rng_below(&g->rng, nr);
	/* it would mostly take the rest of the stream with it */
	if ((f->at == 4 || f->at == AT_DLENGTH) && rng_chance(&g->rng, 950))
		return;
	value = get_be(p->bhs + f->at, f->size);
	switch (rng_below(&g->rng, 4)) {
	case 0:
		value ^= 1U << rng_below(&g->rng, 8 * f->size);
		break;
	case 1:
		value += rng_below(&g->rng, 5) - 2;
		break;
	default:
		value = gen_number(&g->rng);
	}
	put_be(p->bhs + f->at, f->size, value);
}

static void change_header(struct gen *g, struct client_pdu *p)
{
	static const uint8_t changes[] = { 0, 0, 0, 0, 0, 1, 1, 2, 5 };
	unsigned int nr = PICK(&g->rng, changes);
	unsigned int at;

	while (nr--)
		change_field(g, p);
	if (!rng_chance(&g->rng, 30))
		return;
	at = rng_below(&g->rng, ISCSI_BHS_LEN);
	if (at < 4 || at >= 8)
		p->bhs[at] ^= 1U << rng_below(&g->rng, 8);
}

/* less or other data than announced, or another announcement */
static void change_data(struct gen *g, struct client_pdu *p)
{
	if (!rng_chance(&g->rng, 30))
		return;
	if (rng_chance(&g->rng, 500)) {
		p->len = rng_below(&g->rng, 9000);
		p->data = g->pool + rng_below(&g->rng, GEN_POOL - p->len);
	} else {
		p->len = p->len ? rng_below(&g->rng, p->len) : 0;
	}
	put_be(p->bhs + AT_DLENGTH, 3, p->len);
}

/* lost, sent twice, or after the one that comes next */
static void change_order(struct gen *g, unsigned int conn)
{
	struct client_buf *b = &g->conn[conn].out;
	size_t *mark = g->mark[conn];
	size_t first = mark[0], last = mark[1], len = b->len - last;
	uint8_t *copy;

	switch (rng_below(&g->rng, 60)) {
	case 0:
		b->len = last;
		break;
	case 1:
	case 2:
		if (first >= last)
			break;
		/* both are behind each other in the same buffer */
		copy = __builtin_alloca(len);
		memcpy(copy, b->data + last, len);
		memmove(b->data + first + len, b->data + first, last - first);
		memcpy(b->data + first, copy, len);
		mark[1] = first + len;
		break;
	}
}

/**
 * gen_send - change a PDU, maybe, and send it
 * @g: the session
 * @conn: index of the connection
 * @p: a PDU that is right; is changed
 */
void gen_send(struct gen *g, unsigned int conn, struct client_pdu *p)
{
	struct client *c = &g->conn[conn];
	size_t *mark = g->mark[conn];
	bool wild = rng_chance(&g->rng, g->wild);
	int times = wild && rng_chance(&g->rng, 20) ? 2 : 1;

	g->tags[g->nr_tags++ % GEN_TAGS] = get_be(p->bhs + AT_ITT, 4);
	if (wild) {
		change_header(g, p);
		change_data(g, p);
		p->bad_hdigest = rng_chance(&g->rng, 3);
		p->bad_ddigest = rng_chance(&g->rng, 30);
	}
	while (times--) {
		g->sent[client_op(p->bhs)]++;
		mark[0] = mark[1];
		mark[1] = c->out.pos == c->out.len ? 0 : c->out.len;
		client_send(c, p);
	}
	if (wild)
		change_order(g, conn);
}
