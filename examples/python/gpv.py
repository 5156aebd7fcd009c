"""Gradient penalties of a PyTorch module, verified by gpv: one file to copy, nothing needed but torch and numpy.

    import gpv
    report, rows = gpv.verify(module, x, y)

`module` is a Sequential, or any module whose children, in the order of their registration, are what its forward calls one after the other
(that is tried on a few samples, and refused where it is not so). `x` is samples x inputs, `y` the labels of cross-entropy, if any.
`report` is the report as a dict (schemas/report.schema.json); `rows` has a line for each sample and layer, as a DataFrame where pandas is
there, else as a list of dicts. The program itself is found as `command`, as the environment's GPV, as `gpv` on the PATH, or by npx.
"""

import contextlib
import copy
import json
import os
import shlex
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn


class GpvError(RuntimeError):
    """What cannot be verified, or what the program said when it ended without a report."""


def verify(module, x, y=None, *, head=None, command=None, **options):
    """Returns (report, rows).

    head: as --head; left out: cross-entropy with labels, logit:argmax without. Other keywords are options of `gpv verify`:
    accuracy=1e-3, norm="spectral", audit=0.01, engine="cpu", certify=1e-3 ...
    Raises GpvError for a module that is no chain of layers, and with the program's own line where it refuses.
    """
    with _inference(module):
        given, found = outputs(module, chain(module), x)
        # Again: weight_norm and spectral_norm make the weight in the forward pass, and until then the one before the last step stands there.
        layers = chain(module)
    check(layers, given, found)
    with tempfile.TemporaryDirectory(prefix="gpv-") as folder:
        place = Path(folder)
        write_safetensors(place / "model.safetensors", tensors(layers))
        np.save(place / "inputs.npy", _array(x).reshape(len(x), -1))
        words = ["verify", "--model", str(place / "model.safetensors"), "--inputs", str(place / "inputs.npy")]
        words += ["--activation", ",".join(layer["activation"] for layer in layers)]
        if y is not None:
            np.save(place / "labels.npy", _labels(y))
            words += ["--labels", str(place / "labels.npy")]
        words += ["--head", head or ("logit:argmax" if y is None else "cross-entropy")]
        words += ["--report", str(place / "report.json"), "--samples", str(place / "rows.jsonl")]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), str(value)]
        ended = subprocess.run([*_program(command), *words], capture_output=True, text=True)
        # 1, 2 and 4 come with a report where a verdict is violated or none could be given; 2 without one is a refusal.
        if not (place / "report.json").exists():
            raise GpvError(ended.stderr.strip() or f"gpv ended with {ended.returncode}")
        report = json.loads((place / "report.json").read_text())
        lines = (place / "rows.jsonl").read_text().splitlines()
    return report, _table([json.loads(line) for line in lines])


class Monitor:
    """Logs the penalties in a training loop: `monitor = gpv.Monitor(module, x, y, every=100)`, then `monitor(step)` at each step.

    `monitor.log` is a list of dicts: step, the means of both penalties, the median coefficient and ratio, the median tightness kappa_t of each
    layer, and the counts of verdicts. x and y are the samples that are looked at, the same ones at each step.
    """

    def __init__(self, module, x, y=None, *, every=100, show=print, **options):
        self.module, self.x, self.y, self.every, self.show, self.options = module, x, y, every, show, options
        self.log = []

    def __call__(self, step):
        if step % self.every != 0:
            return None
        report, _ = verify(self.module, self.x, self.y, **self.options)
        entry = {
            "step": step,
            "input_penalty": report["penalties"]["input"],
            "parameter_penalty": report["penalties"]["parameter"],
            "coefficient": report["coefficient"]["median"],
            "ratio": report["ratio"]["median"],
            "kappa": [layer["tightness"]["median"] for layer in report["layers"]],
            "verdicts": report["verdicts"],
        }
        self.log.append(entry)
        if self.show is not None:
            kappa = " ".join(_short(k) for k in entry["kappa"])
            self.show(
                f"step {step}: input penalty {_short(entry['input_penalty'])}, parameter penalty {_short(entry['parameter_penalty'])}, "
                f"coefficient {_short(entry['coefficient'])}, ratio {_short(entry['ratio'])}, kappa {kappa}"
            )
        return entry


# What each module of torch is called here; None: the function is another one with these settings.
ACTIVATIONS = {
    nn.ReLU: lambda m: "relu",
    nn.Tanh: lambda m: "tanh",
    nn.Sigmoid: lambda m: "sigmoid",
    nn.GELU: lambda m: "gelu-tanh" if getattr(m, "approximate", "none") == "tanh" else "gelu",
    nn.SiLU: lambda m: "silu",
    nn.Mish: lambda m: "mish",
    nn.ReLU6: lambda m: "relu6",
    nn.SELU: lambda m: "selu",
    nn.Softsign: lambda m: "softsign",
    nn.Hardswish: lambda m: "hard-swish",
    nn.ELU: lambda m: f"elu({float(m.alpha)!r})",
    nn.LeakyReLU: lambda m: f"leaky-relu({float(m.negative_slope)!r})",
    # Beyond its threshold torch takes z itself.
    nn.Softplus: lambda m: f"softplus({float(m.beta)!r})" if m.threshold >= 20 else None,
    # The slopes are written as a tensor.
    nn.PReLU: lambda m: "prelu",
}

# What changes nothing when a network is evaluated.
IGNORED = (nn.Dropout, nn.AlphaDropout, nn.Flatten, nn.Identity)


def chain(module):
    """The layers of a module: dicts of weight, bias (None: there is none) and activation. Batch normalisation after a layer is folded into it."""
    layers = []
    for name, part in _leaves(module, ""):
        where = f"{name or 'the module'} ({type(part).__name__})"
        if isinstance(part, nn.Linear):
            if any(layer["module"] is part for layer in layers):
                raise GpvError(f"{where}: found it twice, which shares its weights, expected each layer its own")
            weight = part.weight.detach().cpu().double()
            if layers and layers[-1]["weight"].shape[0] != weight.shape[1]:
                raise GpvError(f"{where}: found {weight.shape[1]} inputs, expected {layers[-1]['weight'].shape[0]}, the outputs before it")
            bias = None if part.bias is None else part.bias.detach().cpu().double()
            layers.append({"weight": weight, "bias": bias, "activation": "identity", "function": None, "module": part, "dtype": part.weight.dtype})
        elif isinstance(part, IGNORED):
            continue
        elif not layers:
            raise GpvError(f"{where}: found it before the first Linear, expected a Linear")
        elif layers[-1]["activation"] != "identity":
            raise GpvError(f"{where}: found it after the activation {layers[-1]['activation']}, expected a Linear")
        elif isinstance(part, nn.BatchNorm1d):
            _fold(layers[-1], part)
        elif type(part) in ACTIVATIONS:
            activation = ACTIVATIONS[type(part)](part)
            if activation is None:
                raise GpvError(f"{where}: found a threshold of {part.threshold}, expected 20 or more")
            layers[-1].update(activation=activation, function=copy.deepcopy(part).cpu().double())
            if activation == "prelu":
                layers[-1]["slopes"] = part.weight.detach().cpu().double()
        else:
            raise GpvError(f"{where}: found no layer that the inequality covers, expected Linear and an activation for each unit")
    if not layers:
        raise GpvError("the module: found no Linear, expected at least one")
    return layers


def outputs(module, layers, x, samples=8):
    """A few samples, and what the module makes of them."""
    parameter = next(module.parameters())
    some = torch.as_tensor(x[:samples]).to(parameter.device, parameter.dtype)
    if some.dim() < 2:
        raise GpvError("x: found one axis, expected samples x inputs")
    width, expected = some[0].numel(), layers[0]["weight"].shape[1]
    if width != expected:
        raise GpvError(f"x: found {width} values a sample, expected {expected}, the inputs of the first layer")
    return some, module(some).detach().reshape(len(some), -1)


def check(layers, given, found):
    """That the module computes what its layers do, one after the other."""
    h = given.cpu().double().reshape(len(given), -1)
    for layer in layers:
        z = h @ layer["weight"].T
        z = z if layer["bias"] is None else z + layer["bias"]
        with torch.no_grad():
            h = z if layer["function"] is None else layer["function"](z)
    # The module rounds every layer's products and values in its own precision.
    allowed = 1e-3 + 2 * len(layers) * torch.finfo(found.dtype).eps
    found = found.cpu().double()
    apart = (h - found).abs().max().item() if h.shape == found.shape else float("inf")
    if not apart <= allowed * (1 + found.abs().max().item()):
        raise GpvError(f"the module: found that its forward is not its children one after the other (outputs differ by {apart:.3g}), expected a chain")


def tensors(layers):
    """The layers' numbers by name, in the precision in which the module has them: 0, 2, 4 …, the slopes of a PReLU between them."""
    named = {}
    for i, layer in enumerate(layers):
        single = layer["dtype"] in (torch.float32, torch.float16, torch.bfloat16) and not layer.get("folded")
        for name in ("weight", "bias"):
            if layer[name] is not None:
                named[f"{2 * i}.{name}"] = layer[name].numpy().astype(np.float32 if single else np.float64)
        if "slopes" in layer:
            named[f"{2 * i + 1}.weight"] = layer["slopes"].numpy()
    return named


def write_safetensors(file, named):
    """The safetensors format: length of a JSON header, the header, the bytes."""
    header, at = {}, 0
    for name, values in named.items():
        kind = {"float32": "F32", "float64": "F64"}[values.dtype.name]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for values in named.values():
            out.write(np.ascontiguousarray(values).tobytes())


def _leaves(module, name):
    # named_children() leaves out what stands a second time, as one PReLU after every layer may.
    children = [(own, child) for own, child in module._modules.items() if child is not None]
    # A parametrised Linear has children too, which make its weight.
    if not children or isinstance(module, nn.Linear):
        yield name, module
        return
    for own, child in children:
        yield from _leaves(child, f"{name}.{own}" if name else own)


def _fold(layer, norm):
    if norm.running_var is None:
        raise GpvError("BatchNorm1d: found no running statistics, expected track_running_stats=True")
    scale = 1 / torch.sqrt(norm.running_var.double().cpu() + norm.eps)
    shift = -norm.running_mean.double().cpu() * scale
    if norm.weight is not None:
        scale, shift = scale * norm.weight.detach().double().cpu(), shift * norm.weight.detach().double().cpu()
        shift = shift + norm.bias.detach().double().cpu()
    layer["weight"] = layer["weight"] * scale[:, None]
    layer["bias"] = shift if layer["bias"] is None else layer["bias"] * scale + shift
    layer["folded"] = True


@contextlib.contextmanager
def _inference(module):
    """Every part of the module in evaluation, and afterwards as it was."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


def _labels(y):
    labels = torch.as_tensor(y).detach().cpu()
    if labels.is_floating_point() and not torch.equal(labels, labels.round()):
        raise GpvError("y: found numbers with a fraction, expected labels")
    return labels.numpy().astype(np.int64).reshape(-1)


def _array(x):
    if isinstance(x, torch.Tensor):
        x = x.detach().cpu()
        x = (x if x.dtype == torch.float64 else x.float()).numpy()
    values = np.asarray(x)
    return values if values.dtype == np.float64 else values.astype(np.float32)


def _program(command):
    if command is not None:
        return [command] if isinstance(command, str) else list(command)
    if os.environ.get("GPV"):
        return shlex.split(os.environ["GPV"])
    found = shutil.which("gpv")
    return [found] if found else ["npx", "--yes", "gradient-penalty-verifier"]


def _table(rows):
    flat = []
    for row in rows:
        whole = {name: value for name, value in row.items() if not isinstance(value, (list, dict))}
        for layer in row["layers"]:
            own = {("layer_" + name if name in ("verdict", "reason") else name): value for name, value in layer.items()}
            flat.append({**whole, **own})
    try:
        import pandas
    except ImportError:
        return flat
    return pandas.DataFrame(flat)


def _short(value):
    return "-" if value is None else f"{value:.3g}"
