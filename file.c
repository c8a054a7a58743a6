// SPDX-License-Identifier: GPL-2.0
/*
 * What a program does with an open device: read, write, seek, ioctl.
 *
 * Reads and writes go from quantum to quantum. In each step the store is held
 * by its section and the copy runs with page faults disabled. When it comes up
 * short, the step ends, everything is let go, and only then is the caller's
 * page faulted in.
 *
 * in_quantum() bounds every copy. Hardened usercopy would add nothing: it knows
 * the bounds of slab objects, which quanta are not, and of vmalloc areas only
 * while page faults are enabled. So the copies are _copy_to_iter() and
 * _copy_from_iter(), which do not ask it: a 15th of reading 4 KiB.
 *
 * Who reads bytes that another is writing gets some of the old and some of the
 * new, as from the page cache: for the bytes themselves a data race is allowed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "scullv.h"
#include "scullv_ioctl.h"

/*
 * The book's rule: opening write-only empties the device. O_TRUNC does in any
 * mode; a program that appends wants to keep what is there.
 */
static bool empties(const struct file *file)
{
	if (file->f_flags & O_TRUNC)
		return true;
	return (file->f_flags & O_ACCMODE) == O_WRONLY &&
	       !(file->f_flags & O_APPEND);
}

static int scullv_open(struct inode *inode, struct file *file)
{
	struct scullv_dev *dev = container_of(inode->i_cdev,
					      struct scullv_dev, cdev);

	file->private_data = dev;
	file->f_mapping = dev->inode->i_mapping;
	/* offsets are 64 bits wide, whoever opens */
	file->f_flags |= O_LARGEFILE;
	/* there is no cache to go around, so O_DIRECT is nothing special */
	file->f_mode |= FMODE_NOWAIT | FMODE_CAN_ODIRECT;
	/* who shares an offset shares it as POSIX says (XSH 2.9.7) */
	file->f_mode |= FMODE_ATOMIC_POS;

	return empties(file) ? scullv_trim(dev) : 0;
}

/* how far a call has come, and in which store */
struct progress {
	size_t most;		/* bytes of a step */
	ssize_t done;
	u64 generation;
};

/* where in its quantum a position is, and how much of a step goes there */
static size_t in_quantum(const struct scullv_store *store, loff_t pos,
			 const struct progress *progress, size_t *len)
{
	size_t offset = pos & (store->quantum_size - 1);

	*len = min3(*len, store->quantum_size - offset, progress->most);
	return offset;
}

/*
 * A step copies within one quantum. It returns the bytes copied, 0 when there
 * is nothing more to be had, -EFAULT when nothing could be copied because a
 * page of the caller's is missing, or what else is wrong.
 */
typedef ssize_t (*step_fn)(struct kiocb *iocb, struct iov_iter *iter,
			   struct progress *progress);

/* what a trim has cut in two is not glued together again */
static bool overtaken(struct progress *progress,
		      const struct scullv_store *store)
{
	if (progress->done)
		return progress->generation != store->generation;
	progress->generation = store->generation;
	return false;
}

static __always_inline ssize_t take_steps(struct kiocb *iocb,
					  struct iov_iter *iter, step_fn step,
					  struct progress *progress)
{
	ssize_t ret;

	while (iov_iter_count(iter)) {
		if (progress->done) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
		ret = step(iocb, iter, progress);
		if (ret <= 0)
			return ret;
		iocb->ki_pos += ret;
		progress->done += ret;
	}
	return 0;
}

/*
 * Get the pages of the caller's buffer that come next. Outside all sections and
 * locks: this may take for ever. The next step ends where they end: not every
 * machine copies up to the byte before a page that is missing. Some copy nothing
 * then, riscv does, and would do so again and again.
 */
static int fault_in(struct iov_iter *iter, struct progress *progress,
		    size_t (*fault_in_iter)(const struct iov_iter *, size_t))
{
	size_t len = min_t(size_t, iov_iter_count(iter), SCULLV_CHUNK);

	/* a kernel buffer that takes nothing is full: no page is missing */
	if (!user_backed_iter(iter))
		return -EFAULT;
	if (fatal_signal_pending(current))
		return -EINTR;
	progress->most = len - fault_in_iter(iter, len);
	return progress->most ? 0 : -EFAULT;
}

/* copy from one quantum, or from a hole; 0 at the end of the device */
static ssize_t read_step(struct kiocb *iocb, struct iov_iter *to,
			 struct progress *progress)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	struct scullv_store *store;
	size_t offset, len;
	loff_t pos, size;
	ssize_t ret = 0;
	void *quantum;
	int idx;

	store = scullv_store_get(dev, &idx);
	pos = iocb->ki_pos;
	size = scullv_size(store);
	if (pos >= size || overtaken(progress, store))
		goto out;

	len = min_t(loff_t, iov_iter_count(to), size - pos);
	offset = in_quantum(store, pos, progress, &len);
	quantum = scullv_lookup(store, pos);

	pagefault_disable();
	if (quantum)
		/* data race: the bytes themselves, see above */
		ret = data_race(_copy_to_iter(quantum + offset, len, to));
	else
		ret = iov_iter_zero(len, to);
	pagefault_enable();
	if (!ret)
		ret = -EFAULT;
out:
	scullv_store_put(dev, idx);
	return ret;
}

static ssize_t scullv_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct progress progress = { .most = SCULLV_CHUNK };
	ssize_t ret;

	do {
		ret = take_steps(iocb, to, read_step, &progress);
		if (ret != -EFAULT)
			break;
		ret = fault_in(to, &progress, fault_in_iov_iter_writeable);
	} while (!ret);
	return progress.done ?: ret;
}

/*
 * Is there a hole? Who may not wait is told before the first byte is copied:
 * io_uring lets a thread that may wait have all of a call, never the rest.
 */
static bool has_hole(struct scullv_store *store, u64 pos, size_t len)
{
	u64 end = pos + len;

	for (; pos < end; pos = (pos | (store->quantum_size - 1)) + 1)
		if (!scullv_lookup(store, pos))
			return true;
	return false;
}

/* the quantum at pos, allocated where there is a hole */
static void *get_quantum(struct scullv_dev *dev, struct scullv_store *store,
			 loff_t pos, struct iov_iter *from)
{
	void *quantum = scullv_lookup(store, pos);
	size_t missing;

	if (quantum)
		return quantum;

	/* a buffer that cannot be read shall cost no memory */
	pagefault_disable();
	missing = fault_in_iov_iter_readable(from, 1);
	pagefault_enable();
	return missing ? ERR_PTR(-EFAULT) :
			 scullv_fill(dev, store, pos);
}

/* copy into one quantum; -ESTALE when the rest of the write has no place */
static ssize_t write_step(struct kiocb *iocb, struct iov_iter *from,
			  struct progress *progress)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	struct scullv_store *store;
	size_t offset, len, copied;
	ssize_t ret = -ESTALE;
	void *quantum;
	int idx;

	store = scullv_store_get(dev, &idx);
	if (overtaken(progress, store))
		goto out;
	if (iocb->ki_flags & IOCB_APPEND) {
		loff_t size = scullv_size(store);

		/* the second half goes right behind the first or nowhere */
		if (progress->done && size != iocb->ki_pos)
			goto out;
		iocb->ki_pos = size;
	}

	ret = -EFBIG;
	if (iocb->ki_pos >= MAX_LFS_FILESIZE)
		goto out;
	len = min_t(loff_t, iov_iter_count(from),
		    MAX_LFS_FILESIZE - iocb->ki_pos);
	ret = -EAGAIN;
	if (iocb->ki_flags & IOCB_NOWAIT && !progress->done &&
	    has_hole(store, iocb->ki_pos, len))
		goto out;

	offset = in_quantum(store, iocb->ki_pos, progress, &len);
	quantum = get_quantum(dev, store, iocb->ki_pos, from);
	ret = PTR_ERR_OR_ZERO(quantum);
	if (ret)
		goto out;

	pagefault_disable();
	/* data race: the bytes themselves, see above */
	copied = data_race(_copy_from_iter(quantum + offset, len, from));
	pagefault_enable();
	if (copied)
		scullv_extend(store, iocb->ki_pos + copied);
	ret = copied ?: -EFAULT;
out:
	scullv_store_put(dev, idx);
	return ret;
}

static int lock_append(struct scullv_dev *dev, struct kiocb *iocb)
{
	if (iocb->ki_flags & IOCB_NOWAIT)
		return mutex_trylock(&dev->append_lock) ? 0 : -EAGAIN;
	return mutex_lock_killable(&dev->append_lock) ? -EINTR : 0;
}

static ssize_t append_steps(struct kiocb *iocb, struct iov_iter *from,
			    struct progress *progress)
{
	struct scullv_dev *dev = iocb->ki_filp->private_data;
	ssize_t ret;

	ret = lock_append(dev, iocb);
	if (ret)
		return ret;
	ret = take_steps(iocb, from, write_step, progress);
	mutex_unlock(&dev->append_lock);
	return ret;
}

static ssize_t scullv_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	bool append = iocb->ki_flags & IOCB_APPEND;
	struct progress progress = { .most = SCULLV_CHUNK };
	ssize_t ret;

	/*
	 * Where a page is missing in the middle of an append, another may get
	 * in between. With the pages fetched beforehand that becomes rare.
	 */
	if (append) {
		fault_in_iov_iter_readable(from, SCULLV_CHUNK);
		if (fatal_signal_pending(current))
			return -EINTR;
	}

	do {
		if (append)
			ret = append_steps(iocb, from, &progress);
		else
			ret = take_steps(iocb, from, write_step, &progress);
		if (ret != -EFAULT)
			break;
		ret = fault_in(from, &progress, fault_in_iov_iter_readable);
	} while (!ret);
	return progress.done ?: ret;
}

static loff_t scullv_llseek(struct file *file, loff_t offset, int whence)
{
	struct scullv_dev *dev = file->private_data;
	struct scullv_store *store;
	int idx;

	store = scullv_store_get(dev, &idx);
	switch (whence) {
	case SEEK_DATA:
		offset = scullv_seek_data(store, offset);
		break;
	case SEEK_HOLE:
		offset = scullv_seek_hole(store, offset);
		break;
	default:
		offset = generic_file_llseek_size(file, offset, whence,
						  MAX_LFS_FILESIZE,
						  scullv_size(store));
		goto out;
	}
	if (offset >= 0)
		offset = vfs_setpos(file, offset, MAX_LFS_FILESIZE);
out:
	scullv_store_put(dev, idx);
	return offset;
}

/* -- ioctl: the geometry of the next trim -- */

static int query(struct scullv_dev *dev, enum scullv_field field)
{
	struct scullv_geometry config;

	scullv_get_config(dev, &config);
	return *scullv_field(&config, field);
}

/*
 * Set a field and return its old value. That goes to a pointer too, unless
 * NULL: before anything changes, and with no lock held, for it may fault.
 */
static int shift(struct scullv_dev *dev, enum scullv_field field, int value,
		 int __user *to)
{
	struct scullv_geometry old, new;
	struct scullv_range range;

	do {
		scullv_get_config(dev, &old);
		new = old;
		*scullv_field(&new, field) = value;

		range = scullv_range(&old, field);
		if (value < (int)range.min || value > (int)range.max) {
			pr_err_ratelimited("%s=%d: must be a number from %u to %u\n",
					   range.name, value, range.min,
					   range.max);
			return -EINVAL;
		}
		if (to && put_user((int)*scullv_field(&old, field), to))
			return -EFAULT;
	} while (!scullv_set_config(dev, &old, &new));
	return *scullv_field(&old, field);
}

static int tell(struct scullv_dev *dev, enum scullv_field field, int value)
{
	return min(shift(dev, field, value, NULL), 0);
}

static int set(struct scullv_dev *dev, enum scullv_field field, int __user *from)
{
	int value;

	return get_user(value, from) ?: tell(dev, field, value);
}

static int exchange(struct scullv_dev *dev, enum scullv_field field, int __user *ptr)
{
	int value;

	return get_user(value, ptr) ?: min(shift(dev, field, value, ptr), 0);
}

static int reset(struct scullv_dev *dev)
{
	struct scullv_geometry old, new;

	do {
		scullv_get_config(dev, &old);
		new = old;
		new.order = SCULLV_ORDER;
		new.qset = SCULLV_QSET;
	} while (!scullv_set_config(dev, &old, &new));
	return 0;
}

static int may_set(void)
{
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static long scullv_ioctl(struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	struct scullv_dev *dev = file->private_data;
	int __user *ptr = (int __user *)arg;

	switch (cmd) {
	case SCULLV_IOCGORDER:
		return put_user(query(dev, SCULLV_FIELD_ORDER), ptr);
	case SCULLV_IOCQORDER:
		return query(dev, SCULLV_FIELD_ORDER);
	case SCULLV_IOCGQSET:
		return put_user(query(dev, SCULLV_FIELD_QSET), ptr);
	case SCULLV_IOCQQSET:
		return query(dev, SCULLV_FIELD_QSET);

	/* the others set: the administrator only */
	case SCULLV_IOCRESET:
		return may_set() ?: reset(dev);
	case SCULLV_IOCSORDER:
		return may_set() ?: set(dev, SCULLV_FIELD_ORDER, ptr);
	case SCULLV_IOCTORDER:
		return may_set() ?: tell(dev, SCULLV_FIELD_ORDER, arg);
	case SCULLV_IOCXORDER:
		return may_set() ?: exchange(dev, SCULLV_FIELD_ORDER, ptr);
	case SCULLV_IOCHORDER:
		return may_set() ?: shift(dev, SCULLV_FIELD_ORDER, arg, NULL);
	case SCULLV_IOCSQSET:
		return may_set() ?: set(dev, SCULLV_FIELD_QSET, ptr);
	case SCULLV_IOCTQSET:
		return may_set() ?: tell(dev, SCULLV_FIELD_QSET, arg);
	case SCULLV_IOCXQSET:
		return may_set() ?: exchange(dev, SCULLV_FIELD_QSET, ptr);
	case SCULLV_IOCHQSET:
		return may_set() ?: shift(dev, SCULLV_FIELD_QSET, arg, NULL);
	default:
		return -ENOTTY;
	}
}

const struct file_operations scullv_fops = {
	.owner = THIS_MODULE,
	.open = scullv_open,
	.llseek = scullv_llseek,
	.read_iter = scullv_read_iter,
	.write_iter = scullv_write_iter,
	.splice_read = copy_splice_read,
	.splice_write = iter_file_splice_write,
	.mmap = scullv_mmap,
	.fsync = noop_fsync,
	.unlocked_ioctl = scullv_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
