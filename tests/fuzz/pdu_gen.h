/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions of PDUs that are almost right.
 *
 *	pdu_gen.c	makes the PDUs, as a proper initiator would or nearly so
 *	pdu_mutate.c	changes their fields, and what is on its way
 *	pdu_fuzz.c	logs in, sends, takes answers; the program
 */
#ifndef PDU_GEN_H
#define PDU_GEN_H

#include "../client/client.h"

#define GEN_CONNS 3
#define GEN_TAGS 32
#define GEN_R2TS 32
#define GEN_POOL 65536
#define GEN_OPS 64

struct rng {
	uint64_t state;
};

/* an R2T that has not been answered */
struct gen_r2t {
	uint8_t bhs[ISCSI_BHS_LEN];
	unsigned int conn;
};

/* a session's PDUs as an initiator sent them, one after the other */
struct gen_capture {
	uint8_t *data;
	size_t len;
	size_t at;
};

/**
 * struct gen - a session that is being fuzzed
 * @rng: where everything comes from
 * @session: numbering
 * @conn: connections; fd is -1 where there is none
 * @units: LUNs
 * @nr_units: how many
 * @pool: random bytes for data
 * @captures: recorded sessions
 * @nr_captures: how many
 * @exp_cmd_sn: ExpCmdSN as last heard
 * @erl: ErrorRecoveryLevel that was asked for
 * @wild: how many of 1000 PDUs may be changed; after the first that ends the
 *	connection nothing is looked at
 * @immediate: bytes of immediate data that are allowed
 * @unasked: bytes that are allowed without an R2T, with those
 * @tags: ITTs that were used, newest last, a ring
 * @nr_tags: how many there were
 * @r2ts: a ring, too
 * @nr_r2ts: how many there were
 * @text: the last Text Response that was not the end
 * @text_open: there is one that has not been answered
 * @mark: where in each connection's buffer the last two PDUs begin
 * @sent: PDUs by opcode
 * @got: answers by opcode
 */
struct gen {
	struct rng rng;
	struct client_session session;
	struct client conn[GEN_CONNS];
	const unsigned int *units;
	unsigned int nr_units;
	const uint8_t *pool;
	struct gen_capture *captures;
	unsigned int nr_captures;
	uint32_t exp_cmd_sn;
	unsigned int erl;
	unsigned int wild;
	uint32_t immediate;
	uint32_t unasked;
	uint32_t tags[GEN_TAGS];
	unsigned int nr_tags;
	struct gen_r2t r2ts[GEN_R2TS];
	unsigned int nr_r2ts;
	uint8_t text[ISCSI_BHS_LEN];
	bool text_open;
	size_t mark[GEN_CONNS][2];
	uint64_t sent[GEN_OPS];
	uint64_t got[GEN_OPS];
};

uint64_t rng_next(struct rng *r);

/* 0 to n - 1 */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return rng_next(r) % n;
}

/* true in so many of 1000 cases */
static inline bool rng_chance(struct rng *r, unsigned int per_mille)
{
	return rng_below(r, 1000) < per_mille;
}

#define PICK(rng, array) \
	((array)[rng_below(rng, sizeof(array) / sizeof((array)[0]))])

/* pdu_gen.c */
void gen_next(struct gen *g, unsigned int conn);
void gen_nop(struct gen *g, unsigned int conn, uint8_t flags);
void gen_close_gap(struct gen *g, unsigned int conn, uint32_t cmd_sn);
void gen_reassign(struct gen *g, unsigned int conn);

/* pdu_mutate.c */
uint32_t gen_number(struct rng *r);
void gen_send(struct gen *g, unsigned int conn, struct client_pdu *p);

#endif /* PDU_GEN_H */
