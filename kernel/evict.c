// SPDX-License-Identifier: GPL-2.0-only
/*
 * When is a target in use?  A target with sessions can't be deleted, so a
 * script closes them first, each by a command of its own (Pacemaker's agent
 * does), and deletes then, again and again until it works.  An initiator is
 * back within milliseconds, so that would never be: what has logged in since
 * the first of these commands does not count.  What was there before, and was
 * not closed, does.
 */
#include <linux/ktime.h>

#include "evict.h"
#include "session.h"
#include "target.h"

static bool evicting(const struct iet_target *target)
{
	return target->evict_last &&
	       ktime_before(ktime_get(), ktime_add_ms(target->evict_last,
						      IET_EVICT_S * 1000));
}

/**
 * iet_evict_note() - the administrator closes a session or a connection of it
 * @session: the session, before it is closed
 *
 * Context: under iet_config_lock.
 */
void iet_evict_note(struct iet_session *session)
{
	struct iet_target *target = session->target;

	/* so the daemon takes back a login that came to nothing */
	if (!session->nr_conns)
		return;
	if (!evicting(target))
		target->evict_begin = ktime_get();
	target->evict_last = ktime_get();
}

/**
 * iet_evict_in_use() - is there a session that the target is kept for?
 * @target: the target
 *
 * Context: under iet_config_lock.
 * Return: false if there is none, or if all of them have logged in since the
 * administrator began to close sessions, the last of them within IET_EVICT_S
 */
bool iet_evict_in_use(const struct iet_target *target)
{
	const bool since = evicting(target);
	const struct iet_session *s;

	list_for_each_entry(s, &target->sessions, target_node) {
		if (s->unlinked)
			continue;
		if (!since || !ktime_after(s->born, target->evict_begin))
			return true;
	}
	return false;
}
