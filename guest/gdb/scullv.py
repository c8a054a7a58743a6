# SPDX-License-Identifier: GPL-2.0
#
# A command for gdb: scullv-dump prints what /proc/scullvmem prints. It reads the
# memory of a kernel that is frozen, and runs none of its code.

import gdb


class Dump(gdb.Command):
    """Print all devices, items and quanta of scullv, as /proc/scullvmem does."""

    def __init__(self):
        super().__init__("scullv-dump", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        devices = gdb.parse_and_eval("'proc.c'::devices")
        for minor in range(gdb.parse_and_eval("'proc.c'::device_count")):
            dump_store(minor, devices[minor]["store"])


def dump_store(minor, store):
    geometry = store["geometry"]
    print("\nDevice %d: qset %d, order %d, sz %d" % (
        minor, geometry["qset"], geometry["order"], store["size"]["counter"]))
    next_item = 0
    for index, entry in entries(store["items"]["xa_head"]):
        item = entry.cast(gdb.lookup_type("struct scullv_item").pointer())
        print("  item at %s, qset at %s%s" % (
            address(item), address(item["slots"]),
            "" if index == next_item else ", index %d" % index))
        next_item = index + 1
        for slot in range(geometry["qset"]):
            quantum = item["slots"][slot]
            if quantum:
                print("    %4d:%s" % (slot, address(quantum)))


def entries(entry, index=0):
    """The index and the value of each entry of an xarray, in order.

    A pointer to a node is marked by its lowest bits: see xa_is_node().
    """
    if int(entry) & 3 == 2:
        node = gdb.Value(int(entry) - 2).cast(gdb.lookup_type("struct xa_node").pointer())
        for slot in range(node["slots"].type.range()[1] + 1):
            yield from entries(node["slots"][slot], index + (slot << int(node["shift"])))
    elif entry:
        yield index, entry


def address(pointer):
    return "%0*x" % (2 * pointer.type.sizeof, int(pointer))


Dump()
