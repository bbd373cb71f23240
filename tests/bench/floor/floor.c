// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: what iSCSI on TCP costs without a target.
 *
 * A connection that a program has logged in gets the right PDUs for READ and
 * WRITE: Data-In from pages that never change, R2Ts and status for writes,
 * whose data is copied out of the socket once, to a buffer that never is
 * looked at.  Nothing is checked, there is no medium, and a task is its tag
 * and two numbers.  The few commands that sd sends at the beginning have
 * answers just good enough.  It is no target, and not safe against a peer that
 * means ill.
 *
 * Hand a connection over by writing to /proc/iscsi_floor:
 *
 *	FD STAT_SN CMD_SN MAX_XMIT MAX_BURST FIRST_BURST BLOCKS
 */
#include <linux/bvec.h>
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
/* open-iscsi counts its tags up from 0 */
#define TASKS 2048
#define BATCHES 16

struct task {
	u32 edtl;
	u32 r2t_sn;
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
	u32 stat_sn, exp_cmd_sn, max_xmit, max_burst, first_burst;
	u64 blocks;

	/* received, and not looked at yet; bytes of data that are to come */
	u8 *rx;
	u32 rx_len;
	u32 skip;

	/* to be sent */
	struct bio_vec tx[TX_VECS];
	unsigned int tx_nr;
	u32 tx_bytes;
	struct page *headers;
	u32 headers_used;

	struct task tasks[TASKS];
};

static struct page *data;
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

/* A header, with room for data of @len bytes that is sent with it. */
static void *new_header(struct conn *conn, u8 opcode, __be32 itt, u32 len)
{
	u32 size = sizeof(struct iscsi_hdr) + round_up(len, 4);
	struct iscsi_hdr *hdr;

	if (conn->tx_nr + 2 > TX_VECS && flush(conn))
		return NULL;
	hdr = header_memory(conn, size);
	if (!hdr)
		return NULL;
	memset(hdr, 0, size);
	hdr->opcode = opcode;
	hdr->flags = ISCSI_FLAG_FINAL;
	hdr->itt = itt;
	iscsi_set_dlength(hdr, len);
	add(conn, virt_to_page(hdr), offset_in_page(hdr), size);
	return hdr;
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
	struct iscsi_hdr *hdr = new_header(conn, opcode, itt, 0);

	if (!hdr)
		return -ENOMEM;
	if (opcode == ISCSI_OP_NOP_IN)
		((struct iscsi_nop_in_hdr *)hdr)->ttt =
			cpu_to_be32(ISCSI_RESERVED_TAG);
	set_sn(conn, hdr, true);
	return 0;
}

static int check_condition(struct conn *conn, __be32 itt)
{
	static const u8 sense[] = { 0, 18, 0x70, 0, ILLEGAL_REQUEST,
				    0, 0,  0,	 0, 10,
				    0, 0,  0,	 0, 0x20 };
	struct iscsi_scsi_rsp_hdr *hdr =
		new_header(conn, ISCSI_OP_SCSI_RSP, itt, 20);

	if (!hdr)
		return -ENOMEM;
	hdr->status = SAM_STAT_CHECK_CONDITION;
	memcpy(hdr + 1, sense, sizeof(sense));
	set_sn(conn, hdr, true);
	return 0;
}

static int send_r2t(struct conn *conn, __be32 itt, struct task *task, u32 off)
{
	struct iscsi_r2t_hdr *hdr = new_header(conn, ISCSI_OP_R2T, itt, 0);

	if (!hdr)
		return -ENOMEM;
	hdr->ttt = itt;
	set_sn(conn, hdr, false);
	hdr->r2t_sn = cpu_to_be32(task->r2t_sn++);
	hdr->buffer_offset = cpu_to_be32(off);
	hdr->data_length = cpu_to_be32(min(task->edtl - off, conn->max_burst));
	return 0;
}

static int send_data_in(struct conn *conn, __be32 itt, u32 total)
{
	struct iscsi_data_in_hdr *hdr;
	u32 off = 0, sn = 0, len;

	for (; off < total; off += len) {
		len = min3(total - off, conn->max_xmit,
			   conn->max_burst - off % conn->max_burst);
		hdr = new_header(conn, ISCSI_OP_DATA_IN, itt, 0);
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
		add(conn, data, 0, len);
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

	hdr = new_header(conn, ISCSI_OP_DATA_IN, itt, n);
	if (!hdr)
		return -ENOMEM;
	hdr->flags = ISCSI_FLAG_FINAL | ISCSI_DATA_IN_STATUS;
	if (len != edtl) {
		hdr->flags |= len < edtl ? ISCSI_RSP_UNDERFLOW :
					   ISCSI_RSP_OVERFLOW;
		hdr->residual = cpu_to_be32(abs((s32)(len - edtl)));
	}
	hdr->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	memcpy(hdr + 1, buf, n);
	set_sn(conn, hdr, true);
	return 0;
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
	return &conn->tasks[be32_to_cpu(itt) % TASKS];
}

static int scsi_cmd(struct conn *conn, const struct iscsi_scsi_cmd_hdr *hdr)
{
	u32 edtl = be32_to_cpu(hdr->data_length), len;
	struct task *task;
	u8 buf[64] = {};

	switch (hdr->cdb[0]) {
	case READ_10:
	case READ_16:
		return send_data_in(conn, hdr->itt, edtl);
	case WRITE_10:
	case WRITE_16:
		task = find_task(conn, hdr->itt);
		task->edtl = edtl;
		task->r2t_sn = 0;
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

/* Works on what is in the buffer; keeps the beginning of a header. */
static int take_requests(struct conn *conn)
{
	const struct iscsi_hdr *hdr;
	u32 pos = min(conn->skip, conn->rx_len);
	int err;

	conn->skip -= pos;
	while (!conn->skip && conn->rx_len - pos >= sizeof(*hdr)) {
		u32 len, have;

		hdr = (void *)(conn->rx + pos);
		err = request(conn, hdr);
		if (err)
			return err;
		len = iscsi_dlength(hdr) + iscsi_pad(iscsi_dlength(hdr)) +
		      hdr->ahs_len * 4;
		pos += sizeof(*hdr);
		have = min(len, conn->rx_len - pos);
		pos += have;
		conn->skip = len - have;
	}
	conn->rx_len -= pos;
	memmove(conn->rx, conn->rx + pos, conn->rx_len);
	return 0;
}

/* 1: there may be more, 0: there is not, or an error: the end */
static int receive(struct conn *conn)
{
	struct msghdr msg = {};
	struct kvec kv = { conn->rx + conn->rx_len, RX_SIZE - conn->rx_len };
	size_t room = kv.iov_len;
	int n, err;

	n = kernel_recvmsg(conn->sock, &msg, &kv, 1, room, MSG_DONTWAIT);
	if (n == -EAGAIN)
		return 0;
	if (n <= 0)
		return n ?: -ECONNRESET;
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

	if (!conn)
		return -ENOMEM;
	conn->rx = kvmalloc(RX_SIZE, GFP_KERNEL);
	if (!conn->rx)
		goto err_free;
	err = -EINVAL;
	if (sscanf(text, "%d %u %u %u %u %u %llu", &fd, &conn->stat_sn,
		   &conn->exp_cmd_sn, &conn->max_xmit, &conn->max_burst,
		   &conn->first_burst, &conn->blocks) != 7)
		goto err_free;
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

static void stop(void)
{
	while (nr_workers)
		kthread_destroy_worker(workers[--nr_workers]);
	kfree(workers);
	if (data)
		__free_pages(data, DATA_ORDER);
}

static int __init floor_init(void)
{
	int cpu;

	data = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, DATA_ORDER);
	workers = kcalloc(num_online_cpus(), sizeof(*workers), GFP_KERNEL);
	if (!data || !workers)
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
