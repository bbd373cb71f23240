// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listening sockets, and the caps on connections that have not been handed
 * over: whoever opens connections and sends nothing loses the oldest of them
 * to the next one, and never takes more than a quarter of the places.
 */
#define _GNU_SOURCE
#include "portal.h"

#include <errno.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "addr.h"
#include "conn.h"
#include "log.h"
#include "spare.h"

#define LISTENERS_MAX 16
#define PEER_BUCKETS 256
/* accept() calls for one event, so that other events get their turn */
#define ACCEPT_BUDGET 64
/* descriptors of connections, and plenty for everything else */
#define NEED_FDS (PORTAL_CONNS_MAX + 1024)
/* so many connections that the memory they had is worth giving back */
#define CROWD 256

TAILQ_HEAD(slot_list, portal_slot);

/**
 * struct portal_peer - an address with connections
 * @link: in its bucket
 * @key: the address, or the first half of an IPv6 one
 * @count: connections
 * @idle: those that wait, oldest first
 */
struct portal_peer {
	LIST_ENTRY(portal_peer) link;
	uint8_t key[ADDR_SITE_LEN];
	unsigned int count;
	struct slot_list idle;
};

static struct {
	int fd;
	struct event *ev;
} listeners[LISTENERS_MAX];

static unsigned int nr_listeners;
static struct event_base *loop;
static uint16_t listen_port;
static bool on_all_addresses;

static LIST_HEAD(, portal_peer) peers[PEER_BUCKETS];
static struct slot_list every = TAILQ_HEAD_INITIALIZER(every);
static struct slot_list idle = TAILQ_HEAD_INITIALIZER(idle);
static unsigned int nr_conns;

/* --- caps ---------------------------------------------------------------- */

static unsigned int peer_key(const struct sockaddr *sa,
			     uint8_t key[ADDR_SITE_LEN])
{
	unsigned int hash = 0;

	addr_site(sa, key);
	for (size_t i = 0; i < ADDR_SITE_LEN; i++)
		hash = hash * 31 + key[i];
	return hash % PEER_BUCKETS;
}

static struct portal_peer *find_peer(const struct sockaddr *sa)
{
	uint8_t key[ADDR_SITE_LEN];
	unsigned int bucket = peer_key(sa, key);
	struct portal_peer *peer;

	LIST_FOREACH(peer, &peers[bucket], link)
		if (!memcmp(peer->key, key, sizeof(key)))
			return peer;
	return NULL;
}

static struct portal_peer *get_peer(const struct sockaddr *sa)
{
	struct portal_peer *peer = find_peer(sa);
	unsigned int bucket;

	if (peer)
		return peer;
	peer = calloc(1, sizeof(*peer));
	if (!peer)
		return NULL;
	TAILQ_INIT(&peer->idle);
	bucket = peer_key(sa, peer->key);
	LIST_INSERT_HEAD(&peers[bucket], peer, link);
	return peer;
}

static void put_peer(struct portal_peer *peer)
{
	if (peer->count)
		return;
	LIST_REMOVE(peer, link);
	free(peer);
}

void portal_busy(struct portal_slot *slot)
{
	if (!slot->is_idle)
		return;
	slot->is_idle = false;
	TAILQ_REMOVE(&idle, slot, idle);
	TAILQ_REMOVE(&slot->peer->idle, slot, idle_of_peer);
}

void portal_idle(struct portal_slot *slot)
{
	portal_busy(slot);
	slot->is_idle = true;
	TAILQ_INSERT_TAIL(&idle, slot, idle);
	TAILQ_INSERT_TAIL(&slot->peer->idle, slot, idle_of_peer);
}

/*
 * What a crowd of connections took goes back to the system.  It is freed by
 * the caller only now, so that this waits for the next one to end.
 */
static void give_memory_back(void)
{
	static unsigned int peak;

	if (nr_conns > peak)
		peak = nr_conns;
	if (peak < CROWD || nr_conns > peak / 8)
		return;
	malloc_trim(0);
	peak = nr_conns;
}

void portal_put(struct portal_slot *slot)
{
	give_memory_back();
	portal_busy(slot);
	TAILQ_REMOVE(&every, slot, every);
	nr_conns--;
	slot->peer->count--;
	put_peer(slot->peer);
}

unsigned int portal_count(void)
{
	return nr_conns;
}

static bool drop_oldest(struct slot_list *list)
{
	struct portal_slot *slot = TAILQ_FIRST(list);

	if (slot)
		slot->drop(slot);
	return slot;
}

static bool make_place(const struct sockaddr *sa)
{
	struct portal_peer *peer = find_peer(sa);

	if (peer && peer->count >= PORTAL_CONNS_PER_PEER &&
	    !drop_oldest(&peer->idle))
		return false;
	return nr_conns < PORTAL_CONNS_MAX || drop_oldest(&idle);
}

/* --- accept -------------------------------------------------------------- */

static void set_option(int fd, int level, int option)
{
	const int on = 1;

	setsockopt(fd, level, option, &on, sizeof(on));
}

static void take_connection(int fd, const struct sockaddr_storage *from)
{
	const struct sockaddr *sa = (const struct sockaddr *)from;
	struct sockaddr_storage local = { 0 };
	socklen_t len = sizeof(local);
	struct portal_slot *slot = NULL;
	struct portal_peer *peer;

	peer = make_place(sa) ? get_peer(sa) : NULL;
	if (peer && !getsockname(fd, (struct sockaddr *)&local, &len))
		slot = conn_start(loop, fd, from, &local);
	if (!slot) {
		if (peer)
			put_peer(peer);
		close(fd);
		return;
	}
	slot->peer = peer;
	peer->count++;
	nr_conns++;
	TAILQ_INSERT_TAIL(&every, slot, every);
	portal_idle(slot);
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
	(void)what;
	(void)arg;
	for (int i = 0; i < ACCEPT_BUDGET; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &len,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			take_connection(fd, &from);
			continue;
		}
		if (spare_missing(errno) && !drop_oldest(&idle))
			spare_refuse(listener);
		/* the connection has gone already, or there is none */
		if (errno == EAGAIN)
			return;
	}
}

/* --- listen -------------------------------------------------------------- */

static int bind_socket(const struct addrinfo *ai)
{
	int fd, err;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		return -errno;
	set_option(fd, SOL_SOCKET, SO_REUSEADDR);
	/* what is accepted has them, too */
	set_option(fd, IPPROTO_TCP, TCP_NODELAY);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
	if (ai->ai_family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static void learn_port(int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		listen_port =
			ntohs(((struct sockaddr_in *)(void *)&ss)->sin_port);
}

static int add_listener(const struct addrinfo *ai)
{
	struct sockaddr_in *sin = (void *)ai->ai_addr;
	char text[ADDR_TEXT_MAX];
	struct event *ev;
	int fd;

	if (nr_listeners == LISTENERS_MAX)
		return -ENOSPC;
	/* sin_port and sin6_port are at the same place */
	sin->sin_port = htons(listen_port);
	fd = bind_socket(ai);
	if (fd < 0) {
		addr_print(ai->ai_addr, true, text);
		/* a machine without IPv6 is none the worse for it */
		if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
			log_error("cannot listen on %s: %s", text,
				  strerror(-fd));
		return fd;
	}
	ev = event_new(loop, fd, EV_READ | EV_PERSIST, on_accept, NULL);
	if (!ev) {
		close(fd);
		return -ENOMEM;
	}
	if (!listen_port)
		learn_port(fd);
	listeners[nr_listeners].fd = fd;
	listeners[nr_listeners++].ev = ev;
	return 0;
}

static void raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) || rl.rlim_cur >= NEED_FDS)
		return;
	rl.rlim_cur = NEED_FDS;
	if (rl.rlim_max < NEED_FDS)
		rl.rlim_max = NEED_FDS;
	if (!setrlimit(RLIMIT_NOFILE, &rl))
		return;
	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}

static int bind_all(const struct addrinfo *list)
{
	int err = -EADDRNOTAVAIL;

	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		int e = add_listener(ai);

		if (e == -EADDRINUSE)
			return e;
		if (e && !nr_listeners)
			err = e;
	}
	return nr_listeners ? 0 : err;
}

int portal_bind(struct event_base *base, const char *address, uint16_t port)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	int err;

	raise_limit();
	err = getaddrinfo(address, address ? NULL : "0", &hints, &list);
	if (err) {
		log_error("cannot listen on %s: %s",
			  address ? address : "any address", gai_strerror(err));
		return -EADDRNOTAVAIL;
	}
	loop = base;
	listen_port = port;
	on_all_addresses = !address;
	spare_hold();
	err = bind_all(list);
	freeaddrinfo(list);
	if (err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT)
		log_error("cannot listen on %s port %u: %s",
			  address ? address : "any address", port,
			  strerror(-err));
	if (err)
		portal_close();
	return err;
}

int portal_listen(void)
{
	for (unsigned int i = 0; i < nr_listeners; i++) {
		int err = listen(listeners[i].fd, SOMAXCONN) ? -errno : 0;

		if (!err && event_add(listeners[i].ev, NULL))
			err = -ENOMEM;
		if (err) {
			log_error("cannot listen on port %u: %s", listen_port,
				  strerror(-err));
			return err;
		}
	}
	return 0;
}

uint16_t portal_port(void)
{
	return listen_port;
}

void portal_close(void)
{
	struct portal_slot *slot;

	while (nr_listeners) {
		nr_listeners--;
		event_free(listeners[nr_listeners].ev);
		close(listeners[nr_listeners].fd);
	}
	while ((slot = TAILQ_FIRST(&every)))
		slot->drop(slot);
	spare_drop();
}

/* --- addresses ----------------------------------------------------------- */

static bool is_loopback(const uint8_t *bytes, size_t len)
{
	return len == 4 ? bytes[0] == 127 :
			  IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)bytes);
}

static bool is_link_local(const uint8_t *bytes, size_t len)
{
	return len == 4 ? bytes[0] == 169 && bytes[1] == 254 :
			  IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)bytes);
}

/* another address, of the family that the initiator can use */
static bool is_alternative(const struct ifaddrs *ifa,
			   const struct sockaddr *local)
{
	const uint8_t *ours, *theirs;
	size_t our_len, len;

	if (!ifa->ifa_addr || !(ifa->ifa_flags & IFF_UP))
		return false;
	theirs = addr_bytes(ifa->ifa_addr, &len);
	ours = addr_bytes(local, &our_len);
	return len && len == our_len && memcmp(theirs, ours, len) &&
	       !is_loopback(theirs, len) && !is_link_local(theirs, len);
}

int portal_addresses(const struct sockaddr *local,
		     int (*fn)(const struct sockaddr *sa, void *arg), void *arg)
{
	struct ifaddrs *list = NULL;
	const uint8_t *bytes;
	size_t len;
	int err;

	err = fn(local, arg);
	bytes = addr_bytes(local, &len);
	/* who has come by a loopback address has no use for any other */
	if (err || !on_all_addresses || !len || is_loopback(bytes, len) ||
	    getifaddrs(&list))
		return err;
	for (const struct ifaddrs *ifa = list; ifa && !err;
	     ifa = ifa->ifa_next) {
		if (!is_alternative(ifa, local))
			continue;
		((struct sockaddr_in *)(void *)ifa->ifa_addr)->sin_port =
			htons(listen_port);
		err = fn(ifa->ifa_addr, arg);
	}
	freeifaddrs(list);
	return err;
}

static int each_listener(int (*fn)(const struct sockaddr *sa, void *arg),
			 void *arg)
{
	int err = 0;

	for (unsigned int i = 0; i < nr_listeners && !err; i++) {
		struct sockaddr_storage ss = { 0 };
		socklen_t len = sizeof(ss);

		if (!getsockname(listeners[i].fd, (struct sockaddr *)&ss, &len))
			err = fn((struct sockaddr *)&ss, arg);
	}
	return err;
}

static bool is_public(const struct ifaddrs *ifa)
{
	const uint8_t *bytes;
	size_t len;

	if (!ifa->ifa_addr || !(ifa->ifa_flags & IFF_UP))
		return false;
	bytes = addr_bytes(ifa->ifa_addr, &len);
	return len && !is_loopback(bytes, len) && !is_link_local(bytes, len);
}

static int call_with_port(const struct sockaddr *sa,
			  int (*fn)(const struct sockaddr *sa, void *arg),
			  void *arg)
{
	struct sockaddr_in6 copy = { 0 };

	memcpy(&copy, sa,
	       sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
					  sizeof(copy));
	/* the port is at the same place in both kinds of address */
	copy.sin6_port = htons(listen_port);
	return fn((struct sockaddr *)&copy, arg);
}

int portal_each(const struct sockaddr *fallback,
		int (*fn)(const struct sockaddr *sa, void *arg), void *arg)
{
	struct ifaddrs *list = NULL;
	bool any = false;
	int err = 0;

	if (!on_all_addresses)
		return each_listener(fn, arg);
	if (getifaddrs(&list))
		list = NULL;
	for (const struct ifaddrs *ifa = list; ifa && !err;
	     ifa = ifa->ifa_next) {
		if (!is_public(ifa))
			continue;
		any = true;
		err = call_with_port(ifa->ifa_addr, fn, arg);
	}
	if (list)
		freeifaddrs(list);
	return any ? err : call_with_port(fallback, fn, arg);
}
