// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "kernel_event.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel.h"

/* an event is a few dozen bytes */
#define EVENT_BUF_SIZE 8192
#define EVENTS_AT_ONCE 8

/* where each kind of event has its ids; 0 = it has none */
static const struct {
	int event, tid, sid, cid;
} id_attrs[IET_CMD_MAX + 1] = {
	[IET_CMD_TARGET_NTF] = { IET_T_EVENT, IET_T_TID, 0, 0 },
	[IET_CMD_LUN_NTF] = { IET_L_EVENT, IET_L_TID, 0, 0 },
	[IET_CMD_SESSION_NTF] = { IET_S_EVENT, IET_S_TID, IET_S_SID, 0 },
	[IET_CMD_CONN_NTF] = { IET_C_EVENT, IET_C_TID, IET_C_SID, IET_C_CID },
};

static struct nl_sock *sock;
static int family_id;

void kernel_event_close(void)
{
	nl_socket_free(sock);
	sock = NULL;
}

int kernel_event_open(int family)
{
	int group, err = -EIO;

	if (sock)
		return nl_socket_get_fd(sock);
	sock = nl_socket_alloc();
	if (!sock)
		return -ENOMEM;
	if (genl_connect(sock))
		goto close;
	group = genl_ctrl_resolve_grp(sock, IET_GENL_NAME,
				      IET_GENL_GROUP_EVENTS);
	if (group < 0) {
		err = -ENOENT;
		goto close;
	}
	if (nl_socket_add_membership(sock, group) ||
	    nl_socket_set_nonblocking(sock) ||
	    fcntl(nl_socket_get_fd(sock), F_SETFD, FD_CLOEXEC))
		goto close;
	family_id = family;
	return nl_socket_get_fd(sock);
close:
	kernel_event_close();
	return err;
}

static uint64_t number(struct nlattr **tb, int attr)
{
	if (!attr || !tb[attr])
		return 0;
	switch (nla_len(tb[attr])) {
	case sizeof(uint32_t):
		return nla_get_u32(tb[attr]);
	case sizeof(uint64_t):
		return nla_get_u64(tb[attr]);
	}
	return 0;
}

/* the largest id in any of the sets that events carry */
#define TB_MAX 31
_Static_assert(IET_T_MAX <= TB_MAX && IET_L_MAX <= TB_MAX &&
		       IET_S_MAX <= TB_MAX && IET_C_MAX <= TB_MAX,
	       "TB_MAX");

typedef void (*event_fn)(int cmd, int event, uint32_t tid, uint64_t sid,
			 uint32_t cid, void *arg);

static void read_one(struct nlmsghdr *nlh, event_fn fn, void *arg)
{
	struct nlattr *tb[TB_MAX + 1];
	struct genlmsghdr *hdr;
	int cmd;

	if (nlh->nlmsg_type != family_id || !genlmsg_valid_hdr(nlh, 0))
		return;
	hdr = genlmsg_hdr(nlh);
	cmd = hdr->cmd;
	if (cmd > IET_CMD_MAX || !id_attrs[cmd].event)
		return;
	if (nla_parse(tb, TB_MAX, genlmsg_attrdata(hdr, 0),
		      genlmsg_attrlen(hdr, 0), NULL))
		return;
	fn(cmd, number(tb, id_attrs[cmd].event), number(tb, id_attrs[cmd].tid),
	   number(tb, id_attrs[cmd].sid), number(tb, id_attrs[cmd].cid), arg);
}

static void read_all(struct nlmsghdr *nlh, int len, event_fn fn, void *arg)
{
	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len))
		read_one(nlh, fn, arg);
}

/* Return: messages that were there, or -1 */
static int receive(char bufs[][EVENT_BUF_SIZE], struct sockaddr_nl *from,
		   struct mmsghdr *msgs)
{
	struct iovec iov[EVENTS_AT_ONCE];

	memset(msgs, 0, EVENTS_AT_ONCE * sizeof(*msgs));
	for (int i = 0; i < EVENTS_AT_ONCE; i++) {
		iov[i] = (struct iovec){ bufs[i], EVENT_BUF_SIZE };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &from[i];
		msgs[i].msg_hdr.msg_namelen = sizeof(from[i]);
	}
	return recvmmsg(nl_socket_get_fd(sock), msgs, EVENTS_AT_ONCE,
			MSG_DONTWAIT, NULL);
}

int kernel_events_read(event_fn fn, void *arg)
{
	static char bufs[EVENTS_AT_ONCE][EVENT_BUF_SIZE]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct sockaddr_nl from[EVENTS_AT_ONCE] = { 0 };
	struct mmsghdr msgs[EVENTS_AT_ONCE];
	int n = EVENTS_AT_ONCE, ret = 0;

	/* less than there is room for: no more just now */
	while (sock && n == EVENTS_AT_ONCE) {
		n = receive(bufs, from, msgs);
		if (n < 0 && errno == ENOBUFS)
			ret = -ENOBUFS;
		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			n = EVENTS_AT_ONCE;
		else
			for (int i = 0; i < n; i++)
				/* anybody may send; only 0 is the kernel */
				if (!from[i].nl_pid)
					read_all((void *)bufs[i],
						 msgs[i].msg_len, fn, arg);
	}
	return ret;
}
