"""Writes the PyTorch files that the tests read. Made once with torch 1.13: python3 make.py

Each network is 4 → 3 (tanh) → 2 with weights of sixteenths, exact in every type: entry k of the flattened parameters is (k % 17 - 8) / 16.
"""
import collections, os, pickle, zipfile
import torch
from torch import nn

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def filled(module):
    k = 0
    with torch.no_grad():
        for p in module.parameters():
            for i in range(p.numel()):
                p.view(-1)[i] = (k % 17 - 8) / 16
                k += 1
    return module


def network():
    return filled(nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)))


def views(state):
    """The same numbers as views: a transpose, and slices of one flat buffer."""
    flat = torch.zeros(100)
    result, at = collections.OrderedDict(), 5
    for name, tensor in state.items():
        if name == "0.weight":
            result[name] = tensor.t().contiguous().t()
            continue
        flat[at : at + tensor.numel()] = tensor.reshape(-1)
        result[name] = flat[at : at + tensor.numel()].view(tensor.shape)
        at += tensor.numel()
    return result


state = network().state_dict()
torch.save(state, "state.pt")
torch.save(state, "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(views(state), "views.pt")
torch.save(views(state), "legacy-views.pt", _use_new_zipfile_serialization=False)
for name, dtype in (("half", torch.float16), ("bfloat16", torch.bfloat16), ("double", torch.float64)):
    torch.save({k: v.to(dtype) for k, v in state.items()}, f"{name}.pt")
interleaved = torch.zeros(3, 8)
interleaved[:, ::2] = state["0.weight"]
interleaved[:2, 1:7:2] = state["2.weight"]
torch.save({**state, "0.weight": interleaved[:, ::2], "2.weight": interleaved[:2, 1:7:2]}, "interleaved.pt")

model = network()
optimizer = torch.optim.Adam(model.parameters())
model(torch.ones(1, 4)).sum().backward()
optimizer.step()
filled(model)
rest = {"epoch": 3, "optimizer_state_dict": optimizer.state_dict(), "rng": torch.get_rng_state()}
torch.save({**rest, "model_state_dict": model.state_dict()}, "checkpoint.pt")
lightning = {f"net.{k}": v for k, v in model.state_dict().items()}
torch.save({"epoch": 1, "pytorch-lightning_version": "1.9", "state_dict": lightning, "hyper_parameters": {"lr": 0.1}}, "lightning.ckpt")
torch.save({"model": model.state_dict(), "ema": {k: v / 2 for k, v in model.state_dict().items()}}, "two.pt")
torch.save(model, "whole.pt")
torch.save({"model": model, "epoch": 1}, "whole-in-checkpoint.pt")
torch.save(model, "legacy-whole.pt", _use_new_zipfile_serialization=False)
torch.jit.save(torch.jit.script(model), "torchscript.pt")
torch.save({f"_orig_mod.module.{k}": v for k, v in state.items()}, "prefixes.pt")

tied = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3))
tied[2].weight = tied[0].weight
torch.save(tied.state_dict(), "tied.pt")
layer = nn.Linear(3, 3)
torch.save(nn.Sequential(layer, nn.Tanh(), layer), "twice.pt")
torch.save({**state, "0.weight": torch.zeros(1, 1).expand(3, 4)}, "expanded.pt")
quantised = torch.quantization.quantize_dynamic(network(), {nn.Linear}) if torch.backends.quantized.supported_engines != ["none"] else None
if quantised is not None:
    torch.save(quantised.state_dict(), "quantised.pt")
torch.save({**state, "0.weight": state["0.weight"].to_sparse()}, "sparse.pt")
torch.save({**state, "0.weight": torch.complex(state["0.weight"], state["0.weight"])}, "complex.pt")


class Config:
    def __init__(self):
        self.width = 3


torch.save({"state_dict": state, "config": Config()}, "own-class.pt")


class Command:
    """What a hostile file does: os.system at load."""

    def __reduce__(self):
        return (os.system, ("touch executed",))


torch.save({"state_dict": state, "hook": Command()}, "command.pt")
torch.save({**state, "0.weight": Command()}, "command-as-weight.pt")
torch.save(state, "protocol-4.pt", pickle_protocol=4)
torch.save(dict(network().named_parameters()), "parameters.pt")
pickle.dump({k: v.numpy() for k, v in state.items()}, open("plain-pickle.pkl", "wb"))

# Newer torch says the byte order; and somebody packed the archive again.
with zipfile.ZipFile("state.pt") as old, zipfile.ZipFile("big-endian-deflated.pt", "w", zipfile.ZIP_DEFLATED) as new:
    for info in old.infolist():
        data = old.read(info)
        if "/data/" in info.filename:
            data = b"".join(data[i : i + 4][::-1] for i in range(0, len(data), 4))
        new.writestr(info.filename, data)
    new.writestr("state/byteorder", "big")

torch.manual_seed(1)
normed = nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)), nn.Tanh(), nn.utils.spectral_norm(nn.Linear(3, 2)))
normed(torch.randn(5, 4))
normed.eval()
x = torch.tensor([[0.5, -1.0, 0.25, 2.0]])
torch.save({**normed.state_dict()}, "norms-by-hooks.pt")
print("norms-by-hooks", normed.double()(x.double()).tolist())
from torch.nn.utils import parametrizations
spectral = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), parametrizations.spectral_norm(nn.Linear(3, 2)))
spectral(torch.randn(5, 4))
spectral.eval()
torch.save(spectral.state_dict(), "norms-by-parametrizations.pt")
print("norms-by-parametrizations", spectral.double()(x.double()).tolist())

# Activations with a parameter; one PReLU after two layers.
shared = nn.PReLU()
parametric = {
    "prelu.pt": nn.Sequential(nn.Linear(4, 3), nn.PReLU(3), nn.Linear(3, 3), nn.PReLU(), nn.Linear(3, 2)),
    "prelu-shared.pt": nn.Sequential(nn.Linear(4, 3), shared, nn.Linear(3, 3), shared, nn.Linear(3, 2)),
    "parametric.pt": nn.Sequential(
        *(nn.Linear(4, 3), nn.PReLU(3), nn.Linear(3, 3), nn.LeakyReLU(0.2), nn.Linear(3, 3)),
        *(nn.ELU(0.5), nn.Linear(3, 3), nn.Softplus(2.5), nn.Linear(3, 2)),
    ),
    "threshold.pt": nn.Sequential(nn.Linear(4, 3), nn.Softplus(1, threshold=1), nn.Linear(3, 2)),
    "hardtanh.pt": nn.Sequential(nn.Linear(4, 3), nn.Hardtanh(), nn.Linear(3, 2)),
    "parallel.pt": nn.DataParallel(
        nn.Sequential(
            *(nn.Linear(4, 3), nn.CELU(1.0), nn.Linear(3, 3), nn.RReLU(0.125, 0.375), nn.Dropout(), nn.Linear(3, 2)),
            nn.LogSoftmax(dim=1),
        )
    ),
}
for name, module in parametric.items():
    filled(module)
    module.eval()
    torch.save(module.state_dict() if name == "prelu.pt" else module, name)
    print(name, module.double()(x.double()).tolist())
