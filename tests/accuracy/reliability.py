# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reliability diagram of a model's report, as a file of its own: reliability.py MODEL/report.html OUT.svg"""

import re
import sys

with open(sys.argv[1]) as report:
    diagram = re.search(r"<h2>Confidence</h2>.*?(<svg.*?</svg>)", report.read(), re.S).group(1)
with open(sys.argv[2], "w") as svg:
    svg.write(diagram.replace("<svg ", "<svg style='background:white' ", 1) + "\n")
