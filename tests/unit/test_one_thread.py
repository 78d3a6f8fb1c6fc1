"""The limit on threads is the process's: an inner block must not lift it for those around it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from threadpoolctl import threadpool_info, threadpool_limits

from retriever.threads import one_thread


def limits():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_it_holds_inside_and_ends_outside():
    with threadpool_limits(2, "blas"):
        before = limits()
        with one_thread():
            assert set(limits()) == {1}
        assert limits() == before


def test_blocks_in_other_threads_change_nothing_for_those_around_them():
    def inner(_):
        with one_thread():
            inside = limits()
        return inside + limits()

    with threadpool_limits(2, "blas"), one_thread(), ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda n: copy_context().run(inner, n), range(1)))
        contexts = [copy_context() for _ in range(40)]
        seen = [f.result() for f in [pool.submit(context.run, inner, n) for n, context in enumerate(contexts)]]
        assert {limit for one in seen for limit in one} == {1}
