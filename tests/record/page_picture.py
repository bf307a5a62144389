# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A picture of gst-action-record's page, with three minutes behind it (chromium-driver, python3-selenium; docs/pictures.sh).

    page_picture.py PROGRAM MODEL VIDEO PICTURE.png
"""

import os
import signal
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

program, model, video, picture = (os.path.abspath(path) for path in sys.argv[1:5])
with tempfile.TemporaryDirectory() as folder:
    with open(os.path.join(folder, "site.toml"), "w", encoding="utf-8") as file:
        file.write(f'output = "out"\nmodel = "{model}"\nlisten = "127.0.0.1:8486"\n'
                   f'[[station]]\nname = "Bench 1"\ncamera = "file://{video}"\ncycle-start = "mount_wheel_va"\ntakt = 30\n'
                   f'[[station]]\nname = "Bench 2"\ncamera = "file://{video}"\nprivacy-mask = "0.7,0.7,0.3,0.3"\n'
                   f'[[station]]\nname = "Press 1"\ncamera = "rtsp://127.0.0.1:1/stream"\nrecord = "both"\n')
    recorder = subprocess.Popen([program, os.path.join(folder, "site.toml")])
    try:
        time.sleep(180)  # what the picture shows
        options = Options()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/chromium"):
            options.add_argument(word)
        options.page_load_strategy = "none"
        page = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        page.set_window_size(1280, 660)
        page.get("http://127.0.0.1:8486/")
        time.sleep(10)
        page.save_screenshot(picture)
        page.quit()
    finally:
        recorder.send_signal(signal.SIGTERM)
        recorder.wait(20)
