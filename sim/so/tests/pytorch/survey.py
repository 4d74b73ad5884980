"""PyTorch's own list of operators, each on "npu" against "cpu": which give the same, which are refused, which differ.

    source DIR/set_env.sh && python survey.py [RESULTS] [--gradients] [--dtype float32] [--only NAME]

The list, with inputs for each operator, is `torch.testing`'s (`common_methods_invocations`); it needs `expecttest` and `hypothesis`
too. Takes some minutes; every operator goes into RESULTS (survey.tsv) as it ends, and a process that dies is told and gone on from
the next. What the simulator does not have is to be refused by name: a crash, a hang or a wrong result is a finding.
"""

import argparse
import collections
import itertools
import os
import pathlib
import signal
import subprocess
import sys
import unittest.mock

os.environ.setdefault("TASK_QUEUE_ENABLE", "0")
# Samples of an operator that are tried, and seconds for all of them.
SAMPLES, SECONDS = 4, 60
# The exit code of a process whose device failed.
FAILED = 3


def to(value, device):
    import torch

    if isinstance(value, torch.Tensor):
        return value.detach().clone().to(device).requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        parts = [to(part, device) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: to(part, device) for key, part in value.items()}
    if isinstance(value, torch.device) or value == "cpu":
        return torch.device(device)
    return value


def tensors(value):
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)


def run(op, sample, device):
    """The results, and where inputs have them the gradients of their squares."""
    import torch

    inputs = [to(part, device) for part in (sample.input, sample.args, sample.kwargs)]
    results = list(tensors(op(inputs[0], *inputs[1], **inputs[2])))
    roots = [result for result in results if result.requires_grad]
    leaves = [leaf for leaf in tensors([inputs[0], inputs[1], list(inputs[2].values())]) if leaf.requires_grad]
    if not roots or not leaves:
        return results
    gradients = torch.autograd.grad(sum((root.abs() ** 2).sum() for root in roots), leaves, allow_unused=True)
    return results + [gradient for gradient in gradients if gradient is not None]


def unlike(wanted, gave):
    """How two lists of results differ, or nothing."""
    import torch

    for want, got in itertools.zip_longest(wanted, gave):
        if got is None or want is None or got.shape != want.shape or got.dtype != want.dtype:
            return "shape or dtype"
        try:
            torch.testing.assert_close(got.detach(), want.detach(), rtol=1e-3, atol=1e-4, equal_nan=True)
        except AssertionError as error:
            return " ".join(str(error).split())[:160]
    return None


def outcome(op, sample):
    """What comes of one sample: "same", or what is otherwise."""
    import torch

    try:
        wanted = run(op, sample, "cpu")
        # The list sets a seed for what is random; without, it is seen.
        with unittest.mock.patch("torch.manual_seed"):
            chance = "empty" in op.name or unlike(wanted, run(op, sample, "cpu"))
    except Exception:  # noqa: BLE001 - whatever an operator raises is what it says
        return "not on the CPU"
    if chance:
        return "left to chance"
    try:
        gave = [result.cpu() for result in run(op, sample, "npu")]
        torch.npu.synchronize()
    except Exception as error:  # noqa: BLE001
        # The text that the simulator left is the part that names the operator.
        lines = [line.strip() for line in str(error).splitlines() if "aclnn" in line or "not supported" in line]
        failed = [line for line in lines if "failed on the device" in line]
        if failed:
            return "failed: " + failed[-1][:200]
        return "refused: " + (lines[-1] if lines else (str(error).splitlines() or [repr(error)])[0])[:200]
    difference = unlike(wanted, gave)
    return f"differs: {difference}" if difference else "same"


def work(first, args):
    import torch
    import torch_npu  # noqa: F401
    from torch.testing._internal.common_methods_invocations import op_db

    dtype = getattr(torch, args.dtype)
    for index, op in enumerate(op_db):
        name = f"{op.name}.{op.variant_test_name}".rstrip(".")
        if index < first or args.only not in name:
            continue
        print(f"{index}\t{name}\tbegun", flush=True)
        signal.alarm(SECONDS)
        if not op.supports_dtype(dtype, "cpu"):
            result = "no such dtype"
        else:
            torch.manual_seed(0)
            samples = itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=args.gradients and op.supports_autograd), SAMPLES)
            results = [outcome(op, sample) for sample in samples]
            silent = [result for result in results if result in ("not on the CPU", "left to chance")]
            told = [result for result in results if result not in silent]
            bad = [result for result in told if result != "same"]
            result = min(bad) if bad else "same" if told else min(silent, default="not on the CPU")
        signal.alarm(0)
        print(f"{index}\t{name}\t{result}", flush=True)
        if "failed on the device" in result:
            # The device stays in error, as a card's does: the next operator gets a process of its own.
            sys.exit(FAILED)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="?", default="survey.tsv", type=pathlib.Path)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float16", "bfloat16", "int64", "int32", "bool"])
    parser.add_argument("--gradients", action="store_true", help="compare gradients too")
    parser.add_argument("--only", default="", metavar="NAME", help="operators whose name has this")
    parser.add_argument("--from", dest="first", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.first is not None:
        return work(args.first, args)
    first, found = 0, {}
    while first is not None:
        command = [sys.executable, __file__, "--dtype", args.dtype, "--only", args.only, "--from", str(first)]
        command += ["--gradients"] * args.gradients
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        begun, last = None, first
        for line in worker.stdout:
            parts = line.rstrip("\n").split("\t")
            if len(parts) != 3:
                continue
            begun = (int(parts[0]), parts[1]) if parts[2] == "begun" else None
            last = int(parts[0])
            if begun is None:
                found[parts[1]] = parts[2]
                if sys.stderr.isatty():
                    print(f"\r{len(found)} operators", end="", file=sys.stderr, flush=True)
        code = worker.wait()
        if begun is not None:
            found[begun[1]] = "took too long" if code == -signal.SIGALRM else f"died: {code}"
            first = begun[0] + 1
        elif code == FAILED:
            first = last + 1
        elif code != 0:
            sys.exit(f"the survey ended early ({code}); what it says: {' '.join(command)}")
        else:
            first = None
        args.results.write_text("".join(f"{name}\t{result}\n" for name, result in sorted(found.items())))
    if not found:
        sys.exit(f"no operator of PyTorch's list has {args.only!r} in its name")
    counts = collections.Counter(result.split(":")[0] for result in found.values())
    for kind, count in counts.most_common():
        print(f"{count:5} {kind}")


if __name__ == "__main__":
    main()
