// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of targets.
 */
#include <linux/ctype.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "event.h"
#include "evict.h"
#include "fault.h"
#include "netlink.h"
#include "param.h"
#include "session.h"
#include "target.h"

DEFINE_MUTEX(iet_config_lock);
LIST_HEAD(iet_targets);

/* the same targets by tid; under iet_config_lock */
static DEFINE_XARRAY_ALLOC1(tids);
/* and by port_id */
static DEFINE_XARRAY_ALLOC1(ports);

/*
 * RFC 7143 4.2.7.  The host part of an "iqn." name is left to the
 * administrator; what would break a line of output or a text key is not.
 */
static const char *name_refusal(const char *name)
{
	static const char *const types[] = { "iqn.", "eui.", "naa." };
	const unsigned char *p;
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strncmp(name, types[i], strlen(types[i])))
			break;
	if (i == ARRAY_SIZE(types) || !name[strlen(types[i])])
		return "a target name begins with iqn., eui. or naa.";
	if (strlen(name) > ISCSI_NAME_MAX)
		return "a target name has at most " __stringify(
			ISCSI_NAME_MAX) " characters";

	for (p = name; *p; p++) {
		if (isascii(*p) && isupper(*p))
			return "a target name is in lower case";
		/* beyond ASCII: UTF-8, prepared by RFC 3722 */
		if (isascii(*p) && !isalnum(*p) && !strchr("-.:_", *p))
			return "a target name has letters, digits and -.:_";
	}
	return NULL;
}

static int insert_tid(struct iet_target *target, u32 tid)
{
	if (!tid)
		return xa_alloc(&tids, &target->tid, target, xa_limit_32b,
				GFP_KERNEL);
	target->tid = tid;
	return xa_insert(&tids, tid, target, GFP_KERNEL);
}

static int insert_port(struct iet_target *target)
{
	u32 id = target->tid;
	int err = -EBUSY;

	if (id <= U16_MAX)
		err = xa_insert(&ports, id, target, GFP_KERNEL);
	if (err == -EBUSY)
		err = xa_alloc(&ports, &id, target, XA_LIMIT(1, U16_MAX),
			       GFP_KERNEL);
	target->port_id = id;
	return err;
}

static int insert(struct iet_target *target, u32 tid)
{
	int err = insert_tid(target, tid);

	if (err < 0)
		return err;
	err = insert_port(target);
	if (err < 0)
		xa_erase(&tids, target->tid);
	return err;
}

/**
 * iet_target_create() - make a target with default parameters
 * @name: iSCSI name
 * @tid: target id, 0: the lowest free one
 * @extack: for the refusal
 *
 * Context: under iet_config_lock; doesn't notify.
 *
 * Return: the target, which the registry holds, or ERR_PTR(): -EINVAL for a
 * bad name, -EEXIST if name or tid are in use, -ENOMEM.
 */
struct iet_target *iet_target_create(const char *name, u32 tid,
				     struct netlink_ext_ack *extack)
{
	const char *refusal = name_refusal(name);
	struct iet_target *target;
	int err;

	lockdep_assert_held(&iet_config_lock);
	if (refusal)
		return ERR_PTR(iet_nl_refuse(extack, NULL, refusal, -EINVAL));
	if (iet_target_by_name(name))
		return ERR_PTR(iet_nl_refuse(extack, NULL, "the target exists",
					     -EEXIST));

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	kref_init(&target->ref);
	strscpy(target->name, name, sizeof(target->name));
	iet_target_param_default(&target->param);
	iet_keys_default(target->keys);
	xa_init(&target->luns);
	INIT_LIST_HEAD(&target->sessions);

	err = insert(target, tid);
	if (err < 0) {
		kfree(target);
		if (err == -EBUSY)
			err = iet_nl_refuse(extack, NULL, "the tid is in use",
					    -EEXIST);
		return ERR_PTR(err);
	}
	list_add(&target->node, &iet_targets);
	return target;
}

/**
 * iet_target_by_tid() - find a target
 * @tid: target id
 *
 * Context: under iet_config_lock.
 *
 * Return: the target or NULL.
 */
struct iet_target *iet_target_by_tid(u32 tid)
{
	lockdep_assert_held(&iet_config_lock);
	return xa_load(&tids, tid);
}

/**
 * iet_target_next() - go through the targets in order of their ids
 * @tid: lowest target id to return
 *
 * Context: under iet_config_lock.
 *
 * Return: the target or NULL.
 */
struct iet_target *iet_target_next(unsigned long tid)
{
	lockdep_assert_held(&iet_config_lock);
	return xa_find(&tids, &tid, ULONG_MAX, XA_PRESENT);
}

/**
 * iet_target_by_name() - find a target
 * @name: iSCSI name, lower case
 *
 * Context: under iet_config_lock.
 *
 * Return: the target or NULL.
 */
struct iet_target *iet_target_by_name(const char *name)
{
	struct iet_target *target;

	lockdep_assert_held(&iet_config_lock);
	list_for_each_entry(target, &iet_targets, node)
		if (!strcmp(target->name, name))
			return target;
	return NULL;
}

static void delete_luns(struct iet_target *target)
{
	struct iet_lun *lun;
	unsigned long nr;

	xa_for_each(&target->luns, nr, lun)
		iet_lun_delete(target, nr, NULL);
}

/**
 * iet_target_delete() - unlink a target with its LUNs
 * @target: may be freed on return
 * @force: even if it is in use
 * @extack: for the refusal
 *
 * Sessions are closed. They and what they have in the backends end by
 * themselves later; the target is out of sight and its name and tid are free
 * at once.
 *
 * Context: under iet_config_lock; doesn't wait.
 *
 * Return: 0, or -EBUSY if it is in use (see evict.c) and @force is not set.
 */
int iet_target_delete(struct iet_target *target, bool force,
		      struct netlink_ext_ack *extack)
{
	struct iet_session *s, *next;

	lockdep_assert_held(&iet_config_lock);
	if (!force && iet_evict_in_use(target))
		return iet_nl_refuse(extack, NULL, "the target has sessions",
				     -EBUSY);
	target->dying = true;
	list_del(&target->node);
	xa_erase(&tids, target->tid);
	xa_erase(&ports, target->port_id);
	list_for_each_entry_safe(s, next, &target->sessions, target_node)
		iet_session_close(s, IET_EVENT_ADMIN);
	iet_target_faults_clear(target);
	delete_luns(target);
	iet_event_target(target->tid, IET_EVENT_DEL);
	iet_target_put(target);
	return 0;
}

/**
 * iet_target_delete_all() - unlink all targets
 *
 * Context: takes iet_config_lock; doesn't wait for anything else.
 */
void iet_target_delete_all(void)
{
	struct iet_target *target, *next;

	mutex_lock(&iet_config_lock);
	list_for_each_entry_safe(target, next, &iet_targets, node)
		iet_target_delete(target, true, NULL);
	mutex_unlock(&iet_config_lock);
}

/**
 * iet_target_get() - take a reference
 * @target: target that the caller knows to be alive
 *
 * Context: any.
 */
void iet_target_get(struct iet_target *target)
{
	kref_get(&target->ref);
}

static void release(struct kref *ref)
{
	struct iet_target *target = container_of(ref, struct iet_target, ref);

	xa_destroy(&target->luns);
	kfree(target->faults);
	kfree_rcu(target, rcu);
}

/**
 * iet_target_put() - drop a reference
 * @target: may be freed on return, after a grace period
 *
 * Context: any.
 */
void iet_target_put(struct iet_target *target)
{
	kref_put(&target->ref, release);
}
