"""`torch.distributed` on the simulated NPUs, one process each: every collective against what it must give, then a network whose
gradients are averaged against one process that has the whole batch.

Run with the folder's set_env.sh sourced: `torchrun --nproc-per-node 4 ranks.py`. Without PyTorch or torch_npu nothing is tested, and
the last line says so.
"""

import copy
import os
import sys

os.environ.setdefault("TASK_QUEUE_ENABLE", "0")
try:
    import torch
    import torch_npu  # noqa: F401
except ModuleNotFoundError as error:
    print(f"skipped: {error}")
    sys.exit(0)
import torch.distributed as dist

RANK, WORLD = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
COUNT = 2 * WORLD


def given(rank, dtype=torch.float32):
    return (torch.arange(COUNT) + rank).to(dtype)


def empty(count, dtype=torch.float32):
    return torch.empty(count, dtype=dtype, device="npu")


def equal(name, found, wanted):
    assert torch.equal(found.cpu(), wanted), f"rank {RANK}, {name}: {found.cpu()}, not {wanted}"


def collectives(dtype):
    """All of one dtype. The values are small whole numbers: every dtype holds them and their sums."""
    every = [given(rank, dtype) for rank in range(WORLD)]
    total = sum(every[1:], every[0])
    mine = every[RANK].to("npu")

    reductions = (dist.ReduceOp.SUM, total), (dist.ReduceOp.MAX, every[-1]), (dist.ReduceOp.MIN, every[0])
    for reduction, wanted in reductions:
        reduced = mine.clone()
        dist.all_reduce(reduced, reduction)
        equal(f"all_reduce {reduction} of {dtype}", reduced, wanted)
    reduced = mine.clone()
    dist.reduce(reduced, 0)
    if RANK == 0:
        equal(f"reduce of {dtype}", reduced, total)
    part = empty(2, dtype)
    dist.reduce_scatter_tensor(part, mine)
    equal(f"reduce_scatter of {dtype}", part, total[2 * RANK : 2 * RANK + 2])

    whole = empty(COUNT * WORLD, dtype)
    dist.all_gather_into_tensor(whole, mine)
    equal(f"all_gather of {dtype}", whole, torch.cat(every))
    parts = [empty(COUNT, dtype) for _ in range(WORLD)]
    dist.all_gather(parts, mine)
    equal(f"all_gather into {WORLD} tensors of {dtype}", torch.stack(parts), torch.stack(every))
    sent = mine.clone()
    dist.broadcast(sent, WORLD - 1)
    equal(f"broadcast of {dtype}", sent, every[-1])
    turned = empty(COUNT, dtype)
    dist.all_to_all_single(turned, mine)
    equal(f"all_to_all of {dtype}", turned, torch.cat([tensor[2 * RANK : 2 * RANK + 2] for tensor in every]))


def uneven():
    """Rank r is sent r + 1 elements by each."""
    counts = [rank + 1 for rank in range(WORLD)]
    found = empty(WORLD * (RANK + 1))
    dist.all_to_all_single(found, torch.full((sum(counts),), float(RANK), device="npu"), [RANK + 1] * WORLD, counts)
    equal("all_to_all of uneven parts", found, torch.arange(float(WORLD)).repeat_interleave(RANK + 1))


def around():
    """To the next rank, from the one before."""
    mine, found = given(RANK).to("npu"), empty(COUNT)
    pair = [dist.P2POp(dist.isend, mine, (RANK + 1) % WORLD), dist.P2POp(dist.irecv, found, (RANK - 1) % WORLD)]
    for work in dist.batch_isend_irecv(pair):
        work.wait()
    equal("a batch of send and receive", found, given((RANK - 1) % WORLD))


def a_part_of_the_ranks():
    pair = dist.new_group([0, 1])
    if RANK < 2:
        reduced = given(RANK).to("npu")
        dist.all_reduce(reduced, group=pair)
        equal("all_reduce of two ranks", reduced, given(0) + given(1))
    objects = [None] * WORLD
    dist.all_gather_object(objects, {"rank": RANK})
    assert objects == [{"rank": rank} for rank in range(WORLD)], objects
    dist.barrier()


def averaged_gradients():
    torch.manual_seed(0)
    alone = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.SiLU(), torch.nn.Linear(16, 4))
    inputs, targets = torch.randn(4 * WORLD, 8), torch.randn(4 * WORLD, 4)
    shared = torch.nn.parallel.DistributedDataParallel(copy.deepcopy(alone).to("npu"), device_ids=[RANK])
    rows = slice(4 * RANK, 4 * RANK + 4)
    runs = (alone, inputs, targets), (shared, inputs[rows].to("npu"), targets[rows].to("npu"))
    for network, given_inputs, given_targets in runs:
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        for _ in range(5):
            (network(given_inputs) - given_targets).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    for wanted, found in zip(alone.parameters(), shared.parameters()):
        torch.testing.assert_close(found.cpu(), wanted, rtol=1e-5, atol=1e-6)


torch.npu.set_device(RANK)
dist.init_process_group("hccl")
for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.int32, torch.int64):
    collectives(dtype)
for test in (uneven, around, a_part_of_the_ranks, averaged_gradients):
    test()
dist.destroy_process_group()
print(f"rank {RANK} of {WORLD}: all as it must be")
