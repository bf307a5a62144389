# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pictures of gst-action-studio's page: a demo's video is labelled, learnt from, looked at by the model, and studied (chromium-driver, python3-selenium;
docs/pictures.sh). Writes label.png, train.png, review.png and study.png.

    studio_picture.py TOOLS DEMO FOLDER      DEMO: what the quickstart has left
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

tools, demo, pictures = (os.path.abspath(path) for path in sys.argv[1:4])
PATIENCE = 900  # s


def wait_for(what, condition):
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends, what
        time.sleep(0.2)


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

        def of(name):
            return driver.find_element(By.ID, name)

        def click_row(number):
            driver.execute_script("document.querySelectorAll('#segments tbody tr')[arguments[0]].click()", number)  # the page makes its rows anew now and then
            time.sleep(2)  # the browser seeks

        wait_for("the segments", lambda: len(driver.find_elements(By.CSS_SELECTOR, "#segments tbody tr")) >= len(half))
        time.sleep(3)
        click_row(2)
        driver.save_screenshot(os.path.join(pictures, "label.png"))
        of("tab-train").click()
        of("train-button").click()
        wait_for("the training", lambda: of("job-result").text)
        time.sleep(2)
        driver.save_screenshot(os.path.join(pictures, "train.png"))
        of("tab-review").click()
        of("find").click()
        wait_for("what the model finds", lambda: "model has looked" in of("videos").text)
        time.sleep(2)
        of("doubtful").click()
        time.sleep(2)
        click_row(4)
        driver.save_screenshot(os.path.join(pictures, "review.png"))
        of("tab-study").click()
        time.sleep(4)
        driver.save_screenshot(os.path.join(pictures, "study.png"))
        driver.quit()
    finally:
        studio.terminate()
        studio.wait()
