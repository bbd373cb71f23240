// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands for LUNs.
 */
#include <linux/file.h>
#include <linux/fs.h>

#include "compat.h"
#include "event.h"
#include "iotype.h"
#include "latency.h"
#include "netlink.h"
#include "param.h"
#include "scsi.h"
#include "share.h"
#include "target.h"
#include "volume.h"

static const struct iet_range origin_range = {
	.min = IET_ORIGIN_RUNTIME,
	.max = IET_ORIGIN_CONFIG,
	.text = "unknown origin",
};

static const struct iet_range iomode_range = {
	.min = IET_IOMODE_WT,
	.max = IET_IOMODE_RO,
	.text = "IOMode must be wt (0), wb (1) or ro (2)",
};

static const struct iet_range block_size_range = {
	.min = 512,
	.max = 4096,
	.text = "BlockSize must be 512, 1024, 2048 or 4096",
};

static const struct iet_range thin_range = {
	.min = 0,
	.max = 1,
	.text = "ThinProvisioned must be No (0) or Yes (1)",
};

static const struct iet_range removable_range = {
	.min = 0,
	.max = 1,
	.text = "Removable must be No (0) or Yes (1)",
};

static const struct iet_range encrypted_range = {
	.min = IET_ENCRYPTED_NO,
	.max = IET_ENCRYPTED_NEW,
	.text = "Encrypted must be No (0), Yes (1) or a new key (2)",
};

static const struct iet_range timed_range = {
	.min = 0,
	.max = 1,
	.text = "Latency must be No (0) or Yes (1)",
};

static const struct iet_range lun_range = {
	.min = 0,
	.max = IET_LUN_MAX,
	.text = "a LUN must be 0 to " __stringify(IET_LUN_MAX),
};

static struct iet_lun *lun_of(struct iet_target *target,
			      const struct nlattr *nr,
			      struct netlink_ext_ack *extack)
{
	struct iet_lun *lun = xa_load(&target->luns, nla_get_u32(nr));

	if (!lun)
		return ERR_PTR(
			iet_nl_refuse(extack, nr, "no such LUN", -ENOENT));
	return lun;
}

/* the target and the LUN that a request names */
static int find(struct genl_info *info, struct iet_target **target,
		struct iet_lun **lun)
{
	*target = iet_nl_target(info->attrs[IET_L_TID], info->extack);
	if (IS_ERR(*target))
		return PTR_ERR(*target);
	*lun = lun_of(*target, info->attrs[IET_L_LUN], info->extack);
	return PTR_ERR_OR_ZERO(*lun);
}

static int reply_lun(struct sk_buff *reply, struct genl_info *info,
		     const struct iet_target *target, const struct iet_lun *lun)
{
	const struct iet_nl_lun obj = { .target = target, .lun = lun };

	return iet_nl_reply(reply, info, iet_nl_fill_lun, &obj);
}

/**
 * iet_nl_lun_get() - LUN_GET
 * @reply: gets the LUN set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_lun_get(struct sk_buff *reply, struct genl_info *info)
{
	struct iet_target *target;
	struct iet_lun *lun;
	int err = find(info, &target, &lun);

	if (err)
		return err;
	if (nla_get_flag(info->attrs[IET_L_WITH_STATS])) {
		const struct iet_nl_lun obj = { .target = target, .lun = lun };

		return iet_nl_reply(reply, info, iet_nl_fill_lun_stats, &obj);
	}
	return reply_lun(reply, info, target, lun);
}

static int text_get(const struct nlattr *attr, const char **text,
		    struct netlink_ext_ack *extack)
{
	*text = "";
	if (!attr)
		return 0;
	*text = nla_data(attr);
	return iet_nl_text_check(attr, extack);
}

static int ids_get(struct iet_lun_args *args, struct genl_info *info)
{
	const struct {
		int attr;
		const char **text;
	} ids[] = {
		{ IET_L_SCSI_ID, &args->scsi_id },
		{ IET_L_SCSI_SN, &args->scsi_sn },
	};
	const char *p;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		err = text_get(info->attrs[ids[i].attr], ids[i].text,
			       info->extack);
		if (err)
			return err;
		/* SPC-4 4.3.1: ASCII data fields */
		for (p = *ids[i].text; *p; p++)
			if (!isascii(*p))
				return iet_nl_refuse(info->extack,
						     info->attrs[ids[i].attr],
						     "not an ASCII text",
						     -EINVAL);
	}
	return 0;
}

static int geometry_get(struct iet_lun_args *args, struct genl_info *info)
{
	const struct nlattr *size = info->attrs[IET_L_BLOCK_SIZE];
	const struct nlattr *blocks = info->attrs[IET_L_BLOCKS];
	int err;

	if (size) {
		err = iet_range_get(&block_size_range, size, &args->block_size,
				    info->extack);
		if (err)
			return err;
		if (!is_power_of_2(args->block_size))
			return iet_nl_refuse(info->extack, size,
					     block_size_range.text, -EINVAL);
	}
	if (!blocks)
		return 0;
	args->blocks = nla_get_u64(blocks);
	/* the size in bytes must be a loff_t */
	if (!args->blocks || args->blocks > LLONG_MAX >> 12)
		return iet_nl_refuse(info->extack, blocks,
				     "Blocks must be 1 to 2^51-1", -ERANGE);
	return 0;
}

/* Yes or No; what is not given stays as it is */
static int flags_get(struct iet_lun_args *args, struct genl_info *info)
{
	const struct {
		int attr;
		const struct iet_range *range;
		bool *flag;
	} flags[] = {
		{ IET_L_THIN, &thin_range, &args->thin },
		{ IET_L_REMOVABLE, &removable_range, &args->removable },
	};
	u32 val;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (!info->attrs[flags[i].attr])
			continue;
		err = iet_range_get(flags[i].range, info->attrs[flags[i].attr],
				    &val, info->extack);
		if (err)
			return err;
		*flags[i].flag = val;
	}
	return 0;
}

static int args_get(struct iet_lun_args *args, struct genl_info *info)
{
	const struct nlattr *iotype = info->attrs[IET_L_IOTYPE];
	const struct nlattr *iomode = info->attrs[IET_L_IOMODE];
	const struct nlattr *encrypted = info->attrs[IET_L_ENCRYPTED];
	int a, err = 0;

	args->iotype = iet_iotype_find(nla_data(iotype));
	if (!args->iotype)
		return iet_nl_refuse(info->extack, iotype,
				     "Type must be fileio, blockio or nullio",
				     -EINVAL);
	if (iomode)
		err = iet_range_get(&iomode_range, iomode, &args->iomode,
				    info->extack);
	if (!err && encrypted)
		err = iet_range_get(&encrypted_range, encrypted,
				    &args->encrypted, info->extack);
	if (!err)
		err = flags_get(args, info);
	if (!err)
		err = geometry_get(args, info);
	if (!err)
		err = ids_get(args, info);
	if (!err)
		err = iet_nl_props_get(info->attrs[IET_L_PROPS], &args->props,
				       info->extack);
	if (!err && info->attrs[IET_L_PATH] && !args->iotype->needs_file)
		return iet_nl_refuse(info->extack, info->attrs[IET_L_PATH],
				     "nullio has no path", -EINVAL);
	/* not checked: whatever the file system allows as a name */
	args->path = info->attrs[IET_L_PATH] ?
			     nla_data(info->attrs[IET_L_PATH]) :
			     "";
	for (a = 1; a <= IET_L_MAX; a++)
		args->given |= info->attrs[a] ? BIT(a) : 0;
	return err;
}

/* the handler runs in the sender's file table */
static int file_get(struct file **file, const struct nlattr *fd,
		    struct netlink_ext_ack *extack)
{
	if (!fd)
		return 0;
	*file = fget(nla_get_u32(fd));
	if (!*file)
		return iet_nl_refuse(extack, fd, "not an open file", -EBADF);
	return 0;
}

/**
 * struct new_lun - a LUN that is being made
 * @args: of its volume
 * @nr: number
 * @origin: enum iet_origin
 * @vol: a volume that has been made for it and that it has not got yet
 */
struct new_lun {
	struct iet_lun_args args;
	u32 nr;
	u32 origin;
	struct iet_volume *vol;
};

/* refuse early what LUN_NEW would refuse anyway, before a volume is made */
static int new_check(struct iet_lun_args *args, struct genl_info *info)
{
	const struct nlattr *nr = info->attrs[IET_L_LUN];
	struct iet_target *target;
	unsigned int noio;
	int err = 0;

	noio = iet_nl_lock();
	target = iet_nl_target(info->attrs[IET_L_TID], info->extack);
	if (IS_ERR(target))
		err = PTR_ERR(target);
	else if (xa_load(&target->luns, nla_get_u32(nr)))
		err = iet_nl_refuse(info->extack, nr, "the LUN is in use",
				    -EEXIST);
	else
		args->wthreads = target->param.wthreads;
	iet_nl_unlock(noio);
	return err;
}

/* the volume that the LUN is to be of, if there is one: NULL, or ERR_PTR() */
static struct iet_volume *new_share(const struct new_lun *new,
				    struct genl_info *info)
{
	const struct nlattr *of = info->attrs[IET_L_OF_LUN];
	bool ro = new->args.iomode == IET_IOMODE_RO;
	struct iet_volume *vol = iet_share_find(new->args.file, ro);
	struct iet_target *target;
	struct iet_lun *lun;
	int err;

	if (of) {
		target = iet_nl_target(info->attrs[IET_L_OF_TID], info->extack);
		if (IS_ERR(target))
			return ERR_CAST(target);
		lun = lun_of(target, of, info->extack);
		if (IS_ERR(lun))
			return ERR_CAST(lun);
		vol = lun->vol;
	}
	err = vol ? iet_share_check(vol, &new->args, info->extack) : 0;
	return err ? ERR_PTR(err) : vol;
}

/*
 * Map the volume that there is, or @new->vol, which the LUN then owns, or say
 * by -EAGAIN that one has to be made.
 */
static int new_map(struct new_lun *new, struct genl_info *info)
{
	struct iet_target *target;
	struct iet_volume *vol;
	int err;

	target = iet_nl_target(info->attrs[IET_L_TID], info->extack);
	if (IS_ERR(target))
		return PTR_ERR(target);
	vol = new_share(new, info);
	if (IS_ERR(vol))
		return PTR_ERR(vol);
	err = vol ? 0 : iet_share_check_crypt(&new->args, info->extack);
	if (err)
		return err;
	if (!vol && !new->vol)
		return -EAGAIN;
	err = iet_lun_add(target, new->nr, vol ?: new->vol, new->origin,
			  info->extack);
	if (!err && !vol)
		new->vol = NULL;
	return err;
}

static int new_add(struct new_lun *new, struct sk_buff *reply,
		   struct genl_info *info)
{
	struct iet_target *target;
	struct iet_lun *lun;
	unsigned int noio;
	int err;

	noio = iet_nl_lock();
	err = new_map(new, info);
	if (!err)
		err = find(info, &target, &lun);
	if (!err)
		err = reply_lun(reply, info, target, lun);
	iet_nl_unlock(noio);
	return err;
}

static int new_files(struct iet_lun_args *args, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	int err;

	if (!attrs[IET_L_OF_TID] != !attrs[IET_L_OF_LUN])
		return iet_nl_refuse(
			info->extack, NULL,
			"the LUN of which disk? of-tid and of-lun go together",
			-EINVAL);
	if (attrs[IET_L_OF_LUN] && attrs[IET_L_FD])
		return iet_nl_refuse(info->extack, attrs[IET_L_FD],
				     "either a file or the disk of a LUN",
				     -EINVAL);
	err = file_get(&args->file, attrs[IET_L_FD], info->extack);
	if (!err)
		err = file_get(&args->state_file, attrs[IET_L_STATE_FD],
			       info->extack);
	return err;
}

/**
 * iet_nl_lun_new() - LUN_NEW
 * @reply: gets the LUN set
 * @info: request
 *
 * Context: takes iet_config_lock; doesn't hold it while the volume is made.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_lun_new(struct sk_buff *reply, struct genl_info *info)
{
	struct new_lun new = {
		.args.iomode = IET_IOMODE_WT,
		.origin = IET_ORIGIN_RUNTIME,
	};
	int err;

	err = iet_range_get(&lun_range, info->attrs[IET_L_LUN], &new.nr,
			    info->extack);
	if (!err && info->attrs[IET_L_ORIGIN])
		err = iet_range_get(&origin_range, info->attrs[IET_L_ORIGIN],
				    &new.origin, info->extack);
	if (!err)
		err = args_get(&new.args, info);
	if (!err)
		err = new_check(&new.args, info);
	if (!err)
		err = new_files(&new.args, info);
	if (!err)
		err = new_add(&new, reply, info);
	if (err == -EAGAIN) {
		new.vol = iet_volume_create(&new.args, info->extack);
		err = PTR_ERR_OR_ZERO(new.vol);
		if (!err)
			err = new_add(&new, reply, info);
		else
			new.vol = NULL;
	}
	/* refused, or somebody else was faster with the same medium */
	if (new.vol)
		iet_volume_kill(new.vol);
	if (new.args.file)
		fput(new.args.file);
	if (new.args.state_file)
		fput(new.args.state_file);
	return err;
}

/**
 * iet_nl_lun_set() - LUN_SET
 * @reply: gets the LUN set
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_lun_set(struct sk_buff *reply, struct genl_info *info)
{
	const struct nlattr *nest = info->attrs[IET_L_PROPS];
	struct iet_props props;
	struct iet_target *target;
	struct iet_lun *lun;
	u32 origin, timed;
	int err;

	err = find(info, &target, &lun);
	if (err)
		return err;
	origin = lun->origin;
	timed = lun->vol->timed;
	if (info->attrs[IET_L_TIMED])
		err = iet_range_get(&timed_range, info->attrs[IET_L_TIMED],
				    &timed, info->extack);
	if (err)
		return err;
	if (info->attrs[IET_L_ORIGIN])
		err = iet_range_get(&origin_range, info->attrs[IET_L_ORIGIN],
				    &origin, info->extack);
	if (!err && nest)
		err = iet_nl_props_get(nest, &props, info->extack);
	if (!err && nest)
		err = iet_volume_set_props(lun->vol, &props, info->extack);
	if (!err)
		err = iet_latency_set(lun->vol, timed);
	if (err)
		return err;
	lun->origin = origin;
	if (nla_get_flag(info->attrs[IET_L_RESCAN]))
		iet_lun_rescan(lun);
	iet_event_lun(target->tid, lun->lun, IET_EVENT_SET);
	return reply_lun(reply, info, target, lun);
}

/**
 * iet_nl_lun_del() - LUN_DEL
 * @reply: stays empty
 * @info: request
 *
 * Context: under iet_config_lock.
 *
 * Return: 0 or a negative errno.
 */
int iet_nl_lun_del(struct sk_buff *reply, struct genl_info *info)
{
	const struct nlattr *nr = info->attrs[IET_L_LUN];
	struct iet_target *target;
	int err;

	target = iet_nl_target(info->attrs[IET_L_TID], info->extack);
	if (IS_ERR(target))
		return PTR_ERR(target);
	err = iet_lun_delete(target, nla_get_u32(nr), info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, nr);
	return err;
}

/* the LUNs of a target, from cb->args[1] on */
static int dump_target(struct sk_buff *skb, struct netlink_callback *cb,
		       struct iet_target *target)
{
	bool stats = iet_genl_dump_attrs(cb)[IET_L_WITH_STATS];
	iet_nl_fill_fn fill = stats ? iet_nl_fill_lun_stats : iet_nl_fill_lun;
	struct iet_nl_lun obj = { .target = target };
	struct iet_lun *lun;
	unsigned long nr;
	int err;

	xa_for_each_start(&target->luns, nr, lun, cb->args[1]) {
		obj.lun = lun;
		err = iet_nl_dump_one(skb, cb, fill, &obj);
		if (err)
			return err;
		cb->args[1] = nr + 1;
	}
	return 0;
}

/**
 * iet_nl_lun_dump() - dump of LUN_GET
 * @skb: message
 * @cb: dump state; args[0]: tid, args[1]: next LUN
 *
 * Context: takes iet_config_lock.
 *
 * Return: see iet_nl_dump_in_targets().
 */
int iet_nl_lun_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	int err = iet_nl_dump_check(cb, IET_L_LUN);

	if (err)
		return err;
	return iet_nl_dump_in_targets(
		skb, cb, iet_genl_dump_attrs(cb)[IET_L_TID], dump_target);
}
