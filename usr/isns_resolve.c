// SPDX-License-Identifier: GPL-2.0-only
/*
 * getaddrinfo() may wait for a name server for a minute: a thread of its own
 * does so, which nobody waits for.  What it shares with the event loop is
 * freed by whoever comes last.
 */
#include "isns_resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "thread.h"

struct isns_resolve {
	pthread_mutex_t lock;
	unsigned int users; /* the event loop and the thread */
	char *host;
	char port[6];
	int done_fd;
	int error; /* of getaddrinfo() */
	struct addrinfo *list;
	struct event *event;
	void (*fn)(struct addrinfo *list, const char *reason, void *arg);
	void *arg;
};

static void put(struct isns_resolve *r)
{
	bool last;

	pthread_mutex_lock(&r->lock);
	last = !--r->users;
	pthread_mutex_unlock(&r->lock);
	if (!last)
		return;
	if (r->list)
		freeaddrinfo(r->list);
	if (r->done_fd >= 0)
		close(r->done_fd);
	pthread_mutex_destroy(&r->lock);
	free(r->host);
	free(r);
}

static void *work(void *arg)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct isns_resolve *r = arg;
	const uint64_t one = 1;

	r->error = getaddrinfo(r->host, r->port, &hints, &r->list);
	if (r->error)
		r->list = NULL;
	/* an eventfd takes this write always */
	if (write(r->done_fd, &one, sizeof(one)) < 0)
		abort();
	put(r);
	return NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct isns_resolve *r = arg;
	struct addrinfo *list = r->list;
	uint64_t count;

	(void)what;
	/* what the thread has written is there once this has been read */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	r->list = NULL;
	event_free(r->event);
	r->event = NULL;
	r->fn(list, r->error ? gai_strerror(r->error) : NULL, r->arg);
	put(r);
}

static int start_thread(struct isns_resolve *r)
{
	int err;

	r->users++;
	err = thread_start(work, r);
	if (err)
		r->users--;
	return err;
}

struct isns_resolve *isns_resolve_start(
	struct event_base *base, const char *host, uint16_t port,
	void (*fn)(struct addrinfo *list, const char *reason, void *arg),
	void *arg)
{
	struct isns_resolve *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	pthread_mutex_init(&r->lock, NULL);
	r->users = 1;
	r->fn = fn;
	r->arg = arg;
	r->host = strdup(host);
	snprintf(r->port, sizeof(r->port), "%u", port);
	r->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->host && r->done_fd >= 0)
		r->event = event_new(base, r->done_fd, EV_READ | EV_PERSIST,
				     on_done, r);
	if (r->event && !event_add(r->event, NULL) && !start_thread(r))
		return r;
	isns_resolve_cancel(r);
	return NULL;
}

void isns_resolve_cancel(struct isns_resolve *r)
{
	if (!r)
		return;
	if (r->event)
		event_free(r->event);
	r->event = NULL;
	put(r);
}
