# SPDX-FileCopyrightText: 2026 The gst-action developers
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether a user who installs what tools/install-deps.sh says has everything that the documents, examples and tools name:
GStreamer elements, programs, Python modules and typelibs. Asks this machine's registry and dpkg which package each is from.

    check_named.py SOURCE
"""

import functools
import glob
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = sys.argv[1]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "parity"))
import releases  # noqa: E402
import tap  # noqa: E402

OURS = {"actioncamerasrc", "actionmask", "actionskip", "r3dfeatures", "actionclassify", "timelinesmooth", "timelinelabel", "actionoverlay"}
# What decodebin takes for the videos and cameras that people have: nobody names these.
DECODING = """qtdemux matroskademux avidemux tsdemux h264parse h265parse avdec_h264 avdec_h265 vp8dec vp9dec jpegdec mpeg4videoparse avdec_mpeg4
mpegvideoparse avdec_mpeg2video rtph264depay rtph265depay rtpjpegdepay rtpbin udpsrc typefind ximagesink xvimagesink""".split()
# gstreamer1.0-plugins-bad registers them where it finds NVIDIA's driver and a GPU that has them.
WITH_NVIDIA = {"nvh264dec", "nvh264enc", "cudaupload", "cudadownload"}


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()


def text_of(name):
    with open(os.path.join(SOURCE, name), encoding="utf-8") as file:
        return re.sub(r"\\\n", " ", file.read())


def files(*endings):
    found = ["README.md"] if ".md" in endings else []
    for folder in ("docs", "examples", "tools"):
        for place, _, names in os.walk(os.path.join(SOURCE, folder)):
            found += [os.path.relpath(os.path.join(place, n), SOURCE) for n in names if n.endswith(endings)]
    return sorted(found)


def code_of(name):
    """The parts of a file that are code: of a document the blocks and what stands between backquotes."""
    text = text_of(name)
    if not name.endswith(".md"):
        return text
    return "\n".join(re.findall(r"```\w+\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text))


WORD = r"[a-z][a-z0-9_]*"


def elements_of(text):
    found = set()
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(("#", "//", "*")) and " ! " not in stripped:
            continue
        if re.search(r"(^|\s|\$\w+|\")!\s+\w", line) and not re.search(r"(if|while|until) !|^\s*! |[!=]=", line):
            found |= set(re.findall(rf"!\s+({WORD})(?=[\s\"'`;]|$)(?!\()", line))
            found |= set(re.findall(rf"(?:^|[\s\"'`])({WORD})(?:\s+(?:[\w-]+=(?:\"[^\"]*\"|[^\s!]+)|\$\w+))*\s+!", line))
        found |= set(re.findall(rf"=[\"']({WORD}) [\w-]+=[\w$]+", line))
        found |= set(re.findall(rf"(?:muxer|sink)-factory=({WORD})", line))
        found |= set(re.findall(rf"gst-inspect-1.0 ({WORD})", line))
        found |= set(re.findall(rf"(?:factory_make\s*\(|ElementFactory\.make\(|\bMake\()\s*[\"']({WORD})[\"']", line))
    return found


def packages(*options):
    return set(output("sh", os.path.join(SOURCE, "tools/install-deps.sh"), "--list", *options).split())


@functools.lru_cache(maxsize=None)
def package_of(file):
    for name in (file, os.path.realpath(file)):
        for candidate in (name, re.sub("^/usr/", "/", name), "/usr" + name):
            owner = output("dpkg", "-S", candidate)
            owner = [line for line in owner.splitlines() if not line.startswith("diversion")]
            if owner:
                return owner[0].split(":")[0].split(",")[0]
    return ""


def of_the_base_system(package):
    return output("dpkg-query", "-W", "-f=${Essential} ${Priority}", package).split()[-1:] in (["required"],) \
        or "yes" in output("dpkg-query", "-W", "-f=${Essential}", package)


def come_along(wanted):
    """With the packages that these depend on."""
    seen, waiting = set(), list(wanted)
    while waiting:
        package = waiting.pop()
        if package in seen:
            continue
        seen.add(package)
        depends = output("dpkg-query", "-W", "-f=${Pre-Depends}, ${Depends}", package)
        waiting += [re.split(r"[ (:]", part.strip())[0] for part in re.split(r"[,|]", depends) if part.strip()]
    return seen


def elements_are_installed():
    wanted = packages("--run")
    named = {}
    for name in files(".md", ".sh", ".py", ".c", ".cc"):
        for element in elements_of(code_of(name)):
            named.setdefault(element, name)
    for element in DECODING:
        named.setdefault(element, "what decodebin takes")
    assert {"h264parse", "x264enc", "splitmuxsink", "decodebin", "appsrc", "rtspsrc"} <= set(named), sorted(named)
    here = tuple(int(part) for part in re.findall(r"\d+", output("gst-launch-1.0", "--gst-version"))[:2])
    wrong = []
    for element, where in sorted(named.items()):
        if element in OURS | WITH_NVIDIA:
            continue
        file = re.search(r"Filename +(\S+)", output("gst-inspect-1.0", element))
        if not file and releases.comes_later(element, here):
            continue
        if not file:
            wrong.append(f"{where} names the element {element}, which is not installed here")
            continue
        package = package_of(file.group(1))
        if package not in wanted and package != "libgstreamer1.0-0":
            wrong.append(f"{where} names the element {element} of {package}, which install-deps.sh --run does not install")
    assert not wrong, "\n".join(wrong)
    return [f"{len(named)} elements: {' '.join(sorted(named))}"]


def programs_are_installed():
    wanted = come_along(packages("--build"))
    named = {}
    for name in files(".md"):
        for block in re.findall(r"```sh\n(.*?)```", text_of(name), re.S):
            for line in block.splitlines():
                for part in re.split(r"\|\|?|&&|;", re.sub(r"\s#.*", "", line)):
                    words = [w for w in part.split() if not re.fullmatch(r"[A-Z_]+=.*|sudo|env|exec", w)]
                    if words:
                        named.setdefault(words[0], name)
    for name in files(".sh"):
        for word in re.findall(r"(?:^|[|;&]|\$\(|then|do|else)\s*([a-z][a-z0-9._-]+)\b(?!=)", text_of(name), re.M):
            if shutil.which(word):
                named.setdefault(word, name)
    for name in files(".cc"):
        for word in re.findall(r'"(curl|wget|ffmpeg|ffprobe|xdg-open|clang|python3|gst-launch-1\.0)"', text_of(name)):
            named.setdefault(word, name)
    builtin = set("export cd set for while do done if then else case seq echo printf test".split()) - {"seq"}
    alternatives = {"wget": "curl"}  # either will do
    wrong = []
    for program, where in sorted(named.items()):
        if program in builtin or program.startswith(("gst-action-", "examples/", "tools/", "tests/", "docs/", "./", "-")):
            continue
        program = alternatives.get(program, program)
        if program in ("apt-get", "dpkg-query", "sudo", "git"):
            continue
        file = shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")
        package = package_of(file) if file else ""
        if not file or not (package in wanted or of_the_base_system(package)):
            wrong.append(f"{where} names the program {program}" + (f" of {package}" if file else "") + ", which install-deps.sh --build does not install")
    assert not wrong, "\n".join(wrong)
    return [f"programs: {' '.join(sorted(named))}"]


# Programs of the reader's own, for which the page says what they need.
OF_THE_READER = {("docs/backbone.md", "torch")}


def python_modules_are_installed():
    wanted = come_along(packages("--run"))
    wrong, seen = [], set()
    codes = [(n, text_of(n)) for n in files(".py")] + [(n, b) for n in files(".md") for b in re.findall(r"```python\n(.*?)```", text_of(n), re.S)]
    for name, code in codes:
        for module in re.findall(r"^(?:import|from) (\w+)", code, re.M):
            if module in sys.stdlib_module_names or module in seen or (str(name), module) in OF_THE_READER:
                continue
            seen.add(module)
            place = importlib.util.find_spec(module)
            package = package_of(place.origin) if place and place.origin else ""
            if package not in wanted:
                wrong.append(f"{name} imports {module} of '{package}', which install-deps.sh --run does not install")
        for typelib, version in re.findall(r"require_version\([\"'](\w+)[\"'], [\"']([\d.]+)[\"']\)", code):
            place = glob.glob(f"/usr/lib/*/girepository-1.0/{typelib}-{version}.typelib") + glob.glob(f"/usr/lib/girepository-1.0/{typelib}-{version}.typelib")
            package = package_of(place[0]) if place else ""
            seen.add(typelib)
            if package not in wanted:
                wrong.append(f"{name} uses the typelib {typelib} of '{package}', which install-deps.sh --run does not install")
    assert "gi" in seen and "Gst" in seen, seen
    assert not wrong, "\n".join(wrong)
    return [f"modules and typelibs: {' '.join(sorted(seen))}"]


def lists_of_packages():
    """What is for running is in what is for building, and that in everything."""
    run, build, everything = packages("--run"), packages("--build"), packages()
    assert run < build < everything, (run - build, build - everything)
    assert not any(p.endswith("-dev") for p in run), run


def install_waits_for_apt():
    """With an apt-get whose lock is held for two tries, and one that fails otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        def program(name, text):
            with open(os.path.join(folder, name), "w") as file:
                file.write("#!/bin/sh\n" + text)
            os.chmod(os.path.join(folder, name), 0o755)
        program("sudo", 'exec "$@"\n')
        program("dpkg-query", "echo not-installed\n")
        env = {**os.environ, "PATH": folder + ":" + os.environ["PATH"], "INSTALL_DEPS_PAUSE": "0"}

        def install():
            done = subprocess.run([os.path.join(SOURCE, "tools/install-deps.sh"), "--run"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return done.returncode, done.stdout.decode()
        tries = os.path.join(folder, "tries")
        program("apt-get", f'echo "$*" >>{tries}\n[ "$(wc -l <{tries})" -gt 2 ] && exit 0\n'
                           "echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)' >&2\nexit 100\n")
        code, said = install()
        assert code == 0 and said.count("Another program is installing packages") == 1, (code, said)
        with open(tries) as file:
            commands = file.read().splitlines()
        assert len(commands) == 4 and "gstreamer1.0-plugins-bad" in commands[-1] and "install" in commands[-1], commands
        program("apt-get", "echo 'E: Unable to locate package' >&2; exit 100\n")
        code, said = install()
        assert code == 100 and "Unable to locate package" in said and "apt-get update failed" in said, (code, said)


def the_gpu_check_builds_the_network():
    """tests/cuda-check.sh has no Meson, and so a list of its own: all sources of the network, but for what needs CUDA."""
    def listed(folder, beginning, end):
        text = text_of(f"{folder}/meson.build")
        part = text[text.index(beginning):]
        return {f"{folder}/{name}" for name in re.findall(r"^  '([\w/]+\.cc)'", part[:part.index(end)], re.M)}
    wanted = listed("lib/action", "network_core_sources = files(", "\n)")
    for library in ("vector_network", "network"):
        wanted |= listed("lib/actiontorch", f"\n{library} = static_library(", "include_directories")
    built = set(re.findall(r"[\w/]+\.cc", text_of("tests/cuda-check.sh")))
    assert len(wanted) > 20 and not wanted - built, sorted(wanted - built)
    return [f"{len(wanted)} sources"]


tap.run([("elements", elements_are_installed), ("programs", programs_are_installed), ("Python modules", python_modules_are_installed),
         ("the lists", lists_of_packages), ("install-deps.sh waits for apt", install_waits_for_apt),
         ("the GPU check builds the network", the_gpu_check_builds_the_network)])
