// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: what iSCSI on TCP costs without a target.
 *
 * A connection that a program has logged in gets the right PDUs for READ and
 * WRITE: Data-In from pages that never change, R2Ts and status for writes,
 * whose data is copied out of the socket once, to a buffer that never is
 * looked at.  Nothing is checked but digests, there is no medium, and a task is
 * its tag and three numbers.  The few commands that sd sends at the beginning
 * have answers just good enough.  It is no target, and not safe against a peer
 * that means ill.
 *
 * LUN 1 has memory, as much as a disk: data comes from there by reference and
 * goes there by one copy.  It shows what it costs that memory is not in the
 * CPU's cache, as the one buffer of LUN 0 always is.
 *
 * Hand a connection over by writing to /proc/iscsi_floor:
 *
 *	FD STAT_SN CMD_SN MAX_XMIT MAX_BURST BLOCKS DIGESTS
 */
#include <linux/bvec.h>
#include <linux/crc32c.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <scsi/scsi_proto.h>

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#include "iscsi_proto.h"

#ifndef ITER_SOURCE
#define ITER_SOURCE WRITE
#endif
/* before Linux 6.5 everything is copied */
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES 0
#endif

#define WINDOW 512
#define RX_SIZE 65536
#define TX_VECS 64
#define DATA_ORDER 6
#define DATA_SIZE (PAGE_SIZE << DATA_ORDER)
/* open-iscsi counts its tags up from 0, in the CPU's byte order */
#define TASKS 2048
#define BATCHES 16
/* the memory of LUN 1: pieces as large as the one of LUN 0 */
#define MEMORY (128U << 20)
#define PIECES (MEMORY / DATA_SIZE)
#define NOWHERE U64_MAX

struct task {
	u32 edtl;
	u32 r2t_sn;
	u64 pos; /* in memory, or NOWHERE */
};

/* A connection.  What needs no lock: all is done by one worker thread. */
struct conn {
	struct kthread_work work;
	struct kthread_work end_work;
	struct kthread_worker *worker;
	struct socket *sock;
	void (*data_ready)(struct sock *sk);
	void (*state_change)(struct sock *sk);
	bool ended;

	/* handed over */
	u32 stat_sn, exp_cmd_sn, max_xmit, max_burst;
	u64 blocks;
	bool digests; /* of headers and data */

	/* received, and not looked at yet */
	u8 *rx;
	u32 rx_len;
	/* the PDU that is being received, its data to come, where to: task.pos */
	struct iscsi_hdr pdu;
	bool has_header;
	u32 data_left;
	u64 data_pos;
	u32 crc;
	bool data_digest; /* one is to come */

	/* to be sent */
	struct bio_vec tx[TX_VECS];
	unsigned int tx_nr;
	u32 tx_bytes;
	struct page *headers;
	u32 headers_used;

	struct task tasks[TASKS];
};

static struct page *data;
static struct page **pieces;
static struct kthread_worker **workers;
static unsigned int nr_workers, next_worker;

/* --- sending -------------------------------------------------------------- */

static int flush(struct conn *conn)
{
	struct msghdr msg = { .msg_flags = MSG_SPLICE_PAGES | MSG_NOSIGNAL };
	unsigned int i;
	int ret = 0;

	if (!conn->tx_nr)
		return 0;
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, conn->tx, conn->tx_nr,
		      conn->tx_bytes);
	while (ret >= 0 && msg_data_left(&msg))
		ret = sock_sendmsg(conn->sock, &msg);
	for (i = 0; i < conn->tx_nr; i++)
		put_page(conn->tx[i].bv_page);
	conn->tx_nr = 0;
	conn->tx_bytes = 0;
	return ret < 0 ? ret : 0;
}

static void add(struct conn *conn, struct page *page, u32 off, u32 len)
{
	get_page(page);
	conn->tx[conn->tx_nr++] = (struct bio_vec){ page, len, off };
	conn->tx_bytes += len;
}

/* A page is not used again: TCP may still have to send it once more. */
static void *header_memory(struct conn *conn, u32 size)
{
	if (conn->headers && conn->headers_used + size > PAGE_SIZE) {
		put_page(conn->headers);
		conn->headers = NULL;
	}
	if (!conn->headers) {
		conn->headers = alloc_page(GFP_KERNEL);
		conn->headers_used = 0;
	}
	if (!conn->headers)
		return NULL;
	conn->headers_used += size;
	return page_address(conn->headers) + conn->headers_used - size;
}

static void *digest(void *end, const void *start, u32 len)
{
	put_unaligned_le32(~crc32c(~0, start, len), end);
	return end + ISCSI_DIGEST_LEN;
}

static u32 header_size(const struct conn *conn)
{
	return sizeof(struct iscsi_hdr) +
	       (conn->digests ? ISCSI_DIGEST_LEN : 0);
}

/* A header; to be sealed when all of it is there. */
static void *new_header(struct conn *conn, u8 opcode, __be32 itt)
{
	u32 size = header_size(conn);
	struct iscsi_hdr *hdr;

	/* and two pieces of memory, and a digest */
	if (conn->tx_nr + 4 > TX_VECS && flush(conn))
		return NULL;
	hdr = header_memory(conn, size);
	if (!hdr)
		return NULL;
	memset(hdr, 0, sizeof(*hdr));
	hdr->opcode = opcode;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->itt = itt;
	add(conn, virt_to_page(hdr), offset_in_page(hdr), size);
	return hdr;
}

static void seal(struct conn *conn, void *hdr)
{
	if (conn->digests)
		digest(hdr + sizeof(struct iscsi_hdr), hdr,
		       sizeof(struct iscsi_hdr));
}

/* After a header: a little data, padded. */
static int add_bytes(struct conn *conn, const void *bytes, u32 len)
{
	u32 padded = round_up(len, 4);
	u32 size = padded + (conn->digests ? ISCSI_DIGEST_LEN : 0);
	u8 *buf = header_memory(conn, size);

	if (!buf)
		return -ENOMEM;
	memcpy(buf, bytes, len);
	memset(buf + len, 0, padded - len);
	if (conn->digests)
		digest(buf + padded, buf, padded);
	add(conn, virt_to_page(buf), offset_in_page(buf), size);
	return 0;
}

static struct page *piece(u64 pos)
{
	return pieces[pos / DATA_SIZE % PIECES];
}

/* How much of @len bytes is in the same piece. */
static u32 piece_of(u64 pos, u32 len)
{
	return pos == NOWHERE ? len :
				min_t(u32, len, DATA_SIZE - pos % DATA_SIZE);
}

/* After a header: data of a medium. */
static int add_data(struct conn *conn, u64 pos, u32 len)
{
	bool kept = pos != NOWHERE;
	u32 crc = ~0, n;
	__le32 *end;

	for (; len; len -= n) {
		struct page *page = kept ? piece(pos) : data;
		u32 off = kept ? pos % DATA_SIZE : 0;

		n = piece_of(pos, len);
		add(conn, page, off, n);
		if (conn->digests)
			crc = crc32c(crc, page_address(page) + off, n);
		if (kept)
			pos += n;
	}
	if (!conn->digests)
		return 0;
	end = header_memory(conn, ISCSI_DIGEST_LEN);
	if (!end)
		return -ENOMEM;
	*end = cpu_to_le32(~crc);
	add(conn, virt_to_page(end), offset_in_page(end), ISCSI_DIGEST_LEN);
	return 0;
}

static void set_sn(struct conn *conn, void *header, bool status)
{
	struct iscsi_scsi_rsp_hdr *hdr = header;

	hdr->stat_sn = cpu_to_be32(conn->stat_sn);
	hdr->exp_cmd_sn = cpu_to_be32(conn->exp_cmd_sn);
	hdr->max_cmd_sn = cpu_to_be32(conn->exp_cmd_sn + WINDOW - 1);
	conn->stat_sn += status;
}

static int simple_response(struct conn *conn, u8 opcode, __be32 itt)
{
	struct iscsi_hdr *hdr = new_header(conn, opcode, itt);

	if (!hdr)
		return -ENOMEM;
	if (opcode == ISCSI_OP_NOP_IN)
		((struct iscsi_nop_in_hdr *)hdr)->ttt =
			cpu_to_be32(ISCSI_RESERVED_TAG);
	set_sn(conn, hdr, true);
	seal(conn, hdr);
	return 0;
}

static int check_condition(struct conn *conn, __be32 itt)
{
	static const u8 sense[20] = { 0, 18, 0x70, 0, ILLEGAL_REQUEST,
				      0, 0,  0,	   0, 10,
				      0, 0,  0,	   0, 0x20 };
	struct iscsi_scsi_rsp_hdr *hdr =
		new_header(conn, ISCSI_OP_SCSI_RSP, itt);

	if (!hdr)
		return -ENOMEM;
	hdr->status = SAM_STAT_CHECK_CONDITION;
	iscsi_set_dlength((void *)hdr, 20);
	set_sn(conn, hdr, true);
	seal(conn, hdr);
	return add_bytes(conn, sense, 20);
}

static int send_r2t(struct conn *conn, __be32 itt, struct task *task, u32 off)
{
	struct iscsi_r2t_hdr *hdr = new_header(conn, ISCSI_OP_R2T, itt);

	if (!hdr)
		return -ENOMEM;
	hdr->ttt = itt;
	set_sn(conn, hdr, false);
	hdr->r2t_sn = cpu_to_be32(task->r2t_sn++);
	hdr->buffer_offset = cpu_to_be32(off);
	hdr->data_length = cpu_to_be32(min(task->edtl - off, conn->max_burst));
	seal(conn, hdr);
	return 0;
}

static int send_data_in(struct conn *conn, __be32 itt, u64 pos, u32 total)
{
	struct iscsi_data_in_hdr *hdr;
	u32 off = 0, sn = 0, len;
	int err;

	for (; off < total; off += len) {
		len = min3(total - off, conn->max_xmit,
			   conn->max_burst - off % conn->max_burst);
		hdr = new_header(conn, ISCSI_OP_DATA_IN, itt);
		if (!hdr)
			return -ENOMEM;
		hdr->flags = (off + len) % conn->max_burst ? 0 :
							     ISCSI_FLAG_FINAL;
		if (off + len == total)
			hdr->flags = ISCSI_FLAG_FINAL | ISCSI_DATA_IN_STATUS;
		iscsi_set_dlength((void *)hdr, len);
		hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
		hdr->data_sn = cpu_to_be32(sn++);
		hdr->buffer_offset = cpu_to_be32(off);
		set_sn(conn, hdr, off + len == total);
		seal(conn, hdr);
		err = add_data(conn, pos == NOWHERE ? pos : pos + off, len);
		if (err)
			return err;
	}
	return 0;
}

/* --- commands ------------------------------------------------------------- */

/* Parameter data, with the residual count that tells how much less it is. */
static int param_in(struct conn *conn, __be32 itt, u32 edtl, const u8 *buf,
		    u32 len)
{
	struct iscsi_data_in_hdr *hdr;
	u32 n = min(edtl, len);

	hdr = new_header(conn, ISCSI_OP_DATA_IN, itt);
	if (!hdr)
		return -ENOMEM;
	hdr->flags = ISCSI_FLAG_FINAL | ISCSI_DATA_IN_STATUS;
	if (len != edtl) {
		hdr->flags |= len < edtl ? ISCSI_RSP_UNDERFLOW :
					   ISCSI_RSP_OVERFLOW;
		hdr->residual = cpu_to_be32(abs((s32)(len - edtl)));
	}
	hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	iscsi_set_dlength((void *)hdr, n);
	set_sn(conn, hdr, true);
	seal(conn, hdr);
	return n ? add_bytes(conn, buf, n) : 0;
}

static u32 build_param(struct conn *conn, const u8 *cdb, u8 *buf)
{
	switch (cdb[0]) {
	case INQUIRY:
		if (cdb[1] & 1)
			return cdb[2] ? 0 : 5;
		buf[2] = 6;
		buf[3] = 2;
		buf[4] = 31;
		buf[7] = 2; /* CmdQue */
		memcpy(buf + 8, "IET     floor           1   ", 28);
		return 36;
	case READ_CAPACITY:
		put_unaligned_be32(conn->blocks - 1, buf);
		put_unaligned_be32(512, buf + 4);
		return 8;
	case SERVICE_ACTION_IN_16:
		put_unaligned_be64(conn->blocks - 1, buf);
		put_unaligned_be32(512, buf + 8);
		return 32;
	case REPORT_LUNS:
		buf[3] = 8;
		return 16;
	case MODE_SENSE:
		buf[0] = 3;
		return 4;
	default:
		return 0;
	}
}

static int write_progress(struct conn *conn, __be32 itt, struct task *task,
			  u32 end)
{
	if (end < task->edtl)
		return send_r2t(conn, itt, task, end);
	return simple_response(conn, ISCSI_OP_SCSI_RSP, itt);
}

static struct task *find_task(struct conn *conn, __be32 itt)
{
	return &conn->tasks[(__force u32)itt % TASKS];
}

/* Where data of a READ or WRITE is. */
static u64 position(const struct iscsi_scsi_cmd_hdr *hdr)
{
	u64 lba = hdr->cdb[0] == READ_10 || hdr->cdb[0] == WRITE_10 ?
			  get_unaligned_be32(hdr->cdb + 2) :
			  get_unaligned_be64(hdr->cdb + 2);

	return hdr->lun[1] ? (lba << 9) % MEMORY : NOWHERE;
}

static int scsi_cmd(struct conn *conn, const struct iscsi_scsi_cmd_hdr *hdr)
{
	u32 edtl = be32_to_cpu(hdr->data_length), len;
	struct task *task;
	u8 buf[64] = {};

	switch (hdr->cdb[0]) {
	case READ_10:
	case READ_16:
		return send_data_in(conn, hdr->itt, position(hdr), edtl);
	case WRITE_10:
	case WRITE_16:
		task = find_task(conn, hdr->itt);
		task->edtl = edtl;
		task->r2t_sn = 0;
		task->pos = position(hdr);
		if (!(hdr->flags & ISCSI_FLAG_FINAL))
			return 0;
		return write_progress(conn, hdr->itt, task,
				      iscsi_dlength((void *)hdr));
	case TEST_UNIT_READY:
	case START_STOP:
	case SYNCHRONIZE_CACHE:
		return simple_response(conn, ISCSI_OP_SCSI_RSP, hdr->itt);
	default:
		len = build_param(conn, hdr->cdb, buf);
		return len ? param_in(conn, hdr->itt, edtl, buf, len) :
			     check_condition(conn, hdr->itt);
	}
}

static int data_out(struct conn *conn, const struct iscsi_data_out_hdr *hdr)
{
	if (!(hdr->flags & ISCSI_FLAG_FINAL))
		return 0;
	return write_progress(conn, hdr->itt, find_task(conn, hdr->itt),
			      be32_to_cpu(hdr->buffer_offset) +
				      iscsi_dlength((void *)hdr));
}

static int request(struct conn *conn, const struct iscsi_hdr *hdr)
{
	u8 op = iscsi_opcode(hdr);

	if (op != ISCSI_OP_DATA_OUT && !(hdr->opcode & ISCSI_OP_IMMEDIATE))
		conn->exp_cmd_sn++;
	switch (op) {
	case ISCSI_OP_SCSI_CMD:
		return scsi_cmd(conn, (void *)hdr);
	case ISCSI_OP_DATA_OUT:
		return data_out(conn, (void *)hdr);
	case ISCSI_OP_NOP_OUT:
		if (hdr->itt == cpu_to_be32(ISCSI_RESERVED_TAG))
			return 0;
		return simple_response(conn, ISCSI_OP_NOP_IN, hdr->itt);
	case ISCSI_OP_TMF_REQ:
		return simple_response(conn, ISCSI_OP_TMF_RSP, hdr->itt);
	case ISCSI_OP_LOGOUT_REQ:
		return simple_response(conn, ISCSI_OP_LOGOUT_RSP, hdr->itt);
	default:
		return -EPROTO;
	}
}

/* --- receiving ------------------------------------------------------------ */

static bool has_digest(const void *end, u32 crc)
{
	return get_unaligned_le32(end) == ~crc;
}

static void *memory(u64 pos)
{
	return page_address(piece(pos)) + pos % DATA_SIZE;
}

static void had_data(struct conn *conn, const void *buf, u32 len)
{
	if (conn->digests)
		conn->crc = crc32c(conn->crc, buf, len);
	if (conn->data_pos != NOWHERE)
		conn->data_pos += len;
	conn->data_left -= len;
}

/* Where the data of a PDU goes. */
static u64 data_position(struct conn *conn, const struct iscsi_hdr *hdr)
{
	const struct iscsi_data_out_hdr *out = (void *)hdr;
	u64 pos;

	if (iscsi_opcode(hdr) == ISCSI_OP_SCSI_CMD)
		return position((void *)hdr);
	if (iscsi_opcode(hdr) != ISCSI_OP_DATA_OUT)
		return NOWHERE;
	pos = find_task(conn, hdr->itt)->pos;
	return pos == NOWHERE ? pos : pos + be32_to_cpu(out->buffer_offset);
}

static int take_header(struct conn *conn, const struct iscsi_hdr *hdr)
{
	u32 len = iscsi_dlength(hdr);

	if (hdr->ahs_len)
		return -EPROTO;
	conn->pdu = *hdr;
	conn->has_header = true;
	conn->data_left = len + iscsi_pad(len);
	conn->data_pos = len ? data_position(conn, hdr) : NOWHERE;
	conn->data_digest = conn->digests && len;
	conn->crc = ~0;
	return 0;
}

/* Acts on a PDU that is there. */
static int finish_pdu(struct conn *conn)
{
	if (!conn->has_header || conn->data_left || conn->data_digest)
		return 0;
	conn->has_header = false;
	return request(conn, &conn->pdu);
}

/* The beginning of what is in the buffer: its bytes, 0: too few, or an error */
static int take(struct conn *conn, u8 *buf, u32 have)
{
	u32 n;

	if (conn->data_left) {
		n = piece_of(conn->data_pos, min(have, conn->data_left));
		if (conn->data_pos != NOWHERE)
			memcpy(memory(conn->data_pos), buf, n);
		had_data(conn, buf, n);
		return n;
	}
	n = conn->data_digest ? ISCSI_DIGEST_LEN : header_size(conn);
	if (have < n)
		return 0;
	if (conn->data_digest) {
		conn->data_digest = false;
		return has_digest(buf, conn->crc) ? n : -EBADMSG;
	}
	if (conn->digests &&
	    !has_digest(buf + sizeof(struct iscsi_hdr),
			crc32c(~0, buf, sizeof(struct iscsi_hdr))))
		return -EBADMSG;
	return take_header(conn, (void *)buf) ?: n;
}

/* Works on what is in the buffer; keeps the beginning of a header. */
static int take_requests(struct conn *conn)
{
	u32 pos = 0;
	int n, err;

	do {
		err = finish_pdu(conn);
		n = err ?: take(conn, conn->rx + pos, conn->rx_len - pos);
		if (n < 0)
			return n;
		pos += n;
	} while (n);
	conn->rx_len -= pos;
	memmove(conn->rx, conn->rx + pos, conn->rx_len);
	return 0;
}

/* 1: there may be more, 0: there is not, or an error: the end */
static int receive(struct conn *conn)
{
	bool direct = conn->data_left && conn->data_pos != NOWHERE;
	struct kvec kv = { conn->rx + conn->rx_len, RX_SIZE - conn->rx_len };
	struct msghdr msg = {};
	size_t room;
	int n, err;

	/* take_requests() has left nothing in the buffer then */
	if (direct) {
		kv.iov_base = memory(conn->data_pos);
		kv.iov_len = piece_of(conn->data_pos, conn->data_left);
	}
	room = kv.iov_len;
	n = kernel_recvmsg(conn->sock, &msg, &kv, 1, room, MSG_DONTWAIT);
	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return n ?: -ECONNRESET;
	if (direct)
		had_data(conn, memory(conn->data_pos), n);
	else
		conn->rx_len += n;
	err = take_requests(conn) ?: flush(conn);
	return err ?: n == room;
}

static void wake(struct sock *sk)
{
	struct conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn)
		kthread_queue_work(conn->worker, &conn->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void end_work(struct kthread_work *work)
{
	struct conn *conn = container_of(work, struct conn, end_work);

	sockfd_put(conn->sock);
	if (conn->headers)
		put_page(conn->headers);
	kvfree(conn->rx);
	kvfree(conn);
	module_put(THIS_MODULE);
}

static void end(struct conn *conn)
{
	struct sock *sk = conn->sock->sk;

	conn->ended = true;
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = conn->data_ready;
	sk->sk_state_change = conn->state_change;
	write_unlock_bh(&sk->sk_callback_lock);
	kernel_sock_shutdown(conn->sock, SHUT_RDWR);
	/* after conn->work, if that was queued again */
	kthread_queue_work(conn->worker, &conn->end_work);
}

static void conn_work(struct kthread_work *work)
{
	struct conn *conn = container_of(work, struct conn, work);
	int ret = 1, i;

	if (conn->ended)
		return;
	for (i = 0; i < BATCHES && ret > 0; i++)
		ret = receive(conn);
	if (ret < 0)
		end(conn);
	else if (ret > 0)
		kthread_queue_work(conn->worker, &conn->work);
}

/* --- handing over --------------------------------------------------------- */

static void take_socket(struct conn *conn)
{
	struct sock *sk = conn->sock->sk;

	tcp_sock_set_nodelay(sk);
	write_lock_bh(&sk->sk_callback_lock);
	conn->data_ready = sk->sk_data_ready;
	conn->state_change = sk->sk_state_change;
	sk->sk_user_data = conn;
	sk->sk_data_ready = wake;
	sk->sk_state_change = wake;
	write_unlock_bh(&sk->sk_callback_lock);
}

static int hand_over(const char *text)
{
	struct conn *conn = kvzalloc(sizeof(*conn), GFP_KERNEL);
	int fd, err = -ENOMEM;
	u32 digests;

	if (!conn)
		return -ENOMEM;
	conn->rx = kvmalloc(RX_SIZE, GFP_KERNEL);
	if (!conn->rx)
		goto err_free;
	err = -EINVAL;
	if (sscanf(text, "%d %u %u %u %u %llu %u", &fd, &conn->stat_sn,
		   &conn->exp_cmd_sn, &conn->max_xmit, &conn->max_burst,
		   &conn->blocks, &digests) != 7)
		goto err_free;
	conn->digests = digests;
	conn->max_xmit = min_t(u32, conn->max_xmit, DATA_SIZE);
	conn->sock = sockfd_lookup(fd, &err);
	if (!conn->sock)
		goto err_free;
	__module_get(THIS_MODULE);
	conn->worker = workers[next_worker++ % nr_workers];
	kthread_init_work(&conn->work, conn_work);
	kthread_init_work(&conn->end_work, end_work);
	take_socket(conn);
	kthread_queue_work(conn->worker, &conn->work);
	return 0;

err_free:
	kvfree(conn->rx);
	kvfree(conn);
	return err;
}

static ssize_t floor_write(struct file *file, const char __user *buf,
			   size_t len, loff_t *pos)
{
	char *text = memdup_user_nul(buf, min_t(size_t, len, PAGE_SIZE));
	int err;

	if (IS_ERR(text))
		return PTR_ERR(text);
	err = hand_over(text);
	kfree(text);
	return err ?: len;
}

static const struct proc_ops floor_ops = {
	.proc_write = floor_write,
	.proc_lseek = noop_llseek,
};

static struct page *new_piece(void)
{
	return alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, DATA_ORDER);
}

static int get_memory(void)
{
	int i;

	data = new_piece();
	pieces = kvcalloc(PIECES, sizeof(*pieces), GFP_KERNEL);
	if (!data || !pieces)
		return -ENOMEM;
	for (i = 0; i < PIECES; i++) {
		pieces[i] = new_piece();
		if (!pieces[i])
			return -ENOMEM;
	}
	return 0;
}

static void free_memory(void)
{
	int i;

	for (i = 0; pieces && i < PIECES; i++)
		if (pieces[i])
			put_page(pieces[i]);
	kvfree(pieces);
	if (data)
		put_page(data);
}

static void stop(void)
{
	while (nr_workers)
		kthread_destroy_worker(workers[--nr_workers]);
	kfree(workers);
	free_memory();
}

static int __init floor_init(void)
{
	int cpu;

	workers = kcalloc(num_online_cpus(), sizeof(*workers), GFP_KERNEL);
	if (!workers || get_memory())
		goto err;
	for_each_online_cpu(cpu) {
		struct kthread_worker *worker =
			kthread_create_worker(0, "floor/%d", cpu);

		if (IS_ERR(worker))
			goto err;
		wake_up_process(worker->task);
		workers[nr_workers++] = worker;
		if (nr_workers == num_online_cpus())
			break;
	}
	if (proc_create("iscsi_floor", 0600, NULL, &floor_ops))
		return 0;
err:
	stop();
	return -ENOMEM;
}

static void __exit floor_exit(void)
{
	remove_proc_entry("iscsi_floor", NULL);
	stop();
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("minimal iSCSI responder, to measure against");
