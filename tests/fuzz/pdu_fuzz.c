// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends a target sessions of PDUs that are almost right, as fast as it takes
 * them.  What is sent follows from the seed and the number of the session, but
 * for what the target chooses and when it answers, so that a session can be
 * run again:
 *
 *	pdu_fuzz --seed 7 --first 1234 --sessions 1 --workers 1
 *
 * It ends with status 1 if the target sends what it must not, or no longer
 * serves a proper initiator; what the target's kernel logs is for the caller
 * to look at.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pdu_gen.h"

#define WORKERS_MAX 16
#define UNITS_MAX 16
#define CAPTURES_MAX 32
/* sessions between two looks at whether a proper initiator is served */
#define PROPER_EVERY 20
/* seconds that anything may take on a slow kernel */
#define PATIENCE 30
/* a target that reads nothing is given up after so many of 10 ms */
#define FLUSH_TRIES 200

/* what workers have done, for all to see */
struct count {
	uint64_t sessions;
	uint64_t conns;
	uint64_t refused; /* joins and logins that were */
	uint64_t checks;
	double slowest; /* of the proper initiator, seconds */
	uint64_t sent[GEN_OPS];
	uint64_t got[GEN_OPS];
};

static struct {
	const char *target;
	const char *control;
	unsigned int units[UNITS_MAX];
	unsigned int nr_units;
	int wild; /* -1: differs */
	uint64_t seed;
	uint64_t first;
	uint64_t sessions;
	uint64_t pdus;
	unsigned int seconds;
	unsigned int workers;
	struct gen_capture captures[CAPTURES_MAX];
	unsigned int nr_captures;
} opt = {
	.target = "iqn.2001-04.com.example:fuzz",
	.control = "iqn.2001-04.com.example:control",
	.workers = 3,
	.wild = -1,
};

static struct count *counts;
static uint8_t pool[GEN_POOL];
static double started;

static uint64_t sum(const uint64_t *array)
{
	uint64_t s = 0;

	for (int i = 0; i < GEN_OPS; i++)
		s += array[i];
	return s;
}

/* --- a proper initiator --------------------------------------------------- */

/* A command, its data, and GOOD status. */
static int command(struct client *c, const uint8_t *cdb, uint8_t flags,
		   uint8_t *data, size_t len)
{
	uint32_t itt = client_scsi(c, 0, cdb, flags, len,
				   flags & ISCSI_CMD_WRITE ? data : NULL,
				   flags & ISCSI_CMD_WRITE ? len : 0);
	struct client_pdu rsp;
	uint32_t at;
	int err;

	for (;;) {
		err = client_wait(c, &rsp, PATIENCE);
		if (err)
			return err;
		if (get_be(rsp.bhs + AT_ITT, 4) != itt)
			continue;
		at = get_be(rsp.bhs + AT_OFFSET, 4);
		if (client_op(rsp.bhs) == ISCSI_OP_DATA_IN) {
			if (!(flags & ISCSI_CMD_READ) || at > len ||
			    rsp.len > len - at)
				return -EPROTO;
			memcpy(data + at, rsp.data, rsp.len);
			if (!(rsp.bhs[1] & ISCSI_DATA_IN_STATUS))
				continue;
		} else if (client_op(rsp.bhs) != ISCSI_OP_SCSI_RSP) {
			return -EPROTO;
		}
		return rsp.bhs[3];
	}
}

static int work_properly(struct client *c)
{
	uint8_t cdb[16] = { 0 }, data[4096], back[4096] = { 0 };
	uint32_t lba = getpid() % 1000 * 8;
	int status = 2;

	for (int i = 0; i < 5 && status == 2; i++) /* CHECK CONDITION */
		status = command(c, cdb, 0, NULL, 0);
	if (status)
		return status;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = rand();
	client_rw10(cdb, 0x2a, lba, 8);
	status = command(c, cdb, ISCSI_CMD_WRITE, data, sizeof(data));
	client_rw10(cdb, 0x28, lba, 8);
	if (!status)
		status = command(c, cdb, ISCSI_CMD_READ, back, sizeof(back));
	if (!status && memcmp(data, back, sizeof(data)))
		return -EIO;
	return status;
}

static int log_out(struct client *c)
{
	struct client_pdu p;
	int err;

	client_start(c, &p, ISCSI_OP_LOGOUT_REQ | ISCSI_OP_IMMEDIATE);
	client_send(c, &p);
	do {
		err = client_wait(c, &p, PATIENCE);
	} while (!err && client_op(p.bhs) != ISCSI_OP_LOGOUT_RSP);
	return err;
}

/* Is somebody served who does everything right, at a target of his own? */
static int check_proper(struct count *n)
{
	char name[64];
	struct client_session s = { .initiator = name,
				    .target = opt.control,
				    .isid = { 0x80, 0xe },
				    .cmd_sn = 1,
				    .itt = 1 };
	struct client c = { 0 };
	double start = client_now(), took;
	int err;

	snprintf(name, sizeof(name), "iqn.2001-04.com.example:proper%d",
		 getpid());
	err = client_connect(&c, &s, 1, 0);
	if (!err)
		err = client_login(&c, "MaxRecvDataSegmentLength=65536\0",
				   PATIENCE);
	if (!err)
		err = work_properly(&c);
	if (!err)
		err = log_out(&c);
	client_close(&c);
	took = client_now() - start;
	if (took > n->slowest)
		n->slowest = took;
	n->checks++;
	if (err)
		printf("# a proper initiator: error or status %d after %.1f s\n",
		       err, took);
	return err;
}

/* --- a fuzzed session ----------------------------------------------------- */

static size_t put_key(char *keys, size_t at, const char *key, const char *value)
{
	return at + sprintf(keys + at, "%s=%s%c", key, value, 0);
}

/* What is negotiated differs from session to session. */
static void make_keys(struct gen *g, char *keys)
{
	static const char *const yes_no[] = { "Yes", "No" };
	static const char *const erls[] = { "0", "0", "1", "2" };
	static const char *const conns[] = { "1", "4" };
	static const char *const digests[] = { "None", "CRC32C" };
	static const char *const segments[] = { "512", "8192", "262144" };
	static const char *const bursts[] = { "512", "8192", "65536",
					      "262144" };
	static const char *const firsts[] = { "512", "512", "4096", "65536" };
	static const char *const r2ts[] = { "1", "2", "16" };
	static const char *const reports[] = { "RFC3720", "ResponseFence",
					       "FastAbort" };
	struct rng *r = &g->rng;
	const char *erl = PICK(r, erls), *first = PICK(r, firsts);
	const char *initial_r2t = PICK(r, yes_no);
	const char *immediate = PICK(r, yes_no);
	size_t n = 0;

	g->erl = *erl - '0';
	g->immediate = *immediate == 'Y' ? atoi(first) : 0;
	g->unasked = *initial_r2t == 'N' ? atoi(first) : 0;
	n = put_key(keys, n, "ErrorRecoveryLevel", erl);
	n = put_key(keys, n, "InitialR2T", initial_r2t);
	n = put_key(keys, n, "ImmediateData", immediate);
	n = put_key(keys, n, "MaxConnections", PICK(r, conns));
	n = put_key(keys, n, "HeaderDigest", PICK(r, digests));
	n = put_key(keys, n, "DataDigest", PICK(r, digests));
	n = put_key(keys, n, "MaxRecvDataSegmentLength", PICK(r, segments));
	n = put_key(keys, n, "MaxBurstLength", PICK(r, bursts));
	n = put_key(keys, n, "FirstBurstLength", first);
	n = put_key(keys, n, "MaxOutstandingR2T", PICK(r, r2ts));
	n = put_key(keys, n, "TaskReporting", PICK(r, reports));
	n = put_key(keys, n, "iSCSIProtocolLevel", "2");
	n = put_key(keys, n, "DefaultTime2Wait", "0");
	n = put_key(keys, n, "DefaultTime2Retain", "2");
	keys[n] = '\0';
}

static void make_join_keys(struct gen *g, char *keys)
{
	static const char *const digests[] = { "None", "CRC32C" };
	size_t n = 0;

	n = put_key(keys, n, "HeaderDigest", PICK(&g->rng, digests));
	n = put_key(keys, n, "DataDigest", PICK(&g->rng, digests));
	keys[n] = '\0';
}

static int open_conn(struct gen *g, unsigned int at, const char *keys,
		     struct count *n)
{
	struct client *c = &g->conn[at];
	int err = client_connect(c, &g->session, at + 1, 0);

	if (!err)
		err = client_login(c, keys, PATIENCE);
	n->conns += !err;
	n->refused += !!err;
	if (err)
		client_close(c);
	return err;
}

/*
 * Takes what has come.  0, or -EBADMSG: the target has sent a wrong digest, or
 * -EPROTO: longer data than it may.
 */
static int take_answers(struct gen *g, unsigned int at)
{
	struct client *c = &g->conn[at];
	struct client_pdu p;
	int ret;

	while ((ret = client_next(c, &p)) > 0) {
		uint8_t op = client_op(p.bhs);

		g->got[op]++;
		g->exp_cmd_sn = get_be(p.bhs + AT_EXPSTATSN, 4);
		if (p.len > 262144)
			return -EPROTO;
		if (op == ISCSI_OP_R2T) {
			struct gen_r2t *r = &g->r2ts[g->nr_r2ts++ % GEN_R2TS];

			memcpy(r->bhs, p.bhs, sizeof(r->bhs));
			r->conn = at;
		} else if (op == ISCSI_OP_TEXT_RSP &&
			   !(p.bhs[1] & ISCSI_FLAG_FINAL)) {
			memcpy(g->text, p.bhs, sizeof(g->text));
			g->text_open = true;
		} else if (op == ISCSI_OP_REJECT && p.len >= ISCSI_BHS_LEN &&
			   client_op(p.data) < 7 &&
			   !(p.data[0] & ISCSI_OP_IMMEDIATE)) {
			/* it leaves a gap (RFC 7143 7.3) */
			gen_close_gap(g, at, get_be(p.data + AT_CMDSN, 4));
		}
	}
	return ret;
}

/* Sends what is to be sent, and listens for @ms afterwards. */
static int pump(struct gen *g, int ms)
{
	int err = 0;

	for (unsigned int i = 0; i < GEN_CONNS && !err; i++) {
		struct client *c = &g->conn[i];
		int tries = FLUSH_TRIES;

		if (c->fd < 0)
			continue;
		do {
			client_run(c, c->out.len > c->out.pos ? 10 : ms);
			err = take_answers(g, i);
		} while (!err && !c->eof && c->out.len > c->out.pos && --tries);
		if (c->eof || !tries)
			client_close(c);
	}
	return err;
}

/*
 * Some commands were lost on the way, and those behind them wait for ever if
 * nobody closes the gap; and beyond MaxCmdSN nothing is taken.
 */
static void keep_in_window(struct gen *g, unsigned int conn)
{
	struct client_session *s = &g->session;
	int32_t left = s->max_cmd_sn - s->cmd_sn;

	if (left < 0 && rng_chance(&g->rng, 900))
		s->cmd_sn = g->exp_cmd_sn;
	if (s->cmd_sn != g->exp_cmd_sn && rng_chance(&g->rng, 500))
		gen_close_gap(g, conn, g->exp_cmd_sn);
}

static unsigned int some_conn(struct gen *g)
{
	unsigned int at = rng_below(&g->rng, GEN_CONNS);

	for (unsigned int i = 0; i < GEN_CONNS; i++, at++)
		if (g->conn[at % GEN_CONNS].fd >= 0)
			return at % GEN_CONNS;
	return GEN_CONNS;
}

/* A connection more, or one that fails and maybe comes again. */
static void change_conns(struct gen *g, struct count *n)
{
	unsigned int at = rng_below(&g->rng, GEN_CONNS);
	bool reassign = g->erl == 2 && rng_chance(&g->rng, 700);
	char keys[256];

	if (g->conn[at].fd >= 0)
		client_close(&g->conn[at]);
	if (rng_chance(&g->rng, 200))
		return;
	make_join_keys(g, keys);
	if (open_conn(g, at, keys, n))
		return;
	for (int i = rng_below(&g->rng, 8); reassign && i; i--)
		gen_reassign(g, at);
}

static int batch(struct gen *g, struct count *n)
{
	static const uint8_t sizes[] = { 1, 4, 10, 40 };
	static const uint8_t waits[] = { 0, 0, 0, 1, 20 };
	unsigned int nr = PICK(&g->rng, sizes), conn;

	/* what is behind the end of a connection is not looked at */
	if (g->wild == 1000 && nr > 4)
		nr = 4;
	/* nothing is left in the buffers now */
	memset(g->mark, 0, sizeof(g->mark));
	if (rng_chance(&g->rng, 40))
		change_conns(g, n);
	conn = some_conn(g);
	if (conn == GEN_CONNS)
		return -ECONNRESET;
	keep_in_window(g, conn);
	while (nr--) {
		if (rng_chance(&g->rng, 200))
			conn = some_conn(g);
		gen_next(g, conn);
	}
	if (rng_chance(&g->rng, 300))
		gen_nop(g, conn, ISCSI_OP_IMMEDIATE);
	/* beyond the window nothing is looked at */
	if ((int32_t)(g->session.max_cmd_sn - g->session.cmd_sn) < 40)
		return pump(g, 20);
	return pump(g, PICK(&g->rng, waits));
}

/* There are many ways of leaving. */
static void leave(struct gen *g)
{
	struct linger reset = { 1, 0 };
	unsigned int at = some_conn(g);
	struct client *c = &g->conn[at];

	if (at == GEN_CONNS)
		return;
	switch (rng_below(&g->rng, 5)) {
	case 0:
		client_send_bytes(c, pool, rng_below(&g->rng, 5000));
		pump(g, 0);
		break;
	case 1:
		gen_next(g, at);
		if (c->out.len > 60)
			c->out.len = 1 + rng_below(&g->rng, 60);
		pump(g, 0);
		break;
	case 2:
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		break;
	case 3:
		shutdown(c->fd, SHUT_WR);
		pump(g, 20);
		break;
	}
}

static void add_counts(struct count *n, const struct gen *g)
{
	for (int i = 0; i < GEN_OPS; i++) {
		n->sent[i] += g->sent[i];
		n->got[i] += g->got[i];
	}
}

static int run_session(uint64_t number, struct count *n)
{
	static const uint8_t rounds[] = { 1, 5, 20, 50 };
	struct gen g = { .rng = { opt.seed * 0x9e3779b97f4a7c15 + number },
			 .units = opt.units,
			 .nr_units = opt.nr_units,
			 .pool = pool,
			 .captures = opt.captures,
			 .nr_captures = opt.nr_captures };
	static const uint16_t wilds[] = { 10, 50, 150, 1000 };
	char keys[1024];
	int err, left;

	rng_next(&g.rng);
	g.wild = opt.wild < 0 ? PICK(&g.rng, wilds) : (unsigned int)opt.wild;
	g.session = (struct client_session){
		.initiator = "iqn.2001-04.com.example:fuzz",
		.target = opt.target,
		/* now and then one that takes the place of another */
		.isid = { 0x80, 0xf, 0, 0, 0,
			  rng_chance(&g.rng, 50) ? 0 : number % 251 },
		.cmd_sn = rng_chance(&g.rng, 100) ? -20U : 1,
		.itt = 1,
	};
	for (unsigned int i = 0; i < GEN_CONNS; i++)
		g.conn[i].fd = -1;
	for (unsigned int i = 0; i < g.nr_captures; i++)
		g.captures[i].at = 0;
	make_keys(&g, keys);
	err = open_conn(&g, 0, keys, n);
	/* others that take its place, or reset the target, may come between */
	for (int i = 0; err && i < 3; i++)
		err = open_conn(&g, 0, keys, n);
	if (err) {
		printf("# a login of the fuzzed: error or status %d\n", err);
		return err;
	}
	g.exp_cmd_sn = g.session.cmd_sn;
	for (left = PICK(&g.rng, rounds); left && !err; left--)
		err = batch(&g, n);
	if (!err)
		leave(&g);
	for (unsigned int i = 0; i < GEN_CONNS; i++)
		if (g.conn[i].fd >= 0)
			client_close(&g.conn[i]);
	add_counts(n, &g);
	n->sessions++;
	if (err == -EBADMSG || err == -EPROTO) {
		printf("# the target has sent %s\n",
		       err == -EBADMSG ? "a wrong digest" : "too long a PDU");
		return err;
	}
	return 0;
}

/* --- the program ---------------------------------------------------------- */

static bool is_over(uint64_t at, const struct count *n)
{
	if (opt.sessions && at >= opt.first + opt.sessions)
		return true;
	if (opt.pdus && sum(n->sent) * opt.workers >= opt.pdus)
		return true;
	return opt.seconds && client_now() - started > opt.seconds;
}

static int worker(unsigned int index)
{
	struct count *n = &counts[index];
	uint64_t at = opt.first + index;

	for (; !is_over(at, n); at += opt.workers) {
		int err = run_session(at, n);

		if (!err && n->sessions % PROPER_EVERY == 1)
			err = check_proper(n);
		if (err) {
			printf("# failed: --seed %" PRIu64 " --first %" PRIu64
			       " --sessions 1 --workers 1\n",
			       opt.seed, at);
			return 1;
		}
	}
	return check_proper(n) ? 1 : 0;
}

static const char *const op_names[GEN_OPS] = {
	[0x00] = "NOP-Out",	 [0x01] = "SCSI Command",
	[0x02] = "TMF",		 [0x03] = "Login",
	[0x04] = "Text",	 [0x05] = "Data-Out",
	[0x06] = "Logout",	 [0x10] = "SNACK",
	[0x20] = "NOP-In",	 [0x21] = "SCSI Response",
	[0x22] = "TMF Response", [0x24] = "Text Response",
	[0x25] = "Data-In",	 [0x26] = "Logout Response",
	[0x31] = "R2T",		 [0x32] = "Async",
	[0x3f] = "Reject",
};

static void print_ops(const char *what, const uint64_t *array, bool others)
{
	uint64_t rest = 0;

	printf("# %s: %" PRIu64 " PDUs:", what, sum(array));
	for (int i = 0; i < GEN_OPS; i++) {
		if (op_names[i] && array[i] && (i < 0x20 || !others))
			printf(" %s %" PRIu64, op_names[i], array[i]);
		else
			rest += array[i];
	}
	printf(" others %" PRIu64 "\n", rest);
}

static void print_counts(void)
{
	struct count all = { 0 };

	for (unsigned int w = 0; w < opt.workers; w++) {
		const struct count *n = &counts[w];

		all.sessions += n->sessions;
		all.conns += n->conns;
		all.refused += n->refused;
		all.checks += n->checks;
		if (n->slowest > all.slowest)
			all.slowest = n->slowest;
		for (int i = 0; i < GEN_OPS; i++) {
			all.sent[i] += n->sent[i];
			all.got[i] += n->got[i];
		}
	}
	printf("# seed %" PRIu64 ": %" PRIu64 " PDUs in %.0f s, %" PRIu64
	       " sessions, %" PRIu64 " connections, %" PRIu64 " refused\n",
	       opt.seed, sum(all.sent), client_now() - started, all.sessions,
	       all.conns, all.refused);
	printf("# a proper initiator, %" PRIu64 " times: %.2f s at most\n",
	       all.checks, all.slowest);
	print_ops("sent", all.sent, true);
	print_ops("received", all.got, false);
}

static void load_capture(const char *path)
{
	struct gen_capture *cap = &opt.captures[opt.nr_captures];
	FILE *f = fopen(path, "rb");
	long len;

	if (!f || fseek(f, 0, SEEK_END) || (len = ftell(f)) < ISCSI_BHS_LEN ||
	    opt.nr_captures == CAPTURES_MAX) {
		fprintf(stderr, "%s: cannot be used\n", path);
		exit(2);
	}
	rewind(f);
	cap->data = malloc(len);
	cap->len = fread(cap->data, 1, len, f);
	fclose(f);
	/* each PDU must be there to its end */
	for (size_t at = 0; at < cap->len;) {
		const uint8_t *p = cap->data + at;

		if (cap->len - at < ISCSI_BHS_LEN ||
		    (at += ISCSI_BHS_LEN + p[4] * 4 +
			   ((get_be(p + AT_DLENGTH, 3) + 3) & ~3U)) >
			    cap->len) {
			fprintf(stderr, "%s: ends within a PDU\n", path);
			exit(2);
		}
	}
	opt.nr_captures++;
}

static void parse_units(char *list)
{
	opt.nr_units = 0;
	for (char *u = strtok(list, ","); u && opt.nr_units < UNITS_MAX;
	     u = strtok(NULL, ","))
		opt.units[opt.nr_units++] = atoi(u);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "target", 1, NULL, 't' },
		{ "control", 1, NULL, 'c' },
		{ "units", 1, NULL, 'u' },
		{ "seed", 1, NULL, 's' },
		{ "first", 1, NULL, 'f' },
		{ "sessions", 1, NULL, 'n' },
		{ "pdus", 1, NULL, 'p' },
		{ "seconds", 1, NULL, 'T' },
		{ "workers", 1, NULL, 'w' },
		{ "wild", 1, NULL, 'W' },
		{ 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 't':
			opt.target = optarg;
			break;
		case 'c':
			opt.control = optarg;
			break;
		case 'u':
			parse_units(optarg);
			break;
		case 's':
			opt.seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			opt.first = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			opt.sessions = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			opt.pdus = strtoull(optarg, NULL, 0);
			break;
		case 'T':
			opt.seconds = atoi(optarg);
			break;
		case 'W':
			opt.wild = atoi(optarg);
			break;
		case 'w':
			opt.workers = atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
	for (; optind < argc; optind++)
		load_capture(argv[optind]);
	if (!opt.nr_units)
		opt.units[opt.nr_units++] = 0;
	if (!opt.workers || opt.workers > WORKERS_MAX ||
	    !(opt.sessions || opt.pdus || opt.seconds)) {
		fprintf(stderr,
			"usage: pdu_fuzz --seconds N | --pdus N | "
			"--sessions N [--seed N] [--first N] [--workers N]\n"
			"\t[--target NAME] [--control NAME] [--units 0,1,...] "
			"[CAPTURE...]\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	int status, bad = 0;
	struct rng r;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	r.state = opt.seed;
	for (size_t i = 0; i < sizeof(pool); i++)
		pool[i] = rng_next(&r);
	counts = mmap(NULL, WORKERS_MAX * sizeof(*counts),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (counts == MAP_FAILED)
		return 2;
	started = client_now();
	for (unsigned int i = 0; i < opt.workers; i++) {
		pid_t pid = fork();

		if (!pid)
			exit(worker(i));
		bad |= pid < 0;
	}
	while (wait(&status) > 0)
		bad |= status;
	print_counts();
	return bad ? 1 : 0;
}
