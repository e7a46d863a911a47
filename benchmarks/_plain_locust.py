"""Plain Locust for `load_bench.py`: what its own users measure, as one line of JSON.

`python _plain_locust.py MODE URL SECONDS USERS`. Modes: `post` (FastHttpUser, conversations of
20 turns over and over), `stream` (FastHttpUser.iter_lines), `closed` (FastHttpUser, one request
after the other).
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.env import Environment

TURNS = 20
PATH = "/v1/chat/completions"


def payload(turn: int) -> dict[str, Any]:
    """A conversation at its n-th turn, from 1."""
    asked = {"role": "user", "content": "I could not sleep again."}
    told = {"role": "assistant", "content": "I see. " * 12}
    return {"model": "m", "messages": [asked, *[told, asked] * (turn - 1)]}


class Post(FastHttpUser):
    turn = 0

    @task
    def ask(self) -> None:
        self.turn = self.turn % TURNS + 1
        self.client.post(PATH, json=payload(self.turn), name="chat")


class Closed(FastHttpUser):
    @task
    def ask(self) -> None:
        self.client.post(PATH, json=payload(1), name="chat")


FIRST: list[float] = []


class Stream(FastHttpUser):
    @task
    def ask(self) -> None:
        asked = time.monotonic()
        for line in self.client.iter_lines(PATH, "POST", json=payload(1)):
            if line.startswith("data:"):
                FIRST.append(time.monotonic() - asked)
                break


def main(mode: str, url: str, seconds: float, users: int) -> None:
    user = {"post": Post, "closed": Closed, "stream": Stream}[mode]
    environment = Environment(user_classes=[user], host=url)
    runner = environment.create_local_runner()
    cpu = time.process_time()
    runner.start(users, spawn_rate=users)
    gevent.sleep(seconds)
    cpu = time.process_time() - cpu
    total = environment.stats.total
    measured = {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "cpu_s": cpu,
        "p95_s": total.get_response_time_percentile(0.95) / 1e3,
        "p99_s": total.get_response_time_percentile(0.99) / 1e3,
        "first_s": sorted(FIRST),
    }
    print(json.dumps(measured), flush=True)
    runner.quit()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
