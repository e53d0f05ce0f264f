# Loads the weights of Binade's models into the same models of PyTorch, and PyTorch's into Binade's: names, shapes, types
# and outputs are compared.
#
#     BINADE_PEER_PYTHON=VENV/bin/python python3 tests/plugins/state_dict_peer.py build/bin/binade build/tests/forward_peer
#
# The Python needs torch; where it has safetensors, that reads and writes the files, else the few lines below do.
import json
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from peer_python import use_the_peers_python

use_the_peers_python("torch")
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

try:
    from safetensors.torch import load_file, save_file
except ImportError:
    TYPES = {"F32": torch.float32, "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16}

    def load_file(path):
        data = Path(path).read_bytes()
        (size,) = struct.unpack_from("<Q", data)
        tensors = {}
        for name, entry in json.loads(data[8 : 8 + size]).items():
            if name == "__metadata__":
                continue
            start, end = entry["data_offsets"]
            raw = bytearray(data[8 + size + start : 8 + size + end])
            tensors[name] = torch.frombuffer(raw, dtype=TYPES[entry["dtype"]]).reshape(entry["shape"])
        return tensors

    def save_file(tensors, path):
        names = {dtype: name for name, dtype in TYPES.items()}
        header, offset, data = {}, 0, b""
        for name, tensor in tensors.items():
            raw = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
            end = offset + len(raw)
            header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
            offset, data = end, data + raw
        text = json.dumps(header).encode()
        Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


class Mlp(nn.Module):
    def __init__(self, features, units, layers, classes):
        super().__init__()
        sizes = [features] + [units] * layers
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.output = nn.Linear(sizes[-1], classes)

    def forward(self, x):
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.output(x)


class Block(nn.Module):  # torchvision's BasicBlock
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Cnn(nn.Module):  # torchvision's ResNet with a stem for small images
    def __init__(self, channels, width, stages, blocks, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.stages, inputs = stages, width
        for stage in range(stages):
            outputs = width << stage
            row = [Block(inputs if b == 0 else outputs, outputs, 2 if stage > 0 and b == 0 else 1) for b in range(blocks)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*row))
            inputs = outputs
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)

    def forward(self, x):
        n, t, width = x.shape
        q, k, v = (y.view(n, t, self.heads, -1).transpose(1, 2) for y in self.c_attn(x).split(width, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(n, t, width))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc = nn.Linear(width, 4 * width)
        self.c_proj = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), Attention(width, heads)
        self.ln_2, self.mlp = nn.LayerNorm(width), FeedForward(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):  # GPT-2 with a tied output layer
    def __init__(self, vocab_size, sequence_length, layers, heads, width):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab_size, width), nn.Embedding(sequence_length, width)
        self.h = nn.ModuleList(GptBlock(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)


MODELS = {
    "mlp": (Mlp, {"features": 16, "units": 24, "layers": 2, "classes": 4}, lambda: torch.randn(5, 16)),
    "cnn": (
        Cnn,
        {"channels": 1, "width": 8, "stages": 2, "blocks": 2, "classes": 4},
        lambda: torch.randn(5, 1, 16, 16),
    ),
    "gpt": (
        Gpt,
        {"vocab_size": 20, "sequence_length": 33, "layers": 2, "heads": 2, "width": 16},
        lambda: torch.randint(0, 20, (5, 33)),
    ),
}
DATASETS = {
    "mlp": 'plugin = "synthetic"\nsamples = 64',
    "cnn": 'plugin = "images"\nformat = "idx"\nimages = "images"\nlabels = "labels"',
    "gpt": 'plugin = "synthetic"\nsamples = 64\ntask = "copy"\nsequence_length = 33',
}


# 64 images of 16 x 16 in MNIST's format.
def write_images(folder):
    (folder / "images").write_bytes(struct.pack(">IIII", 0x803, 64, 16, 16) + bytes(i * 7 % 251 for i in range(64 * 256)))
    (folder / "labels").write_bytes(struct.pack(">II", 0x801, 64) + bytes(i % 4 for i in range(64)))


class Peer:
    def __init__(self, binade, forward, folder):
        self.binade, self.forward_peer, self.folder = binade, forward, folder
        write_images(folder)

    # Trains, and returns the run's directory.
    def train(self, name, model, options, more=""):
        lines = "\n".join(f"{key} = {value}" for key, value in options.items() if key not in WIRED[model])
        text = f"""
[experiment]
name = "{name}"
[model]
plugin = "{model}"
{lines}
{more}
[dataset]
{DATASETS[model]}
[precision]
plugin = "fp32"
[optimizer]
name = "sgd"
lr = {"1e-300" if more else "1e-2"}
weight_decay = 0.0
[train]
steps = {1 if more else 5}
batch_size = 16
device = "cpu"
threads = 1
[metrics]
enabled = false
"""
        (self.folder / f"{name}.toml").write_text(text)
        command = [self.binade, "run", f"{name}.toml"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return next((self.folder / "runs" / name).iterdir())

    # What the plugin gives for these weights.
    def outputs(self, model, options, weights, inputs):
        save_file({"input": inputs}, self.folder / "input.safetensors")
        words = [f"{key}={value}" for key, value in options.items()]
        command = [self.forward_peer, model, str(weights), "input.safetensors", "output.safetensors", *words]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return load_file(self.folder / "output.safetensors")["output"]

    def compare_outputs(self, model, options, weights, module, inputs):
        module.eval()
        with torch.no_grad():
            expected = module(inputs)
        difference = (self.outputs(model, options, weights, inputs) - expected).abs().max().item()
        assert difference < 1e-5 * max(1.0, expected.abs().max().item()), f"{model}: outputs differ by {difference}"
        return difference

    def from_binade(self, model, make, options, inputs):
        weights = self.train(f"{model}-to-python", model, options) / "weights.safetensors"
        state, module = load_file(weights), make(**options)
        module.load_state_dict(state, strict=True)
        for name, tensor in module.state_dict().items():
            assert tensor.dtype == state[name].dtype, f"{model}: {name} is {state[name].dtype}, not {tensor.dtype}"
        return self.compare_outputs(model, options, weights, module, inputs), len(state)

    def to_binade(self, model, make, options, inputs):
        module = make(**options)
        with torch.no_grad():  # statistics other than those that a layer begins with
            for name, buffer in module.named_buffers():
                if buffer.is_floating_point():
                    buffer.copy_(torch.rand_like(buffer) + 0.5)
        file = self.folder / f"{model}-from-python.safetensors"
        save_file(module.state_dict(), file)
        run = self.train(f"{model}-from-python", model, options, f'init_from = "{file}"')
        trained = load_file(run / "weights.safetensors")  # at a rate that changes no weight
        for name, parameter in module.named_parameters():
            assert torch.equal(trained[name], parameter), f"{model}: {name} did not arrive"
        return self.compare_outputs(model, options, file, module, inputs)


WIRED = {"mlp": {"features", "classes"}, "cnn": {"channels", "classes"}, "gpt": {"sequence_length"}}


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), Path(folder))
        for model, (make, options, inputs) in MODELS.items():
            there, tensors = peer.from_binade(model, make, options, inputs())
            back = peer.to_binade(model, make, options, inputs())
            print(f"{model}: {tensors} tensors; outputs differ by {there:.1e} in PyTorch, {back:.1e} in Binade")


main()
