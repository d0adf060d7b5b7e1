"""Logs as they grow."""

import asyncio
from pathlib import Path

from infra.local.run_local.following import follow


async def test_one_log_comes_as_it_is(tmp_path: Path) -> None:
    log, ended, seen = tmp_path / "log", asyncio.Event(), bytearray()
    following = asyncio.create_task(follow({"test": log}, seen.extend, ended))
    await asyncio.sleep(0)
    log.write_bytes(b"half a ")
    while not seen:
        await asyncio.sleep(0.01)
    with log.open("ab") as more:
        more.write(b"line\nand the end")
    ended.set()
    await following
    assert seen == b"half a line\nand the end"


async def test_several_logs_have_names(tmp_path: Path) -> None:
    logs, ended, seen = {name: tmp_path / name for name in ("a", "b")}, asyncio.Event(), bytearray()
    logs["a"].write_bytes(b"one\ntw")
    logs["b"].write_bytes(b"three\n")
    following = asyncio.create_task(follow(logs, seen.extend, ended))
    while not seen:
        await asyncio.sleep(0.01)
    ended.set()
    await following
    assert seen == b"[a] one\n[b] three\n[a] tw\n"


async def test_no_log_at_all(tmp_path: Path) -> None:
    ended, seen = asyncio.Event(), bytearray()
    ended.set()
    await follow({"test": tmp_path / "never"}, seen.extend, ended)
    assert seen == b""
