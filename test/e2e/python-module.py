"""What examples/python/gpv.py promises, tried with torch. Prints "ok"; an assertion says what failed."""
import json
import sys

import gpv
import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(40, 2, 3)
y = torch.randint(0, 3, (40,))
module = nn.Sequential(
    nn.Flatten(),
    nn.Linear(6, 16),
    nn.BatchNorm1d(16),
    nn.Tanh(),
    nn.Dropout(0.2),
    nn.Linear(16, 12, bias=False),
    nn.GELU(),
    nn.Linear(12, 3),
)
for _ in range(5):
    module(x)

report, rows = gpv.verify(module, x, y, engine="cpu", accuracy=1e-6)
assert report["verdicts"]["holds"] + report["verdicts"]["tight"] == 40, report["verdicts"]
assert [layer.get("biased", True) for layer in report["model"]["layers"]] == [True, False, True]
assert len(rows) == 120
assert module.training, "verify leaves the module as it was"

# The penalties of a sample by torch's own gradients, with the normalisation folded into the first layer.
first, norm = module[1], module[2]
scale = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
weights = [(first.weight.double() * scale[:, None]).detach(), module[5].weight.detach().double(), module[7].weight.detach().double()]
biases = [((first.bias.double() - norm.running_mean.double()) * scale + norm.bias.double()).detach(), None, module[7].bias.detach().double()]
parameters = [p.requires_grad_() for p in [*weights, *(b for b in biases if b is not None)]]
table = rows if isinstance(rows, list) else rows.to_dict("records")
for index in (0, 17, 39):
    own = x[index].reshape(-1).double().requires_grad_()
    h = own
    for weight, bias, g in zip(weights, biases, [torch.tanh, nn.functional.gelu, lambda z: z]):
        z = weight @ h
        h = g(z if bias is None else z + bias)
    loss = nn.functional.cross_entropy(h[None], y[index][None])
    gradients = torch.autograd.grad(loss, [own, *parameters])
    found = next(row for row in table if row["index"] == index)
    expected = torch.sqrt(sum((g**2).sum() for g in gradients[1:])).item()
    # Weights come from f32, folded in f64 by both; f64 throughout.
    assert abs(found["parameterGradientNorm"] - expected) <= 1e-9 * expected, (found["parameterGradientNorm"], expected)
    assert abs(found["inputGradientNorm"] - gradients[0].norm().item()) <= 1e-9 * expected

# A bare chain of a class of its own, doubles, no labels, an array of numpy.
class Chain(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 5)
        self.act = nn.SiLU()
        self.outer = nn.Linear(5, 2)

    def forward(self, x):
        return self.outer(self.act(self.inner(x)))


report, _ = gpv.verify(Chain().double(), np.random.default_rng(0).normal(size=(7, 3)), engine="cpu", head="margin")
assert report["samples"] == 7 and report["head"] == "margin"

# Activations with a parameter: one PReLU after two layers, one with a slope for each unit.
shared, own = nn.PReLU(), nn.PReLU(5)
with torch.no_grad():
    own.weight.copy_(torch.tensor([0.25, -0.5, 0.0, 2.0, 1.0]))
parts = [nn.Linear(3, 4), shared, nn.Linear(4, 4), shared, nn.Linear(4, 5), own, nn.Linear(5, 4), nn.ELU(0.5), nn.Linear(4, 4)]
parametric = nn.Sequential(*parts, nn.Softplus(2.5), nn.Linear(4, 4), nn.LeakyReLU(0.2), nn.Linear(4, 2)).double()
data = torch.randn(20, 3).double()
report, rows = gpv.verify(parametric, data, engine="cpu", head="sum")
found = [layer["activation"] for layer in report["model"]["layers"]]
assert found == ["prelu(0.25)", "prelu(0.25)", "prelu", "elu(0.5)", "softplus(2.5)", "leaky-relu(0.2)", "identity"], found
data.requires_grad_()
penalty = (torch.autograd.grad(parametric(data).sum(), data)[0] ** 2).sum(1).mean().item()
assert abs(report["penalties"]["input"] - penalty) <= 1e-9 * penalty, (report["penalties"], penalty)

# A weight that the forward pass makes, by hooks or parametrisations, stands for the last pass: after a step it is another one.
for norm in (nn.utils.weight_norm, nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm):
    made = nn.Sequential(norm(nn.Linear(3, 5)), nn.Tanh(), nn.Linear(5, 2)).double()
    samples = torch.randn(10, 3).double()
    made(samples).sum().backward()
    torch.optim.SGD(made.parameters(), lr=1e-5).step()
    made[2].eval()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    report, _ = gpv.verify(made, samples, engine="cpu", head="sum")
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items()), "verify leaves the buffers as they were"
    assert made[0].training and not made[2].training, "verify leaves each part's mode as it was"
    made.eval()
    samples.requires_grad_()
    penalty = (torch.autograd.grad(made(samples).sum(), samples)[0] ** 2).sum(1).mean().item()
    assert abs(report["penalties"]["input"] - penalty) <= 1e-9 * penalty, (norm, report["penalties"], penalty)

# Half precision of torch, in the module and the samples.
brief = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).bfloat16()
report, _ = gpv.verify(brief, torch.randn(10, 3).bfloat16(), engine="cpu")
assert report["verdicts"]["holds"] == 10, report["verdicts"]


class Crossed(Chain):
    def forward(self, x):
        return self.outer(self.inner(x))


said = []
for bad, data in [
    (Crossed(), torch.randn(9, 3)),
    (nn.Sequential(nn.Linear(4, 4), nn.Softplus(threshold=1)), torch.randn(9, 4)),
    (nn.Sequential(nn.Conv1d(1, 1, 1)), torch.randn(9, 1, 1)),
    (nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 2)), torch.randn(9, 4)),
    (nn.Sequential(twice := nn.Linear(4, 4), nn.Tanh(), twice), torch.randn(9, 4)),
    (nn.Linear(4, 3), torch.randn(9, 5)),
]:
    try:
        gpv.verify(bad, data)
        said.append("nothing")
    except gpv.GpvError as error:
        said.append(str(error))
for data, targets, word in [(x[0, 0], None, "x: found one axis"), (x, torch.rand(40), "y: found numbers with a fraction")]:
    try:
        gpv.verify(module, data, targets)
        raise AssertionError(word)
    except gpv.GpvError as error:
        assert word in str(error), error
for line, word in zip(said, ["one after the other", "Softplus", "Conv1d", "found 4 inputs, expected 3", "found it twice", "found 5 values a sample, expected 4"]):
    assert word in line, line
try:
    gpv.verify(module, x, y, engine="nope")
    raise AssertionError("an option that is none")
except gpv.GpvError as error:
    assert "expected one of auto, webgpu, cpu" in str(error)

lines = []
monitor = gpv.Monitor(module, x, y, every=2, show=lines.append, engine="cpu")
optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
for step in range(4):
    optimiser.zero_grad()
    nn.functional.cross_entropy(module(x), y).backward()
    optimiser.step()
    monitor(step)
assert [entry["step"] for entry in monitor.log] == [0, 2] and len(lines) == 2
assert len(monitor.log[0]["kappa"]) == 3 and json.dumps(monitor.log)
sys.stdout.write("ok\n")
