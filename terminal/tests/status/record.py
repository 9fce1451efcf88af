#!/usr/bin/env python3
"""Records what a terminal's program prints, what is typed, who looks and how the foreground reads.

    record.py SCENARIO RECORDING     (all of them: record.py scenarios/ recordings/)

A scenario is a text: `run COMMAND…`, then lines `SECONDS type TEXT` (\\r is Enter), `SECONDS focus on|off`,
`SECONDS end`. A recording is one JSON list per line: [milliseconds, kind, …]:

    "o" text                        output
    "i"                             somebody typed
    "focus" true|false              a viewer took or lost the keyboard
    "foreground" reads waits        how the foreground reads (keys, lines, secret), what it is blocked in

The labels beside it (NAME.labels) are written by hand, by what really went on.
"""
import codecs, fcntl, json, os, pty, select, shlex, struct, sys, termios, time

HOME = "/home/ada"
HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "../../src/integration")


def waits_of(pid):
    try:
        words = open(f"/proc/{pid}/syscall").read().split()
    except OSError:
        return "unknown"
    if words[0] != "0":
        return "other"
    try:
        path = os.readlink(f"/proc/{pid}/fd/{int(words[1], 16)}")
    except (OSError, IndexError):
        return "other"
    return "terminal" if path.startswith("/dev/pts/") or path == "/dev/tty" else "other"


def foreground(fd):
    flags = termios.tcgetattr(fd)[3]
    if not flags & termios.ICANON:
        return ["keys", "unknown"]
    reads = "lines" if flags & termios.ECHO else "secret"
    try:
        leader = struct.unpack("i", fcntl.ioctl(fd, termios.TIOCGPGRP, b"\0" * 4))[0]
    except OSError:
        return [reads, "unknown"]
    answer, pending = "unknown", [leader]
    for _ in range(32):
        if not pending:
            break
        pid = pending.pop()
        waits = waits_of(pid)
        if waits == "terminal":
            return [reads, waits]
        if waits == "other":
            answer = waits
        try:
            pending += open(f"/proc/{pid}/task/{pid}/children").read().split()
        except OSError:
            pass
    return [reads, answer]


def record(scenario, recording):
    lines = [line.strip() for line in open(scenario) if line.strip() and line[0] != "#"]
    command = shlex.split(lines[0].removeprefix("run "))
    steps = []
    for line in lines[1:]:
        at, what, *rest = line.split(" ", 2)
        steps.append((float(at), what, rest[0] if rest else ""))
    environment = {
        "HOME": HOME, "USER": "ada", "HOSTNAME": "desk", "TERM": "xterm-256color", "LANG": "C.UTF-8",
        "LC_CTYPE": "C.UTF-8", "PATH": f"{HOME}/bin:/usr/local/bin:/usr/bin:/bin", "PS1": "$ ",
        "ENV": f"{HOME}/shell-integration/bowline.bash", "PAGER": "less", "EDITOR": "vim",
    }
    if "zsh" in command[0]:
        environment["ZDOTDIR"] = f"{HOME}/shell-integration/zsh"
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(HOME)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.execvpe(command[0], ["-" + command[0]] + command[1:], environment)
    start, events, before = time.monotonic(), [], None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    now = lambda: int((time.monotonic() - start) * 1000)
    say = lambda *event: events.append(json.dumps([now(), *event], ensure_ascii=False))
    alive = True
    while alive and steps:
        due = steps[0][0] - (time.monotonic() - start)
        if due <= 0:
            _, what, text = steps.pop(0)
            if what == "end":
                break
            if what == "focus":
                say("focus", text == "on")
            else:
                say("i")
                os.write(fd, codecs.decode(text, "unicode_escape").encode())
            continue
        if select.select([fd], [], [], min(due, 0.05))[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                alive = False
                continue
            if text := decoder.decode(data):
                say("o", text)
        try:
            seen = foreground(fd)
        except termios.error:
            continue
        if seen != before:
            say("foreground", *seen)
            before = seen
    say("end")
    os.close(fd)
    open(recording, "w").write("\n".join(events) + "\n")


if __name__ == "__main__":
    source, target = sys.argv[1:]
    if os.path.isdir(source):
        for name in sorted(os.listdir(source)):
            if os.fork() == 0:
                record(os.path.join(source, name), os.path.join(target, name + ".jsonl"))
                os._exit(0)
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
    else:
        record(source, target)
