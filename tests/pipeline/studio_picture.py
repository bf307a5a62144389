# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A picture of gst-action-studio's page, of a demo's video that is half labelled (chromium-driver, python3-selenium; docs/pictures.sh).

    studio_picture.py TOOLS DEMO PICTURE.png      DEMO: what the quickstart has left
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

tools, demo, picture = (os.path.abspath(path) for path in sys.argv[1:4])
with tempfile.TemporaryDirectory() as folder:
    work = os.path.join(folder, "bench")
    os.mkdir(work)
    shutil.copyfile(os.path.join(demo, "test/line_1.mp4"), os.path.join(work, "line_1.mp4"))
    with open(os.path.join(demo, "test/line_1.json"), encoding="utf-8") as file:
        truth = json.load(file)
    half = truth[:len(truth) // 2]
    with open(os.path.join(work, "annotations.csv"), "w", encoding="utf-8") as file:
        file.write("video,start,end,label,state,origin,set\n")
        file.writelines(f"line_1.mp4,{row['start']},{row['end']},{row['fine_action']},,labelled,{'test' if row in half[-3:] else ''}\n" for row in half)
    environment = {**os.environ, "XDG_STATE_HOME": folder}
    studio = subprocess.Popen([os.path.join(tools, "gst-action-studio"), work, "--no-browser", "--model", os.path.join(demo, "model")], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        studio.stdout.readline()
        address = re.search(r"http://\S+", studio.stdout.readline()).group(0)
        options = Options()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,940"):
            options.add_argument(word)
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        driver.get(address)
        time.sleep(5)
        driver.find_element(By.ID, "tab-review").click()
        driver.find_element(By.ID, "find").click()
        while "model has looked" not in driver.find_element(By.ID, "videos").text:
            time.sleep(1)
        time.sleep(2)
        driver.find_element(By.ID, "doubtful").click()
        time.sleep(2)
        driver.find_elements(By.CSS_SELECTOR, "#segments tbody tr")[4].click()
        time.sleep(2)
        driver.save_screenshot(picture)
        driver.quit()
    finally:
        studio.terminate()
        studio.wait()
