// SPDX-License-Identifier: GPL-2.0-only
#include "login_fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "clock.h"
#include "iet_netlink.h"
#include "iet_random.h"
#include "log.h"

#define TELL_MS 1000

static STAILQ_HEAD(, login_fault) rules = STAILQ_HEAD_INITIALIZER(rules);
static TAILQ_HEAD(, login_fault_hold) holds = TAILQ_HEAD_INITIALIZER(holds);
static uint32_t last_id;

bool login_faults_any(void)
{
	return !STAILQ_EMPTY(&rules);
}

/* --- rules --- */

static unsigned int count(uint32_t tid)
{
	const struct login_fault *f;
	unsigned int n = 0;

	STAILQ_FOREACH(f, &rules, link)
		n += f->tid == tid;
	return n;
}

static const char *owner(const struct login_fault *f)
{
	return f->tid ? f->target : "discovery";
}

static int set_beginning(struct login_fault *f)
{
	if (!(f->args.has & LF_HAS(LF_SEED)) &&
	    getrandom(&f->args.seed, sizeof(f->args.seed), 0) !=
		    sizeof(f->args.seed))
		return -ENOMEM;
	f->args.has |= LF_HAS(LF_SEED);
	f->random = f->args.seed;
	f->seen = f->hits = 0;
	f->id = last_id + 1;
	return 0;
}

int login_fault_new(struct login_fault *f)
{
	unsigned int nr = count(f->tid);
	struct login_fault *copy;
	int err;

	if (nr >= LOGIN_FAULTS_MAX || last_id == UINT32_MAX)
		return -ENOSPC;
	err = f->id ? 0 : set_beginning(f);
	copy = err ? NULL : malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *f;
	copy->held = 0;
	copy->tell_at = 0;
	STAILQ_INSERT_TAIL(&rules, copy, link);
	if (f->id > last_id)
		last_id = f->id;
	if (!nr)
		log_warning("fault injection is on for logins, %s", owner(f));
	return 0;
}

static void release(uint32_t id)
{
	struct login_fault_hold *hold;

	TAILQ_FOREACH(hold, &holds, link)
		if (hold->id == id)
			hold->go_on(hold);
}

static void remove_rule(struct login_fault *f)
{
	STAILQ_REMOVE(&rules, f, login_fault, link);
	release(f->id);
	if (!count(f->tid))
		log_warning("fault injection is off for logins, %s", owner(f));
	free(f);
}

unsigned int login_fault_del(const uint32_t *tid, uint32_t id)
{
	struct login_fault *f = STAILQ_FIRST(&rules), *next;
	unsigned int n = 0;

	for (; f; f = next) {
		next = STAILQ_NEXT(f, link);
		if ((tid && f->tid != *tid) || (id && f->id != id))
			continue;
		remove_rule(f);
		n++;
	}
	if (n)
		login_fault_save();
	return n;
}

void login_fault_drop_gone(bool (*is_left)(uint32_t tid, const char *target,
					   void *arg),
			   void *arg)
{
	struct login_fault *f = STAILQ_FIRST(&rules), *next;
	bool changed = false;

	for (; f; f = next) {
		next = STAILQ_NEXT(f, link);
		if (!f->tid || is_left(f->tid, f->target, arg))
			continue;
		remove_rule(f);
		changed = true;
	}
	if (changed)
		login_fault_save();
}

int login_fault_each(int (*fn)(const struct login_fault *f, void *arg),
		     void *arg)
{
	const struct login_fault *f;
	int ret = 0;

	STAILQ_FOREACH(f, &rules, link)
		if ((ret = fn(f, arg)))
			break;
	return ret;
}

/* --- when they fire --- */

static bool has_key(const struct login_fault_what *what, const char *key)
{
	const char *p = what->text, *end = p + what->len;
	size_t len = strlen(key);

	for (; p && p < end; p += strnlen(p, end - p) + 1)
		if ((size_t)(end - p) > len && !memcmp(p, key, len) &&
		    p[len] == '=')
			return true;
	return false;
}

static bool is_sent(uint8_t pdu)
{
	return pdu & 0x20;
}

static bool is_about(const struct login_fault *f,
		     const struct login_fault_what *what)
{
	const struct login_fault_args *a = &f->args;

	/* names are the same in any case (4.2.7.2) */
	if (strcasecmp(f->target, what->target) ||
	    (a->has & LF_HAS(LF_INITIATOR) &&
	     strcasecmp(a->initiator, what->initiator)))
		return false;
	/* without it, those that are sent, if it may be both */
	if (a->has & LF_HAS(LF_PDU) ?
		    a->pdu != what->pdu :
		    is_sent(what->pdu) != login_fault_is_sent(a->kind))
		return false;
	if (a->has & LF_HAS(LF_STAGE) && !(a->stage & what->stage))
		return false;
	return a->kind != LOGIN_FAULT_KEY ||
	       login_fault_do_of(a) == LOGIN_FAULT_ADD || has_key(what, a->key);
}

static void tell(struct login_fault *f, const struct login_fault_what *what)
{
	uint64_t now = clock_ms();

	if (now < f->tell_at)
		return;
	f->tell_at = now + TELL_MS;
	log_info("%s: fault L%" PRIu32 " (%s) hits %s, number %" PRIu64,
		 owner(f), f->id, login_fault_kind_name(f->args.kind),
		 what->initiator, f->hits);
}

/* It is about this one: does it do something? */
static bool fires(struct login_fault *f)
{
	const struct login_fault_args *a = &f->args;
	uint64_t number;

	f->seen++;
	if (f->seen <= a->skip || (a->count && f->hits >= a->count))
		return false;
	if (a->has & LF_HAS(LF_CHANCE)) {
		number = iet_random(&f->random);
		if (number * IET_FAULT_ALWAYS >> 32 >= a->chance)
			return false;
	}
	f->hits++;
	return true;
}

const struct login_fault *login_fault_fire(enum login_fault_kind kind,
					   const struct login_fault_what *what,
					   const struct login_fault *after,
					   uint32_t *random)
{
	struct login_fault *f;

	STAILQ_FOREACH(f, &rules, link) {
		uint32_t number;

		if ((after && f->id <= after->id) || f->args.kind != kind ||
		    !is_about(f, what) || !fires(f))
			continue;
		number = iet_random(&f->random);
		if (random)
			*random = number;
		tell(f, what);
		return f;
	}
	return NULL;
}

/* --- what they hold --- */

static void change_held(uint32_t id, int by)
{
	struct login_fault *f;

	STAILQ_FOREACH(f, &rules, link)
		if (f->id == id)
			f->held += by;
}

void login_fault_hold(struct login_fault_hold *hold,
		      const struct login_fault *f)
{
	hold->id = f->id;
	TAILQ_INSERT_TAIL(&holds, hold, link);
	change_held(hold->id, 1);
}

void login_fault_unhold(struct login_fault_hold *hold)
{
	if (!hold->id)
		return;
	TAILQ_REMOVE(&holds, hold, link);
	change_held(hold->id, -1);
	hold->id = 0;
}
