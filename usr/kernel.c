// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "iet_ctl.h"
#include "kernel_attr.h"
#include "kernel_event.h"

/* The module answers at once; one that doesn't must not hang its daemon. */
#define ANSWER_S 10
#define DUMP_TRIES 16
#define MSG_BUF_SIZE 65536

static struct nl_sock *sock;
static int family;
static char error_text[256] = "no error";
static int error_code;

/* What came back of a request. */
struct reply {
	int err;
	bool one; /* it is one object, and complete with that */
	bool done;
	bool interrupted; /* a dump in which something changed midway */
	struct nl_msg **msgs;
	size_t nr;
};

static int failed(int err, const char *text)
{
	if (!text)
		text = err == -EPERM ? "takes root's rights" : strerror(-err);
	snprintf(error_text, sizeof(error_text), "%s", text);
	error_code = err;
	return err;
}

/* libnl keeps its own error numbers, and forgets errno's. */
static int from_libnl(int err)
{
	static const struct {
		int nl;
		int err;
	} map[] = {
		{ NLE_NOMEM, -ENOMEM },	       { NLE_AGAIN, -ETIMEDOUT },
		{ NLE_OBJ_NOTFOUND, -ENOENT }, { NLE_PERM, -EPERM },
		{ NLE_NOACCESS, -EACCES },     { NLE_PROTO_MISMATCH, -EPROTO },
		{ NLE_BAD_SOCK, -EBADF },      { NLE_MSGSIZE, -EMSGSIZE },
	};
	size_t i;

	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].nl == abs(err))
			return map[i].err;
	return -EIO;
}

const char *kernel_error(void)
{
	return error_text;
}

void kernel_close(void)
{
	nl_socket_free(sock);
	sock = NULL;
	kernel_event_close();
}

static int set_options(void)
{
	struct timeval tv = { .tv_sec = ANSWER_S };
	int fd = nl_socket_get_fd(sock), on = 1;

	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	nl_socket_set_msg_buf_size(sock, MSG_BUF_SIZE);
	return 0;
}

static int connect_family(void)
{
	int err;

	sock = nl_socket_alloc();
	if (!sock)
		return failed(-ENOMEM, NULL);
	err = genl_connect(sock);
	if (err) {
		err = failed(from_libnl(err), nl_geterror(err));
		goto free;
	}
	err = set_options();
	if (err) {
		failed(err, NULL);
		goto free;
	}
	family = genl_ctrl_resolve(sock, IET_GENL_NAME);
	if (family < 0) {
		err = from_libnl(family);
		failed(err, err == -ENOENT ?
				    "the module iscsi_trgt is not loaded: try "
				    "modprobe iscsi_trgt" :
				    nl_geterror(family));
		goto free;
	}
	/* an answer says enough; where there is none, it is asked for */
	nl_socket_disable_auto_ack(sock);
	return 0;
free:
	nl_socket_free(sock);
	sock = NULL;
	return err;
}

int kernel_open(void)
{
	return sock ? 0 : connect_family();
}

/* --- one request and its reply --- */

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct reply *r = arg;
	struct nl_msg **msgs;

	r->done = r->one;
	msgs = reallocarray(r->msgs, r->nr + 1, sizeof(struct nl_msg *));
	if (!msgs) {
		r->err = failed(-ENOMEM, NULL);
		return NL_OK;
	}
	nlmsg_get(msg);
	r->msgs = msgs;
	r->msgs[r->nr++] = msg;
	return r->one ? NL_STOP : NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct reply *r = arg;

	(void)msg;
	r->done = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct reply *r = arg;

	(void)msg;
	r->interrupted = true;
	return NL_OK;
}

/* The words are in attributes that follow the error and what it is about. */
static void take_error(struct reply *r, int err, const struct nlmsghdr *nlh,
		       size_t skip)
{
	struct nlattr *text;

	r->done = true;
	r->err = failed(err, NULL);
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len <= skip)
		return;
	text = nla_find((struct nlattr *)((char *)nlh + skip),
			nlh->nlmsg_len - skip, NLMSGERR_ATTR_MSG);
	if (text && nla_len(text) > 0)
		snprintf(error_text, sizeof(error_text), "%.*s", nla_len(text),
			 (char *)nla_data(text));
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	size_t skip = NLMSG_HDRLEN + sizeof(*e);

	(void)from;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	take_error(arg, e->error, nlh, skip);
	return NL_STOP;
}

/* The end of a dump tells how it went. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct reply *r = arg;
	int err;

	r->done = true;
	if (nlmsg_datalen(nlh) < (int)sizeof(err))
		return NL_STOP;
	memcpy(&err, nlmsg_data(nlh), sizeof(err));
	if (err < 0)
		take_error(r, err, nlh, NLMSG_HDRLEN + sizeof(err));
	return NL_STOP;
}

static void reply_free(struct reply *r)
{
	size_t i;

	for (i = 0; i < r->nr; i++)
		nlmsg_free(r->msgs[i]);
	free(r->msgs);
	*r = (struct reply){ 0 };
}

static struct nl_cb *callbacks(struct reply *r)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, r);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, r);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, r);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, r);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, r);
	return cb;
}

/* Sends @msg, which stays the caller's, and reads the whole reply. */
static int transact(struct nl_msg *msg, struct reply *r)
{
	struct nl_cb *cb = callbacks(r);
	int err;

	if (!cb)
		return failed(-ENOMEM, NULL);
	err = nl_send_auto(sock, msg);
	while (err >= 0 && !r->done)
		err = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (err >= 0 || r->done)
		return r->err;

	/* what comes late belongs to nobody: go on with a new socket */
	r->err = failed(from_libnl(err), err == -NLE_AGAIN ?
						 "the module does not answer" :
						 nl_geterror(err));
	nl_socket_free(sock);
	sock = NULL;
	return r->err;
}

static struct nl_msg *request(int cmd, int flags)
{
	struct nl_msg *msg;

	if (kernel_open())
		return NULL;
	msg = nlmsg_alloc_size(MSG_BUF_SIZE);
	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				flags, cmd, IET_GENL_VERSION)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	if (!msg)
		failed(-ENOMEM, NULL);
	return msg;
}

/* A request with the attributes @which of @obj; *@r is to be freed. */
static int ask(int cmd, const struct attr_set *set, uint64_t which,
	       const void *obj, struct reply *r)
{
	struct nl_msg *msg = request(cmd, r->one ? 0 : NLM_F_ACK);
	int err;

	if (!msg)
		return error_code;
	err = attr_put(msg, set, which, obj);
	if (err)
		failed(err, NULL);
	else
		err = transact(msg, r);
	nlmsg_free(msg);
	return err;
}

/* A request that is answered by yes or no. */
static int tell(int cmd, const struct attr_set *set, uint64_t which,
		const void *obj)
{
	struct reply r = { 0 };
	int err = ask(cmd, set, which, obj, &r);

	reply_free(&r);
	return err;
}

static struct nlattr *attrs(struct nl_msg *msg, int *len)
{
	struct genlmsghdr *hdr = nlmsg_data(nlmsg_hdr(msg));

	*len = genlmsg_attrlen(hdr, 0);
	return genlmsg_attrdata(hdr, 0);
}

static int read_msg(struct nl_msg *msg, const struct attr_set *set, void *obj)
{
	struct nlattr *head;
	int len, err;

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0))
		return failed(-EPROTO, NULL);
	head = attrs(msg, &len);
	err = set == &attr_session ? attr_get_session(head, len, obj) :
				     attr_get(head, len, set, obj);
	return err ? failed(err, "the module's answer makes no sense") : 0;
}

/* A request that is answered by one object. */
static int ask_object(int cmd, const struct attr_set *set, uint64_t which,
		      const void *obj, void *answer)
{
	struct reply r = { .one = true };
	int err = ask(cmd, set, which, obj, &r);

	if (!err)
		err = r.nr == 1 ? read_msg(r.msgs[0], set, answer) :
				  failed(-EPROTO, NULL);
	reply_free(&r);
	return err;
}

/*
 * The whole dump is read before the first object is looked at: one that was
 * interrupted by a change is read again, and a callback may ask further
 * things of the module.
 */
static int read_dump(int cmd, const struct attr_set *set, uint64_t which,
		     const void *filter, struct reply *r)
{
	int tries, err;

	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct nl_msg *msg = request(cmd, NLM_F_DUMP);

		if (!msg)
			return error_code;
		err = attr_put(msg, set, which, filter);
		if (!err)
			err = transact(msg, r);
		nlmsg_free(msg);
		if (err || !r->interrupted)
			return err;
		reply_free(r);
	}
	return failed(-EAGAIN, "the module's state changes all the time");
}

/* a dump, object by object */
struct dump {
	const struct attr_set *set;
	struct reply r;
	size_t next;
	int err;
};

static void dump_begin(struct dump *d, int cmd, const struct attr_set *set,
		       uint64_t which, const void *filter)
{
	*d = (struct dump){ .set = set };
	d->err = read_dump(cmd, set, which, filter, &d->r);
}

/* Return: false at the end, or after an error, which is in @d->err */
static bool dump_next(struct dump *d, void *obj, size_t size)
{
	if (d->err || d->next == d->r.nr)
		return false;
	memset(obj, 0, size);
	d->err = read_msg(d->r.msgs[d->next++], d->set, obj);
	return !d->err;
}

static int dump_end(struct dump *d)
{
	reply_free(&d->r);
	return d->err;
}

/* --- the operations --- */

static int info_get(struct kernel_info *info)
{
	*info = (struct kernel_info){ 0 };
	return ask_object(IET_CMD_INFO_GET, &attr_info, 0, info, info);
}

static int target_get(struct kernel_target *t)
{
	struct kernel_target q = *t;
	uint64_t by = q.set & K_HAS(IET_T_NAME) ? K_HAS(IET_T_NAME) :
						  K_HAS(IET_T_TID);

	*t = (struct kernel_target){ 0 };
	return ask_object(IET_CMD_TARGET_GET, &attr_target, by, &q, t);
}

static int target_dump(kernel_target_fn fn, void *arg)
{
	struct kernel_target t;
	struct dump d;

	dump_begin(&d, IET_CMD_TARGET_GET, &attr_target, 0, NULL);
	while (dump_next(&d, &t, sizeof(t)))
		d.err = fn(&t, arg);
	return dump_end(&d);
}

static int target_new(struct kernel_target *t)
{
	struct kernel_target made = { 0 };
	int err =
		ask_object(IET_CMD_TARGET_NEW, &attr_target, t->set, t, &made);

	if (!err) {
		t->tid = made.tid;
		t->set |= K_HAS(IET_T_TID);
	}
	return err;
}

static int target_set(const struct kernel_target *t)
{
	return tell(IET_CMD_TARGET_SET, &attr_target, t->set | K_HAS(IET_T_TID),
		    t);
}

static int target_del(uint32_t tid, bool force)
{
	struct kernel_target t = { .tid = tid, .force = force };

	return tell(IET_CMD_TARGET_DEL, &attr_target,
		    K_HAS(IET_T_TID) | K_HAS(IET_T_FORCE), &t);
}

static int read_luns(uint32_t tid, bool stats, kernel_lun_fn fn, void *arg)
{
	struct kernel_lun filter = { .tid = tid, .with_stats = stats }, l;
	struct dump d;

	dump_begin(&d, IET_CMD_LUN_GET, &attr_lun,
		   K_HAS(IET_L_WITH_STATS) | (tid ? K_HAS(IET_L_TID) : 0),
		   &filter);
	while (dump_next(&d, &l, sizeof(l))) {
		l.fd = -1;
		d.err = fn(&l, arg);
	}
	return dump_end(&d);
}

static int lun_dump(uint32_t tid, kernel_lun_fn fn, void *arg)
{
	return read_luns(tid, false, fn, arg);
}

static int lun_stats(uint32_t tid, kernel_lun_fn fn, void *arg)
{
	return read_luns(tid, true, fn, arg);
}

static int lun_new(struct kernel_lun *l)
{
	return tell(IET_CMD_LUN_NEW, &attr_lun,
		    l->set | K_HAS(IET_L_TID) | K_HAS(IET_L_LUN), l);
}

static int lun_set(const struct kernel_lun *l)
{
	return tell(IET_CMD_LUN_SET, &attr_lun,
		    l->set | K_HAS(IET_L_TID) | K_HAS(IET_L_LUN), l);
}

static int lun_del(uint32_t tid, uint32_t lun)
{
	struct kernel_lun l = { .tid = tid, .lun = lun };

	return tell(IET_CMD_LUN_DEL, &attr_lun,
		    K_HAS(IET_L_TID) | K_HAS(IET_L_LUN), &l);
}

static int read_sessions(uint32_t tid, bool stats, kernel_session_fn fn,
			 void *arg)
{
	struct kernel_session filter = { .tid = tid, .with_stats = stats }, s;
	struct dump d;

	dump_begin(&d, IET_CMD_SESSION_GET, &attr_session,
		   K_HAS(IET_S_WITH_STATS) | (tid ? K_HAS(IET_S_TID) : 0),
		   &filter);
	while (dump_next(&d, &s, sizeof(s)))
		d.err = fn(&s, arg);
	return dump_end(&d);
}

static int session_dump(uint32_t tid, kernel_session_fn fn, void *arg)
{
	return read_sessions(tid, false, fn, arg);
}

static int session_stats(uint32_t tid, kernel_session_fn fn, void *arg)
{
	return read_sessions(tid, true, fn, arg);
}

static int nexus_stats(uint32_t tid, kernel_nexus_fn fn, void *arg)
{
	struct kernel_nexus filter = { .tid = tid }, n;
	struct dump d;

	dump_begin(&d, IET_CMD_NEXUS_GET, &attr_nexus,
		   tid ? K_HAS(IET_N_TID) : 0, &filter);
	while (dump_next(&d, &n, sizeof(n)))
		d.err = fn(&n, arg);
	return dump_end(&d);
}

static uint64_t lun_map_of(const struct kernel_session *s)
{
	return s->has_lun_map ? K_HAS(IET_S_LUN_MAP) : 0;
}

static int session_new(struct kernel_session *s)
{
	struct kernel_session made = { 0 };
	int err =
		ask_object(IET_CMD_SESSION_NEW, &attr_session,
			   K_HAS(IET_S_TID) | K_HAS(IET_S_INITIATOR) |
				   K_HAS(IET_S_ISID) | K_HAS(IET_S_EXP_CMD_SN) |
				   K_HAS(IET_S_KEYS) | lun_map_of(s),
			   s, &made);

	if (!err) {
		s->sid = made.sid;
		s->tsih = made.tsih;
	}
	return err;
}

static int session_set(const struct kernel_session *s)
{
	return tell(IET_CMD_SESSION_SET, &attr_session,
		    K_HAS(IET_S_TID) | K_HAS(IET_S_SID) | lun_map_of(s), s);
}

static int session_del(uint32_t tid, uint64_t sid)
{
	struct kernel_session s = { .tid = tid, .sid = sid };

	return tell(IET_CMD_SESSION_DEL, &attr_session,
		    K_HAS(IET_S_TID) | K_HAS(IET_S_SID), &s);
}

static int conn_new(const struct kernel_conn *c)
{
	return tell(IET_CMD_CONN_NEW, &attr_conn,
		    K_HAS(IET_C_TID) | K_HAS(IET_C_SID) | K_HAS(IET_C_CID) |
			    K_HAS(IET_C_FD) | K_HAS(IET_C_STAT_SN) |
			    K_HAS(IET_C_EXP_STAT_SN) |
			    K_HAS(IET_C_HEADER_DIGEST) |
			    K_HAS(IET_C_DATA_DIGEST) | K_HAS(IET_C_MAX_RECV) |
			    K_HAS(IET_C_MAX_XMIT),
		    c);
}

static int conn_del(uint32_t tid, uint64_t sid, uint32_t cid)
{
	struct kernel_conn c = { .tid = tid, .sid = sid, .cid = cid };

	return tell(IET_CMD_CONN_DEL, &attr_conn,
		    K_HAS(IET_C_TID) | K_HAS(IET_C_SID) | K_HAS(IET_C_CID), &c);
}

static int conn_async(const struct kernel_conn *c)
{
	return tell(IET_CMD_CONN_ASYNC, &attr_conn,
		    K_HAS(IET_C_TID) | K_HAS(IET_C_SID) | c->set, c);
}

static int fault_dump(uint32_t tid, kernel_fault_fn fn, void *arg)
{
	struct kernel_fault filter = { .tid = tid }, f;
	struct dump d;

	dump_begin(&d, IET_CMD_FAULT_GET, &attr_fault,
		   tid ? K_HAS(IET_F_TID) : 0, &filter);
	while (dump_next(&d, &f, sizeof(f)))
		d.err = fn(&f, arg);
	return dump_end(&d);
}

static int fault_new(struct kernel_fault *f)
{
	struct kernel_fault made = { 0 };
	int err = ask_object(IET_CMD_FAULT_NEW, &attr_fault,
			     f->set | K_HAS(IET_F_TID) | K_HAS(IET_F_KIND), f,
			     &made);

	if (!err)
		f->id = made.id;
	return err;
}

static int fault_del(uint32_t tid, uint32_t id)
{
	struct kernel_fault f = { .tid = tid, .id = id };

	return tell(IET_CMD_FAULT_DEL, &attr_fault,
		    K_HAS(IET_F_TID) | (id ? K_HAS(IET_F_ID) : 0), &f);
}

static const struct kernel_ops netlink_ops = {
	.info_get = info_get,
	.target_get = target_get,
	.target_dump = target_dump,
	.target_new = target_new,
	.target_set = target_set,
	.target_del = target_del,
	.lun_dump = lun_dump,
	.lun_new = lun_new,
	.lun_set = lun_set,
	.lun_del = lun_del,
	.session_dump = session_dump,
	.session_new = session_new,
	.session_set = session_set,
	.session_del = session_del,
	.conn_new = conn_new,
	.conn_del = conn_del,
	.conn_async = conn_async,
	.fault_dump = fault_dump,
	.fault_new = fault_new,
	.fault_del = fault_del,
	.lun_stats = lun_stats,
	.session_stats = session_stats,
	.nexus_stats = nexus_stats,
};

const struct kernel_ops *kernel = &netlink_ops;

int kernel_claim(void)
{
	static const char path[] = "/dev/" IET_CTL_DEVICE;
	struct iet_ctl_claim claim = { .version = IET_CTL_VERSION };
	int fd = open(path, O_RDWR | O_CLOEXEC), err;

	if (fd < 0) {
		err = failed(-errno, NULL);
		snprintf(error_text, sizeof(error_text), "%s: %s", path,
			 strerror(-err));
		return err;
	}
	if (!ioctl(fd, IET_CTL_CLAIM, &claim))
		return fd;
	err = -errno;
	close(fd);
	if (err == -EBUSY)
		return failed(err, "another ietd is running");
	if (err == -EPROTO)
		return failed(err, "the module is of another version: unload "
				   "it, and load the one that came with ietd");
	return failed(err, NULL);
}

int kernel_events_fd(void)
{
	int fd = kernel_event_open(family);

	return fd < 0 ? failed(fd, NULL) : fd;
}
