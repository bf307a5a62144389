# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files from strangers: damaged, endless, nested, of another kind. Each is refused with an error that names it, and nothing of the
user's is lost.

    test_strangers.py BUILD [WORDS OF A TEST'S NAME]
"""

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
import small_model  # noqa: E402
import tap  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
STAND_IN = f"{BUILD}/tests/standin.pth"
FOLDER = tempfile.mkdtemp(prefix="gst-action-strangers-")
MODEL = small_model.write(os.path.join(FOLDER, "model"))
TOOLS = [f"gst-action-{name}" for name in ("annotate", "convert", "demo", "doctor", "elements", "evaluate", "features", "record", "report", "studio",
                                           "timeline", "train", "weights")]
NESTED = "[" * 200_000 + "]" * 200_000
PLAIN = {**os.environ, "GST_PLUGIN_PATH": f"{BUILD}/gst", "GST_ACTION_WEIGHTS": STAND_IN}
RAW = ("json.exception", "filesystem error", "basic_", "std::", "please report", "GLib-", "CRITICAL")
# What a program needs that reads a table; more is a sign that it does not look at its size first.
MOST_MEMORY = 8 << 30


def path(*names):
    return os.path.join(FOLDER, *names)


def tool(name):
    return f"{BUILD}/tools/{name}"


def write(name, content):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path(name)


def bounded():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def run(name, *arguments, code=0, said=(), env=None, **more):
    """Runs a tool, which must end with the code; what it says holds all the words of `said`, and nothing that only programmers understand."""
    done = subprocess.run([tool(name), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60, env=env or PLAIN,
                          preexec_fn=bounded, **more)
    text = done.stderr.decode(errors="backslashreplace")
    assert done.returncode == code, (name, arguments, done.returncode, text[-2000:])
    for words in said:
        assert words in text, (words, text[-2000:])
    for words in RAW:
        assert words not in text, (words, text)
    assert len(text) < 5000, text[:5000]
    return done.stdout.decode(), text


def refused(name, *arguments, said, **more):
    return run(name, *arguments, code=1, said=said, **more)


def model_with(name, content):
    """A copy of the model in which one file is another: text, bytes, or a function that makes it."""
    shutil.rmtree(path("changed"), ignore_errors=True)
    shutil.copytree(MODEL, path("changed"))
    file = path("changed", name)
    if os.path.exists(file):
        os.remove(file)
    if callable(content):
        content(file)
    else:
        write(os.path.join("changed", name), content)
    return path("changed"), file


def plays(model):
    """What actionclassify says when it is given the model: in one process with the application, which must live on."""
    done = subprocess.run(["gst-launch-1.0", "videotestsrc", "num-buffers=3", "!", "actionclassify", f"model={model}", "!", "fakesink"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=60, env=small_model.fake_engine(BUILD))
    assert done.returncode in (1, 255), done  # gst-launch says so
    return done.stdout.decode(errors="backslashreplace")


def model_folders():
    link = os.path.join("stage1", "label_map.json")
    registry = os.path.join("stage2", "stage2_registry.json")
    cases = [(link, '{"a": ' + NESTED + "}", "nested"), (link, os.mkfifo, "not a regular file"), (link, os.makedirs, "it is a folder"),
             (link, '{"a": 0,\n"b": }', "line 2"), (link, b'{"a": 0,\n"b\xff": 1}', "line 2"), (link, '{"a": 0, "b": 1e999}', "1e999"),
             (link, '{"a": 0, "b": "' + "x" * 100_000 + '", "c": 2}', "class id"), (link, "", "empty"), (link, "[1]", "not a JSON object"),
             (registry, '{"b": {"trained": ' + NESTED + "}}", "nested"), (registry, os.mkfifo, "not a regular file"),
             ("model.json", '{"format_version": ' + NESTED + "}", "nested"), ("model.json", os.mkfifo, "not a regular file"),
             ("elements.csv", os.mkfifo, "not a regular file"), ("elements.csv", b"label,name\nb_one_rnva,\xff\n", "line 2"),
             (os.path.join("stage1", "best.pt"), os.mkfifo, "not a regular file"), (os.path.join("stage1", "best.pt"), b"PK\3\4", "cut off")]
    for name, content, words in cases:
        model, file = model_with(name, content)
        refused("gst-action-elements", model, *(["--check"] if name == "elements.csv" else ["-o", "-"]), said=[file, words])
    for name, content, words in cases[:2]:
        model, file = model_with(name, content)
        said = plays(model)
        assert file in said and words in said, said


def timelines():
    row = '{"start": 0, "end": 1, "fine_action": "a_va"}\n'
    for name, content, words in [
            ("a.jsonl", row + '{"start": 1, "end": 1e999, "fine_action": "a_va"}\n', "line 2"),
            ("a.json", '[{"start": 1,\n"end": 1e999, "fine_action": "a_va"}]', "line 2"),
            ("b.jsonl", row.encode() + b'{"start": 1, "end": 2, "fine_action": "a\xff_va"}\n', "line 2"),
            ("c.json", NESTED, "nested"), ("d.json", '[{"start": ' + NESTED + "}]", "nested"), ("e.json", "[" * 100_000, "nested"),
            ("e.jsonl", row + '{"start": ' + NESTED + "}\n", "line 2"),
            ("f.srt", b"1\n00:00:01,000 --> 00:00:02,000\na\xff\n", "line 3"), ("g.csv", b"start,end,fine_action\n0,1,a\xff\n", "line 2"),
            ("h.csv", "start,end,fine_action\n0,1,a\0\n", "line 2"), ("i.csv", "start,end,fine_action\n0,1,a\n".encode("utf-16"), "UTF-16"),
            ("j.eaf", "<a>" * 100_000, "j.eaf"), ("k.json", '[{"annotations": [{"result": ' + NESTED + "}]}]", "nested")]:
        file = write(name, content)
        refused("gst-action-convert", file, path("out.json"), said=[file, words])
    for ending in ("json", "jsonl", "srt", "vtt", "eaf", "csv"):
        file = path("pipe." + ending)
        os.mkfifo(file)
        refused("gst-action-convert", file, path("out.json"), said=[file, "not a regular file"])
    refused("gst-action-convert", path("x" * 300 + ".json"), path("out.json"), said=["File name too long"])
    good = write("good.json", '[{"start": 1, "end": 2, "fine_action": "a_va"}]')
    refused("gst-action-convert", good, path("x" * 300 + ".csv"), said=["File name too long"])
    os.makedirs(path("folder.csv"))
    refused("gst-action-convert", good, path("folder.csv"), "--force", said=["it is a folder"])
    # What a power cut leaves at the end is no mistake: half a letter, or nothing but zeros.
    for left in (b'{"start": 1, "end": 2, "fine_action": "\xe5\xbc', b'{"start": 1, "end"', b'{"start": 1\0\0\0\0', b"\0" * 4096):
        run("gst-action-convert", write("cut.jsonl", row.encode() + left), path("out.json"), "--force")
        with open(path("out.json"), encoding="utf-8") as file:
            assert len(json.load(file)) == 1
    # A pipe that the shell has opened is read.
    out, _ = run("gst-action-convert", "/dev/stdin", "-", "--from", "json", "--to", "csv", input=open(good, "rb").read())
    assert "a_va" in out, out


def times_before_the_first_frame():
    file = write("negative.json", '[{"start": -5, "end": 1, "fine_action": "a_va"}]')
    for name, *arguments in (["gst-action-timeline", "show", file], ["gst-action-convert", file, path("negative.csv")], ["gst-action-evaluate", file, file]):
        refused(name, *arguments, said=[file, "entry 1", "it begins before 0 s"])


def checkpoints():
    import torch
    shared = torch.zeros(1 << 20)
    torch.save({f"k{i}": shared for i in range(20_000)}, path("many.pt"))
    refused("gst-action-weights", "convert", path("many.pt"), path("many.safetensors"), said=[path("many.pt"), "share"])
    run("gst-action-weights", "inspect", path("many.pt"))
    torch.save({"a": torch.zeros(2)}, path("letters.pt"))
    with zipfile.ZipFile(path("letters.pt")) as old, zipfile.ZipFile(path("wrong.pt"), "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"X\1\0\0\0a", b"X\1\0\0\0\xff"))
    refused("gst-action-weights", "convert", path("wrong.pt"), path("wrong.safetensors"), said=["wrong.safetensors", "UTF-8"])
    model, file = model_with(os.path.join("stage1", "best.pt"), lambda name: shutil.copy(os.path.join(MODEL, "stage1/best.pt"), name))
    with open(file, "r+b") as damaged:
        damaged.seek(os.path.getsize(file) // 2)
        byte = damaged.read(1)
        damaged.seek(-1, os.SEEK_CUR)
        damaged.write(bytes([byte[0] ^ 64]))
    refused("gst-action-elements", model, "-o", "-", said=[file, "damaged"])
    # Names that training programs put before all others.
    state = torch.load(STAND_IN)
    plain = run("gst-action-weights", "verify", STAND_IN)[0]
    for prefix in ("_orig_mod.", "model.", "backbone.", "net.", "module.model."):
        torch.save({prefix + name: tensor for name, tensor in state.items()}, path("prefix.pt"))
        out, _ = run("gst-action-weights", "verify", path("prefix.pt"))
        line = next(line for line in plain.splitlines() if line.startswith("weights:"))
        assert line in out and f"prefix:  {prefix}," in out, out
    # Numbers that are finite each and are not when they are folded together; and those that overflow only in the network.
    state["stem.0.weight"] = state["stem.0.weight"] * 1e30
    state["layer1.0.conv1.0.weight"] = state["layer1.0.conv1.0.weight"] * 1e10
    torch.save(state, path("large.pt"))
    run("gst-action-weights", "verify", path("large.pt"))
    clip = path("clip.avi")
    subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=16", "!", "video/x-raw,framerate=8/1", "!", "jpegenc", "!", "avimux", "!", "filesink",
                    f"location={clip}"], check=True)
    refused("gst-action-features", clip, "-o", path("features"), "--weights", path("large.pt"), "--precision", "fp32", said=[clip, "not numbers"])
    assert not os.listdir(path("features"))
    state["stem.1.weight"] = state["stem.1.weight"] * 1e10
    torch.save(state, path("large.pt"))
    refused("gst-action-weights", "verify", path("large.pt"), said=["large.pt", "stem.0 and the batch norm after it"])


def killed_while_writing():
    """What writes a file leaves nothing beside it, however it ends."""
    os.makedirs(path("killed"))
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen([tool("gst-action-weights"), "convert", STAND_IN, path("killed", "out.safetensors")])
        deleted = False
        while process.poll() is None and not deleted:
            try:
                deleted = any(os.readlink(f"/proc/{process.pid}/fd/{fd}").startswith(path("killed")) for fd in os.listdir(f"/proc/{process.pid}/fd"))
            except OSError:
                pass
        assert deleted, "it was not seen to write"
        process.send_signal(how)
        assert process.wait() == -how
        if os.listdir(path("killed")):
            raise tap.Skip("this file system has no files without a name (O_TMPFILE)")


def tables_of_annotations():
    clips = path("clips")
    os.makedirs(clips, exist_ok=True)
    open(os.path.join(clips, "a.mp4"), "wb").close()
    right = "video,start,end,label\nclips/a.mp4,0,1,a_va\nclips/a.mp4,1,2,b_va\n"
    for content, words in [(right.replace(",", ";"), None), (right.replace("\n", "\r"), None), (right.replace("\n", "\r\n") + ",,,\n,,,\n", None),
                           ("\ufeff" + right, None), (right + "clips/a.mp4,2,3,c,d\n", "line 4"), (right.replace("a_va", "a\0"), "line 2"),
                           (right.replace("b_va", "b\u00fc").encode("cp1252"), "line 3"), (right.encode("utf-16"), "UTF-16"),
                           (right + 'clips/a.mp4,2,3,"c\n', "line 4")]:
        file = write("annotations.csv", content)
        if words is None:
            out, _ = run("gst-action-train", "--annotations", file, "--dry-run", "-o", path("none"))
            assert "a_va" in out and "b_va" in out, out
        else:
            refused("gst-action-train", "--annotations", file, "--dry-run", "-o", path("none"), said=[file, words])
    refused("gst-action-train", "--annotations", write("annotations.csv", right.splitlines()[0] + "\n"), "--dry-run", "-o", path("none"), said=["no row under its heading"])
    os.mkfifo(path("pipe-annotations.csv"))
    refused("gst-action-train", "--annotations", path("pipe-annotations.csv"), "--dry-run", "-o", path("none"), said=["not a regular file"])


def site_files():
    if not os.path.exists(tool("gst-action-record")):
        raise tap.Skip("gst-action-record is not built")
    os.mkfifo(path("site.toml"))
    refused("gst-action-record", "--dry-run", path("site.toml"), said=[path("site.toml"), "not a regular file"])
    for content, words in [("a = " + NESTED, "site2.toml"), ('name = "\xff"'.encode("latin-1"), "site2.toml"), (b"#" * (2 << 20), "more than 1 MiB")]:
        refused("gst-action-record", "--dry-run", write("site2.toml", content), said=[words])


def devices_and_pipes():
    """What is no file is not replaced by one: /dev/null neither, whoever runs it."""
    timeline = write("devices.json", '[{"start": 0, "end": 2, "fine_action": "a_va"}]')
    for ending in (".html", ".csv", ".json", ".vtt", ".pt"):
        os.mkfifo(path("occupied" + ending))
    lines = [["gst-action-convert", timeline, path("occupied.vtt"), "--force"], ["gst-action-evaluate", timeline, timeline, "--html", path("occupied.html")],
             ["gst-action-report", timeline, "-o", path("occupied.html"), "--force"], ["gst-action-elements", MODEL, "-o", path("occupied.csv"), "--force"],
             ["gst-action-weights", "convert", STAND_IN, path("occupied.pt"), "--force"]]
    for name, *arguments in lines:
        if os.path.exists(tool(name)):
            refused(name, *arguments, said=["it is a device, a pipe or a socket"])
    if os.geteuid() == 0:
        try:
            os.mknod(path("null.vtt"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            return
        refused("gst-action-convert", timeline, path("null.vtt"), "--force", said=["it is a device"])
        assert stat.S_ISCHR(os.stat(path("null.vtt")).st_mode)


def folders_of_others():
    write("mine.partial/thesis.doc", "x")
    arguments = [MODEL, "-o", path("mine")]  # what the dataset is does not matter: the folder is looked at first
    os.makedirs(path("dataset"), exist_ok=True)
    for label in ("a_va", "b_va"):
        write(f"dataset/{label}_001.mp4", b"no video")
    arguments = [path("dataset"), "-o", path("mine"), "--cache", path("cache"), "--weights", STAND_IN]
    refused("gst-action-train", *arguments, said=[path("mine.partial"), "Move it away"])
    os.rename(path("mine.partial"), path("theirs"))
    os.symlink(path("theirs"), path("mine.partial"))
    refused("gst-action-train", *arguments, said=[path("mine.partial"), "Move it away"])
    assert os.listdir(path("theirs")) == ["thesis.doc"] and os.path.islink(path("mine.partial"))
    os.remove(path("mine.partial"))
    shutil.copytree(MODEL, path("mine"))
    write("mine/stage1/photo.jpg", "x")
    refused("gst-action-train", *arguments, "--force", said=["stage1/photo.jpg", "does not belong to a model"])
    assert os.path.exists(path("mine/stage1/photo.jpg"))


def full_disk():
    """Who prints into a full disk is told, whatever is printed."""
    with open(write("good2.json", '[{"start": 1, "end": 2, "fine_action": "a_va"}]'), encoding="utf-8") as file:
        good = file.name
    lines = [[name, option] for name in TOOLS if os.path.exists(tool(name)) for option in ("--help", "--version")]
    lines += [["gst-action-convert", good, "-", "--to", "csv"], ["gst-action-elements", MODEL, "-o", "-"], ["gst-action-evaluate", good, good],
              ["gst-action-weights", "verify", STAND_IN], ["gst-action-timeline", "show", good]]
    for name, *arguments in lines:
        with open("/dev/full", "wb") as full:
            done = subprocess.run([tool(name), *arguments], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60, env=PLAIN)
        assert done.returncode == 1 and b"cannot write to the standard output" in done.stderr, (name, arguments, done)


def processor_time(name, *arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(name, *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def large_files_take_linear_time():
    """Four times the rows take four times as long, and at most eight: of what is quadratic, sixteen."""
    import torch

    def rows(count):
        return [{"start": i, "end": i + 1, "fine_action": f"a{i % 3}_va"} for i in range(count)]

    def evaluated(count):
        file = write(f"rows-{count}.json", json.dumps(rows(count)))
        return ["gst-action-evaluate", file, file]

    def reported(count):
        return ["gst-action-report", write(f"rows-{count}.json", json.dumps(rows(count))), "-o", path("rows.html"), "--force"]

    def converted(ending):
        def line(count):
            source = write(f"rows-{count}.json", json.dumps(rows(count)))
            file = path(f"rows-{count}.{ending}")
            run("gst-action-convert", source, file, "--force", "--frame-rate", "25")
            return ["gst-action-convert", file, path("rows-out.json"), "--force", "--frame-rate", "25"]
        return line

    def keys(count):
        file = write(f"keys-{count}.json", '[{"start": 1, "end": 2, "fine_action": "a_va", ' + ", ".join(f'"k{i}": 1' for i in range(count)) + "}]")
        return ["gst-action-convert", file, path("keys-out.csv"), "--force"]

    def tensors(count):
        torch.save({f"k{i}": torch.zeros(1) for i in range(count)}, path(f"tensors-{count}.pt"))
        return ["gst-action-weights", "inspect", path(f"tensors-{count}.pt")]

    def elements(count):
        model = path(f"elements-{count}")
        shutil.rmtree(model, ignore_errors=True)
        small_model.write(model)
        labels = {f"b_{i}_va": i for i in range(count)}
        small_model.head(os.path.join(model, "stage2/many"), list(labels))
        shutil.rmtree(os.path.join(model, "stage2/b"))
        os.rename(os.path.join(model, "stage2/many"), os.path.join(model, "stage2/b"))
        write(os.path.join(model, "elements.csv"), "label,name\n" + "".join(f"{label},x\n" for label in labels))
        return ["gst-action-elements", model, "--check"]

    notes = []
    for what, line, count in [("evaluate", evaluated, 10_000), *([("report", reported, 20_000)] if os.path.exists(tool("gst-action-report")) else []), ("json", converted("json"), 10_000), ("jsonl", converted("jsonl"), 10_000),
                              ("csv", converted("csv"), 10_000), ("srt", converted("srt"), 10_000), ("vtt", converted("vtt"), 10_000),
                              ("eaf", converted("eaf"), 10_000), ("frames", converted("txt"), 2_000), ("keys", keys, 15_000),
                              ("tensors", tensors, 5_000), ("elements", elements, 2_000)]:
        small, large = line(count), line(4 * count)
        base, times = processor_time(*small), processor_time(*large)
        notes.append(f"{what}: {base:.2f} s of {count}, {times:.2f} s of {4 * count}")
        # What every start takes, and the clock's grain.
        assert times < 8 * base + 0.2, notes[-1]
    return notes


TESTS = [
    ("model folders", model_folders),
    ("timelines", timelines),
    ("times before the first frame", times_before_the_first_frame),
    ("checkpoints", checkpoints),
    ("killed while it writes", killed_while_writing),
    ("tables of annotations", tables_of_annotations),
    ("site files", site_files),
    ("folders of others", folders_of_others),
    ("devices and pipes", devices_and_pipes),
    ("a full disk", full_disk),
    ("large files take linear time", large_files_take_linear_time),
]

try:
    tap.run([(name, test) for name, test in TESTS if all(word in name for word in sys.argv[2:])])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
