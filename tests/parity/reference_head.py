# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reference's classifier of both stages, as its description says, in PyTorch. Nothing here uses gst-action."""

import torch
from torch import nn


class Head(nn.Module):
    def __init__(self, classes, dropout=0.2):
        super().__init__()
        self.net = nn.Sequential(nn.LayerNorm(512), nn.Linear(512, 256), nn.ReLU(), nn.Dropout(dropout),
                                 nn.Linear(256, 256), nn.ReLU(), nn.Dropout(dropout), nn.Linear(256, classes))

    def forward(self, x):
        return self.net(x)


def padded(clips, fixed=64):
    """[clips, fixed, 512]: each clip's last step repeated, or what is beyond cut off."""
    return torch.stack([torch.cat([c, c[-1:].expand(fixed - len(c), 512)]) if len(c) < fixed else c[:fixed] for c in clips])
