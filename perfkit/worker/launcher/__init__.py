"""The light launcher: starts programs for perfkit and reads their clocks and peaks.

Standard library only, run by perfkit's own interpreter with `-I -S`. It stays below 12 MiB because Linux floors a
child's ru_maxrss by the size of the process that execs it. posix_spawn(3) starts programs: its vfork costs 0.07 ms
where fork of a Python costs 0.4 ms, and 0.2 ms more of address space to tear down inside exec.

Each message is its length (4 bytes, little-endian) and a marshalled dict: both ends are one interpreter, and the env of
a start costs 2 µs that way where JSON costs 20. On stdin:
  {"do": "start", "id", "path", "argv", "cwd", "env", "ready", "cgroup", "quiet"}   see `Ready` and `Target`
  {"do": "stop", "id", "grace"}    SIGTERM to its group, SIGKILL after `grace` s
  {"do": "clear"}                  end everything
On stdout, clocks in CLOCK_MONOTONIC seconds:
  {"id", "pid", "started"} or {"id", "errno", "error"} · {"id", "ready", "refused"}
  {"id", "ended", "code", ...} · {"left"}
`ready` is a list of forms (see `Ready`); in an answer it is the `at` of each, and `refused` that of each.

A program is its process and all its descendants. Where its first process ends, descendants that are left (the launcher
inherits them as subreaper) are killed, reaped and counted with it. One that left the session while other programs run
cannot be told to be whose: it is ended with the last of them. The end of stdin ends everything.
"""
