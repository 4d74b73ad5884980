"""torch_npu, as it is from PyPI, on the folder of libraries: what PyTorch gives on "npu" against what it gives on "cpu".

Run with the folder's set_env.sh sourced. Without PyTorch or torch_npu nothing is tested, and the last line says so.
"""

import copy
import os
import sys

# What an operator refuses is then an exception where it is called, not the end of a thread of torch_npu's own.
os.environ.setdefault("TASK_QUEUE_ENABLE", "0")
try:
    import torch
    import torch_npu  # noqa: F401
except ModuleNotFoundError as error:
    print(f"skipped: {error}")
    sys.exit(0)
import torch.nn.functional as F

torch.manual_seed(1)


def on_npu(value):
    return value.detach().to("npu") if isinstance(value, torch.Tensor) else value


def same(name, function, *inputs):
    """The function's result, and the gradient of its square in each input of floats."""
    results = []
    for inputs in (inputs, [on_npu(value) for value in inputs]):
        inputs = [v.detach().clone().requires_grad_(v.is_floating_point()) if isinstance(v, torch.Tensor) else v for v in inputs]
        result = function(*inputs)
        leaves = [v for v in inputs if isinstance(v, torch.Tensor) and v.requires_grad]
        if result.is_floating_point() and result.requires_grad:
            (result * result).sum().backward()
        results.append([result.detach().cpu()] + [v.grad.cpu() for v in leaves if v.grad is not None])
    wanted, found = results
    assert len(wanted) == len(found), name
    for wanted, found in zip(wanted, found):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5, msg=lambda why, name=name: f"{name}: {why}")


def device():
    assert torch.npu.is_available() and torch.npu.device_count() >= 1
    assert torch.npu.get_device_name(0).startswith("Ascend910"), torch.npu.get_device_name(0)
    assert torch.npu.get_device_properties(0).total_memory > 2**30


def streams_and_memory():
    side, event = torch.npu.Stream(), torch.npu.Event()
    ones = torch.ones(1000, device="npu")
    side.wait_stream(torch.npu.current_stream())
    with torch.npu.stream(side):
        twos = ones * 2
        event.record()
    torch.npu.current_stream().wait_event(event)
    assert twos.sum().item() == 2000
    held = torch.npu.memory_allocated()
    block = torch.empty(1 << 20, device="npu")
    assert torch.npu.memory_allocated() >= held + (4 << 20)
    del block
    assert torch.npu.memory_allocated() == held


def operators():
    x, y, w = torch.randn(6, 8), torch.randn(6, 8), torch.randn(8, 4)
    index = torch.tensor([4, 0, 2])
    same("add", torch.add, x, y)
    same("mul", torch.mul, x, 1.5)
    same("matmul", torch.matmul, x, w)
    same("silu", F.silu, x)
    same("softmax", lambda t: F.softmax(t, -1), x)
    same("rms_norm", lambda t, g: F.rms_norm(t, (8,), g), x, torch.randn(8))
    same("layer_norm", lambda t, g, b: F.layer_norm(t, (8,), g, b), x, torch.randn(8), torch.randn(8))
    same("embedding", lambda i, t: F.embedding(i, t), index, x)
    same("gather", lambda t, i: t.gather(1, i), x, torch.randint(0, 8, (6, 3)))
    same("cross_entropy", F.cross_entropy, x, torch.randint(0, 8, (6,)))
    same("cat", lambda s, t: torch.cat([s, t], 1), x, y)
    same("where", lambda s, t: torch.where(s > t, s, t), x, y)
    same("topk", lambda t: torch.topk(t, 3)[0], x)


def training():
    """Some steps of a small network with the same losses."""
    tokens = torch.randint(0, 32, (2, 9))
    first = torch.nn.Sequential(torch.nn.Embedding(32, 16), torch.nn.Linear(16, 48), torch.nn.SiLU(), torch.nn.Linear(48, 32))
    losses = []
    for where in ("cpu", "npu"):
        model = copy.deepcopy(first).to(where)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, foreach=True)
        given = tokens.to(where)
        losses.append([])
        for _ in range(5):
            loss = F.cross_entropy(model(given[:, :-1]).flatten(0, 1), given[:, 1:].flatten())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses[-1].append(loss.item())
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-4, atol=1e-5)
    assert losses[0][-1] < losses[0][0]


def refusals():
    """An operator that the simulator has neither way is an exception with CANN's code, and the process goes on."""
    try:
        torch_npu.npu_ciou(torch.rand(4, 2, device="npu"), torch.rand(4, 2, device="npu"), True, False, 0)
    except RuntimeError as error:
        assert "200006" in str(error) and "not supported by the simulator" in str(error), error
    else:
        raise AssertionError("nothing was refused")
    assert torch.ones(2, device="npu").sum().item() == 2


for test in (device, streams_and_memory, operators, training, refusals):
    test()
    print(f"{test.__name__}: ok")
print(f"torch_npu {torch_npu.__version__}: all as on the CPU")
