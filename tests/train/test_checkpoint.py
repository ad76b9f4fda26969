# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Checkpoints: a tree is read as it was written, and written as the same bytes each time."""

import torch

from patternc.train.checkpoint import load_tree, save_tree


def test_the_same_tree_is_the_same_file(tmp_path):
    shared = torch.arange(6.0)
    tree = {"model": {"a": shared, "b": shared[2:]}, 3: [None, "x", 1.5, torch.tensor([True])]}
    files = [tmp_path / f"{index}.safetensors" for index in range(8)]
    for file in files:
        save_tree(file, tree)
    assert len({file.read_bytes() for file in files}) == 1
    found = load_tree(files[0])
    assert found[3][:3] == tree[3][:3] and torch.equal(found[3][3], tree[3][3])
    for name, tensor in tree["model"].items():
        assert torch.equal(found["model"][name], tensor)
