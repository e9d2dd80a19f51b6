"""What a command says on the way, and work that is done for several things at once."""

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

PARALLEL = 4
T = TypeVar("T")


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def in_parallel(function: Callable[[T], object], items: Iterable[T]) -> None:
    """Calls the function for every item, a few at a time. After a failure or an interrupt no further call begins, and
    the exception is raised when those that had begun have ended."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        try:
            for future in [pool.submit(function, item) for item in items]:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
