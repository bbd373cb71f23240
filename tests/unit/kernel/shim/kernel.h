/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel's headers as kernel/'s pure logic takes, for user
 * space.  What a file of kernel/ includes as <linux/...> comes here; included
 * before everything else by the Makefile, in the place of compat.h.
 *
 * Locks and references do nothing: the tests have one thread.
 */
#ifndef SHIM_KERNEL_H
#define SHIM_KERNEL_H
#define IET_COMPAT_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

/* types */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef s64 ktime_t;
typedef unsigned int gfp_t;
typedef struct {
	int counter;
} atomic_t;
typedef struct {
	s64 counter;
} atomic64_t;
struct rcu_head {
	void *next;
};
struct hlist_node {
	struct hlist_node *next;
};
struct work_struct {
	void (*func)(struct work_struct *work);
};
struct delayed_work {
	struct work_struct work;
};
struct rcu_work {
	struct work_struct work;
};
struct percpu_ref {
	int count;
};
struct xarray {
	void *slot[256];
};
struct kref {
	int count;
};
struct mutex {
	int held;
};
typedef struct {
	int held;
} spinlock_t;
struct page;
struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;
	unsigned int bv_offset;
};
struct bio {
	int unused;
};
struct kiocb {
	int unused;
};
struct iov_iter;

/* language */
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define atomic_inc(a) ((a)->counter++)
#define atomic_read(a) ((a)->counter)
#define atomic_xchg(a, v)                \
	({                               \
		int old_ = (a)->counter; \
		(a)->counter = (v);      \
		old_;                    \
	})

#define __must_check __attribute__((warn_unused_result))
#define __packed __attribute__((packed))
#define __rcu
#define __force
#define ____cacheline_aligned_in_smp
#define fallthrough __attribute__((fallthrough))
#define likely(x) (x)
#define unlikely(x) (x)
#define READ_ONCE(x) (x)
#define WRITE_ONCE(x, v) ((x) = (v))
#define EXPORT_SYMBOL_GPL(x)
#define BIT(n) (1UL << (n))
#define fls64(x) ((x) ? 64 - __builtin_clzll(x) : 0)
#define div_u64(n, d) ((n) / (d))
#define div_u64_rem(n, d, rest) (*(rest) = (n) % (d), (n) / (d))
#define __ffs(x) ((unsigned long)__builtin_ctzl(x))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p)-offsetof(type, member)))
#define WARN_ON_ONCE(x)                      \
	({                                   \
		int warn_on_ = !!(x);        \
		assert(!warn_on_ && "WARN"); \
		warn_on_;                    \
	})
#define EIOCBQUEUED 529
#define swap(a, b)                  \
	({                          \
		typeof(a) a_ = (a); \
		(a) = (b);          \
		(b) = a_;           \
	})

/* pointers that may be errors */
#define ERR_PTR(err) ((void *)(long)(err))
#define PTR_ERR(p) ((long)(p))
#define IS_ERR(p) ((unsigned long)(p) >= (unsigned long)-4095L)

/* a static branch is a number */
#define DECLARE_STATIC_KEY_FALSE(key) extern int key
struct static_key_false_deferred {
	int key;
};
#define static_branch_unlikely(key) (*(key) > 0)

/* memory; gfp says only whether the caller may sleep */
#define GFP_NOWAIT 0u
#define GFP_ATOMIC 0u
#define GFP_KERNEL 1u
#define GFP_NOIO 1u
#define __GFP_NOWARN 0u
#define __GFP_NORETRY 0u
#define gfpflags_allow_blocking(gfp) ((gfp)&1u)

/* which of the next allocations that may not sleep is to fail, 0: none */
extern unsigned int shim_no_memory;
/* percpu_ref_is_dying() says so */
extern bool shim_dying;

static inline bool shim_fails(gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp) || !shim_no_memory)
		return false;
	return !--shim_no_memory;
}

#define kzalloc(size, gfp) (shim_fails(gfp) ? NULL : calloc(1, size))
#define kmalloc(size, gfp) (shim_fails(gfp) ? NULL : malloc(size))
#define kvmalloc(size, gfp) kmalloc(size, gfp)
#define krealloc(p, size, gfp) (shim_fails(gfp) ? NULL : realloc(p, size))
#define kfree(p) free(p)
#define kvfree(p) free(p)
#define struct_size(p, member, n) (sizeof(*(p)) + (n) * sizeof((p)->member[0]))

static inline void strscpy(char *to, const char *from, size_t room)
{
	snprintf(to, room, "%s", from);
}

static inline void *memchr_inv(const void *p, int c, size_t len)
{
	const u8 *b = p;

	for (; len; b++, len--)
		if (*b != (u8)c)
			return (void *)b;
	return NULL;
}

/* references */
static inline bool percpu_ref_tryget_live(struct percpu_ref *ref)
{
	if (ref->count <= 0)
		return false;
	ref->count++;
	return true;
}

static inline void percpu_ref_get(struct percpu_ref *ref)
{
	assert(ref->count++ > 0);
}

static inline bool percpu_ref_is_dying(struct percpu_ref *ref)
{
	return shim_dying;
}

static inline void percpu_ref_put(struct percpu_ref *ref)
{
	ref->count--;
}

/* What CPUs have for themselves: shim_cpu is the one that runs. */
#define SHIM_CPUS 2
__attribute__((weak)) unsigned int shim_cpu;
#define __percpu
#define alloc_percpu(type) ((type *)calloc(SHIM_CPUS, sizeof(type)))
#define free_percpu(p) free(p)
#define per_cpu_ptr(p, cpu) (&(p)[cpu])
#define raw_cpu_ptr(p) (&(p)[shim_cpu])
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < SHIM_CPUS; (cpu)++)

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

/* Work is done when the test says so; it plays queue_work(). */
struct workqueue_struct;
#define INIT_WORK(w, f) ((w)->func = (f))
#define INIT_DELAYED_WORK(w, f) ((w)->work.func = (f))
#define to_delayed_work(w) container_of(w, struct delayed_work, work)
#define HZ 250
#define msecs_to_jiffies(ms) ((ms)*HZ / 1000UL)
/* the last work that was to be done later, and when */
__attribute__((weak)) struct delayed_work *shim_delayed;
__attribute__((weak)) unsigned long shim_delay;
static inline void queue_delayed_work(struct workqueue_struct *wq,
				      struct delayed_work *work,
				      unsigned long delay)
{
	shim_delayed = work;
	shim_delay = delay;
}

static inline bool cancel_delayed_work(struct delayed_work *work)
{
	bool pending = shim_delayed == work;

	if (pending)
		shim_delayed = NULL;
	return pending;
}

static inline void cancel_delayed_work_sync(struct delayed_work *work)
{
}

#define WQ_UNBOUND 0
#define WQ_MEM_RECLAIM 0
#define alloc_workqueue(name, flags, max) \
	((struct workqueue_struct *)calloc(1, 1))
#define destroy_workqueue(wq) free(wq)

void queue_work(struct workqueue_struct *wq, struct work_struct *work);

/* numbers */
#define U8_MAX ((u8)~0U)
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#define U64_MAX ((u64)~0ULL)
#define min(a, b)                              \
	({                                     \
		__typeof__(a) min_a = (a);     \
		__typeof__(b) min_b = (b);     \
		min_a < min_b ? min_a : min_b; \
	})
#define max(a, b)                              \
	({                                     \
		__typeof__(a) max_a = (a);     \
		__typeof__(b) max_b = (b);     \
		max_a > max_b ? max_a : max_b; \
	})
#define min3(a, b, c) min(min(a, b), c)
#define min_t(t, a, b) min((t)(a), (t)(b))
#define max_t(t, a, b) max((t)(a), (t)(b))
#define round_up(x, to) ((((x)-1) | ((__typeof__(x))(to)-1)) + 1)
#define round_down(x, to) ((x) & ~((__typeof__(x))(to)-1))
#define DIV_ROUND_UP(a, b) (((a) + (b)-1) / (b))
#define ALIGN(x, to) round_up(x, to)

static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

/* text; shim_compared counts how often names are compared */
__attribute__((weak)) unsigned long shim_compared;
#define strcmp(a, b) (shim_compared++, strcmp(a, b))

static inline int shim_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline int hex2bin(u8 *dst, const char *src, size_t count)
{
	for (; count; count--, src += 2) {
		int hi = shim_hex(src[0]), lo = hi < 0 ? -1 : shim_hex(src[1]);

		if (lo < 0)
			return -EINVAL;
		*dst++ = hi << 4 | lo;
	}
	return 0;
}

/* byte order */
#define cpu_to_be16(x) ((__be16)htobe16(x))
#define cpu_to_be32(x) ((__be32)htobe32(x))
#define cpu_to_be64(x) ((__be64)htobe64(x))
#define be16_to_cpu(x) be16toh(x)
#define be32_to_cpu(x) be32toh(x)
#define be64_to_cpu(x) be64toh(x)

#define SHIM_UNALIGNED(bits)                                          \
	static inline u##bits get_unaligned_be##bits(const void *p)   \
	{                                                             \
		u##bits v;                                            \
                                                                      \
		memcpy(&v, p, sizeof(v));                             \
		return be##bits##toh(v);                              \
	}                                                             \
	static inline void put_unaligned_be##bits(u##bits v, void *p) \
	{                                                             \
		v = htobe##bits(v);                                   \
		memcpy(p, &v, sizeof(v));                             \
	}
SHIM_UNALIGNED(16)
SHIM_UNALIGNED(32)
SHIM_UNALIGNED(64)

static inline u32 get_unaligned_be24(const void *p)
{
	const u8 *b = p;

	return b[0] << 16 | b[1] << 8 | b[2];
}

static inline void put_unaligned_be24(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 16;
	b[1] = v >> 8;
	b[2] = v;
}

/* time and chance; a test sets the one and sees the other */
extern unsigned long jiffies;
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
void get_random_bytes(void *buf, size_t len);

typedef struct {
	int count;
} refcount_t;

static inline void refcount_set(refcount_t *r, int n)
{
	r->count = n;
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	assert(r->count > 0);
	return !--r->count;
}

/* lists */
struct list_head {
	struct list_head *next, *prev;
};
#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define list_entry(p, type, member) container_of(p, type, member)
#define list_for_each_entry(pos, head, member)                         \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); \
	     &pos->member != (head);                                   \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

#define list_for_each_entry_continue(pos, head, member)                    \
	for (pos = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head);                                       \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))
#define list_last_entry(head, type, member) \
	container_of((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_for_each_entry_safe(pos, n, head, member)                  \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),  \
	    n = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (head);                                    \
	     pos = n, n = list_entry(n->member.next, __typeof__(*n), member))
#define list_for_each_entry_safe_continue(pos, n, head, member)            \
	for (pos = list_entry(pos->member.next, __typeof__(*pos), member), \
	    n = list_entry(pos->member.next, __typeof__(*pos), member);    \
	     &pos->member != (head);                                       \
	     pos = n, n = list_entry(n->member.next, __typeof__(*n), member))
#define list_for_each_entry_safe_reverse(pos, n, head, member)          \
	for (pos = list_entry((head)->prev, __typeof__(*pos), member),  \
	    n = list_entry(pos->member.prev, __typeof__(*pos), member); \
	     &pos->member != (head);                                    \
	     pos = n, n = list_entry(n->member.prev, __typeof__(*n), member))

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h->prev = h;
}

static inline bool list_empty(const struct list_head *h)
{
	return h->next == h;
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	n->prev = h->prev;
	n->next = h;
	h->prev->next = n;
	h->prev = n;
}

static inline void list_add(struct list_head *n, struct list_head *h)
{
	list_add_tail(n, h->next);
}

static inline bool list_is_last(const struct list_head *n,
				const struct list_head *h)
{
	return n->next == h;
}

/* all of @from to the beginning of @to */
static inline void list_splice_init(struct list_head *from,
				    struct list_head *to)
{
	if (!list_empty(from)) {
		from->next->prev = to;
		from->prev->next = to->next;
		to->next->prev = from->prev;
		to->next = from->next;
	}
	INIT_LIST_HEAD(from);
}

/* all of @from to the end of @to */
static inline void list_splice_tail(struct list_head *from,
				    struct list_head *to)
{
	list_splice_init(from, to->prev);
}

static inline void list_del_init(struct list_head *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	INIT_LIST_HEAD(n);
}

static inline void list_del(struct list_head *n)
{
	list_del_init(n);
}

static inline void list_move_tail(struct list_head *n, struct list_head *h)
{
	list_del(n);
	list_add_tail(n, h);
}

/* locks; a test looks at @held to see that none was forgotten */
#define DEFINE_SPINLOCK(name) spinlock_t name
#define spin_lock_init(l) ((l)->held = 0)
#define spin_lock(l)                \
	do {                        \
		assert(!(l)->held); \
		(l)->held = 1;      \
	} while (0)
#define spin_unlock(l)             \
	do {                       \
		assert((l)->held); \
		(l)->held = 0;     \
	} while (0)
#define spin_lock_irqsave(l, f)                   \
	do {                                      \
		assert(!(l)->held);               \
		(f) = (unsigned long)++(l)->held; \
	} while (0)
#define spin_unlock_irqrestore(l, f)           \
	do {                                   \
		assert((l)->held == (int)(f)); \
		(l)->held = 0;                 \
	} while (0)
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)
#define lockdep_assert_held(l) ((void)(l))

static inline void *xa_load(struct xarray *xa, unsigned long index)
{
	return index < ARRAY_SIZE(xa->slot) ? xa->slot[index] : NULL;
}

#define xa_for_each(xa, i, p)                              \
	for ((i) = 0; (i) < ARRAY_SIZE((xa)->slot); (i)++) \
		if (((p) = xa_load(xa, i)))

#endif /* SHIM_KERNEL_H */
