/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections: a TCP socket and the PDU streams on it (RFC 7143 4.2.6).
 */
#ifndef IET_CONN_H
#define IET_CONN_H

#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "async.h"
#include "cmnd_pool.h"
#include "conn_timer.h"
#include "iet_netlink.h"
#include "iscsi_proto.h"
#include "ping.h"
#include "scsi.h"
#include "text_seq.h"
#include "watch.h"

struct iet_cmnd;
struct iet_conn;
struct iet_fault_conn;
struct iet_nthread;
struct iet_session;
struct netlink_ext_ack;

/* commands kept for immediate PDUs and for our own, beside QueuedCommands */
#define IET_CMND_RESERVE 16
#define IET_ITT_BUCKETS 64
#define IET_DROPPED_ITTS 16

/**
 * struct iet_conn_args - what CONN_NEW asked for
 * @sock: the socket; on success the connection owns the reference to it
 * @cid: connection id
 * @stat_sn: StatSN of the next response
 * @exp_stat_sn: ExpStatSN of the last login request
 * @header_digest: is CRC32C in use?
 * @data_digest: is CRC32C in use?
 * @max_recv: our MaxRecvDataSegmentLength, bytes
 * @max_xmit: the peer's MaxRecvDataSegmentLength, bytes
 */
struct iet_conn_args {
	struct socket *sock;
	u16 cid;
	u32 stat_sn;
	u32 exp_stat_sn;
	bool header_digest;
	bool data_digest;
	u32 max_recv;
	u32 max_xmit;
};

/**
 * struct iet_conn_msg - asks a connection's thread to do something
 * @node: in conn->msgs
 * @fn: does it and frees the message; called in the connection's thread, also
 *	when the connection is closing
 *
 * Lifetime: allocated by the sender.
 */
struct iet_conn_msg {
	struct llist_node node;
	void (*fn)(struct iet_conn *conn, struct iet_conn_msg *msg);
};

/* iet_conn.flags */
enum {
	IET_CONN_KICKED, /* on the thread's ready list */
	IET_CONN_RX_READY, /* the socket may have bytes */
	IET_CONN_TX_READY, /* the socket may have room */
	IET_CONN_CLOSE, /* close asked for; the reason is in close_reason */
	IET_CONN_END, /* ... and it is not to be recovered */
	IET_CONN_TIMER, /* something is due, see conn_timer.h */
	IET_CONN_LEAVING, /* logged out: it ends with the response */
	IET_CONN_UNLINKED, /* nobody but its thread knows it any more */
};

/* what the receive side waits for */
enum iet_rx_state {
	IET_RX_SEGMENT, /* header segment: BHS, AHS and header digest */
	IET_RX_HEADER, /* header complete, to be acted on */
	IET_RX_DATA,
	IET_RX_TRAILER, /* padding and data digest */
	IET_RX_PDU, /* PDU complete, to be acted on */
};

/**
 * struct iet_rx - receive side of a connection
 * @state: what is being received
 * @off: bytes of it that are there
 * @header: header segment as received, its digest included
 * @bhs: what it begins with
 * @ahs: additional header segments, and behind them the digest
 * @ahs_len: their length in bytes
 * @trailer: padding and data digest as received
 * @drained: the socket was empty in this turn
 * @turn: what it has had of this turn, see iet_nthread_turn()
 * @left: what is left of it
 * @cmnd: whose PDU it is, NULL: discard the data
 * @data_off: where in the command's buffer the data segment goes
 * @data_len: bytes of data, without padding
 * @crc: of the data so far
 * @crc_skipped: some of the data was thrown away unseen
 * @starved: there was no memory or no command; try again later
 * @starved_since: jiffies when that began
 */
struct iet_rx {
	enum iet_rx_state state;
	u32 off;
	union {
		u8 header[sizeof(struct iscsi_hdr) + ISCSI_AHS_MAX_LEN +
			  ISCSI_DIGEST_LEN];
		struct {
			struct iscsi_hdr bhs;
			u8 ahs[ISCSI_AHS_MAX_LEN + ISCSI_DIGEST_LEN];
		};
	};
	u32 ahs_len;
	u8 trailer[3 + ISCSI_DIGEST_LEN];
	bool drained;
	u32 turn;
	u32 left;
	struct iet_cmnd *cmnd;
	u32 data_off;
	u32 data_len;
	u32 crc;
	bool crc_skipped;
	bool starved;
	unsigned long starved_since;
};

/**
 * iet_rx_has_waited - has a header waited for memory long enough?
 * @rx: receive side
 *
 * Return: true if it is to be refused rather than tried again: what is behind
 * it, on the same connection, waits as well
 */
static inline bool iet_rx_has_waited(const struct iet_rx *rx)
{
	return rx->starved && time_after(jiffies, rx->starved_since + HZ);
}

/* sent by one call into TCP: more gain little */
#define IET_TX_PDUS 16
#define IET_TX_VECS 64

/**
 * struct iet_tx_pdu - a PDU that is being sent
 * @cmnd: whose it is
 * @hdr: its header segment and header digest
 * @hdr_len: bytes in @hdr
 * @last: the command has nothing more to send after it
 * @trailer: padding and data digest
 * @trailer_len: bytes in @trailer
 * @inline_data: a small data segment, NULL if it is in the command's tio
 * @tio_off: where in the command's tio the data segment begins
 * @data_len: bytes of data, without padding
 * @end: bytes of the batch up to its end
 */
struct iet_tx_pdu {
	struct iet_cmnd *cmnd;
	struct {
		struct iscsi_hdr bhs;
		__le32 digest;
	} __packed hdr;
	u8 hdr_len;
	bool last;
	u8 trailer_len;
	u8 trailer[8];
	const void *inline_data;
	u32 tio_off;
	u32 data_len;
	u32 end;
};

/**
 * struct iet_tx - transmit side of a connection
 * @queue: iet_cmnd.tx_node: who wants to send, in order
 * @corked: TCP was told that more follows
 * @starved: TCP had room, but no memory; try again later
 * @turn: what it has had of this turn, see iet_nthread_turn()
 * @pdus: the batch that is being sent
 * @nr_pdus: how many there are in @pdus
 * @nr_sent: how many of them are with TCP
 * @vecs: what of the batch is sent by copy
 * @nr_vecs: how many there are in @vecs
 * @copied: bytes in @vecs
 * @paged: the PDU whose data is sent by reference after @vecs, or NULL
 * @len: bytes of the batch
 * @off: how many of them are with TCP
 * @sense: data segment of a SCSI Response
 */
struct iet_tx {
	struct list_head queue;
	bool corked;
	bool starved;
	u32 turn;
	u8 nr_pdus;
	u8 nr_sent;
	u8 nr_vecs;
	u32 copied;
	struct iet_tx_pdu *paged;
	u32 len;
	u32 off;
	struct iet_tx_pdu pdus[IET_TX_PDUS];
	struct kvec vecs[IET_TX_VECS];
	u8 sense[2 + IET_SENSE_MAX];
};

/**
 * struct iet_conn - an iSCSI connection
 * @ref: its thread holds one until the connection is detached, each kick
 *	under way one, and @unlink_work one
 * @session: with a reference
 * @session_node: in session->conns, under iet_config_lock
 * @member_node: in session->members, the thread's own
 * @nthread: the thread that owns it
 * @run_node: in the thread's list of connections with work
 * @ready_node: in the thread's list of kicked connections
 * @on_run: is it in the run list?
 * @round: of its thread, when it was put there
 * @flags: IET_CONN_*, atomic bits
 * @close_reason: enum iet_event, set before IET_CONN_CLOSE by who sets it
 * @done: iet_cmnd.done_node: commands that a backend has finished
 * @msgs: struct iet_conn_msg.node: what others ask of the thread
 *
 * Set at handoff, then constant: @sock, @cid, @erl (ErrorRecoveryLevel of the
 * session), @hdigest, @ddigest, @max_recv, @max_xmit_limit, @addr.
 *
 * The thread's own:
 * @state: written by the thread alone; others read it for show
 * @max_xmit: largest data segment we may send; the peer can declare another
 * @stat_sn: StatSN of the next response
 * @exp_stat_sn: ExpStatSN: the initiator has all responses before this one
 * @forgotten_sn: responses before this one can't be sent again, acknowledged
 *	or not
 * @unacked: iet_cmnd.tx_node: commands whose response is sent and not
 *	acknowledged, in the order of StatSN; only if @erl is not 0
 * @pool: the memory of its commands
 * @free: commands not in use
 * @active: those that are allegiant to it; some may be of other connections'
 *	pools
 * @nr_active: how many of its pool are in use
 * @nr_adopted: how many of @active are of other connections' pools
 * @nr_immediate: how many of them are immediate SCSI commands
 * @itt: active commands by InitiatorTaskTag
 * @dropped_itt: tags of writes that were dropped while unsolicited data for
 *	them may be under way: it is thrown away silently
 * @dropped_pos: the next one to be overwritten
 * @rx: receive side
 * @tx: transmit side
 * @attached: the thread has it
 * @ends_session: the session ends with it
 * @suspended: it has failed, and its tasks wait for another: see recovery.c
 * @logged_out: the initiator knows of that
 * @retained: long enough: it is given up
 * @stop_rx: nothing more is read: a Reject or Logout Response that ends the
 *	connection is on its way
 * @timer: what it does after a while
 * @async: asynchronous messages
 * @text: a sequence of Text Requests
 * @fence_sn: StatSN that is to be acknowledged before a response that waits
 * @ping: NOP-In
 * @sweeps: what it is to look at again: see sweep.c
 * @holds: sessions that wait for its end: see hold.c; under iet_config_lock
 * @unlink_work: the part of closing that may sleep
 * @fault: faults that are under way, NULL: there never was one; the thread's
 *	own
 *
 * Lifetime: made by CONN_NEW.  Closing: IET_CONN_CLOSE is set by anyone; the
 * thread then takes the socket's callbacks back, shuts the socket, frees what no
 * backend holds and marks the rest as orphans; a worker unlinks the connection
 * and lets go of the socket.  The connection stays with its thread until the
 * last orphan has come back; then it is detached and freed.
 *
 * One that fails, at ErrorRecoveryLevel 2, is suspended when its socket has been
 * shut, and goes on with that later.
 */
struct iet_conn {
	struct kref ref;
	struct iet_session *session;
	struct list_head session_node;
	struct list_head member_node;
	struct iet_nthread *nthread;
	struct list_head run_node;
	struct llist_node ready_node;
	bool on_run;
	unsigned int round;
	unsigned long flags;
	enum iet_event close_reason;

	struct socket *sock;
	u16 cid;
	u8 erl;
	bool hdigest;
	bool ddigest;
	u32 max_recv;
	u32 max_xmit_limit;
	struct sockaddr_storage addr;
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);

	struct llist_head done ____cacheline_aligned_in_smp;
	struct llist_head msgs;

	enum iet_conn_state state ____cacheline_aligned_in_smp;
	u32 max_xmit;
	u32 stat_sn;
	u32 exp_stat_sn;
	u32 forgotten_sn;
	struct list_head unacked;
	struct iet_cmnd_pool pool;
	struct list_head free;
	struct list_head active;
	unsigned int nr_active;
	unsigned int nr_adopted;
	unsigned int nr_immediate;
	struct hlist_head itt[IET_ITT_BUCKETS];
	__be32 dropped_itt[IET_DROPPED_ITTS];
	unsigned int dropped_pos;
	struct iet_rx rx;
	struct iet_tx tx;
	bool attached;
	bool stop_rx;
	bool ends_session;
	bool suspended;
	bool logged_out;
	bool retained;

	struct iet_conn_timer timer;
	struct iet_conn_async async;
	struct iet_conn_ping ping;
	struct iet_text_seq text;
	struct list_head sweeps;
	struct list_head holds;
	u32 fence_sn;

	struct work_struct unlink_work;
	struct iet_fault_conn *fault;
};

struct iet_conn *iet_conn_create(struct iet_session *session,
				 struct iet_conn_args *args,
				 struct netlink_ext_ack *extack);
struct iet_conn *iet_conn_find(struct iet_session *session, u16 cid);
void iet_conn_close(struct iet_conn *conn, enum iet_event reason);
void iet_conn_fail(struct iet_conn *conn, enum iet_event reason);
int iet_address_text(const struct sockaddr_storage *addr, char *buf,
		     size_t len);
void iet_conn_tell(struct iet_conn *conn, struct iet_conn_msg *msg);
bool iet_conn_leaves(const struct iet_conn *conn);
void iet_conn_get(struct iet_conn *conn);
void iet_conn_put(struct iet_conn *conn);

/* called by the connection's thread only */
bool iet_conn_run(struct iet_conn *conn);
void iet_conn_end(struct iet_conn *conn, enum iet_event reason);
void iet_conn_suspend(struct iet_conn *conn);
struct iet_conn *iet_conn_member(struct iet_session *session, u16 cid);
void iet_conn_queue(struct iet_conn *conn, struct iet_cmnd *cmnd);
void iet_conn_sn(struct iet_conn *conn, __be32 *exp, __be32 *max);
bool iet_conn_rx(struct iet_conn *conn);
bool iet_conn_tx(struct iet_conn *conn);
void iet_tx_drop(struct iet_conn *conn);
void iet_tx_build(struct iet_cmnd *cmnd, struct iet_tx_pdu *pdu);
u32 iet_tx_next_stat_sn(const struct iet_conn *conn);
bool iet_conn_starved(const struct iet_conn *conn);

int iet_conns_init(void);
void iet_conns_exit(void);

extern struct workqueue_struct *iet_wq;

#endif /* IET_CONN_H */
