"""Torch: the bundled encoder, a module of one's own, and CUDA where there is none.

The code that runs on CUDA cannot run on a machine without a GPU; what it hands on is tested with
the virtual model and the stand-in for NVML.
"""

from __future__ import annotations

import sys

import pytest

torch = pytest.importorskip("torch")

from clinigate.errors import TargetError, UsageError  # noqa: E402
from clinigate.gpu_bench.ai.blocks import percentile_measurement  # noqa: E402
from clinigate.gpu_bench.ai.device import torch_device  # noqa: E402
from clinigate.gpu_bench.ai.encoder import build_encoder, weights_digest  # noqa: E402
from clinigate.gpu_bench.ai.loading import load_model  # noqa: E402
from clinigate.gpu_bench.ai.local import LocalSubject  # noqa: E402
from clinigate.gpu_bench.ai.models import TorchModel  # noqa: E402
from clinigate.gpu_bench.ai.options import AiOptions  # noqa: E402

# Beside other tests, threads that wait actively for each other would take a multiple of the time.
torch.set_num_threads(1)

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


def test_the_encoders_weights_follow_from_the_seed() -> None:
    before = torch.random.get_rng_state()
    one, again, other = (weights_digest(build_encoder(seed)) for seed in (3, 3, 4))
    assert one == again
    assert one != other
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_encoder_answers_a_batch_as_it_answers_each_query(tmp_path) -> None:
    model = load_model("encoder", device="cpu", seed=0, base_dir=tmp_path, threads=1)
    queries = model.queries(3, seed=5)
    together = model.serve(queries)
    alone = torch.cat([model.serve([query]) for query in queries])
    assert together.shape == (3, 16)
    assert torch.allclose(together, alone, atol=1e-4)
    model.check()
    assert model.device.kind == "cpu"
    assert model.device.threads == torch.get_num_threads() == 1
    assert "threads" in str(model.device)


@without_cuda
def test_a_gpu_that_is_asked_for_and_not_there_is_told() -> None:
    with pytest.raises(UsageError, match=r"--device cuda: torch .* sees no CUDA device"):
        torch_device("cuda")


def test_a_module_that_returns_nan_is_at_fault() -> None:
    class Broken(torch.nn.Module):
        def forward(self, tokens):
            return torch.full((len(tokens), 2), float("nan"))

    subject = LocalSubject(TorchModel("broken", Broken(), "cpu"), AiOptions(longest_s=1.0))
    with pytest.raises(TargetError, match="model broken: returned NaN"):
        subject.warm_up()


def test_a_module_by_reference_runs_on_token_ids(tmp_path, monkeypatch) -> None:
    code = "import torch\nnet = torch.nn.Sequential(torch.nn.Embedding(256, 4))\n"
    (tmp_path / "planted_net.py").write_text(code)
    monkeypatch.setattr(sys, "path", [*sys.path])
    model = load_model("planted_net:net", device="cpu", seed=0, base_dir=tmp_path)
    assert model.serve(model.queries(2, 0)).shape == (2, 64, 4)
    assert model.fingerprint["parameters"] == "1024"
    sys.modules.pop("planted_net")


class Event:
    """As torch.cuda.Event, on a device that takes four milliseconds for whatever it is given."""

    made = 0

    def __init__(self, *, enable_timing: bool) -> None:
        assert enable_timing
        Event.made += 1
        self.number = Event.made

    def record(self) -> None:
        self.recorded = True

    def synchronize(self) -> None:
        assert self.recorded

    def elapsed_time(self, end) -> float:
        assert end.number == self.number + 1
        return 4.0


def test_the_devices_own_clock_is_read_beside_the_wall(monkeypatch) -> None:
    """With a stand-in for CUDA's events, as there may be no GPU here."""
    model = TorchModel("small", torch.nn.Embedding(256, 4), "cpu")
    monkeypatch.setattr(model, "_cuda", True)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    subject = LocalSubject(model, AiOptions(longest_s=1.0), host=lambda: None)
    block = subject.single_stream(20, 0)
    assert block.device_s == (0.004,) * 20
    assert subject.single_stream(5, 0).device_s == (0.004,) * 5  # each block has its own
    measured = percentile_measurement("m", [block] * 5, 0.5, 0.95, device=True)
    assert measured.value == 0.004


def test_a_block_is_timed_end_to_end() -> None:
    """Real time, so that nothing is asserted of it but that there is some."""
    net = torch.nn.Sequential(torch.nn.Embedding(256, 4), torch.nn.Linear(4, 2))
    options = AiOptions(queries=5, blocks=5, longest_s=2.0)
    subject = LocalSubject(TorchModel("small", net, "cpu"), options)
    warmed = subject.warm_up()
    assert set(warmed.batch_s) == {1, 2, 4, 8, 16}
    assert min(subject.single_stream(5, 0).latencies) > 0
    served = subject.server(200.0, 20, 0)
    assert sum(served.batches) == len(served.latencies) == 20
    assert subject.offline(32, 0).batches == (16, 16)
