# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The reliability diagram of a model's report, as a file of its own: reliability.py MODEL/report.html OUT.svg"""

import base64
import re
import sys

with open(sys.argv[1], encoding="utf-8") as report:
    diagram = re.search(r'<h2>Confidence</h2>.*?src="data:image/svg\+xml;base64,([^"]*)"', report.read(), re.S).group(1)
with open(sys.argv[2], "wb") as svg:
    svg.write(base64.b64decode(diagram))
