// SPDX-License-Identifier: GPL-2.0
/*
 * scullv: devices that store what is written to them in memory from vmalloc(),
 * after chapter 8 of "Linux Device Drivers" by J. Corbet, A. Rubini and
 * G. Kroah-Hartman.
 *
 *	# insmod scullv.ko order=4 qset=500
 *	# cat bigfile > /dev/scullv0
 *	# head -5 /proc/scullvmem
 *
 * This file: module parameters, devices and their attributes, init and exit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "scullv.h"

#define MAX_DEVS	256

/* -- parameters: numbers out of range are refused by scullv_init() -- */

static unsigned int major;
module_param(major, uint, 0444);
MODULE_PARM_DESC(major, "major device number, 0 to take a free one (default 0)");

static unsigned int devs = 4;
module_param(devs, uint, 0444);
MODULE_PARM_DESC(devs, "number of devices, 1 to 256 (default 4)");

/* One value per device; the last one is repeated. */
static unsigned int order[MAX_DEVS] = { SCULLV_ORDER };
static unsigned int order_count = 1;
module_param_array(order, uint, &order_count, 0444);
MODULE_PARM_DESC(order,
		 "log2 of the pages in a quantum: one value for all devices, or one per device, separated by commas (default 4)");

static unsigned int qset[MAX_DEVS] = { SCULLV_QSET };
static unsigned int qset_count = 1;
module_param_array(qset, uint, &qset_count, 0444);
MODULE_PARM_DESC(qset, "quanta in an item, like order (default 500)");

static char *alloc[MAX_DEVS] = { "vmalloc" };
static unsigned int alloc_count = 1;
module_param_array(alloc, charp, &alloc_count, 0444);
MODULE_PARM_DESC(alloc, "allocator, like order: vmalloc, pages or huge (default vmalloc)");

module_param_named(wronly_trims, scullv_wronly_trims, bool, 0644);
MODULE_PARM_DESC(wronly_trims,
		 "opening write-only empties a device, the book's rule; if not, only O_TRUNC does (default Y)");

#define LIMIT_LEN	32
#define LIMIT_DEFAULT	"50%"

static char limit[LIMIT_LEN];	/* last value set; protected by the parameters' lock */

/*
 * "50%" of the memory, or bytes, such as "512M"; 0 for no limit. Not memparse():
 * a number that is too large wraps around there.
 */
static int parse_limit(const char *text, unsigned long *pages)
{
	static const char units[] = "KMGT";
	size_t len = strlen(text);
	char last = len ? toupper(text[len - 1]) : '\0';
	const char *unit = last ? strchr(units, last) : NULL;
	unsigned int shift = unit ? 10 * (unit - units + 1) : 0;
	char digits[LIMIT_LEN];
	u64 number;

	strscpy(digits, text, sizeof(digits));
	if (unit || last == '%')
		digits[len - 1] = '\0';
	if (kstrtou64(digits, 0, &number))
		return -EINVAL;

	if (last == '%') {
		if (!number || number > 100)
			return -EINVAL;
		number = div_u64(number * totalram_pages(), 100);
	} else {
		if (number > S64_MAX >> shift)
			return -EINVAL;
		number = PFN_UP(number << shift);
	}
	*pages = min_t(u64, number, LONG_MAX);
	return 0;
}

/* The kernel holds the parameters' lock, at load time too. */
static int limit_set(const char *text, const struct kernel_param *param)
{
	char copy[LIMIT_LEN];
	const char *trimmed;
	unsigned long pages;

	/* text that is too long is as invalid as an empty one */
	trimmed = strscpy(copy, text, sizeof(copy)) > 0 ? strim(copy) : "";
	if (parse_limit(trimmed, &pages)) {
		pr_err("limit=%.*s: must be bytes with an optional K, M, G or T, or 1%% to 100%% of the memory, 0 for no limit\n",
		       (int)strcspn(text, "\n"), text);
		return -EINVAL;
	}
	scullv_set_limit(pages);
	strscpy(limit, trimmed, sizeof(limit));
	return 0;
}

static const struct kernel_param_ops limit_ops = {
	.set = limit_set,
	.get = param_get_string,
};

static struct kparam_string limit_string = {
	.string = limit,
	.maxlen = sizeof(limit),
};
module_param_cb(limit, &limit_ops, &limit_string, 0644);
__MODULE_PARM_TYPE(limit, "string");
MODULE_PARM_DESC(limit,
		 "memory for the quanta of all devices: bytes or percent of RAM, 0 for no limit (default "
		 LIMIT_DEFAULT ")");

/* /sys/module/scullv/parameters/limit may have been written by now */
static int set_default_limit(void)
{
	int err = 0;

	kernel_param_lock(THIS_MODULE);
	if (!*limit)
		err = limit_set(LIMIT_DEFAULT, NULL);
	kernel_param_unlock(THIS_MODULE);
	return err;
}

static int check_range(unsigned int value, struct scullv_range range)
{
	if (scullv_in_range(value, range))
		return 0;
	pr_err("%s=%u: must be a number from %u to %u\n", range.name, value,
	       range.min, range.max);
	return -EINVAL;
}

static int check_count(const char *name, unsigned int count)
{
	if (count <= devs)
		return 0;
	pr_err("%s: %u values for %u devices\n", name, count, devs);
	return -EINVAL;
}

static int find_allocator(const char *name,
			  const struct scullv_allocator **allocator)
{
	*allocator = scullv_find_allocator(name);
	if (*allocator)
		return 0;
	pr_err("alloc=%.*s: must be vmalloc, pages or huge\n",
	       (int)strcspn(name, "\n"), name);
	return -EINVAL;
}

/* the geometry of the n-th device */
static int get_geometry(unsigned int n, struct scullv_geometry *geometry)
{
	geometry->order = order[min(n, order_count - 1)];
	geometry->qset = qset[min(n, qset_count - 1)];
	return find_allocator(alloc[min(n, alloc_count - 1)],
			      &geometry->allocator) ?:
	       check_range(geometry->order,
			   scullv_range(geometry, SCULLV_FIELD_ORDER)) ?:
	       check_range(geometry->qset,
			   scullv_range(geometry, SCULLV_FIELD_QSET));
}

static int check_parameters(void)
{
	struct scullv_range major_range = { "major", 0, CHRDEV_MAJOR_MAX - 1 };
	struct scullv_range devs_range = { "devs", 1, MAX_DEVS };

	return check_range(major, major_range) ?:
	       check_range(devs, devs_range) ?:
	       check_count("order", order_count) ?:
	       check_count("qset", qset_count) ?:
	       check_count("alloc", alloc_count) ?:
	       set_default_limit();
}

/* -- a device and its attributes, /sys/class/scullv/scullvN -- */

static struct scullv_dev *to_scullv(struct device *device)
{
	return container_of(device, struct scullv_dev, device);
}

static ssize_t show_field(struct device *device, enum scullv_field field,
			  char *buf)
{
	struct scullv_geometry config;

	scullv_get_config(to_scullv(device), &config);
	return sysfs_emit(buf, "%u\n", *scullv_field(&config, field));
}

static ssize_t store_field(struct device *device, enum scullv_field field,
			   const char *buf, size_t count)
{
	struct scullv_dev *dev = to_scullv(device);
	struct scullv_geometry config;
	struct scullv_range range;
	unsigned int value, old;

	if (!kstrtouint(buf, 0, &value) &&
	    !scullv_set_field(dev, field, value, &old))
		return count;
	scullv_get_config(dev, &config);
	range = scullv_range(&config, field);
	pr_err("%s=%.*s: must be a number from %u to %u\n", range.name,
	       (int)strcspn(buf, "\n"), buf, range.min, range.max);
	return -EINVAL;
}

static ssize_t order_show(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	return show_field(device, SCULLV_FIELD_ORDER, buf);
}

static ssize_t order_store(struct device *device, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	return store_field(device, SCULLV_FIELD_ORDER, buf, count);
}
static DEVICE_ATTR_RW(order);

static ssize_t qset_show(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	return show_field(device, SCULLV_FIELD_QSET, buf);
}

static ssize_t qset_store(struct device *device, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	return store_field(device, SCULLV_FIELD_QSET, buf, count);
}
static DEVICE_ATTR_RW(qset);

static ssize_t alloc_show(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	struct scullv_geometry config;

	scullv_get_config(to_scullv(device), &config);
	return sysfs_emit(buf, "%s\n", config.allocator->name);
}

static ssize_t alloc_store(struct device *device, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	const struct scullv_allocator *allocator;
	int err;

	err = find_allocator(buf, &allocator);
	if (err)
		return err;
	err = scullv_set_allocator(to_scullv(device), allocator);
	if (err) {
		pr_err("alloc=%s: set order to %u or less first\n",
		       allocator->name, allocator->max_order);
		return err;
	}
	return count;
}
static DEVICE_ATTR_RW(alloc);

static ssize_t size_show(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	struct scullv_usage usage;

	scullv_get_usage(to_scullv(device), &usage);
	return sysfs_emit(buf, "%lld\n", usage.size);
}
static DEVICE_ATTR_RO(size);

static ssize_t quanta_show(struct device *device, struct device_attribute *attr,
			   char *buf)
{
	struct scullv_usage usage;

	scullv_get_usage(to_scullv(device), &usage);
	return sysfs_emit(buf, "%lu\n", usage.quanta);
}
static DEVICE_ATTR_RO(quanta);

static ssize_t bytes_show(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	struct scullv_usage usage;

	scullv_get_usage(to_scullv(device), &usage);
	return sysfs_emit(buf, "%llu\n", usage.bytes);
}
static DEVICE_ATTR_RO(bytes);

static struct attribute *scullv_attrs[] = {
	&dev_attr_order.attr,
	&dev_attr_qset.attr,
	&dev_attr_alloc.attr,
	&dev_attr_size.attr,
	&dev_attr_quanta.attr,
	&dev_attr_bytes.attr,
	NULL,
};
ATTRIBUTE_GROUPS(scullv);

static void scullv_release(struct device *device)
{
	struct scullv_dev *dev = to_scullv(device);

	scullv_store_exit(dev);
	iput(dev->inode);
	kfree(dev);
}

static struct class scullv_class = {
	.name = KBUILD_MODNAME,
	.dev_groups = scullv_groups,
	.dev_release = scullv_release,
};

/* -- init and exit -- */

static dev_t first_devt;
static struct scullv_dev **devices;	/* devs of them; NULL where not created */

/* create a device, not added yet; put_device() frees it. NULL: no memory */
static struct scullv_dev *create_device(unsigned int minor,
					const struct scullv_geometry *geometry)
{
	struct scullv_dev *dev;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return NULL;
	dev->inode = scullv_mapping_inode();
	if (IS_ERR(dev->inode))
		goto free;
	if (scullv_store_init(dev, geometry))
		goto put_inode;

	device_initialize(&dev->device);
	dev->device.class = &scullv_class;
	dev->device.devt = first_devt + minor;
	cdev_init(&dev->cdev, &scullv_fops);
	dev->cdev.owner = THIS_MODULE;
	if (dev_set_name(&dev->device, KBUILD_MODNAME "%u", minor)) {
		put_device(&dev->device);
		return NULL;
	}
	return dev;

put_inode:
	iput(dev->inode);
free:
	kfree(dev);
	return NULL;
}

static int create_devices(void)
{
	struct scullv_geometry geometry;
	unsigned int n;
	int err;

	for (n = 0; n < devs; n++) {
		err = get_geometry(n, &geometry);
		if (err)
			return err;
		devices[n] = create_device(n, &geometry);
		if (!devices[n])
			return -ENOMEM;
	}
	return 0;
}

static void destroy_devices(void)
{
	unsigned int n;

	for (n = 0; n < devs && devices[n]; n++)
		put_device(&devices[n]->device);
	kfree(devices);
}

static void remove_devices(unsigned int count)
{
	while (count--)
		cdev_device_del(&devices[count]->cdev,
				&devices[count]->device);
}

/* the devices are live from here on */
static int add_devices(void)
{
	unsigned int n;
	int err;

	for (n = 0; n < devs; n++) {
		err = cdev_device_add(&devices[n]->cdev, &devices[n]->device);
		if (err) {
			remove_devices(n);
			return err;
		}
	}
	return 0;
}

static int get_major(void)
{
	int err;

	if (!major)
		return alloc_chrdev_region(&first_devt, 0, devs, KBUILD_MODNAME);
	first_devt = MKDEV(major, 0);
	err = register_chrdev_region(first_devt, devs, KBUILD_MODNAME);
	if (err)
		pr_err("major %u unavailable (%d), see /proc/devices\n", major,
		       err);
	return err;
}

static int __init scullv_init(void)
{
	int err;

	err = check_parameters();
	if (err)
		return err;
	err = get_major();
	if (err)
		return err;
	err = scullv_mmap_init();
	if (err)
		goto unregister_region;
	err = class_register(&scullv_class);
	if (err)
		goto exit_mmap;

	err = -ENOMEM;
	devices = kcalloc(devs, sizeof(*devices), GFP_KERNEL);
	if (!devices)
		goto unregister_class;
	err = create_devices();
	if (err)
		goto destroy;
	err = scullv_proc_init(devices, devs);
	if (err)
		goto destroy;
	err = add_devices();
	if (err)
		goto exit_proc;
	return 0;

exit_proc:
	scullv_proc_exit();
destroy:
	destroy_devices();
unregister_class:
	class_unregister(&scullv_class);
exit_mmap:
	scullv_mmap_exit();
unregister_region:
	unregister_chrdev_region(first_devt, devs);
	return err;
}

static void __exit scullv_exit(void)
{
	remove_devices(devs);
	scullv_proc_exit();
	destroy_devices();
	class_unregister(&scullv_class);
	scullv_mmap_exit();
	unregister_chrdev_region(first_devt, devs);
}

module_init(scullv_init);
module_exit(scullv_exit);

MODULE_DESCRIPTION("Devices that keep what is written to them in vmalloc memory, after Linux Device Drivers, chapter 8");
MODULE_AUTHOR("The scullv developers");
MODULE_VERSION("1.0");	/* tests/lint compares the other files with this one */
MODULE_LICENSE("GPL");
