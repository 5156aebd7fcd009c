"""The same numbers with numpy, as a person would write them: forward, backward, and each |J_t| by power iteration on a whole batch.

Reads one JSON request a line: {"folder", "samples", "mode", "tol", "check", "batch"}; answers each with one line. mode "time": cpu and wall seconds of
all samples; "norms": |J_t| of the first `check` samples, t = 2 ... l; "exact": the same by SVD in f64; "svd" and "svd norms": as the first two, with
explicit Jacobians and their singular values instead of the iteration. A folder holds network.json and the
numbers in f64: weights.bin, biases.bin, inputs.bin.
"""
import json
import math
import os
import sys
import time

import numpy as np

try:
    from scipy.special import erf
except ImportError:
    erf = np.vectorize(math.erf, otypes=[float])

BATCH = 256


class Network:
    def __init__(self, folder):
        with open(os.path.join(folder, "network.json")) as file:
            layout = json.load(file)
        widths = layout["widths"]
        self.activation = layout["activation"]
        weights = np.fromfile(os.path.join(folder, "weights.bin"))
        biases = np.fromfile(os.path.join(folder, "biases.bin"))
        self.weights, self.biases = [], []
        at = below = 0
        for n, m in zip(widths, widths[1:]):
            self.weights.append(weights[at : at + m * n].reshape(m, n))
            self.biases.append(biases[below : below + m].reshape(m, 1))
            at, below = at + m * n, below + m
        self.inputs = np.fromfile(os.path.join(folder, "inputs.bin")).reshape(-1, widths[0])
        self.single = [w.astype(np.float32) for w in self.weights]
        self.single_biases = [b.astype(np.float32) for b in self.biases]


def forward(weights, biases, activation, x):
    """h_t and D_t, columns are samples."""
    hidden, slopes = [x], []
    for i, (w, b) in enumerate(zip(weights, biases)):
        z = w @ hidden[-1] + b
        if i == len(weights) - 1:
            hidden.append(z)
            slopes.append(np.ones_like(z))
        elif activation == "tanh":
            hidden.append(np.tanh(z))
            slopes.append(1 - hidden[-1] ** 2)
        elif activation == "gelu":
            cdf = ((1 + erf(z * z.dtype.type(0.5**0.5))) / 2).astype(z.dtype)
            hidden.append(z * cdf)
            slopes.append(cdf + z * np.exp(-z * z / 2) * z.dtype.type((2 * np.pi) ** -0.5))
        else:
            hidden.append(np.maximum(z, 0))
            slopes.append((z > 0).astype(z.dtype))
    return hidden, slopes


def penalties(weights, hidden, slopes):
    """The two squared gradient norms of the largest logit."""
    logits = hidden[-1]
    delta = np.zeros_like(logits)
    delta[np.argmax(logits, axis=0), np.arange(logits.shape[1])] = 1
    parameters = 0
    for t in range(len(weights) - 1, -1, -1):
        parameters = parameters + (delta**2).sum(0) * ((hidden[t] ** 2).sum(0) + 1)
        delta = weights[t].T @ delta
        if t > 0:
            delta = delta * slopes[t - 1]
    return (delta**2).sum(0), parameters


def norms(weights, slopes, tol, random):
    """|J_t|, t = 2 ... l, of every sample: power iteration in input space until no sample's estimate changes by more than tol."""
    found = []
    for t in range(1, len(weights)):
        v = random.standard_normal((weights[0].shape[1], slopes[0].shape[1])).astype(slopes[0].dtype)
        v /= np.linalg.norm(v, axis=0)
        before = np.zeros(v.shape[1], v.dtype)
        for _ in range(500):
            for s in range(t):
                v = slopes[s] * (weights[s] @ v)
            norm = np.linalg.norm(v, axis=0)
            for s in range(t - 1, -1, -1):
                v = weights[s].T @ (slopes[s] * v)
            v /= np.linalg.norm(v, axis=0)
            if np.all(np.abs(norm - before) <= tol * norm):
                break
            before = norm
        found.append(norm)
    return found


def everything(network, samples, tol, batch=BATCH):
    random = np.random.default_rng(1)
    result = []
    for first in range(0, samples, batch):
        x = np.ascontiguousarray(network.inputs[first : first + min(batch, samples - first)].T.astype(np.float32))
        hidden, slopes = forward(network.single, network.single_biases, network.activation, x)
        penalties(network.single, hidden, slopes)
        result.append(norms(network.single, slopes, tol, random))
    return [np.concatenate([part[i] for part in result]) for i in range(len(result[0]))]


def singular(network, samples):
    """The same as everything(), by the largest singular values of all J_t at once, as they are made: samples x n_t x n_1."""
    result = []
    for first in range(0, samples, BATCH):
        x = np.ascontiguousarray(network.inputs[first : first + min(BATCH, samples - first)].T.astype(np.float32))
        hidden, slopes = forward(network.single, network.single_biases, network.activation, x)
        penalties(network.single, hidden, slopes)
        jacobian, own = None, []
        for weight, slope in zip(network.single[:-1], slopes):
            product = weight[None] if jacobian is None else weight @ jacobian
            jacobian = slope.T[:, :, None] * product
            own.append(np.linalg.svd(jacobian, compute_uv=False)[:, 0])
        result.append(own)
    return [np.concatenate([part[i] for part in result]) for i in range(len(result[0]))]


def exact(network, samples):
    _, slopes = forward(network.weights, network.biases, network.activation, network.inputs[:samples].T)
    result = []
    for j in range(samples):
        jacobian, own = None, []
        for t in range(len(network.weights) - 1):
            step = slopes[t][:, j : j + 1] * network.weights[t]
            jacobian = step if jacobian is None else step @ jacobian
            own.append(np.linalg.norm(jacobian, 2))
        result.append(own)
    return np.array(result).T


def blas():
    """The library that is in use, by its own file."""
    with open("/proc/self/maps") as maps:
        found = next((os.path.realpath(line.split()[-1]) for line in maps if "blas" in line.split()[-1]), "unknown")
    # The folder tells Debian's alternatives apart.
    return "/".join(found.split("/")[-2:])


print(json.dumps({"numpy": np.__version__, "blas": blas(), "python": sys.version.split()[0]}), flush=True)
known = {}
for line in sys.stdin:
    request = json.loads(line)
    folder = request["folder"]
    if folder not in known:
        known[folder] = Network(folder)
    network = known[folder]
    if request["mode"] == "exact":
        answer = {"norms": exact(network, request["check"]).tolist()}
    elif request["mode"] == "svd norms":
        answer = {"norms": [own.tolist() for own in singular(network, request["check"])]}
    elif request["mode"] == "norms":
        batch = request.get("batch", BATCH)
        found = everything(network, batch * -(-request["check"] // batch), request["tol"], batch)
        answer = {"norms": [own[: request["check"]].tolist() for own in found]}
    else:
        cpu, wall = time.process_time(), time.perf_counter()
        if request["mode"] == "svd":
            singular(network, request["samples"])
        else:
            everything(network, request["samples"], request["tol"], request.get("batch", BATCH))
        answer = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    print(json.dumps(answer), flush=True)
