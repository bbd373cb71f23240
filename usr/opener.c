// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "opener.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lun.h"
#include "lun_blank.h"
#include "state.h"
#include "thread.h"

/* so many files may hang before they hold up the others */
#define THREADS_MAX 32
struct item {
	char *path;
	char *iotype;
	char *scsi_id;
	uint32_t iomode;
	bool encrypted;
	bool blank;
	bool done;
	int fd; /* or a negative errno */
	char *reason;
	int state_fd; /* or -1 */
	char *state_reason;
};

struct opener {
	pthread_mutex_t lock;
	unsigned int users; /* the caller and the threads */
	bool abandoned; /* the caller has gone */
	size_t nr, next, left;
	int event_fd;
	opener_fn open_one;
	unsigned int busy_ms;
	struct item items[];
};

static void destroy(struct opener *o)
{
	size_t i;

	for (i = 0; i < o->nr; i++) {
		if (o->items[i].done && o->items[i].fd >= 0)
			close(o->items[i].fd);
		if (o->items[i].state_fd >= 0)
			close(o->items[i].state_fd);
		free(o->items[i].path);
		free(o->items[i].scsi_id);
		free(o->items[i].state_reason);
		free(o->items[i].iotype);
		free(o->items[i].reason);
	}
	if (o->event_fd >= 0)
		close(o->event_fd);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* Called with the lock held, which is gone afterwards. */
static void put(struct opener *o)
{
	bool last = !--o->users;

	pthread_mutex_unlock(&o->lock);
	if (last)
		destroy(o);
}

static void open_item(struct opener *o, struct item *it, struct item *result)
{
	char reason[LUN_REASON_MAX], state_reason[STATE_REASON_MAX];

	result->fd = o->open_one(it->path, it->iotype, it->iomode, o->busy_ms,
				 reason);
	if (result->fd < 0) {
		result->reason = strdup(reason);
		return;
	}
	result->blank = it->encrypted && lun_is_blank(result->fd);
	if (!it->scsi_id)
		return;
	result->state_fd = state_open(it->scsi_id, state_reason);
	if (state_reason[0])
		result->state_reason = strdup(state_reason);
}

/* If nobody waits for it any more, destroy() closes what has been opened. */
static void finish_item(struct opener *o, struct item *it,
			const struct item *result)
{
	const uint64_t one = 1;

	it->fd = result->fd;
	it->reason = result->reason;
	it->blank = result->blank;
	it->state_fd = result->state_fd;
	it->state_reason = result->state_reason;
	it->done = true;
	/* an eventfd takes this write always */
	if (!--o->left && write(o->event_fd, &one, sizeof(one)) < 0)
		abort();
}

static void *work(void *arg)
{
	struct opener *o = arg;

	pthread_mutex_lock(&o->lock);
	while (!o->abandoned && o->next < o->nr) {
		struct item *it = &o->items[o->next++];
		struct item result = { .fd = -1, .state_fd = -1 };

		pthread_mutex_unlock(&o->lock);
		open_item(o, it, &result);
		pthread_mutex_lock(&o->lock);
		finish_item(o, it, &result);
	}
	put(o);
	return NULL;
}

static bool fill(struct opener *o, const struct open_request *reqs)
{
	size_t i;

	for (i = 0; i < o->nr; i++) {
		struct item *it = &o->items[i];

		it->path = strdup(reqs[i].path);
		it->iotype = strdup(reqs[i].iotype);
		it->scsi_id = reqs[i].scsi_id ? strdup(reqs[i].scsi_id) : NULL;
		it->iomode = reqs[i].iomode;
		it->encrypted = reqs[i].encrypted;
		if (!it->path || !it->iotype ||
		    (reqs[i].scsi_id && !it->scsi_id))
			return false;
	}
	return true;
}

struct opener *opener_start(const struct open_request *reqs, size_t nr,
			    opener_fn open_one, unsigned int busy_ms)
{
	struct opener *o = calloc(1, sizeof(*o) + nr * sizeof(o->items[0]));
	unsigned int i;
	int err = 0;

	if (!o)
		return NULL;
	pthread_mutex_init(&o->lock, NULL);
	o->users = 1;
	o->nr = o->left = nr;
	o->open_one = open_one;
	o->busy_ms = busy_ms;
	for (i = 0; i < nr; i++)
		o->items[i].state_fd = -1;
	o->event_fd = eventfd(nr ? 0 : 1, EFD_CLOEXEC | EFD_NONBLOCK);
	if (o->event_fd < 0 || !fill(o, reqs)) {
		err = o->event_fd < 0 ? errno : ENOMEM;
		destroy(o);
		errno = err;
		return NULL;
	}

	pthread_mutex_lock(&o->lock);
	for (i = 0; i < nr && i < THREADS_MAX && !err; i++) {
		err = thread_start(work, o);
		if (!err)
			o->users++;
	}
	pthread_mutex_unlock(&o->lock);
	/* fewer threads than files will do, none will not */
	if (nr && i == 1 && err) {
		destroy(o);
		errno = err;
		return NULL;
	}
	return o;
}

int opener_event_fd(const struct opener *o)
{
	return o->event_fd;
}

int opener_take(struct opener *o, size_t i, const char **reason)
{
	struct item *it = &o->items[i];
	int fd = -ETIMEDOUT;

	*reason = "does not answer";
	pthread_mutex_lock(&o->lock);
	if (it->done) {
		fd = it->fd;
		it->fd = -EBADF;
		*reason = it->reason ? it->reason : strerror(ENOMEM);
	}
	pthread_mutex_unlock(&o->lock);
	return fd;
}

int opener_take_state(struct opener *o, size_t i, const char **reason)
{
	struct item *it = &o->items[i];
	int fd = -1;

	*reason = NULL;
	pthread_mutex_lock(&o->lock);
	if (it->done) {
		fd = it->state_fd;
		it->state_fd = -1;
		*reason = it->state_reason;
	}
	pthread_mutex_unlock(&o->lock);
	return fd;
}

bool opener_is_blank(struct opener *o, size_t i)
{
	struct item *it = &o->items[i];
	bool blank;

	pthread_mutex_lock(&o->lock);
	blank = it->done && it->blank;
	pthread_mutex_unlock(&o->lock);
	return blank;
}

void opener_free(struct opener *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->abandoned = true;
	put(o);
}
