// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of an initiator's own commands: see order.h.
 *
 * A session has a list of those that have been started, in that order, and have
 * not gone to the device server: they wait for data, or for one that does.
 */
#include <linux/list.h>

#include "cmnd.h"
#include "conn.h"
#include "iscsi_proto.h"
#include "order.h"
#include "session.h"

static bool is_ordered(const struct iet_cmnd *cmnd)
{
	return cmnd->scmd.attr == ISCSI_ATTR_ORDERED &&
	       iet_scsi_has_turn(&cmnd->scmd);
}

/* Those that go ahead of all others wait for none. */
static bool may_wait(const struct iet_cmnd *cmnd)
{
	return cmnd->scmd.attr != ISCSI_ATTR_HEAD_OF_QUEUE &&
	       cmnd->scmd.attr != ISCSI_ATTR_ACA &&
	       iet_scsi_has_turn(&cmnd->scmd);
}

static bool is_waiting(const struct iet_cmnd *cmnd)
{
	return !list_empty(&cmnd->line_node);
}

static void set_gated(struct iet_cmnd *cmnd, bool gated)
{
	struct iet_session *session = cmnd->conn->session;

	session->nr_gated += gated - cmnd->gated;
	cmnd->gated = gated;
}

static bool has_others_before(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;
	bool ordered = is_ordered(cmnd);
	struct iet_cmnd *other;

	if (!may_wait(cmnd) || (!ordered && !session->nr_ordered))
		return false;
	list_for_each_entry(other, &session->line, line_node) {
		if (other == cmnd)
			break;
		if (other->scmd.vol == cmnd->scmd.vol &&
		    iet_scsi_has_turn(&other->scmd) &&
		    (ordered || is_ordered(other)))
			return true;
	}
	return false;
}

/**
 * iet_order_holds() - must a command wait for others of its session?
 * @cmnd: a command in state WAIT_DATA, whose data is all there
 *
 * If so, iet_cmnd_progress() is called when it need not any more.
 *
 * Context: the session's thread.
 * Return: true if it must
 */
bool iet_order_holds(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;

	if (likely(list_empty(&session->line)))
		return false;
	set_gated(cmnd, has_others_before(cmnd));
	if (cmnd->gated)
		iet_order_wait(cmnd);
	return cmnd->gated;
}

/**
 * iet_order_wait() - a command waits, before those that will be started
 * @cmnd: a command in state WAIT_DATA; for one that has been refused or aborted
 *	nobody waits, though data of it may be under way
 *
 * Context: the session's thread.
 */
void iet_order_wait(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;

	if (is_waiting(cmnd) || cmnd->failed)
		return;
	list_add_tail(&cmnd->line_node, &session->line);
	session->nr_ordered += is_ordered(cmnd);
}

/**
 * iet_order_leave() - a command waits no longer
 * @cmnd: it has gone to the device server, or ends; or it has never waited
 *
 * Those behind it are looked at soon, not here: they may be about to be
 * aborted, too.
 *
 * Context: the session's thread.
 */
void iet_order_leave(struct iet_cmnd *cmnd)
{
	struct iet_session *session = cmnd->conn->session;

	if (likely(!is_waiting(cmnd)))
		return;
	list_del_init(&cmnd->line_node);
	set_gated(cmnd, false);
	session->nr_ordered -= is_ordered(cmnd);
	session->look_at_line = session->nr_gated;
}

/**
 * iet_order_run() - who need not wait any more goes on
 * @session: the session, with @look_at_line set
 *
 * Context: the session's thread, between two PDUs.
 */
void iet_order_run(struct iet_session *session)
{
	struct iet_cmnd *cmnd, *next;

	while (session->look_at_line) {
		session->look_at_line = false;
		list_for_each_entry_safe(cmnd, next, &session->line, line_node)
			if (cmnd->gated)
				iet_cmnd_progress(cmnd);
	}
}
