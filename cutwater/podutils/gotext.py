"""Texts that other tools match, in the words of the Go programs they first came from.

Standard library alone: the entrypoint, which must start at once, uses it.
"""

import json
import re
import signal

SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""What is trimmed off a text: Unicode's white space, which is less than Python's."""
_UNITS = ((3_600_000_000_000, "h"), (60_000_000_000, "m"))
SIGNALS = {
    signal.SIGHUP: "hangup",
    signal.SIGINT: "interrupt",
    signal.SIGQUIT: "quit",
    signal.SIGILL: "illegal instruction",
    signal.SIGTRAP: "trace/breakpoint trap",
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGKILL: "killed",
    signal.SIGUSR1: "user defined signal 1",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGUSR2: "user defined signal 2",
    signal.SIGPIPE: "broken pipe",
    signal.SIGALRM: "alarm clock",
    signal.SIGTERM: "terminated",
}


def duration(nanoseconds: int) -> str:
    """A span of time: 90000000000 is "1m30s", 1500000 is "1.5ms"."""
    if nanoseconds < 0:
        return "-" + duration(-nanoseconds)
    if nanoseconds < 1_000_000_000:
        for size, unit in ((1_000_000, "ms"), (1_000, "µs"), (1, "ns")):
            if nanoseconds >= size:
                return _decimal(nanoseconds, size) + unit
        return "0s"
    text = ""
    for size, unit in _UNITS:
        if nanoseconds >= size or text:
            text += f"{nanoseconds // size}{unit}"
            nanoseconds %= size
    return f"{text}{_decimal(nanoseconds, 1_000_000_000)}s"


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    fraction = str(rest).rjust(len(str(size)) - 1, "0").rstrip("0") if size > 1 else ""
    return f"{whole}.{fraction}" if fraction else str(whole)


_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SIZES = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}


def nanoseconds(text: str) -> int:
    """The span of time that `duration` writes: "1h30m" is 5400000000000. Raises ValueError."""
    unsigned = text[1:] if text[:1] in {"+", "-"} else text
    parts = _PART.findall(unsigned)
    if unsigned != "0" and (not parts or "".join(f"{number}{unit}" for number, unit in parts) != unsigned):
        raise ValueError(f"time: invalid duration {quoted(text)}")
    total = sum(round(float(number) * _SIZES[unit]) for number, unit in parts)
    return -total if text.startswith("-") else total


def quoted(text: str) -> str:
    """The text in double quotes, with what cannot be printed escaped."""
    return json.dumps(text, ensure_ascii=False)


def reason(error: OSError) -> str:
    """Why the system refused: "no such file or directory"."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def refusal(operation: str, error: OSError, path: str | None = None) -> str:
    """What was refused, where and why: "open /logs/x: no such file or directory"."""
    return f"{operation} {path if path is not None else error.filename}: {reason(error)}"


def whole_number(text: str) -> int:
    """The decimal number, as a marker or a refspec writes it. Raises ValueError."""
    digits = text[1:] if text[:1] in "+-" else text
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f"strconv.Atoi: parsing {quoted(text)}: invalid syntax")
    number = int(text)
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f"strconv.Atoi: parsing {quoted(text)}: value out of range")
    return number


def exit_status(code: int) -> str:
    """How a process ended that did not end well: "exit status 128", "signal: killed". `code`: negative for a signal."""
    if code >= 0:
        return f"exit status {code}"
    name = SIGNALS.get(signal.Signals(-code)) if -code in set(signal.Signals) else None
    return f"signal: {name or f'signal {-code}'}"
