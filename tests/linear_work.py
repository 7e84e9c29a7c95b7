"""is_linear(): whether work on a text grows no faster than the text."""

import time

LARGE = 40_000
# For four times the text linear work takes four times as long, and quadratic work sixteen times. Work of a few
# milliseconds is too short to compare; quadratic work on 40 kB takes a second.
MAX_RATIO, TOO_SHORT = 9.0, 0.005


def work(expression, applied, text):
    text = text.encode() if isinstance(expression.pattern, bytes) else text
    if applied == "sub":
        expression.sub(text[:0], text)
    elif applied == "finditer":
        list(expression.finditer(text))
    else:
        getattr(expression, applied)(text)


def is_linear(call, repeated, size=LARGE):
    """Whether the work on 40 kB is no more than nine times that on 10 kB, whatever the text begins or ends with."""
    for start, end in (("", ""), ("", "\x00"), ("/", "\x00"), ("[", "")):
        short, long = (start + (repeated * length)[:length] + end for length in (size // 4, size))
        if cost(call, long) > TOO_SHORT and least(call, long) > MAX_RATIO * least(call, short):
            return False
    return True


def least(call, text):
    return min(cost(call, text) for _ in range(3))


def cost(call, text):
    """Seconds of the processor."""
    begun = time.thread_time()
    call(text)
    return time.thread_time() - begun
