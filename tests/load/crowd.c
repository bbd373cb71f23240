// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many sessions that write as much as they are let: each keeps so many
 * commands of so many bytes under way.  Where the target puts a command off
 * (TASK SET FULL, BUSY) the initiator keeps fewer under way, and tries more
 * again later, as Linux and others do.
 *
 *	crowd TARGET SESSIONS DEPTH KIB SECONDS
 *
 * Prints what was done, how evenly, and how long the longest wait of a session
 * for the end of any of its commands was; status 1 if one got nothing done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../client/client.h"

#define DEPTH_MAX 256
#define R2TS_MAX 512
#define PIECE 32768
/* of them in a turn */
#define PIECES 16
#define PATIENCE 60
#define PER_ADDRESS 500
/* seconds until a command that was put off is sent again */
#define RETRY 0.02
/* seconds: a turn takes much less */
#define STANDSTILL 1
/* one command more after so many that were done */
#define RAMP_UP 16

struct r2t {
	uint8_t bhs[ISCSI_BHS_LEN];
	uint32_t sent;
	uint32_t data_sn;
};

/**
 * struct member - one of the crowd
 * @session: numbering
 * @c: its connection
 * @r2ts: a ring of what is asked for, from @head
 * @under_way: commands that have no response
 * @limit: how many there may be
 * @held: not to send commands before that time
 * @last: when a command was done
 * @longest: the longest time between two that were done, seconds
 * @done: commands
 * @put_off: commands that were not taken
 */
struct member {
	struct client_session session;
	struct client c;
	struct r2t r2ts[R2TS_MAX];
	unsigned int head;
	unsigned int nr_r2ts;
	unsigned int under_way;
	unsigned int limit;
	double held;
	double last;
	double longest;
	uint64_t done;
	uint64_t put_off;
};

static struct {
	const char *target;
	unsigned int sessions;
	unsigned int depth;
	uint32_t bytes;
	unsigned int seconds;
} opt;

static struct member *members;
static uint8_t data[PIECE];
static bool over;

static void die(const struct member *m, const char *what, int code)
{
	printf("# session %td: %s (%#x)\n", m - members, what, code);
	exit(1);
}

/* What those wait for that have commands under way, five of them. */
static void explain(void)
{
	unsigned int nr = 5;

	for (unsigned int i = 0; i < opt.sessions && nr; i++) {
		const struct member *m = &members[i];

		if (!m->under_way)
			continue;
		nr--;
		printf("# session %u: %u commands, %u R2Ts to be answered, "
		       "%zu bytes to be sent, %zu bytes of a PDU, CmdSN %u of "
		       "%u, %" PRIu64 " done, %" PRIu64 " put off\n",
		       i, m->under_way, m->nr_r2ts, m->c.out.len - m->c.out.pos,
		       m->c.in.len - m->c.in.pos, m->session.cmd_sn,
		       m->session.max_cmd_sn, m->done, m->put_off);
	}
}

static void new_command(struct member *m)
{
	uint8_t cdb[16] = { 0 };

	/* each has a MiB of the disk of its own, as far as there is room */
	client_rw10(cdb, 0x2a, (m - members) % 64 * 2048, opt.bytes / 512);
	client_scsi(&m->c, 0, cdb, ISCSI_CMD_WRITE, opt.bytes, NULL, 0);
	m->under_way++;
}

static void new_commands(struct member *m, double now)
{
	if (over || now < m->held)
		return;
	while (m->under_way < m->limit &&
	       (int32_t)(m->session.max_cmd_sn - m->session.cmd_sn) >= 0)
		new_command(m);
}

/* The next piece of what is asked for: never much of it at a time. */
static void send_piece(struct member *m)
{
	struct r2t *r = &m->r2ts[m->head];
	uint32_t want = get_be(r->bhs + AT_LENGTH, 4);
	uint32_t n = want - r->sent < PIECE ? want - r->sent : PIECE;
	struct client_pdu p;

	client_start(&m->c, &p, ISCSI_OP_DATA_OUT);
	p.bhs[1] = r->sent + n == want ? ISCSI_FLAG_FINAL : 0;
	memcpy(p.bhs + AT_LUN, r->bhs + AT_LUN, 16);
	put_be(p.bhs + AT_DATASN, 4, r->data_sn++);
	put_be(p.bhs + AT_OFFSET, 4, get_be(r->bhs + AT_OFFSET, 4) + r->sent);
	put_be(p.bhs + AT_DLENGTH, 3, n);
	p.data = data;
	p.len = n;
	client_send(&m->c, &p);
	r->sent += n;
	if (r->sent < want)
		return;
	m->head = (m->head + 1) % R2TS_MAX;
	m->nr_r2ts--;
}

static void response(struct member *m, const struct client_pdu *p, double now)
{
	uint8_t status = p->bhs[3];

	m->under_way--;
	/* the first is a unit attention */
	if (status == 0x28 || status == 0x08 || (status == 2 && !m->done)) {
		m->put_off += status != 2;
		m->limit = m->under_way ?: 1;
		m->held = now + RETRY;
		return;
	}
	if (status == 2 && p->len >= 2 + 14)
		die(m, "sense key, ASC and ASCQ",
		    (p->data[4] & 0xf) << 16 | get_be(p->data + 14, 2));
	if (status)
		die(m, "status", status);
	if (now - m->last > m->longest)
		m->longest = now - m->last;
	m->last = now;
	if (++m->done % RAMP_UP == 0 && m->limit < opt.depth)
		m->limit++;
}

static void take(struct member *m, double now)
{
	struct client_pdu p;
	int ret;

	while ((ret = client_next(&m->c, &p)) > 0) {
		switch (client_op(p.bhs)) {
		case ISCSI_OP_R2T:
			if (m->nr_r2ts == R2TS_MAX)
				die(m, "too many R2Ts", m->nr_r2ts);
			ret = (m->head + m->nr_r2ts++) % R2TS_MAX;
			m->r2ts[ret].sent = m->r2ts[ret].data_sn = 0;
			memcpy(m->r2ts[ret].bhs, p.bhs, sizeof(p.bhs));
			break;
		case ISCSI_OP_SCSI_RSP:
			response(m, &p, now);
			break;
		case ISCSI_OP_REJECT:
			die(m, "Reject", p.bhs[2]);
		}
	}
	if (ret < 0 || m->c.eof)
		die(m, "the connection has ended", ret);
}

/* Return: is there anything left to be sent? */
static bool serve(struct member *m, double now)
{
	for (int pieces = PIECES; pieces; pieces--) {
		client_run(&m->c, 0);
		take(m, now);
		new_commands(m, now);
		if (m->c.out.pos < m->c.out.len)
			return true;
		if (!m->nr_r2ts)
			return false;
		send_piece(m);
	}
	return true;
}

static void log_in(struct member *m, unsigned int index)
{
	static char name[] = "iqn.2001-04.com.example:crowd";
	int err;

	m->limit = opt.depth;
	m->session = (struct client_session){
		.initiator = name,
		.target = opt.target,
		.cmd_sn = 1,
		.itt = 1,
		.isid = { 0x80, 0xc, 0, 0, index >> 8, index },
	};
	err = client_connect(&m->c, &m->session, 1,
			     0x7f000101 + index / PER_ADDRESS);
	if (!err)
		err = client_login(&m->c,
				   "InitialR2T=Yes\0ImmediateData=No\0"
				   "MaxBurstLength=262144\0"
				   "MaxOutstandingR2T=4\0",
				   PATIENCE);
	if (err)
		die(m, "login", err);
}

static void watch(int epoll, struct member *m, bool more)
{
	struct epoll_event ev = { .events = EPOLLIN | (more ? EPOLLOUT : 0),
				  .data.ptr = m };

	if (epoll_ctl(epoll, EPOLL_CTL_MOD, m->c.fd, &ev))
		epoll_ctl(epoll, EPOLL_CTL_ADD, m->c.fd, &ev);
}

static unsigned int all_under_way(void)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < opt.sessions; i++)
		nr += members[i].under_way;
	return nr;
}

/*
 * The time that has passed since @before without anybody running, as it does
 * where a machine shares its CPUs: nobody has waited for the target then.
 */
static double stood_still(double before)
{
	double lost = client_now() - before;

	if (lost < STANDSTILL)
		return 0;
	for (unsigned int i = 0; i < opt.sessions; i++)
		members[i].last += lost;
	return lost;
}

static void work(int epoll)
{
	struct epoll_event ev[64];
	double start = client_now(), now = start, swept = 0;

	for (unsigned int i = 0; i < opt.sessions; i++)
		members[i].last = start;
	while (!over || all_under_way()) {
		int nr = epoll_wait(epoll, ev, 64, 10);

		start += stood_still(now);
		now = client_now();
		over = now > start + opt.seconds;
		if (now > start + opt.seconds + PATIENCE) {
			explain();
			die(members, "commands never end", all_under_way());
		}
		for (int i = 0; i < nr; i++)
			watch(epoll, ev[i].data.ptr,
			      serve(ev[i].data.ptr, now));
		if (now < swept + RETRY)
			continue;
		/* those that may go on now */
		swept = now;
		for (unsigned int i = 0; i < opt.sessions; i++) {
			struct member *m = &members[i];

			if (m->held && now > m->held) {
				m->held = 0;
				watch(epoll, m, serve(m, now));
			}
		}
	}
	for (unsigned int i = 0; i < opt.sessions; i++)
		if (start + opt.seconds - members[i].last > members[i].longest)
			members[i].longest =
				start + opt.seconds - members[i].last;
}

static int by_done(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->done > y->done) - (x->done < y->done);
}

static int report(void)
{
	uint64_t done = 0, put_off = 0;
	double longest = 0;

	qsort(members, opt.sessions, sizeof(*members), by_done);
	for (unsigned int i = 0; i < opt.sessions; i++) {
		done += members[i].done;
		put_off += members[i].put_off;
		if (members[i].longest > longest)
			longest = members[i].longest;
	}
	printf("%u sessions, %u commands of %u KiB each: %.0f MiB/s; "
	       "%" PRIu64 " to %" PRIu64 " done by each, %" PRIu64
	       " put off; the longest wait %.1f s\n",
	       opt.sessions, opt.depth, opt.bytes >> 10,
	       done * (double)opt.bytes / (1 << 20) / opt.seconds,
	       members[0].done, members[opt.sessions - 1].done, put_off,
	       longest);
	printf("min=%" PRIu64 " max=%" PRIu64 " median=%" PRIu64
	       " longest=%.1f\n",
	       members[0].done, members[opt.sessions - 1].done,
	       members[opt.sessions / 2].done, longest);
	return members[0].done ? 0 : 1;
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(0);

	if (argc != 6) {
		fprintf(stderr, "usage: crowd TARGET SESSIONS DEPTH KIB "
				"SECONDS\n");
		return 2;
	}
	opt.target = argv[1];
	opt.sessions = atoi(argv[2]);
	opt.depth = atoi(argv[3]);
	opt.bytes = atoi(argv[4]) << 10;
	opt.seconds = atoi(argv[5]);
	members = calloc(opt.sessions, sizeof(*members));
	if (!members || epoll < 0 || opt.depth > DEPTH_MAX)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; i < opt.sessions; i++)
		log_in(&members[i], i);
	printf("all are logged in\n");
	for (unsigned int i = 0; i < opt.sessions; i++)
		watch(epoll, &members[i], true);
	work(epoll);
	return report();
}
