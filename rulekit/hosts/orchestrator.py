"""A host's own orchestrator as the way to the market: its `trade_engine` receives each signal as a dictionary.

How an action that was handed over ends: the host's engine places the order under an identity of its own, so the fill
is taken from the account's trades on the action's side since the hand-over. It ends `filled` when they reach its
quantity. If they have not done so after `handed_over_s` and nothing rests on that side any more, it ends `expired`
with what was seen to fill, and a person is told; it is never handed over twice once the engine has taken it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from rulekit.execution.signal import ManagementSignal
from rulekit.model.orders import Accepted, NotSent, OrderRequest, Outcome, Uncertain

PATIENCE_S = 7.0
"""How long a host's engine may take over one signal before nobody knows what became of it."""


class NoAnswerError(Exception):
    """The engine is still at work when our patience is over."""


class OrchestratorRoute:
    """Hands signals to `orchestrator.trade_engine._process_live_signal(signal)`, which may be async or plain.

    A missing engine, or one that raises, leaves the signal in the durable queue; it goes out with the next cycle. An
    engine that answers False has declined it, with the same effect. The engine is looked up for each signal, so one
    that appears later is found.

    Args:
        orchestrator: the host's object; only its attribute `trade_engine` is used.
        loop: the host's running event loop, for a manager that works in another thread (`Manager.acycle`).
            Without one, a coroutine runs in a loop of its own.
        patience_s: real seconds to wait for the engine's answer on another thread's loop.
    """

    external = True

    def __init__(
        self,
        orchestrator: Any,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._orchestrator = orchestrator
        self._loop = loop
        self._patience_s = patience_s

    def send(self, signal: ManagementSignal, request: OrderRequest) -> Outcome:
        """Hand one signal over, once.

        Returns:
            Accepted without an order number, NotSent if there is no engine or it raised, Uncertain if it
            did not answer in time (it is then followed as if it had been taken).
        """
        process = getattr(getattr(self._orchestrator, "trade_engine", None), "_process_live_signal", None)
        if process is None:
            return NotSent("the host has no trade engine")
        try:
            answer = process(signal.to_dict())
            if inspect.isawaitable(answer):
                answer = self._await(_awaited(answer))
        except NoAnswerError:
            return Uncertain(f"the host's trade engine did not answer within {self._patience_s:g} s")
        except Exception as error:
            return NotSent(f"the host's trade engine failed: {type(error).__name__}: {error}")
        if answer is False:
            return NotSent("the host's trade engine declined the signal")
        return Accepted("")

    def _await(self, work: Coroutine[Any, Any, Any]) -> Any:
        if self._loop is not None and self._loop.is_running():
            return self._on_host_loop(self._loop, work)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(work)
        # This very thread runs a loop, which cannot be waited for from inside it: a thread of its own does.
        return _in_own_thread(work, self._patience_s)

    def _on_host_loop(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is loop:
            return _in_own_thread(work, self._patience_s)
        return _result(asyncio.run_coroutine_threadsafe(work, loop), self._patience_s)


async def _awaited(answer: Any) -> Any:
    return await answer


def _in_own_thread(work: Coroutine[Any, Any, Any], patience_s: float) -> Any:
    from threading import Thread

    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(asyncio.run(work))
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="rulekit-hand-over", daemon=True).start()
    return _result(future, patience_s)


def _result(future: Future[Any], patience_s: float) -> Any:
    try:
        return future.result(patience_s)
    except TimeoutError:
        # The engine's own time-outs are failures of the engine like any other; ours means that it is still at work.
        if future.done():
            raise
        raise NoAnswerError from None
