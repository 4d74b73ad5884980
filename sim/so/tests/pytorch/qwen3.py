"""Hugging Face's Qwen3, a small one, trained for some steps on "npu" with the losses and gradient norms that it has on "cpu".

Run with the folder's set_env.sh sourced. Without PyTorch, torch_npu or transformers nothing is tested, and the last line says so.
With `--time` the second word is the machine's: the steps of a model of 22 million parameters on either device, in seconds.
"""

import os
import statistics
import sys
import time

os.environ.setdefault("TASK_QUEUE_ENABLE", "0")
try:
    import torch
    import torch_npu  # noqa: F401
    from transformers import Qwen3Config, Qwen3ForCausalLM
except ModuleNotFoundError as error:
    print(f"skipped: {error}")
    sys.exit(0)


def train(where, attention, steps, batch, length, fused=None, **sizes):
    """Losses and norms by step, and the seconds of each."""
    torch.manual_seed(0)
    config = Qwen3Config(max_position_embeddings=1024, attn_implementation=attention, **sizes)
    model = Qwen3ForCausalLM(config).to(where)
    # Neither foreach nor fused is named: PyTorch takes what is the default on the device.
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=fused)
    tokens = torch.randint(0, config.vocab_size, (batch, length), generator=torch.Generator().manual_seed(1)).to(where)
    seen, seconds = [], []
    for _ in range(steps):
        begun = time.perf_counter()
        loss = model(input_ids=tokens, labels=tokens).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seen.append((loss.item(), norm.item()))
        seconds.append(time.perf_counter() - begun)
    return seen, seconds


TINY = dict(
    vocab_size=256,
    hidden_size=64,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=16,
)
SMALL = dict(
    vocab_size=4096,
    hidden_size=512,
    intermediate_size=1536,
    num_hidden_layers=4,
    num_attention_heads=8,
    num_key_value_heads=4,
    head_dim=64,
)


def same_losses():
    for attention in ("eager", "sdpa"):
        for fused in (None, True):
            wanted, found = (train(where, attention, 6, 2, 32, fused, **TINY)[0] for where in ("cpu", "npu"))
            torch.testing.assert_close(torch.tensor(found), torch.tensor(wanted), rtol=1e-4, atol=0)
            assert wanted[-1][0] < wanted[0][0] - 0.5, "it learns"
            print(f"{attention}, {'fused' if fused else 'default'} AdamW: losses {', '.join(f'{loss:.6f}' for loss, _ in found)}")


def timed():
    for where in ("cpu", "npu", "cpu", "npu"):
        seconds = train(where, "sdpa", 10, 4, 128, **SMALL)[1][2:]
        print(f"{where}: {statistics.median(seconds):.3f} s a step, in the middle of {len(seconds)}; {min(seconds):.3f} s at best")


same_losses()
if "--time" in sys.argv[1:]:
    timed()
print(f"torch_npu {torch_npu.__version__}: all as on the CPU")
