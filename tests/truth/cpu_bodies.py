"""Threads whose CPU is known: `python cpu_bodies.py MODE`, ready when it prints `ready`."""

import ctypes
import os
import sys
import threading
import time
from contextlib import suppress

PERIOD = 0.02


def named(name):
    """The name of the thread that calls it, as pthread_setname_np(3) sets it (prctl(2), PR_SET_NAME is 15)."""
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)


def duty(name, share):
    """A thread that burns `share` of a core."""

    def work():
        named(name)
        due = time.monotonic()
        while True:
            until = time.thread_time() + share * PERIOD
            while time.thread_time() < until:
                pass
            due += PERIOD
            time.sleep(max(0.0, due - time.monotonic()))

    threading.Thread(target=work, daemon=True).start()


def sharing_a_core():
    """A child that burns beside the main thread on one core: each always runs or waits."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    child = os.fork()
    named("neighbour" if child == 0 else "render")
    if child:
        print("ready", flush=True)
    while True:
        pass


def counted(units):
    """So many units of a millisecond of CPU."""
    began = time.process_time()
    for unit in range(1, units + 1):
        while time.process_time() < began + 0.001 * unit:
            pass
    print(f"done {units} units")


def idle_threads(count):
    """Threads that wake 50 times a second."""
    for number in range(count):
        duty(f"worker-{number}", 0.001)


def main():
    mode = sys.argv[1]
    if mode == "counted":
        counted(1000)
    elif mode == "sharing":
        sharing_a_core()
    else:
        with suppress(PermissionError):  # where it may: what else runs on the machine then hardly moves what is read
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        if mode == "threads":
            duty("render-1", 0.2)
            duty("render-2", 0.1)
        else:
            idle_threads(8)
        time.sleep(0.1)
        print("ready", flush=True)
        time.sleep(600)


main()
