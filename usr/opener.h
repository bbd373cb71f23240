/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening backing files in threads of their own: a file whose storage hangs
 * holds up neither the event loop nor the other files.
 */
#ifndef IET_USR_OPENER_H
#define IET_USR_OPENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct open_request {
	const char *path; /* all copied */
	const char *iotype;
	const char *scsi_id; /* NULL: without its state file */
	uint32_t iomode;
	bool encrypted; /* opener_is_blank() will be asked */
};

struct opener;

/**
 * typedef opener_fn - what opens a file: lun_open_wait(), or a test's
 */
typedef int (*opener_fn)(const char *path, const char *iotype, uint32_t iomode,
			 unsigned int busy_ms, char *reason);

/**
 * opener_start - begin to open files
 * @reqs: the files
 * @nr: how many
 * @open_one: opens one, as lun_open_wait() does
 * @busy_ms: for how long to try again a file that is in use
 *
 * Return: the opener, to be freed with opener_free(), or NULL with errno set
 */
struct opener *opener_start(const struct open_request *reqs, size_t nr,
			    opener_fn open_one, unsigned int busy_ms);

/**
 * opener_event_fd - wait for the end
 * @o: opener
 *
 * Return: a descriptor that becomes readable when all files are through
 */
int opener_event_fd(const struct opener *o);

/**
 * opener_take - the result for one file
 * @o: opener
 * @i: index of the request
 * @reason: why not, valid until opener_free()
 *
 * Return: a descriptor, now the caller's, or a negative errno: -ETIMEDOUT if
 * the file is not through yet
 */
int opener_take(struct opener *o, size_t i, const char **reason);

/**
 * opener_take_state - the state file that goes with a file (state.h)
 * @o: opener
 * @i: index of the request, which opener_take() has been asked for
 * @reason: why there is none, valid until opener_free(), or NULL
 *
 * Return: a descriptor, now the caller's, or -1
 */
int opener_take_state(struct opener *o, size_t i, const char **reason);

/**
 * opener_is_blank - is there nothing yet on what is to be encrypted?
 * @o: opener
 * @i: index of the request, which opener_take() has been asked for
 *
 * Return: as lun_is_blank()
 */
bool opener_is_blank(struct opener *o, size_t i);

/**
 * opener_free - forget an opener
 * @o: opener, or NULL
 *
 * Does not wait: what is opened later is closed at once.
 */
void opener_free(struct opener *o);

#endif /* IET_USR_OPENER_H */
